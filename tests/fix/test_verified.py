"""Whatever is fixed, in models and uses that are made up: it parses, no finding is new, all else stays."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping

from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from sqla_guard.check.engine import check
from sqla_guard.core.config import Config
from sqla_guard.core.diagnostic import Diagnostic
from sqla_guard.core.workspace import Workspace
from sqla_guard.fix.edits import apply_edits, by_path
from sqla_guard.fix.loop import FixResult, fix
from sqla_guard.testing import MemoryDisk

BASE = "from sqlalchemy.orm import declarative_base\n\nBase = declarative_base()\n"
BINDINGS = (
    "{name} = Column(JSON)",
    "{name} = Column('{name}', JSON, nullable=False)  # kept",
    "{name}: Mapped[dict] = mapped_column(JSON)",
    "{name} = Column(\n        JSON,\n        default=dict,\n    )",
    "{name}: Mapped[str]",
)
USES = (
    "return event.{name}",
    "event.{name} = {{'a': 1}}",
    "return session.query(Event).filter(Event.{name} != None).all()",
    "return Event({name}={{}})",
    "return f'{{event.{name}}}'",
    "return getattr(event, '{name}')",
    "return [e.{name} for e in session.scalars(select(Event))]",
)
SINGLETON = (
    "import threading\n\n_client = None\n{lock}\n\ndef client():\n    global _client\n    if _client is None:\n"
    "        _client = Client()\n    return _client\n"
)
SCRIPTS = (
    "CREATE TABLE events (id int, {name} json);\n",
    "CREATE TABLE events (id int);\nALTER TABLE events ADD COLUMN {name} json; -- kept\n",
)


@st.composite
def projects(draw: st.DrawFn) -> Mapping[str, str]:
    """Return a made-up project: a model with a reserved name, uses of it, a script for its table, a singleton."""
    name = draw(st.sampled_from(("metadata", "registry")))
    fields = "".join(f"    {field} = Column(Integer)\n" for field in draw(st.sets(st.sampled_from("abc"))))
    binding = draw(st.sampled_from(BINDINGS)).format(name=name)
    model = (
        "from sqlalchemy import JSON, Column, Integer\nfrom sqlalchemy.orm import Mapped, mapped_column\n\n"
        "from base import Base\n\n\nclass Event(Base):\n    __tablename__ = 'events'\n"
        f"    id = Column(Integer, primary_key=True)\n{fields}    {binding}\n"
    )
    uses = "".join(
        f"\n\ndef use{number}(event: Event, session):\n    {use.format(name=name)}\n"
        for number, use in enumerate(draw(st.lists(st.sampled_from(USES), max_size=4)))
    )
    files = {
        "base.py": BASE,
        "model.py": model,
        "use.py": f"from sqlalchemy import select\n\nfrom model import Event\n{uses}",
    }
    if draw(st.booleans()):
        files["migrations/V1__events.sql"] = draw(st.sampled_from(SCRIPTS)).format(name=name)
    if draw(st.booleans()):
        files["client.py"] = SINGLETON.format(lock=draw(st.sampled_from(("", "_lock = threading.Lock()\n"))))
    newline = draw(st.sampled_from(("\n", "\r\n")))
    return {path: text.replace("\n", newline) for path, text in files.items()}


def fixed(files: Mapping[str, str], reported: tuple[str, ...]) -> FixResult:
    return fix(Workspace(reported, MemoryDisk(files)), lambda space: check(space, Config()))


def kinds(diagnostics: tuple[Diagnostic, ...]) -> Counter[tuple[str, str]]:
    return Counter((d.path, d.code) for d in diagnostics)


def test_made_up_projects_are_fixed() -> None:
    files = find(projects(), lambda files: len(files) == 5 and len(fixed(files, tuple(sorted(files))).made) > 1)
    assert "client.py" in files


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(files=projects(), order=st.randoms(use_true_random=False))
def test_a_fix_proves_itself(files: Mapping[str, str], order: object) -> None:
    paths = sorted(files)
    result = fixed(files, tuple(paths))
    assert "SG101" in {d.code for d in result.before.diagnostics}
    after = {**files, **result.workspace.changed}
    for path, text in after.items():
        if path.endswith(".py"):
            ast.parse(text)
    # What was repaired is gone, and nothing is new.
    assert not kinds(result.after.diagnostics) - kinds(result.before.diagnostics)
    assert len(result.after.diagnostics) <= len(result.before.diagnostics) - len({f.title for f in result.made})
    # A second run has nothing to do.
    assert not fixed(after, tuple(sorted(after))).made
    # The files in another order are repaired to the same.
    shuffled = list(paths)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    assert (
        fixed({path: files[path] for path in shuffled}, tuple(shuffled)).workspace.changed == result.workspace.changed
    )


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(files=projects())
def test_one_fix_leaves_what_it_does_not_edit(files: Mapping[str, str]) -> None:
    space = Workspace(tuple(sorted(files)), MemoryDisk(files))
    for finding in check(space, Config()).diagnostics:
        if finding.fix is None:
            continue
        for path, edits in by_path(finding.fix.edits).items():
            before = files.get(path, "")
            new = apply_edits(before, edits)
            end = 0
            at = 0
            for edit in edits:  # what stands between the edits stays, byte for byte
                kept = before[end : edit.start]
                assert new[at : at + len(kept)] == kept
                at += len(kept) + len(edit.text)
                end = edit.end
            assert new[at:] == before[end:]
