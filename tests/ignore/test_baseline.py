"""A baseline knows findings by file, rule and symbol, and only shrinks by itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from sqla_guard.adopt.baseline import Judged, dump, extended, parse, shrunk, stale
from sqla_guard.adopt.known import Key, matched
from sqla_guard.cli import main
from sqla_guard.lsp.analysis import Buffer, analyse, repaired
from tests.ignore.cases import GETTER, MODEL, SCRIPT
from tests.support.projects import copy_project, read_tree

OTHER = GETTER.replace("_engine", "_pool").replace("get_engine", "get_pool")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[tool.sqla-guard]\nbaseline = "known.json"\n')
    (tmp_path / "models.py").write_text(MODEL)
    (tmp_path / "engine.py").write_text(GETTER)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def codes(*arguments: str) -> list[str]:
    result = run("check", "--output-format", "json", *arguments)
    return sorted(d["code"] for d in json.loads(result.stdout)["diagnostics"])


def entries(folder: Path) -> list[tuple[str, str]]:
    return [(e["path"], e["symbol"]) for e in json.loads((folder / "known.json").read_text())["findings"]]


KNOWN = [("engine.py", "get_engine._engine"), ("models.py", "Event.metadata")]


def test_what_is_known_is_left_out_and_what_is_new_is_not(folder: Path) -> None:
    written = run("check", "--write-baseline", "known.json")
    assert (written.exit_code, written.stderr) == (0, "note: known.json holds 2 known findings now\n")
    assert entries(folder) == KNOWN
    assert codes() == []
    (folder / "pool.py").write_text(OTHER)
    assert codes() == ["SG201"]
    assert codes("--no-baseline") == ["SG101", "SG201", "SG201"]


def test_the_summary_says_how_much_is_left_out(folder: Path) -> None:
    run("check", "--write-baseline", "known.json")
    assert run("check").stdout == "No findings; 2 files checked; 2 findings known to a baseline.\n"
    assert run("check", "--no-baseline").stdout.count("known to") == 0


def test_lines_do_not_matter(folder: Path) -> None:
    run("check", "--write-baseline", "known.json")
    (folder / "models.py").write_text("# moved\n\n\n" + MODEL)
    assert codes() == []


def test_a_baseline_only_shrinks_by_itself(folder: Path) -> None:
    run("check", "--write-baseline", "known.json")
    (folder / "engine.py").write_text("")
    (folder / "pool.py").write_text(OTHER)
    result = run("check", "--write-baseline", "known.json")
    assert (result.exit_code, entries(folder)) == (1, [("models.py", "Event.metadata")])
    assert "pool.py" in result.stdout
    result = run("check", "--write-baseline", "known.json", "--add-to-baseline")
    assert (result.exit_code, entries(folder)) == (0, [KNOWN[1], ("pool.py", "get_pool._pool")])


def test_writing_twice_changes_nothing(folder: Path) -> None:
    run("check", "--write-baseline", "known.json")
    before = (folder / "known.json").read_bytes()
    run("check", "--write-baseline", "known.json")
    assert (folder / "known.json").read_bytes() == before


def test_stale_entries_are_named_and_can_be_dropped(folder: Path) -> None:
    run("check", "--write-baseline", "known.json")
    (folder / "engine.py").unlink()
    result = run("check")
    assert result.exit_code == 0
    assert result.stderr == (
        "warning: known.json knows what nobody finds any more: engine.py: unguarded-lazy-global: get_engine._engine\n"
        "hint: `sqla-guard check --write-baseline known.json` drops it\n"
    )
    run("check", "--write-baseline", "known.json")
    assert entries(folder) == KNOWN[1:]
    assert run("check").stderr == ""


def test_what_a_run_does_not_look_at_is_neither_stale_nor_dropped(folder: Path) -> None:
    run("check", "--write-baseline", "known.json")
    (folder / "engine.py").write_text("")
    for arguments in (("models.py",), ("--select", "SG1"), ("--ignore", "SG201")):
        assert run("check", *arguments).stderr == ""
        run("check", *arguments, "--write-baseline", "known.json")
        assert entries(folder) == KNOWN
    (folder / "engine.py").write_text("def broken(:\n")
    assert "knows" not in run("check").stderr


def test_a_moved_file_keeps_what_is_known_of_it(folder: Path) -> None:
    run("check", "--write-baseline", "known.json")
    (folder / "engine.py").rename(folder / "database.py")
    result = run("check")
    assert (result.exit_code, result.stderr) == (0, "")
    run("check", "--write-baseline", "known.json")
    assert entries(folder) == [("database.py", "get_engine._engine"), KNOWN[1]]


def test_a_second_finding_of_one_key_is_new(folder: Path) -> None:
    run("check", "--write-baseline", "known.json")
    (folder / "models.py").write_text(MODEL.replace("    metadata", "    metadata = Column(JSON)\n    metadata"))
    assert codes() == ["SG101", "SG101"]
    run("check", "--write-baseline", "known.json", "--add-to-baseline")
    assert json.loads((folder / "known.json").read_text())["findings"][1]["count"] == 2
    assert codes() == []
    (folder / "models.py").write_text(MODEL)
    assert "Event.metadata" in run("check").stderr


def test_it_is_the_same_from_any_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("check", "--write-baseline", "known.json")
    (folder / "sub").mkdir()
    monkeypatch.chdir(folder / "sub")
    assert codes("..") == []


def test_each_project_of_a_repository_has_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "pyproject.toml").write_text('[tool.sqla-guard]\nbaseline = "known.json"\n')
        (tmp_path / name / "models.py").write_text(MODEL)
        assert run("check", name, "--write-baseline", f"{name}/known.json").exit_code == 0
    assert run("check").exit_code == 0
    (tmp_path / "two" / "known.json").write_text('{"version": 1, "findings": []}')
    assert next(line for line in run("check").stdout.splitlines() if "SG101" in line).startswith("two/models.py")


def test_fix_leaves_alone_what_is_known(folder: Path) -> None:
    run("check", "--write-baseline", "known.json")
    before = read_tree(folder)
    assert run("fix", "--write").exit_code == 0
    assert read_tree(folder) == before
    (folder / "pool.py").write_text(OTHER)
    run("fix", "--write")
    assert "with _pool_lock:" in (folder / "pool.py").read_text()
    assert (folder / "models.py").read_text() == MODEL
    run("fix", "--write", "--no-baseline")
    assert "event_metadata" in (folder / "models.py").read_text()


def test_the_editor_does_not_show_what_is_known(folder: Path) -> None:
    run("check", "--write-baseline", "known.json")
    text = MODEL + "    registry = Column(JSON)\n"
    analysis = analyse({"models.py": Buffer("file:///models.py", 1, text)})
    assert [d.symbol for d in analysis.report.diagnostics] == ["Event.registry"]
    (repaired_text,) = repaired(analysis).values()
    assert "    metadata = Column(JSON)" in repaired_text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            None,
            "known.json: cannot be read: No such file or directory; make it with `sqla-guard check --write-baseline",
        ),
        ("[]", "known.json: is no baseline of sqla-guard"),
        ("{", "known.json: is no baseline of sqla-guard"),
        ('{"version": 1, "findings": [{"path": "a.py"}]}', "known.json: is no baseline of sqla-guard ('rule')"),
        ('{"version": 2, "findings": []}', "known.json: is of version 2, which this sqla-guard does not know"),
    ],
)
def test_a_file_that_is_no_baseline_is_an_error(folder: Path, content: str | None, message: str) -> None:
    if content is not None:
        (folder / "known.json").write_text(content)
    result = run("check")
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_options_that_exclude_each_other(folder: Path) -> None:
    for arguments in (
        ("--add-to-baseline",),
        ("--write-baseline", "x.json", "--add-ignores", "known"),
        ("--baseline", "x.json", "--no-baseline"),
    ):
        result = run("check", *arguments)
        assert (result.exit_code, "Error: --" in result.stderr) == (2, True)


def test_the_sample_can_be_taken_up_with_a_baseline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(copy_project("security_desk", tmp_path))
    assert run("check", "--write-baseline", "known.json").exit_code == 0
    assert run("check", "--baseline", "known.json").exit_code == 0
    Path("schema.sql").write_text(SCRIPT.replace("events", "security_events"))
    assert codes("--baseline", "known.json", "schema.sql") == ["SG301"]


KEYS = st.tuples(st.sampled_from("abc"), st.sampled_from("xy"), st.sampled_from(["S.s", "é", 'quo"te']))
COUNTS = st.dictionaries(KEYS, st.integers(1, 3), max_size=8)


@given(COUNTS)
def test_what_is_dumped_is_parsed_back(known: dict[Key, int]) -> None:
    assert parse(dump(known)) == known


@given(COUNTS, COUNTS, st.sets(st.sampled_from("abc")), st.sets(st.sampled_from("abc")))
def test_shrinking_never_lets_more_through(
    known: dict[Key, int], found: dict[Key, int], unseen: set[str], gone: set[str]
) -> None:
    found = {key: count for key, count in found.items() if key[0] not in unseen | gone}
    judged = Judged(found, lambda key: key[0] not in unseen, lambda path: path in gone - unseen)
    after = shrunk(known, judged)
    old = matched(found, known, judged.is_gone)
    assert set(matched(found, after, judged.is_gone)) == set(old)
    assert sum(after.values()) <= sum(known.values())
    assert stale(after, judged) == []
    assert shrunk(after, judged) == after
    assert all(after[key] == known[key] for key in known if key[0] in unseen)
    assert set(matched(found, extended(known, judged), judged.is_gone)) == set(found)
