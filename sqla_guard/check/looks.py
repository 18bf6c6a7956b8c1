"""The looks at single files by which a project's questions are answered, by name: what a later run puts again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqla_guard.core.look import Look, Said, brief
from sqla_guard.core.margin import says_at_margin
from sqla_guard.core.packages import does_import, is_evident, may_import_mapping
from sqla_guard.core.table_names import says_implying, says_imported, says_tables
from sqla_guard.core.words import bases_in, classes_in, gives, holds_word, lowered
from sqla_guard.core.workspace import UnreadableFile, Workspace
from sqla_guard.read.load import decode
from sqla_guard.read.markers import is_small, modules_of, says_more
from sqla_guard.read.python.reserved import may_break_models

if TYPE_CHECKING:
    from sqla_guard.core.config import Config, Settings
    from sqla_guard.core.disk import Disk


def looks(settings: Settings, disk: Disk) -> dict[str, Look]:
    """Return all looks by the names that questions have for them; some ask ``disk`` for other files."""
    workspace = Workspace((), disk)
    return {
        "base": lambda path, data, name: (path.endswith(".py") and bases_in(data).get(name)) or None,
        "bytes": lambda path, data, text: text.encode() in data or None,
        "breaking": lambda path, data, _: (path.endswith(".py") and may_break_models(data)) or None,
        "class": lambda path, data, name: (path.endswith(".py") and name in classes_in(data)) or None,
        "evident": lambda path, data, _: (not path.endswith(".sql") and is_evident(data)) or None,
        "given": lambda path, data, keyword: (path.endswith(".py") and gives(data, keyword)) or None,
        "implying": says_implying,
        "imported": says_imported,
        "imports": lambda path, data, argument: _imports(path, data, workspace, settings.of(path)),
        "maps": lambda path, data, asked: (
            (path == asked and does_import(lambda: modules_of(decode(path, data)))) or None
        ),
        "margin": says_at_margin,
        "mapping": lambda path, data, _: (not path.endswith(".sql") and may_import_mapping(data)) or None,
        "more": lambda path, data, read: says_more(path, data, settings.of(path), int(read)),
        "reflecting": _reflects,
        "small": lambda path, data, read: is_small(int(read)) or None,
        "tables": says_tables,
        "word": lambda path, data, word: holds_word(lowered(data), word.lower().encode()) or None,
    }


def _reflects(path: str, data: bytes, _: str) -> Said:
    from sqla_guard.project.reflected import may_reflect

    return (path.endswith(".py") and may_reflect(data)) or None


def _imports(path: str, data: bytes, workspace: Workspace, config: Config) -> Said:
    if not path.endswith(".py"):
        return None
    from sqla_guard.project.modules import finder, inner_imports
    from sqla_guard.read.python.outline import read_outline

    try:
        imports = inner_imports(path, read_outline(decode(path, data)).imports, finder(workspace, config))
    except UnreadableFile:
        return "cannot be read"
    return brief(imports) if imports else None
