"""The command ``sqla-guard``, which is also ``python -m sqla_guard``."""

import gc
import os
import sys


def main() -> None:
    """Run the command line, and end the process."""
    # What takes long looks for garbage itself: see `core/memory.py`. The rest goes with the process.
    gc.disable()
    from sqla_guard.cli import main as command

    try:
        command(prog_name="sqla-guard")
    except SystemExit as end:
        _leave(end)
        raise


def _leave(end: SystemExit) -> None:
    """End the process at once, if it can be: taking apart what it holds takes longer than a look at a few files."""
    if end.code is None or isinstance(end.code, int):
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except (OSError, ValueError, AttributeError):
            return  # Python knows what to say where nobody reads any more
        os._exit(end.code or 0)


if __name__ == "__main__":
    # Python has put the working directory first. What lies there is to be read and never to be imported, not even as a
    # module that happens to have the name of one that is imported below.
    if sys.path[:1] == [os.getcwd()]:
        del sys.path[0]
    main()
