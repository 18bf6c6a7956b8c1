from __future__ import annotations

import pytest

from sqla_guard.core.source import SourceFile
from sqla_guard.fix.edits import apply_edits
from sqla_guard.fix.imports import import_edit
from sqla_guard.read.python.imports import read_import_block


def with_threading(text: str) -> str:
    source = SourceFile("m.py", text)
    edit = import_edit(source, read_import_block(source), "threading")
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
