"""Tables that Python declares and the project creates: ``Base.metadata.create_all(engine)``, ``db.create_all()``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqla_guard.core.source import Span
from sqla_guard.facts.operations import Carrier, CreateTable, Identifier, TableName
from sqla_guard.facts.outline import Attribute
from sqla_guard.facts.reserved import ReservedName
from sqla_guard.facts.reserved_words import RESERVED, Form
from sqla_guard.facts.values import Attr, Call, Imported, Literal, Name, Value
from sqla_guard.project.kinds import UNKNOWN, coarse, kind_in_words
from sqla_guard.project.mapped import Mappings
from sqla_guard.project.project import Project
from sqla_guard.project.symbols import External, ProjectClass, ProjectModule, Symbol

_WORD = frozenset({"create_all"})
_FORMS: dict[str, Form] = {"assignment": "assignment", "annotation": "annotation"}
_NO_COLUMNS = frozenset({"relationship", "Mapped relationship", "Relationship", "synonym", "column_property"})
_CONSTRAINTS = frozenset(
    {"Index", "CheckConstraint", "UniqueConstraint", "ForeignKeyConstraint", "PrimaryKeyConstraint"}
)
# What has a MetaData of its own, and what gives it to a class.
_OWN = frozenset(
    {
        "sqlalchemy.MetaData()",
        "sqlalchemy.schema.MetaData()",
        "flask_sqlalchemy.SQLAlchemy()",
        "sqlalchemy.orm.registry()",
    }
)
_OWN_MEMBERS = (
    "flask_sqlalchemy.SQLAlchemy().Model",
    "sqlalchemy.orm.registry().mapped",
    "sqlalchemy.orm.registry().as_declarative_base",
)
# Bases of these packages have no columns.
_BARE = ("sqlalchemy.", "flask_sqlalchemy.", "sqlmodel.", "builtins.", "abc.", "typing.")
_DEEPEST = 8
# Only some of the tables: by name, or as what comes behind the engine.
_SOME = re.compile(r".*\b(?:tables|bind_key)\s*=|\(\s*\w[^,=]*,\s*[^\s,=][^,=]*(?:,|\Z)", re.DOTALL)
_LONGEST = 2000

Key = tuple[str, object]
"""What a MetaData is known by: where it is made, or the class that it belongs to."""


def created_tables(project: Project, path: str) -> tuple[CreateTable, ...]:
    """Return the tables that module ``path`` declares and that some module of the project creates."""
    if not path.endswith(".py"):
        return ()
    return project.once(("created", path), lambda: tuple(_find(project, path)))


def _find(project: Project, path: str) -> Iterator[CreateTable]:
    keys = _created(project, path)
    outline = project.outline(path) if keys else None
    if outline is None:
        return
    known = {f.table for f in project.sql_facts(path) if isinstance(f, CreateTable) and f.carrier.kind == "core"}
    metadata = _MetaDatas(project)
    for definition in outline.classes.values():
        cls = ProjectClass(path, definition)
        mapped = _Mapped(project, cls)
        if mapped.table is not None and metadata.of_class(cls) in keys:
            yield mapped.create()
    for name, values in outline.bindings.items():
        for call in values:
            made = _core_table(project, path, name, call, metadata, keys) if isinstance(call, Call) else None
            if made is not None and made.table not in known:
                yield made


def _created(project: Project, near: str) -> frozenset[Key]:
    """Return the MetaDatas whose tables the project creates."""
    root = project.workspace.disk.project_root(near)
    return project.once(("create_all", root), lambda: frozenset(_roots(project, near)))


def _roots(project: Project, near: str) -> Iterator[Key]:
    metadata = _MetaDatas(project)
    for path in project.files_naming(near, _WORD, (".py",)):
        if project.outline(path) is None:
            continue
        for reference in project.read(path, lambda source: project.readers.attributes(source, _WORD)) or ():
            if not _SOME.match(_given_to(project, path, reference.span.end)):
                key = metadata.of(path, reference.owner)
                yield from [key] if key is not None else []


def _given_to(project: Project, path: str, at: int) -> str:
    """Return what is given to the call whose function ends at ``at``, without what stands in brackets of its own."""
    found, depth = "", 0
    for character in project.source(path).text[at : at + _LONGEST]:
        depth += (character in "([{") - (character in ")]}")
        if depth < 1:
            break
        found += character if depth == 1 else ""
    return found


class _MetaDatas:
    """Finds out which MetaData is meant."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._mappings = Mappings.of_project(project)

    def of(self, path: str, value: Value, depth: int = 0) -> Key | None:
        """Return the MetaData that an expression stands for, or that Flask-SQLAlchemy's object has."""
        if depth > _DEEPEST:
            return None
        symbol = self._project.resolve(path, value)
        if isinstance(symbol, External) and symbol.name in _OWN:
            return self._given(symbol, depth) or _made(symbol)
        found = self._of_owner(path, value.of, depth) if isinstance(value, Attr) and value.name == "metadata" else None
        for home, other in self._behind(path, value):
            found = found or self.of(home, other, depth + 1)
        return found

    def _behind(self, path: str, value: Value) -> Iterator[tuple[str, Value]]:
        """Yield what a name is bound to: ``metadata = Base.metadata``, here or in the module it comes from."""
        home = self._project.resolve(path, value.of) if isinstance(value, Attr) else None
        if isinstance(value, Attr) and isinstance(home, ProjectModule) and not home.path.endswith("/"):
            yield home.path, Name(value.name)
        outline = self._project.outline(path) if isinstance(value, Name) else None
        if outline is None or not isinstance(value, Name):
            return
        yield from ((path, bound) for bound in outline.bindings.get(value.id, ()) if isinstance(bound, Attr))
        for item in outline.imports:
            home = self._project.resolve(path, Imported(item.module, None, item.level)) if item.name else None
            if item.local == value.id and isinstance(home, ProjectModule):
                yield home.path, Name(item.name or "")

    def _of_owner(self, path: str, owner: Value, depth: int = 0) -> Key | None:
        symbol = self._project.resolve(path, owner)
        if isinstance(symbol, ProjectClass):
            return self.of_class(symbol, depth)
        if isinstance(symbol, External) and symbol.name in _OWN:
            return self._given(symbol, depth) or _made(symbol)
        return self._of_base(path, owner, depth)

    def of_class(self, cls: ProjectClass, depth: int = 0) -> Key | None:
        """Return the MetaData of a declarative class."""
        for owner in self._mappings.linear(cls):
            role = self._mappings.of(owner).role
            own = owner.definition.attribute("metadata") if role in ("base", "abstract") else None
            found = self.of(owner.path, own.value, depth + 1) if own is not None and own.value is not None else None
            for base in (*owner.definition.bases, *owner.definition.decorators):
                found = found or self._of_base(owner.path, base, depth)
            if found is not None or role == "base":
                return found or ("class", (owner.path, owner.qualname))
        return None

    def _of_base(self, path: str, value: Value, depth: int) -> Key | None:
        """Return the MetaData of a base, or of what decorates a class, that no class statement makes."""
        symbol = self._project.resolve(path, value)
        if not isinstance(symbol, External):
            return None
        if symbol.name == "sqlmodel.SQLModel":
            return "external", symbol.name
        decorates = value.func if isinstance(value, Call) else value
        if symbol.name.startswith(_OWN_MEMBERS) and isinstance(decorates, Attr):
            return self._of_owner(path, decorates.of, depth + 1)
        made = symbol.made.value if symbol.made is not None else None
        if symbol.name.endswith(".generate_base()") and isinstance(made, Call) and isinstance(made.func, Attr):
            return self._of_owner(symbol.made.path, made.func.of, depth + 1) if symbol.made is not None else None
        if symbol.name.endswith(("declarative_base()", "automap_base()")):
            return self._given(symbol, depth) or _made(symbol)
        return None

    def _given(self, symbol: External, depth: int) -> Key | None:
        made = symbol.made
        given = made.value.keyword("metadata") if made is not None and isinstance(made.value, Call) else None
        return self.of(made.path, given, depth + 1) if made is not None and given is not None else None


