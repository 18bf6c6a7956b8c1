"""Files that nobody means to write, or that are as large as none should be: each is read or named, and never hurt."""

from __future__ import annotations

import codecs
import encodings.aliases
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scripts.hostile_files import PYTHON, SQL, python_file, sql_file
from sqla_guard.cli import main
from sqla_guard.core.report import Report
from sqla_guard.core.workspace import Workspace
from sqla_guard.read.discover import FileDisk
from tests.support.memory import check_files, fix_files

HEAD = "from sqlalchemy import JSON, Column, Integer\nfrom sqlalchemy.orm import declarative_base\n"
MODEL = (
    f"{HEAD}\nBase = declarative_base()\n\n\nclass Event(Base):\n    __tablename__ = 'events'\n"
    "    id = Column(Integer, primary_key=True)\n    metadata = Column(JSON)\n"
)
TABLE = "CREATE TABLE events (id int, metadata json);\n"
OLD, NEW = b"metadata = Column(JSON)", b"event_metadata = Column('metadata', JSON)"
CODECS = sorted({*encodings.aliases.aliases.values(), "idna", "punycode", "undefined", "unicode_escape", "klingon"})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").touch()
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


def read_or_named(report: Report, path: str, code: str) -> bool:
    """Tell whether what is in a file was found; where it was not, the report has to say that it was not read."""
    assert "SG900" not in {d.code for d in report.diagnostics}
    if code in {d.code for d in report.diagnostics if d.path == path}:
        return True
    assert [n for n in report.not_analysed if n.path == path and n.fatal], "neither read nor named"
    return False


@pytest.mark.filterwarnings("ignore")
def test_every_codec_that_a_cookie_can_name_is_used_or_refused() -> None:
    read = set()
    for name in CODECS:
        data = f"# coding: {name}\n# {name}: ".encode() + b"\xe9\xff\n" + MODEL.encode()
        for bytes_of in (data, codecs.BOM_UTF8 + data, data.replace(b"\xe9\xff", b"")):
            if read_or_named(check_files({"model.py": bytes_of}), "model.py", "SG101"):
                read.add(name)
    assert {"latin_1", "cp1252", "koi8_r", "utf_8", "shift_jis", "utf_7", "iso2022_jp"} <= read
    assert not {"klingon", "rot_13", "base64_codec", "zlib_codec", "utf_16", "cp037", "undefined"} & read


