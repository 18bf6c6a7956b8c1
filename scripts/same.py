"""Compare every way to run a check: ``python -m scripts.same [FOLDER...]``, without folders all installed packages.

Quick and close reading, a first and a kept run, a kept run after a change and one without the cache, one process and
three, any order of arguments, and each file alone have to say the same, byte for byte. The exit code is 1 where they
do not.
"""

from __future__ import annotations

import argparse
import sys
import sysconfig
from pathlib import Path

from tests.support.ways import WAYS, differences, inside, usual


def installed() -> list[Path]:
    """Return the folders of all installed packages."""
    site = Path(sysconfig.get_path("purelib"))
    return sorted(path for path in site.iterdir() if path.is_dir() and any(path.rglob("*.py")))


def main() -> None:
    """Compare, and print a line for each folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*")
    parser.add_argument("--way", action="append", choices=sorted(WAYS), help="only this way; may be repeated")
    parser.add_argument(
        "--alone", type=int, default=20, help="files with findings, and without, to give, and to edit, one by one"
    )
    arguments = parser.parse_args()
    folders = [Path(folder).resolve() for folder in arguments.folders] or installed()
    files = findings = failed = errors = 0
    for folder in folders:
        # An installed package is looked at where it lies, a project from inside.
        with inside(folder if arguments.folders else folder.parent):
            base = usual(str(folder), arguments.alone)
            found = differences(base, arguments.way or list(WAYS))
        report = base.checked.report
        files += len(base.files)
        findings += len(report.diagnostics)
        errors += sum(d.code == "SG900" for d in report.diagnostics)
        failed += bool(found)
        said = f"{len(base.files)} files, {len(report.diagnostics)} findings, {len(found)} differences"
        print(f"{folder.name}: {said}", flush=True)
        for difference in found:
            print(f"    {difference}", flush=True)
    print(f"{len(folders)} folders, {files} files, {findings} findings, {errors} internal errors, {failed} differ")
    sys.exit(bool(failed or errors))


if __name__ == "__main__":
    main()
