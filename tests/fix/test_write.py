from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from sqla_guard.fix.write import WriteError, write_all
from sqla_guard.read.discover import FileDisk


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_bytes(b"x = 1\r\n")
    (tmp_path / "b.py").write_bytes("\ufeff# ü\n".encode())
    (tmp_path / "c.py").write_bytes("# coding: latin-1\n# ü\n".encode("latin-1"))
    return tmp_path


def write(**texts: str) -> None:
    disk = FileDisk()
    paths = {f"{name}.py": text for name, text in texts.items()}
    write_all({p: disk.load(p) if disk.exists(p) else None for p in paths}, paths)


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_line_ends_bom_encoding_and_mode_stay(folder: Path) -> None:
    (folder / "a.py").chmod(0o750)
    write(a="x = 2\r\n", b="# ü!\n", c="# coding: latin-1\n# ö\n", d="new\n")
    assert content(folder) == {
        "a.py": b"x = 2\r\n",
        "b.py": "\ufeff# ü!\n".encode(),
        "c.py": "# coding: latin-1\n# ö\n".encode("latin-1"),
        "d.py": b"new\n",
    }
    assert stat.S_IMODE((folder / "a.py").stat().st_mode) == 0o750


def test_a_symbolic_link_stays_one(folder: Path) -> None:
    (folder / "link.py").symlink_to("a.py")
    disk = FileDisk()
    write_all({"link.py": disk.load("link.py")}, {"link.py": "y\r\n"})
    assert (folder / "link.py").is_symlink()
    assert (folder / "a.py").read_bytes() == b"y\r\n"


def failing_after(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the disk be full from the given replacement on, but for putting back."""
    real: Callable[..., None] = os.replace
    calls = []

    def replace(source: str, target: str) -> None:
        calls.append(target)
        if len(calls) >= number and not source.endswith(".old"):
            raise OSError(28, "No space left on device", target)
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)


# .gitignore, two stored contents of each old file and one of the new, the list, then the three files.
@pytest.mark.parametrize("number", range(1, 11))
def test_all_files_are_put_back_when_one_fails(number: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = content(folder)
    failing_after(number, monkeypatch)
    with pytest.raises(WriteError, match="No space left"):
        write(a="1", b="2", d="3")
    assert content(folder) == before


def test_a_file_changed_in_the_meantime_is_not_overwritten(folder: Path) -> None:
    original = FileDisk().load("a.py")
    (folder / "a.py").write_bytes(b"mine")
    with pytest.raises(WriteError, match=r"a\.py: was changed on disk"):
        write_all({"a.py": original, "b.py": FileDisk().load("b.py")}, {"b.py": "x", "a.py": "y"})
    assert (folder / "a.py").read_bytes() == b"mine"
    assert len(content(folder)) == 3


def test_a_character_that_the_encoding_lacks_is_an_error(folder: Path) -> None:
    before = content(folder)
    with pytest.raises(WriteError, match="latin-1"):
        write(a="x", c="# coding: latin-1\n# €\n")
    assert content(folder) == before


def test_a_link_that_leads_out_of_the_project_is_not_written_through(folder: Path) -> None:
    outside = folder / "outside.py"
    (folder / "project").mkdir()
    (folder / "project" / ".git").mkdir()
    outside.write_bytes(b"mine\n")
    (folder / "project" / "link.py").symlink_to(outside)
    (folder / "project" / "a.py").write_bytes(b"x\n")
    os.chdir(folder / "project")
    with pytest.raises(WriteError, match=r"link\.py: leads out of"):
        write(a="y\n", link="theirs\n")
    assert outside.read_bytes() == b"mine\n"
    assert (folder / "project" / "a.py").read_bytes() == b"x\n"
    assert sorted(path.name for path in (folder / "project").iterdir()) == [".git", "a.py", "link.py"]


def test_a_file_with_two_names_is_refused(folder: Path) -> None:
    os.link("a.py", "other.py")
    with pytest.raises(WriteError, match=r"a\.py: has 2 names \(hard links\)"):
        write(a="x", b="y")
    assert (folder / "other.py").read_bytes() == (folder / "a.py").read_bytes() == b"x = 1\r\n"


def test_a_read_only_file_is_refused_even_for_root(folder: Path) -> None:
    (folder / "a.py").chmod(0o444)
    before = content(folder)
    with pytest.raises(WriteError, match=r"a\.py: is read-only"):
        write(a="x", b="y")
    assert content(folder) == before


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may give files away")
def test_the_owner_stays(folder: Path) -> None:
    os.chown("a.py", 1234, 4321)
    write(a="x")
    about = (folder / "a.py").stat()
    assert (about.st_uid, about.st_gid) == (1234, 4321)
