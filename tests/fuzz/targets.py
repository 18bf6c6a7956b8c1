"""What must hold for any input: used by the tests with generated inputs, by `make fuzz` with guided ones."""

from __future__ import annotations

import ast
import contextlib
import re
import tempfile
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

from sqla_guard.adopt.baseline import BaselineError, dump, parse
from sqla_guard.adopt.directives import ignoring, is_reason
from sqla_guard.check.engine import check
from sqla_guard.core.config import Config, ConfigError
from sqla_guard.core.globs import Globs
from sqla_guard.core.report import Report
from sqla_guard.core.workspace import UnreadableFile, Workspace
from sqla_guard.fix.loop import FixResult, fix
from sqla_guard.read.config import load_config
from sqla_guard.read.load import decode
from sqla_guard.read.requirements import read_requirements
from tests.support.memory import check_files, fix_files, workspace

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"

# What the input meets: a base, a model with a reserved name and its table, an Alembic history.
AROUND: Mapping[str, str] = {
    "base.py": "from sqlalchemy.orm import declarative_base\n\nBase = declarative_base()\n",
    "event.py": (
        "from sqlalchemy import JSON, Column, Integer\nfrom base import Base\n\n\nclass Event(Base):\n"
        '    __tablename__ = "events"\n    id = Column(Integer, primary_key=True)\n    metadata = Column(JSON)\n'
    ),
    "use.py": "from event import Event\n\n\ndef use(event: Event):\n    return event.metadata\n",
}
SUPPRESSIONS = (
    "sqla-guard: ignore[reserved-attribute]",
    "sqla-guard: ignore[SG101, SG202] until=2027-03-31 -- the table goes in March",
    "sqla-guard: ignore-file[SG1]",
    "noqa: SG101, E501 -- old",
    "see #12 # noqa: SG102 # sqla-guard: ignore[reserved-column]",
    "sqla-guard: disable[SG101]\nsqla-guard: ignore\nnoqa: SG999",
    "**/tests/*.py\n!a/**/b[a-z]?.py\n/x/",
    '{"version": 1, "findings": [{"path": "a.py", "rule": "reserved-attribute", "symbol": "Event.metadata"}]}',
)
REQUIREMENTS = (
    'SQLAlchemy[asyncio]>=2.0.1,<3; python_version > "3.8"\n-r base.txt\n# no\nalembic==1.13.*\nx @ git+https://y\n',
    '[project]\nrequires-python = ">=3.10"\ndependencies = ["sqlalchemy>=2"]\n[tool.poetry.dependencies]\na = "^1.2"\n',
    "[options]\npython_requires = >=3.8\ninstall_requires =\n    sqlalchemy>=1.4\n",
    'from setuptools import setup\nNEEDS = ["alembic>=1.4"]\nsetup(install_requires=NEEDS, python_requires=">=3")\n',
    '{"default": {"sqlalchemy": {"version": "==2.0.1"}}, "develop": {}}',
    '[[package]]\nname = "sqlalchemy"\nversion = "2.0.1"\n',
)
EVERYTHING = Config(extend_select=frozenset({"SG"}))


def python_file(data: bytes) -> None:
    """A module of a project."""
    _whole({**AROUND, "input.py": data})


def sql_file(data: bytes) -> None:
    """A migration in SQL that the project's models are made by."""
    _whole({**AROUND, "migrations/V1__input.sql": data})


def sql_in_python(data: bytes) -> None:
    """The same SQL in a string of a migration script, in each way to write a string."""
    text = data.decode("utf-8", "replace").replace("\0", "")
    quoted = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"').rstrip('"')
    head = "from sqlalchemy import text\n\n\ndef run(connection):\n"
    for literal in (repr(text), f'"""{quoted}"""', f'f"""{quoted.replace("{", "{{").replace("}", "}}")}"""'):
        source = f"{head}    connection.execute(text({literal}))\n"
        _whole({**AROUND, "migrate.py": source.encode("utf-8", "replace")})


