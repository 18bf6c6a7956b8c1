"""``python -m sqla_guard``."""

import os
import sys

if __name__ == "__main__":
    # Python has put the working directory first. What lies there is to be read and never to be imported, not even as a
    # module that happens to have the name of one that is imported below.
    if sys.path[:1] == [os.getcwd()]:
        del sys.path[0]

    from sqla_guard.cli import main

    main(prog_name="sqla-guard")
