"""The language server, driven by a real client over standard input and output."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from lsprotocol import types

from tests.support.editor import Editor, editing

BASE = "from sqlalchemy.orm import declarative_base\n\nBase = declarative_base()\n"
MODELS = """\
from sqlalchemy import JSON, Column, Integer

from base import Base


class Event(Base):
    __tablename__ = "events"
    id = Column(Integer, primary_key=True)
    metadata = Column(JSON)
"""
FIXED = MODELS.replace("    metadata = Column(JSON)", '    event_metadata = Column("metadata", JSON)')
LAZY = """\
import threading

_pool = None


def pool():
    global _pool
    if _pool is None:
        _pool = threading.Thread(target=print)
    return _pool
"""
USES = "from models import Event\n\n\ndef kind(event: Event) -> str:\n    return '🙂' + event.metadata['kind']\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    for name, text in {"base.py": BASE, "models.py": MODELS, "uses.py": USES, "pyproject.toml": ""}.items():
        (root / name).write_text(text, encoding="utf-8", newline="")
    return root


def drive(project: Path, session: Callable[[Editor], Awaitable[None]]) -> None:
    async def run() -> None:
        async with editing(project) as editor:
            await session(editor)

    asyncio.run(run())


def codes(found: list[types.Diagnostic]) -> list[object]:
    return [diagnostic.code for diagnostic in found]


def test_findings_appear_as_one_types_and_go_when_mended(project: Path) -> None:
    async def session(editor: Editor) -> None:
        found = await editor.open("models.py")
        assert codes(found) == ["SG101"]
        assert (found[0].range.start.line, found[0].range.start.character) == (8, 4)
        assert "reserved" in found[0].message
        assert await editor.type("models.py", FIXED) == []
        assert codes(await editor.type("models.py", MODELS)) == ["SG101"]

    drive(project, session)


def test_unsaved_text_is_what_counts_in_other_files_too(project: Path) -> None:
    async def session(editor: Editor) -> None:
        await editor.open("base.py", "class Base:\n    pass\n")
        assert await editor.open("models.py") == []
        editor.change("base.py", BASE)
        assert codes(await editor.type("models.py", MODELS + "\n")) == ["SG101"]

    drive(project, session)


def test_the_last_of_many_keys_wins(project: Path) -> None:
    async def session(editor: Editor) -> None:
        await editor.open("models.py")
        for keys in range(20):
            editor.change("models.py", f"{FIXED}# {'x' * keys}\n")
        assert codes(await editor.type("models.py", MODELS)) == ["SG101"]

    drive(project, session)


def test_a_quick_fix_changes_every_file_in_one_edit(project: Path) -> None:
    async def session(editor: Editor) -> None:
        await editor.open("models.py")
        fix = (await editor.actions("models.py", 8, 6))[0]
        assert fix.kind == types.CodeActionKind.QuickFix
        assert fix.edit is not None
        assert editor.apply(fix.edit) == {
            "models.py": FIXED,
            "uses.py": USES.replace("event.metadata", "event.event_metadata"),
        }

    drive(project, session)


def test_a_new_migration_is_created_by_the_edit(project: Path) -> None:
    folder = project / "migrations"
    folder.mkdir()
    (folder / "V1__events.sql").write_text("CREATE TABLE events (id INT PRIMARY KEY, metadata JSON);\n", "utf-8")
    (project / "pyproject.toml").write_text('[tool.sqla-guard]\nrename = "column"\n', encoding="utf-8")

    async def session(editor: Editor) -> None:
        await editor.open("models.py")
        fix = (await editor.actions("models.py", 8, 6))[0]
        assert fix.edit is not None
        texts = editor.apply(fix.edit)
        assert set(texts) > {"models.py", "uses.py"}
        new = next(text for name, text in texts.items() if name.startswith("migrations/V2__"))
        assert "RENAME COLUMN metadata TO event_metadata" in new

    drive(project, session)


def test_everything_is_repaired_on_request(project: Path) -> None:
    (project / "lazy.py").write_text(LAZY, encoding="utf-8")

    async def session(editor: Editor) -> None:
        await editor.open("models.py")
        await editor.open("lazy.py")
        assert [a for a in await editor.actions("models.py", 0, 0) if a.kind == "source.fixAll.sqla-guard"] == []
        everything = await editor.actions("models.py", 0, 0, ["source.fixAll"])
        assert [action.kind for action in everything] == ["source.fixAll.sqla-guard"]
        assert everything[0].edit is not None
        texts = editor.apply(everything[0].edit)
        assert texts["models.py"] == FIXED
        assert "with _pool_lock:" in texts["lazy.py"]
        assert await editor.type("lazy.py", texts["lazy.py"]) == []

    drive(project, session)


def test_columns_are_counted_as_editors_count(project: Path) -> None:
    text = MODELS.replace("    metadata = Column(JSON)", "    note = '🙂'; metadata = Column(JSON)")

    async def session(editor: Editor) -> None:
        found = await editor.open("models.py", text)
        assert found[0].range.start.character == len("    note = '🙂'; ".encode("utf-16-le")) // 2
        fix = (await editor.actions("models.py", 8, found[0].range.start.character))[0]
        assert fix.edit is not None
        assert "note = '🙂'; event_metadata = " in editor.apply(fix.edit)["models.py"]

    drive(project, session)


def test_the_rules_page_is_opened(project: Path) -> None:
    async def session(editor: Editor) -> None:
        await editor.open("models.py")
        actions = await editor.actions("models.py", 8, 6)
        explain = next(action for action in actions if action.command is not None)
        assert explain.command is not None
        await editor.client.workspace_execute_command_async(
            types.ExecuteCommandParams(explain.command.command, explain.command.arguments)
        )
        page = Path(editor.shown[0].uri.removeprefix("file://")).read_text(encoding="utf-8")
        assert page.startswith("# reserved-attribute (SG101)")
        await editor.client.workspace_execute_command_async(
            types.ExecuteCommandParams(explain.command.command, ["../../evil"])
        )
        assert len(editor.shown) == 1

    drive(project, session)


def test_settings_are_read_again_when_they_change(project: Path) -> None:
    async def session(editor: Editor) -> None:
        assert codes(await editor.open("models.py")) == ["SG101"]
        (project / "pyproject.toml").write_text('[tool.sqla-guard]\nignore = ["SG101"]\n', encoding="utf-8")
        assert await editor.on_disk("pyproject.toml") == []
        assert [w.method for w in editor.watched] == ["workspace/didChangeWatchedFiles"]

    drive(project, session)


def test_settings_that_cannot_be_used_are_said_once_and_nothing_is_guessed(project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.sqla-guard]\nignoer = ["SG101"]\n', encoding="utf-8")

    async def session(editor: Editor) -> None:
        opening = asyncio.create_task(editor.open("models.py"))
        await asyncio.sleep(0)
        assert await editor.actions("models.py", 8, 6) == []
        (project / "pyproject.toml").write_text("", encoding="utf-8")
        editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([]))
        assert codes(await opening) == ["SG101"]
        assert len(editor.complaints) == 1
        assert "did you mean `ignore`?" in editor.complaints[0]

    drive(project, session)


def test_a_syntax_error_is_a_note_and_goes_when_mended(project: Path) -> None:
    async def session(editor: Editor) -> None:
        found = await editor.open("models.py", MODELS + "def (:\n")
        assert [d.severity for d in found] == [types.DiagnosticSeverity.Information]
        assert found[0].range.start.line == 9
        assert codes(await editor.type("models.py", MODELS)) == ["SG101"]

    drive(project, session)


def test_a_finding_is_ignored_with_a_reason(project: Path) -> None:
    async def session(editor: Editor) -> None:
        await editor.open("models.py")
        ignore = next(a for a in await editor.actions("models.py", 8, 6) if a.title.startswith("Ignore"))
        assert ignore.edit is not None
        text = editor.apply(ignore.edit)["models.py"]
        assert "    # sqla-guard: ignore[reserved-attribute] -- why this is meant to be so\n    metadata" in text
        assert await editor.type("models.py", text) == []

    drive(project, session)