def _made(symbol: External) -> Key | None:
    return ("made", symbol.made) if symbol.made is not None else None


class _Mapped:
    """The table of a mapped class."""

    def __init__(self, project: Project, cls: ProjectClass) -> None:
        self._project = project
        self._cls = cls
        self._mappings = Mappings.of_project(project)
        self.table = self._table() if self._mappings.of(cls).role == "mapped" else None

    def _table(self) -> TableName | None:
        body = self._cls.definition
        own = body.attribute("__tablename__") is not None
        if body.attribute("__table__") is not None or (not own and self._parents()):
            return None  # a table of its own declaration, or that of another class
        name = self._mappings.table(self._cls)
        return TableName(name.lower(), self._mappings.schema(self._cls)) if name else None

    def _parents(self) -> list[ProjectClass]:
        return [c for c in self._mappings.linear(self._cls)[1:] if self._mappings.of(c).role == "mapped"]

    def create(self) -> CreateTable:
        """Return what ``create_all`` does for the class."""
        assert self.table is not None
        inherited = {c for parent in self._parents() for c in self._mappings.linear(parent)}
        owners = [c for c in self._mappings.linear(self._cls) if c not in inherited]
        # Other classes may have columns of this table.
        partial = self._mappings.attribute(self._cls, "__mapper_args__") is not None or bool(inherited)
        columns: dict[str, Identifier] = {}
        for owner in owners:
            partial = partial or any(map(self._is_dark, self._mappings.bases(owner)))
            for attribute in owner.definition.attributes:
                column = self._column(owner, attribute)
                if column is not None:
                    columns.setdefault(column.name, column)
                partial = partial or (column is None and self._may_be_column(owner, attribute))
        carrier = Carrier(self._cls.path, "core", self._cls.definition.name_span, rerunnable=True)
        return CreateTable(self.table, tuple(columns.values()), carrier, partial)

    @staticmethod
    def _is_dark(base: Symbol) -> bool:
        """Tell whether a base may have columns that are not seen."""
        return not isinstance(base, (ProjectClass, External)) or (
            isinstance(base, External) and not base.name.startswith(_BARE)
        )

    def _kind(self, owner: ProjectClass, attribute: Attribute) -> str:
        form = _FORMS.get(attribute.kind)
        if form is None or attribute.name.startswith("__"):
            return ""
        binding = ReservedName(
            owner.path, owner.qualname, attribute.name, attribute.span, form, attribute.value, attribute.annotation
        )
        kind = kind_in_words(self._project, binding)
        if kind in ("bare annotation", "annotated constant"):
            return "Field" if self._mappings.of(self._cls).style == "sqlmodel.SQLModel" else ""
        return kind

    def _may_be_column(self, owner: ProjectClass, attribute: Attribute) -> bool:
        decorators = attribute.function.decorators if attribute.function is not None else ()
        symbols = [self._project.resolve(owner.path, decorator) for decorator in decorators]
        declared = any(isinstance(symbol, External) and ".declared_attr" in symbol.name for symbol in symbols)
        return declared or self._kind(owner, attribute) == UNKNOWN

    def _column(self, owner: ProjectClass, attribute: Attribute) -> Identifier | None:
        kind, value = self._kind(owner, attribute), attribute.value
        if not kind or coarse(kind) != "column" or kind in _NO_COLUMNS:
            return None
        here = owner.path == self._cls.path
        named = _name(value)
        if named is None or named == attribute.name:
            return Identifier(attribute.name, attribute.span if here and named is None else None)
        place = _literal(self._project, owner.path, attribute.statement, named) if here else None
        return Identifier(named, place)


