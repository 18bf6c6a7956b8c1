"""No finding is lost to speed: kept runs, shared-out runs, other orders and single files say the same, byte for byte.

Kept runs do so after changes, too.

`make same` compares on every installed package, and close reading too; so does `test_quick_is_close.py`.
"""

from __future__ import annotations

import sysconfig
from pathlib import Path

from tests.support.projects import copy_project
from tests.support.ways import differences, inside, usual

WAYS = ("kept", "edited", "many", "order", "alone")
SITE = Path(sysconfig.get_path("purelib"))


def test_every_way_says_the_same_of_a_sample_project(tmp_path: Path) -> None:
    project = copy_project("security_desk", tmp_path)
    with inside(project):
        base = usual(str(project), alone=5)
        assert base.checked.report.diagnostics
        assert differences(base, WAYS) == []


def test_every_way_says_the_same_of_an_installed_package() -> None:
    with inside(SITE):
        assert differences(usual(str(SITE / "flask_sqlalchemy"), alone=2), WAYS) == []
