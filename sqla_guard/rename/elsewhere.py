"""What names a column, or shows it under its name, without standing in an SQL statement that names it."""

from __future__ import annotations

import re
from collections.abc import Collection

from sqla_guard.core.source import Span
from sqla_guard.core.words import begun
from sqla_guard.facts.operations import ColumnReference, TableName
from sqla_guard.project.project import Project
from sqla_guard.project.reserved import reserved_models
from sqla_guard.project.sql_history import numbered
from sqla_guard.rename.uses import find_uses

_CONTINUED = re.compile(r"(?<!\")\"[ \t]*\r?\n[ \t]*[fr]?\"(?!\")|(?<!')'[ \t]*\r?\n[ \t]*[fr]?'(?!')")
_CLASS = re.compile(r"class(?<!\wclass)[ \t]+(\w+)")
_DEFINED = re.compile(r"^([ \t]*)(?:async[ \t]+)?def[ \t]+(\w+)", re.MULTILINE)


def whole_row(project: Project, near: str, table: TableName, ran: Collection[str]) -> str:
    """Return a file that reads whole rows of ``table``: whoever looks into them finds the column by its old name.

    Looked for in the text, because nothing else in such a statement names the column. ``ran`` are files of a history.
    """
    patterns = _star(table.name.lower())
    for path in project.files_naming(near, frozenset({table.name}), (".py", ".sql")):
        if path in ran or numbered(path):
            continue
        source = project.read(path, lambda found: found)
        lowered = source.text.lower() if source is not None else ""
        wanted = [pattern for word, pattern in patterns.items() if word in lowered]
        text = _CONTINUED.sub(" ", lowered) if wanted else ""
        if any(pattern.search(text) for pattern in wanted):
            return path
    return ""


def _star(table: str) -> dict[str, re.Pattern[str]]:
    """Return patterns for what reads whole rows, each with a word that it says, for text in lower case."""
    listed = r"[^;\"'()=]{0,300}?"
    # The table may be put in at run time: then the file names it somewhere else.
    name = rf"(?:only\s+)?(?:\\?[\"`\[]?\w+[\"`\]]?\.)?(?:\\?[\"`\[]?{re.escape(table)}(?!\w)|\{{|%)"
    first = r"select(?<!\wselect)(?<!exists\(select)(?<!exists \(select)\s+"
    first += rf"(?:{listed}(?:\bdistinct\s+|\ball\s+|,\s*|\w\.))?\*"
    return {
        "select": re.compile(rf"{first}[^;\"']{{0,400}}?\b(?:from|join)\s+{name}"),
        "returning": re.compile(
            rf"(?:{begun('into', 'update', 'from')})\s+{name}[^;]{{0,600}}?\breturning\s+(?:\w+\.)?\*"
        ),
        "read_sql_table": re.compile(rf"read_sql_table\(\s*[\"']{re.escape(table)}[\"']"),
    }


def column_words(project: Project, near: str, table: TableName, column: str) -> tuple[ColumnReference, ...]:
    """Return where Python names the column in constraints of its model, or through its bare table."""
    classes = mapped_classes(project, near, table)
    words = frozenset({column})
    read = project.readers.column_words
    found: list[ColumnReference] = []
    for path in project.files_naming(near, words, (".py",)):
        found += project.read(path, lambda source: read(source, table, column, classes)) or ()
    proven = _proven(project, near, table, {r.carrier.path for r in found if r.role == "fixed" and r.column.span})
    return tuple(r for r in found if (r.carrier.path, r.column.span) not in proven)


def _proven(project: Project, near: str, table: TableName, paths: Collection[str]) -> set[tuple[str, Span | None]]:
    """Return the places that the search for uses of the attribute changes together with the column."""
    found: set[tuple[str, Span | None]] = set()
    models = [m for m in reserved_models(project, near) if m.table == table] if paths else []
    for model in models:
        names = frozenset({model.fact.name})
        references = {path: project.references(path, names) for path in sorted(paths)}
        version = project.config.sqlalchemy_version or (2, 0)
        uses = find_uses(project, model.cls, model.fact.name, references, project.readers.summary, version)
        found |= {(path, reference.span) for path, reference, _ in uses.proven}
    return found


def mapped_classes(project: Project, near: str, table: TableName) -> frozenset[str]:
    """Return the names of the classes that seem to map a table, by what they say or how they are called."""
    root = project.workspace.disk.project_root(near)
    return project.once(("mapped classes", root, table.name), lambda: _mapped_classes(project, near, table.name))


def _mapped_classes(project: Project, near: str, table: str) -> frozenset[str]:
    named = re.compile(rf"__tablename__\s*(?::[^=\n]{{0,200}})?=\s*[\"']{re.escape(table)}[\"']")
    # A class that is called like its table may not name it.
    alike = table.replace("_", "")
    found: set[str] = set()
    for path in project.files_naming(near, frozenset({"__tablename__", "Model"}), (".py",)):
        source = project.read(path, lambda found: found)
        text = source.text if source is not None else ""
        if table not in text and alike not in text.lower():
            continue
        classes = [head for head in _CLASS.finditer(text) if _is_first(text, head.start())]
        for match in named.finditer(text):
            before = [c for c in classes if c.start() < match.start()]
            found |= {before[-1][1]} if before else set()
        found |= {c[1] for c in classes if c[1].lower() == alike}
    return frozenset(found)


def _is_first(text: str, at: int) -> bool:
    """Tell whether nothing but blanks stands before ``at`` on its line."""
    return not text[text.rfind("\n", 0, at) + 1 : at].strip(" \t")


def function_around(text: str, at: int) -> str:
    """Return the name of the function that the character ``at`` stands in, going by indentation."""
    line = text.rfind("\n", 0, at) + 1
    depth = len(text[line:at]) - len(text[line:at].lstrip())
    for match in reversed(list(_DEFINED.finditer(text, 0, line))):
        if len(match[1]) < max(depth, 1):
            return match[2]
    return ""