def _name(value: Value | None) -> str | None:
    """Return the name that a column is given besides the attribute's: ``Column("name", ...)``."""
    while isinstance(value, Call):
        first = value.keyword("name") or (value.args[0] if value.args else None)
        if isinstance(first, Literal) and isinstance(first.value, str):
            return first.value
        if _last(value.func) in ("Column", "mapped_column"):
            return None
        value = value.keyword("sa_column") or first  # deferred(Column(...))
    return None


def _last(func: Value) -> str:
    return func.name if isinstance(func, Attr) else func.id if isinstance(func, Name) else ""


def _literal(project: Project, path: str, within: Span, name: str) -> Span | None:
    """Return where a reserved name stands as a string."""
    text = project.source(path).text
    found = re.compile(rf"[\"']({re.escape(name)})[\"']").search(text, within.start, within.end)
    return Span(*found.span(1)) if found and name in RESERVED else None


def _core_table(
    project: Project, path: str, name: str, call: Call, metadata: _MetaDatas, keys: frozenset[Key]
) -> CreateTable | None:
    """Return what ``create_all`` makes of ``name = Table("t", metadata, Column(...), ...)``."""
    if len(call.args) < 2 or not _is(project, path, call, "Table") or metadata.of(path, call.args[1]) not in keys:
        return None
    table, schema = call.args[0], call.keyword("schema")
    if not isinstance(table, Literal) or not isinstance(table.value, str):
        return None
    start = re.compile(rf"^{name}\b[^\n=]*=[^\n]*\bTable\(", re.MULTILINE).search(project.source(path).text)
    if start is None:
        return None
    end = re.compile(r"^[^\s)]", re.MULTILINE).search(project.source(path).text, start.end())
    within = Span(start.start(), end.start() if end else len(project.source(path).text))
    columns: list[Identifier] = []
    partial = any(key in ("autoload", "autoload_with") for key, _ in call.keywords)
    for argument in call.args[2:]:
        named = _name(argument) if isinstance(argument, Call) and _is(project, path, argument, "Column") else None
        if named is not None:
            columns.append(Identifier(named, _literal(project, path, within, named)))
        elif not (isinstance(argument, Call) and any(_is(project, path, argument, word) for word in _CONSTRAINTS)):
            partial = True
    inside = schema.value if isinstance(schema, Literal) and isinstance(schema.value, str) else None
    if schema is not None and inside is None:
        return None
    carrier = Carrier(path, "core", Span(start.start(), start.end()), rerunnable=True)
    return CreateTable(TableName(table.value.lower(), inside), tuple(columns), carrier, partial)


def _is(project: Project, path: str, call: Call, name: str) -> bool:
    symbol = project.resolve(path, call.func)
    return isinstance(symbol, External) and symbol.name.rpartition(".")[2] == name
