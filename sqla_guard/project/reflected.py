"""Classes whose columns SQLAlchemy reads from the database: they take whatever name a column has there.

Measured on 1.4, 2.0 and 2.1: reflection checks no name. A column called ``metadata`` becomes ``Event.metadata`` and
hides the MetaData of the declarative base on that class: what asks the class for its
MetaData fails, up to 2.0 a joined-table subclass too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from sqla_guard.core.look import Question
from sqla_guard.core.source import Span
from sqla_guard.core.words import WIDE
from sqla_guard.facts.operations import TableName
from sqla_guard.facts.reserved_words import RESERVED
from sqla_guard.facts.values import Attr, Call, Dictionary, Display, Literal, Value
from sqla_guard.project.mapped import Mappings
from sqla_guard.project.project import Project
from sqla_guard.project.replay import plain
from sqla_guard.project.symbols import External, Made, ProjectClass

# What is called "autoload" tells SQLAlchemy by a keyword or the key of a dictionary alone, and of a class only beside
# what makes it one with a table; most tables that are loaded belong to no class.
_AUTOLOAD = re.compile(rb"autoload(?:_with)?[\"']{0,3}[\s\\]*[=:#]")
# What gives reflected columns other names, or leaves some out; what is left cannot be said.
_CHANGES = frozenset({"column_reflect"})
_AUTOMAP = "sqlalchemy.ext.automap.automap_base()"
_BASE_NAMES = frozenset({"sqlalchemy.ext.declarative.DeferredReflection"})


class Reflected(Struct, frozen=True):
    """A class made by reflection, or all that automap makes.

    Attributes:
        path: The file.
        span: The class's name, or the automap base.
        name: Of the class; empty where automap names it after the table.
        table: ``None`` for every table that has no class of its own.
        safe: Reserved names whose columns it maps under another name.
        but: Tables that automap makes no class for, as they have one.
    """

    path: str
    span: Span
    name: str
    table: TableName | None
    safe: frozenset[str] = frozenset()
    but: frozenset[TableName] = frozenset()

    def takes(self, table: TableName, column: str) -> bool:
        """Tell whether the class gets the column as an attribute of that name."""
        if self.table is None:
            return plain(table).schema is None and plain(table) not in self.but
        return column not in self.safe and plain(table) == plain(self.table)


def reflected(project: Project, near: str) -> tuple[Reflected, ...]:
    """Return the reflected classes of the project of ``near``; found once."""
    key = ("reflected", project.workspace.disk.project_root(near))
    return project.once(key, lambda: tuple(_find(project, near)))


def may_reflect(data: bytes) -> bool:
    """Tell whether a Python file may let SQLAlchemy read the columns of a class from the database."""
    if data.startswith(WIDE):
        data = data.replace(b"\0", b"")
    if b"autoload" in data and b"__table" in data and _AUTOLOAD.search(data) is not None:
        return True
    return b"DeferredReflection" in data or b"automap_base" in data


def _find(project: Project, near: str) -> Iterator[Reflected]:
    if not project.packages.may_map(near):
        return
    paths = project.files_answering(Question("reflecting", ""), near, may_reflect)
    if not paths or any(True for _ in project.files_naming(near, _CHANGES, (".py",))):
        return
    classes: list[Reflected] = []
    automaps: list[Reflected] = []
    for path in paths:
        outline = project.outline(path)
        for definition in outline.classes.values() if outline else ():
            found = _class(project, ProjectClass(path, definition))
            if found is not None:
                classes.append(found)
        automaps += _automap(project, path)
    yield from classes
    mapped = frozenset(plain(r.table) for r in classes if r.table is not None)
    yield from (replace(a, but=mapped) for a in automaps)


def _class(project: Project, cls: ProjectClass) -> Reflected | None:
    mappings = Mappings.of_project(project)
    mapping = mappings.of(cls)
    if mapping.role != "mapped" or mappings.attribute(cls, "__mapper_args__") is not None:
        return None
    table = _table(project, mappings, cls)
    if table is None:
        return None
    safe = frozenset(name for name in RESERVED if _is_safe(mappings, cls, name))
    return Reflected(cls.path, cls.definition.name_span, cls.definition.name, table, safe)


def _table(project: Project, mappings: Mappings, cls: ProjectClass) -> TableName | None:
    """Return the table that ``cls`` reads its columns from, ``None`` for a class that lists them itself."""
    own = cls.definition.attribute("__table__")
    if own is not None:
        return _reflected_table(project, cls.path, own.value)
    name = mappings.table(cls)
    if not name:
        return None
    arguments = mappings.attribute(cls, "__table_args__")
    if (arguments is not None and _autoloads(arguments[1].value)) or _is_deferred(mappings, cls):
        return TableName(name.lower(), mappings.schema(cls))
    automapped = mappings.of(cls).style == _AUTOMAP and cls.definition.attribute("__tablename__") is not None
    return TableName(name.lower(), mappings.schema(cls)) if automapped else None


def _is_deferred(mappings: Mappings, cls: ProjectClass) -> bool:
    return any(
        isinstance(base, External) and base.name in _BASE_NAMES
        for owner in mappings.linear(cls)
        for base in mappings.bases(owner)
    )


def _reflected_table(project: Project, path: str, value: Value | None) -> TableName | None:
    symbol = project.resolve(path, value) if value is not None else None
    made = symbol if isinstance(symbol, Made) else symbol.made if isinstance(symbol, External) else None
    call = made.value if made is not None else None
    if made is None or not isinstance(call, Call) or not _loads(call.keywords):
        return None
    function = project.resolve(made.path, call.func)
    name = call.args[0] if call.args else None
    if not isinstance(function, External) or function.name.rpartition(".")[2] != "Table":
        return None
    if not isinstance(name, Literal) or not isinstance(name.value, str) or len(call.args) > 2:
        return None  # columns that stand there replace the reflected ones
    schema = call.keyword("schema")
    inside = schema.value if isinstance(schema, Literal) and isinstance(schema.value, str) else None
    return TableName(name.value.lower(), inside) if schema is None or inside else None


def _autoloads(value: Value | None) -> bool:
    if isinstance(value, Display) and value.items:
        value = value.items[-1]
    if not isinstance(value, Dictionary):
        return False
    return _loads(tuple((k.value, v) for k, v in value.entries if isinstance(k, Literal) and isinstance(k.value, str)))


def _loads(keywords: tuple[tuple[str, Value], ...]) -> bool:
    given = dict(keywords)
    with_engine = given.get("autoload_with", Literal(None)) != Literal(None)
    return with_engine or given.get("autoload") == Literal(True)


def _is_safe(mappings: Mappings, cls: ProjectClass, name: str) -> bool:
    """Tell whether the class itself says what becomes of the column ``name``."""
    for owner in mappings.linear(cls):
        for attribute in owner.definition.attributes:
            if attribute.name == name or _names_column(attribute.value, name):
                return True
    return False


def _names_column(value: Value | None, name: str) -> bool:
    if isinstance(value, Attr):
        return value.name == name and isinstance(value.of, Attr) and value.of.name in ("c", "columns")
    return isinstance(value, Call) and (value.args[:1] == (Literal(name),) or value.keyword("name") == Literal(name))


def _automap(project: Project, path: str) -> Iterator[Reflected]:
    """Yield the automap bases of a module that are prepared from the whole database."""
    outline, text = project.outline(path), project.source(path).text
    if outline is None or not any(f"{word}=" in text for word in ("autoload_with", "reflect")):
        return
    if any(word in text for word in ("reflection_options", "modulename_for_table", "only=")):
        return
    for name, values in outline.bindings.items():
        for value in values:
            made = project.resolve(path, value)
            is_base = isinstance(made, External) and made.name == _AUTOMAP
            if is_base and f"{name}.prepare(" in text:
                start = text.find("automap_base(")
                yield Reflected(path, Span(start, start + len("automap_base")), "", None)
