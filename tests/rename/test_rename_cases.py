from __future__ import annotations

import pytest

from sqla_guard.project.reserved import reserved_models
from sqla_guard.rename.plan import why_no_fix
from tests.support.memory import fix_files, project
from tests.support.rename_cases import RenameCase, rename_cases

CASES = rename_cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_the_fix_is_the_one_that_was_reviewed(case: RenameCase) -> None:
    result = fix_files(case.before, config=case.config)
    assert {path: result.workspace.load(path).text for path in case.before} == case.after
    places = {(p.path, result.workspace.load(p.path).position(p.span.start)[0]) for p in result.to_look_at}
    assert places == case.to_look_at
    assert result.put_back == ()
    left = [d for d in result.after.diagnostics if d.code == "SG101"]
    assert len(left) == len(case.refused)


@pytest.mark.parametrize("case", [c for c in CASES if c.refused], ids=lambda case: case.title)
def test_a_refusal_has_its_reason(case: RenameCase) -> None:
    found = project(case.before, case.config)
    reasons = [why_no_fix(found, model) for model in reserved_models(found, "models.py")]
    assert sorted(reason for reason in reasons if reason) == sorted(case.refused)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_a_second_run_changes_nothing(case: RenameCase) -> None:
    assert fix_files(case.after, config=case.config).made == ()