def configuration(data: bytes) -> None:
    """A configuration file: it is used or refused in one line."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sqla-guard.toml"
        path.write_bytes(data)
        message = str(path)
        try:
            load_config(str(path))
        except ConfigError as error:
            message = str(error)
        assert str(path) in message
        assert "\n" not in message.strip()


def suppression(data: bytes) -> None:
    """What silences findings: directives in comments of Python, of SQL and of SQL in Python, globs, a baseline."""
    lines = data.decode("utf-8", "replace").splitlines() or [""]
    columns = [f"    {name} = Column(JSON)  # {line}\n" for line in lines[:20] for name in ("metadata", "registry")]
    models = AROUND["event.py"] + "".join(columns)
    script = "".join(
        f"-- {line}\nALTER TABLE events ADD COLUMN metadata json; /* {line} */\nSELECT query FROM events -- {line}\n"
        for line in lines[:20]
    )
    quoted = script.replace("\\", "\\\\").replace('"""', "")
    run = f'from sqlalchemy import text\n\n\ndef run(connection):\n    connection.execute(text("""{quoted}"""))\n'
    files = {**AROUND, "event.py": models, "migrations/V1__input.sql": script, "run.py": run}
    _whole({path: text.encode("utf-8", "replace") for path, text in files.items()})
    _ignores_hold(files, lines[0])
    globs, paths = Globs(lines), [*lines, "tests/a.py", "a/b/c/d.py"]
    for path in paths:
        globs.covers(path)
    with contextlib.suppress(BaselineError):
        assert parse(dump(parse(data.decode("utf-8", "replace")))) == parse(data.decode("utf-8", "replace"))


def requirements(data: bytes) -> None:
    """Files that say which packages a project asks for, and what git ignores."""
    for name in ("requirements.txt", "pyproject.toml", "setup.cfg", "setup.py", "Pipfile.lock", "uv.lock"):
        read_requirements(name, data)


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "python": python_file,
    "sql": sql_file,
    "string": sql_in_python,
    "config": configuration,
    "suppression": suppression,
    "requirements": requirements,
}


def seeds(target: str) -> list[bytes]:
    """Return inputs to begin with."""
    if target == "config":
        return [b'[per-file-ignores]\n"tests/*" = ["SG2"]\n', b'select = ["SG1"]\nrename = "auto"\njobs = 2\n']
    if target == "suppression":
        return [line.encode() for line in SUPPRESSIONS]
    if target == "requirements":
        return [line.encode() for line in REQUIREMENTS]
    suffix = "*.py" if target == "python" else "*.sql"
    found = [path.read_bytes() for path in sorted(FIXTURES.rglob(suffix))]
    if target != "python":
        found += [line.encode() for line in _nasty()]
    return [data for data in found if len(data) < 20_000]


def _nasty() -> list[str]:
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted((FIXTURES / "sql").glob("*.jsonl")))
    return re.findall(r'"sql": "((?:[^"\\]|\\.)*)"', text)


def _whole(files: Mapping[str, str | bytes]) -> None:
    """Check and fix a project: no rule fails, quick reading finds what close reading finds, fixes hold."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        quick = check_files(files, config=EVERYTHING)
        close = check_files(files, config=Config(extend_select=EVERYTHING.extend_select, read_everything=True))
        for report in (quick, close):
            _no_rule_failed(report)
        assert quick.diagnostics == close.diagnostics, "quick and close reading differ"
        if quick.diagnostics:
            _fixes_hold(files, _fixed(files), _fixed)


def _fixed(files: Mapping[str, str | bytes]) -> FixResult:
    return fix_files(files, config=EVERYTHING)


def _ignores_hold(files: Mapping[str, str | bytes], reason: str) -> None:
    """Write a directive at each finding, as `fix --add-ignores` does: what has one is silent, and nothing breaks."""
    if not is_reason(reason):
        return
    space = workspace(files)

    def directives(now: Workspace) -> Report:
        return ignoring(check(now, EVERYTHING), now.load, reason.strip())

    _fixes_hold(files, fix(space, directives), lambda after: fix(workspace(after), directives))


def _no_rule_failed(report: Report) -> None:
    failed = [d for d in report.diagnostics if d.code == "SG900"]
    assert not failed, failed[0].message


def _fixes_hold(
    files: Mapping[str, str | bytes], result: FixResult, fix_again: Callable[[Mapping[str, str | bytes]], FixResult]
) -> None:
    _no_rule_failed(result.after)
    for path, text in result.workspace.changed.items():
        if path.endswith(".py"):
            before = _text(path, files.get(path))
            assert before is None or not _parses(before) or _parses(text), f"{path} does not parse any more"
    again = fix_again({**files, **result.workspace.changed})
    made = [fix.title for fix in again.made]
    assert not made, f"a second run made more: {made}"


def _text(path: str, data: str | bytes | None) -> str | None:
    if data is None or isinstance(data, str):
        return data
    with contextlib.suppress(UnreadableFile):
        return decode(path, data).text
    return None


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
