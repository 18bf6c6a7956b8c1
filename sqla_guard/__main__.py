"""``python -m sqla_guard``."""

from sqla_guard.cli import main

if __name__ == "__main__":
    main(prog_name="sqla-guard")
