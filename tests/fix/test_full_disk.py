"""A disk that is full, on a real and small file system: no file is lost or half written, and nothing is left behind."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.support.small_disk import run_on_small_disk

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs mounts of Linux")

# Writes three changed files and a new one where so many bytes are left, and prints what became of them.
WORK = """
import json, os, pathlib, sys
from sqla_guard.fix.write import WriteError, write_all
from sqla_guard.read.discover import FileDisk

left = int(sys.argv[1])
pathlib.Path("pyproject.toml").write_text("")
old = {f"{name}.py": f"# {name}\\n" * 1500 for name in "abc"}
new = {path: text.upper() + "# more\\n" * 1000 for path, text in old.items()} | {"sub/d.py": "# d\\n" * 3000}
for path, text in old.items():
    pathlib.Path(path).write_text(text)
space = os.statvfs(".")
filler = max(0, space.f_bavail * space.f_frsize - left)
pathlib.Path("filler").write_bytes(b"x" * filler)
disk, failed = FileDisk(), ""
try:
    write_all({path: disk.load(path) if disk.exists(path) else None for path in new}, new)
except WriteError as error:
    failed = str(error)
files = {str(p): p.read_text() for p in pathlib.Path(".").rglob("*.py")}
state = "old" if files == old else "new" if files == new else "mixed"
others = sorted(p.name for p in pathlib.Path(".").iterdir() if p.suffix != ".py" and p.name not in ("sub",))
print(json.dumps([state, failed, others]))
"""


@pytest.mark.parametrize("left", [0, 4096, 16384, 32768, 65536])
def test_all_files_are_old_on_a_full_disk(left: int, tmp_path: Path) -> None:
    state, failed, others = json.loads(run_on_small_disk(tmp_path, "256k", WORK, str(left)))
    assert state == "old"
    assert "No space left on device" in failed
    assert others == ["filler", "pyproject.toml"]


def test_all_files_are_new_where_there_is_room(tmp_path: Path) -> None:
    assert json.loads(run_on_small_disk(tmp_path, "2m", WORK, str(1 << 20)))[:2] == ["new", ""]
