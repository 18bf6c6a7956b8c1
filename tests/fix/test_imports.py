from __future__ import annotations

import pytest

from sqla_guard.core.diagnostic import Diagnostic
from sqla_guard.core.fix import Applicability, Edit, Fix, ImportNeed
from sqla_guard.core.report import Report
from sqla_guard.core.source import SourceFile, Span
from sqla_guard.facts.imports import ImportBlock
from sqla_guard.fix.edits import apply_edits
from sqla_guard.fix.imports import import_edit, with_imports
from sqla_guard.read.python.imports import read_import_block


def with_threading(text: str, module: str = "threading") -> str:
    source = SourceFile("m.py", text)
    edit = import_edit(source, read_import_block(source), module)
    return apply_edits(text, [edit] if edit else [])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import os\nimport time\n", "import os\nimport threading\nimport time\n"),
        ("import os\n\nimport flask\n", "import os\nimport threading\n\nimport flask\n"),
        ("import time\n", "import threading\nimport time\n"),
        ("from os import path\n", "import threading\nfrom os import path\n"),
        ("import flask\n", "import threading\n\nimport flask\n"),
        ('"""Doc."""\n\nimport os\nx = 1\n', '"""Doc."""\n\nimport os\nimport threading\nx = 1\n'),
        (
            "from __future__ import annotations\n\nx = 1\n",
            "from __future__ import annotations\n\nimport threading\n\nx = 1\n",
        ),
        ("#!/bin/python\n# licence\nx = 1\n", "#!/bin/python\n# licence\nimport threading\n\nx = 1\n"),
        ("import os\r\nx = 1\r\n", "import os\r\nimport threading\r\nx = 1\r\n"),
        ("import os", "import os\nimport threading\n"),
        ("import threading\n", "import threading\n"),
        ("x = 1\nimport threading\n", "x = 1\nimport threading\n"),
        ("import os, sys\n", "import os, sys\nimport threading\n"),
        ("import a_b  # c\nimport os  # d\n\nx = 1\n", "import a_b  # c\nimport os  # d\nimport threading\n\nx = 1\n"),
    ],
)
def test_the_import_stands_where_a_person_would_put_it(before: str, after: str) -> None:
    changed = with_threading(before)
    assert changed == after
    compile(changed, "m.py", "exec")
    assert with_threading(changed) == changed


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import os\n\nfrom sqlalchemy import text\n", "import os\n\nimport sqlalchemy\nfrom sqlalchemy import text\n"),
        ("import os\nimport flask\n", "import os\nimport flask\nimport sqlalchemy\n"),
    ],
)
def test_a_library_stands_with_its_own(before: str, after: str) -> None:
    assert with_threading(before, "sqlalchemy") == after


def test_fixes_that_need_one_import_share_the_edit() -> None:
    source = SourceFile("m.py", "# c\nbad\nbad\n")
    fixes = [
        Fix(
            str(start),
            (Edit("m.py", start, start + 3, "good"),),
            Applicability.SAFE,
            (ImportNeed("m.py", "threading"),),
        )
        for start in (4, 8)
    ]
    found = [Diagnostic("X1", "x", "error", "m.py", Span(4, 7), fix.title, "", fix) for fix in fixes]
    report = with_imports(Report.of(found, (), 1), lambda path: source, read_import_block)
    edits = {edit for d in report.diagnostics if d.fix for edit in d.fix.edits}
    assert apply_edits(source.text, edits) == "# c\nimport threading\n\ngood\ngood\n"
    assert all(d.fix and not d.fix.imports for d in report.diagnostics)


def test_the_imports_of_a_file_are_read_once_however_many_fixes_need_them() -> None:
    source = SourceFile("m.py", "bad\n" * 9)
    needs = [(ImportNeed("m.py", module),) for module in ("threading", "asyncio", "json")] * 3
    fixes = [
        Fix(str(n), (Edit("m.py", 4 * n, 4 * n + 3, "good"),), Applicability.SAFE, need) for n, need in enumerate(needs)
    ]
    found = [Diagnostic("X1", "x", "error", "m.py", Span(4, 7), fix.title, "", fix) for fix in fixes]
    read: list[SourceFile] = []

    def imports_of(source: SourceFile) -> ImportBlock:
        read.append(source)
        return read_import_block(source)

    with_imports(Report.of(found, (), 1), lambda path: source, imports_of)
    assert read == [source]