# How the text becomes bytes, and what of the model's text is written otherwise.
FORMS: Mapping[str, tuple[bytes, str, tuple[str, str]]] = {
    "plain": (b"", "utf-8", ("", "")),
    "byte order mark": (codecs.BOM_UTF8, "utf-8", ("", "")),
    "carriage returns": (b"", "utf-8", ("\n", "\r")),
    "both line ends": (b"", "utf-8", ("\n", "\r\n")),
    "mixed line ends": (b"", "utf-8", ("\n\n", "\r\n\n\r")),
    "form feeds": (b"", "utf-8", ("\nclass", "\n\f\nclass")),
    "separators": (b"", "utf-8", ("'events'", "'events' # \x1c\x85\u2028\u2029 é🙂")),
    "tabs": (b"", "utf-8", ("    ", "\t")),
    "spaces at the end": (b"", "utf-8", ("\n", " \t\n")),
    "no line end at the end": (b"", "utf-8", ("Column(JSON)\n", "Column(JSON)")),
    "latin": (b"", "latin-1", ("'events'", "'events'  # é")),
    "cyrillic": (b"", "koi8-r", ("'events'", "'events'  # я")),
    "shift": (b"", "shift_jis", ("'events'", "'events'  # 語 ｱ")),
    "escape sequences": (b"", "iso2022_jp", ("'events'", "'events'  # 語")),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_fix_changes_no_other_byte(form: str, folder: Path) -> None:
    mark, codec, (written, instead) = FORMS[form]
    cookie = "" if codec == "utf-8" else f"# -*- coding: {codec} -*-\n"
    data = mark + (cookie + MODEL).replace(written, instead).encode(codec) if written else mark + MODEL.encode()
    (folder / "model.py").write_bytes(data)
    assert run("fix", "--write", ".").exit_code == 0
    assert (folder / "model.py").read_bytes() == data.replace(OLD, NEW)
    assert run("fix", "--write", ".").output.startswith("0 ") or not run("check", ".").exit_code


@pytest.mark.parametrize(
    ("codec", "data"),
    # Two ways to write one character; an escape sequence that changes nothing; letters as escapes.
    [("cp932", b"\x87\x90"), ("iso2022_jp", b"\x1b$B\x1b(B"), ("utf_7", b"+AGEAYg-"), ("unicode_escape", b"\xe9")],
)
def test_a_file_that_cannot_be_written_as_it_was_is_left_alone(codec: str, data: bytes, folder: Path) -> None:
    before = f"# coding: {codec}\n# ".encode() + data + b"\n" + MODEL.encode()
    (folder / "model.py").write_bytes(before)
    result = run("fix", "--write", ".")
    assert "in more than one way" in result.output
    assert (folder / "model.py").read_bytes() == before


SQL_FORMS = {
    "byte order mark": codecs.BOM_UTF8 + TABLE.encode(),
    "wide": codecs.BOM_UTF16_LE + TABLE.encode("utf-16-le"),
    "wide, other order": codecs.BOM_UTF16_BE + TABLE.encode("utf-16-be"),
    "carriage returns": TABLE.replace(" ", "\r").encode(),
    "both line ends": TABLE.replace(" ", "\r\n").encode(),
    "form feeds": TABLE.replace(" ", "\f").encode(),
    "tabs": TABLE.replace(" ", "\t").encode(),
    "signs": TABLE.replace("int", "int /* \u2028 é🙂 \x1c */").encode(),
    "no end": TABLE.rstrip(";\n").encode(),
}


@pytest.mark.parametrize("form", SQL_FORMS)
def test_sql_is_read_however_it_is_written(form: str) -> None:
    files: dict[str, str | bytes] = {"model.py": MODEL, "schema.sql": SQL_FORMS[form]}
    assert read_or_named(check_files(files), "schema.sql", "SG301")
    assert "schema.sql" not in fix_files(files).workspace.changed


@pytest.mark.parametrize("data", [b"\0", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf\xff\xfe", b"\xc3"])
@pytest.mark.parametrize("path", ["other.py", "other.sql"])
def test_bytes_that_are_no_text_are_named(path: str, data: bytes) -> None:
    text = MODEL if path.endswith(".py") else TABLE
    for content in (text.encode() + data, data + text.encode(), data):
        if not content.startswith(b"\xef\xbb\xbf"):
            assert not read_or_named(check_files({"model.py": MODEL, path: content}), path, "none")


@pytest.mark.parametrize(
    "line",
    [
        "print 'hello'",
        "exec 'x' in y",
        "raise E, 'x'",
        "try: pass\nexcept E, e: pass",
        "x = `1` <> 0777 + 1L + ur'x'",
        "def f((a, b)): pass",
    ],
)
def test_python_2_is_named_and_never_changed(line: str) -> None:
    files = {"old.py": f"{MODEL}\n{line}\n", "model.py": MODEL}
    assert not read_or_named(check_files(files), "old.py", "SG101")
    assert set(fix_files(files).workspace.changed) <= {"model.py"}


@pytest.mark.parametrize(
    "line",
    [
        "type Pair[T] = tuple[T, T]",
        "def first[T: int = int](x: T) -> T: return x",
        "class Box[*Ts, **P]: pass",
        "x = f'{f'{1}'}' f\"{'\\n'.join([])}\"",
        "try: pass\nexcept* ValueError: pass",
    ],
)
def test_syntax_newer_than_the_running_python_is_read(line: str) -> None:
    files = {"new.py": f"{MODEL}\n\n{line}\n"}
    assert read_or_named(check_files(files), "new.py", "SG101")
    assert fix_files(files).workspace.changed["new.py"].encode() == files["new.py"].encode().replace(OLD, NEW)


@pytest.mark.parametrize("kind", PYTHON)
def test_python_that_goes_on_and_on(kind: str) -> None:
    read_or_named(check_files({"model.py": python_file(kind, 3_000)}), "model.py", "SG101")


@pytest.mark.parametrize("kind", SQL)
def test_sql_that_goes_on_and_on(kind: str) -> None:
    files = {"model.py": MODEL, "migrations/V1__events.sql": sql_file(kind, 3_000)}
    assert "SG900" not in {d.code for d in check_files(files).diagnostics}


@pytest.mark.parametrize("deep", ["(", "[", "{1: ", "not ", "-", "lambda: ", "f(", "a[", "await ", "*", "x if "])
@pytest.mark.parametrize("depth", [90, 5_000])
def test_deep_nesting_ends_no_run(deep: str, depth: int) -> None:
    closing = {"(": ")", "[": "]", "{1: ": "}", "f(": ")", "a[": "]"}.get(deep, "")
    text = f"{MODEL}\nx = {deep * depth}metadata{closing * depth}\n"
    read_or_named(check_files({"model.py": text}), "model.py", "SG101")


CHAINS = {
    "attributes": "a" + ".metadata" * 3_000,
    "keys": "a" + "['metadata']" * 3_000,
    "calls": "a" + ".metadata()" * 3_000,
    "sum": "1 + " * 3_000 + "metadata",
    "tests": "".join(" " * n + "if metadata:\n" for n in range(95)) + " " * 95 + "pass",
    "classes": "".join(" " * n + "class A:\n" for n in range(95)) + " " * 95 + "metadata = 1",
    "branches": "if a: pass\n" + "elif metadata: pass\n" * 3_000,
}


@pytest.mark.parametrize("chain", CHAINS)
def test_long_chains_end_no_run(chain: str) -> None:
    read_or_named(check_files({"model.py": f"{MODEL}\n{CHAINS[chain]}\n"}), "model.py", "SG101")


LARGE = """
import resource, sys
from sqla_guard.cli import main
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
main(["check", "--no-cache", "."])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of POSIX")
def test_huge_files_and_lines_are_read_beside_others(folder: Path) -> None:
    (folder / "model.py").write_text(MODEL)
    (folder / "large.py").write_bytes(b"# nothing here, line after line\n" * (50 << 20 >> 5))
    (folder / "line.py").write_bytes(b"x = '" + b"nothing " * (10 << 20 >> 3) + b"'\n")
    (folder / "large.sql").write_bytes(b"INSERT INTO other VALUES (1, 'a');\n" * (50 << 20 >> 5))
    (folder / "line.sql").write_bytes(b"INSERT INTO other VALUES (1)" + b", (1)" * (2 << 20) + b";\n")
    done = subprocess.run([sys.executable, "-c", LARGE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert "SG101" in done.stdout


def test_a_changed_text_has_the_bytes_that_it_would_be_written_with(folder: Path) -> None:
    text = "# coding: shift_jis\n# 語\nx = 1\n"
    (folder / "notes.py").write_bytes(text.encode("shift_jis"))
    (folder / "model.py").write_text(MODEL)
    disk = FileDisk()
    changed = text.replace("1", "2")
    workspace = Workspace(("model.py", "notes.py"), disk, {"notes.py": changed, "new.py": "語"})
    assert workspace.raw("notes.py") == changed.encode("shift_jis")
    assert workspace.raw("new.py") == "語".encode()
