"""What ``fix`` does to the sample: exactly the reviewed diff, once, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from tests.story import sample
from tests.support.projects import ROOT, read_tree

GOLDEN = ROOT / "fixtures" / "golden"

# Every place that must stay quiet is marked by its words; none of these files may change.
UNTOUCHED = {
    "desk/api_schemas.py",
    "desk/envelopes.py",
    "desk/spool.py",
    "desk/cli.py",
    "desk/services/exporters.py",
    "desk/services/redaction.py",
    "desk/models/documents.py",
    "desk/templates/event_detail.html",
    "desk/templates/report.html",
}


def test_check_reports_the_three_bugs_and_nothing_else(tmp_path: Path) -> None:
    run = sample.sqla_guard("check", ".", cwd=sample.broken(tmp_path))
    assert run.returncode == 1
    assert run.stdout == (GOLDEN / "security_desk.check.txt").read_text(encoding="utf-8")


def test_the_diff_is_the_one_that_was_reviewed(tmp_path: Path) -> None:
    app = sample.broken(tmp_path)
    before = read_tree(app)
    run = sample.sqla_guard("fix", ".", cwd=app)
    assert run.returncode == 1
    assert run.stdout == (GOLDEN / "security_desk.diff").read_text(encoding="utf-8")
    assert run.stderr == (GOLDEN / "security_desk.fix.txt").read_text(encoding="utf-8")
    assert read_tree(app) == before


def test_written_files_are_those_of_the_diff_and_a_second_run_changes_nothing(tmp_path: Path) -> None:
    app = sample.broken(tmp_path)
    before = read_tree(app)
    named = set(re.findall(r"^\+\+\+ b/(.*)$", (GOLDEN / "security_desk.diff").read_text(encoding="utf-8"), re.M))
    assert sample.sqla_guard("fix", "--write", ".", cwd=app).returncode == 0
    after = read_tree(app)
    changed = {path for path in after if after[path] != before.get(path)}
    assert changed == named
    assert not changed & UNTOUCHED
    second = sample.sqla_guard("fix", "--write", ".", cwd=app)
    assert second.returncode == 0
    assert read_tree(app) == after
    check = sample.sqla_guard("check", ".", cwd=app)
    assert (check.returncode, check.stderr) == (0, "")


def test_one_file_is_judged_like_the_whole(tmp_path: Path) -> None:
    app = sample.broken(tmp_path)
    whole = sample.sqla_guard("check", ".", cwd=app).stdout
    for path in ("asgi.py", "desk/models/security.py", "desk/migrate.py"):
        alone = sample.sqla_guard("check", path, cwd=app).stdout
        finding = alone[: alone.index("\n\n")]
        assert finding.startswith(path)
        assert finding in whole
