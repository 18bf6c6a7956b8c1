"""Reserved names on mapped classes, judged as SQLAlchemy would."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from sqla_guard.core.diagnostic import NotAnalysed
from sqla_guard.facts.operations import TableName
from sqla_guard.facts.reserved import ReservedName
from sqla_guard.facts.reserved_words import RESERVED
from sqla_guard.facts.values import Call, Item, Literal, Value
from sqla_guard.project.declarative import WORST_FIRST, Cell, Kind, Outcome, may_break, outcome
from sqla_guard.project.kinds import AGAIN, BARE, UNKNOWN, coarse, kind_in_words, type_name
from sqla_guard.project.mapped import Mapping, Mappings, has_field_tables, may_pass_on
from sqla_guard.project.placement import OF_PLAIN_CLASSES, Placements, Spot
from sqla_guard.project.project import Project
from sqla_guard.project.symbols import External, Made, ProjectClass
from sqla_guard.project.versions import sqlalchemy_version

# A field of an SQLModel is a field whatever else its value would be elsewhere.
_FIELDS = {
    "annotated constant": "Field",
    BARE: "field annotation",
    "Mapped": "field annotation",
    "Mapped with a value": "Field",
}

OUTSIDE = frozenset({"after", "backref"})
"""The forms of what a class gets from outside of its body."""

# What takes the place of Flask-SQLAlchemy's `query` on purpose.
_DELIBERATE = frozenset({"property", "method", "classmethod", "staticmethod", "hybrid_property", "nested class"})


class ReservedModel(Struct, frozen=True):
    """A class whose attribute has a reserved name, with what that leads to.

    Attributes:
        cls: The class that binds the name.
        fact: The binding.
        kind: What it is bound to.
        mapping: What the class is to SQLAlchemy.
        outcome: What happens at run time.
        table: The table of the class, if it has one and its name is plain.
        column: The column's name in the database.
        renamable: Whether another name for the attribute, where it is given, is all that it takes.
    """

    cls: ProjectClass
    fact: ReservedName
    kind: Kind
    mapping: Mapping
    outcome: Outcome
    table: TableName | None
    column: str
    renamable: bool = True


def judge(project: Project, fact: ReservedName) -> ReservedModel | NotAnalysed | None:
    """Return what ``fact`` leads to; ``None`` where nothing breaks."""
    # Every finding of a class asks about all of them.
    return project.once(("judged", fact.path, fact.span, fact.name, fact.form), lambda: _judge(project, fact))


def _judge(project: Project, fact: ReservedName) -> ReservedModel | NotAnalysed | None:
    if fact.form in OUTSIDE:
        return _from_outside(project, fact)
    definition = project.reserving(fact.path).get(fact.owner)
    if definition is None:
        return None
    cls = ProjectClass(fact.path, definition)
    inside = _in_table(project, fact, cls) if fact.name == "__table__" else None
    if inside is not None:
        return inside
    # What the class is to SQLAlchemy takes other files to find out, and most often makes no difference.
    kind = kind_in_words(project, fact)
    if kind == AGAIN or all(_is_meant(fact.name, known_as) for known_as in (kind, _FIELDS.get(kind, kind))):
        return None
    if kind == UNKNOWN and fact.name not in RESERVED:
        return None
    return _in_class(project, fact, cls, kind)


def _in_class(project: Project, fact: ReservedName, cls: ProjectClass, kind: str) -> ReservedModel | NotAnalysed | None:
    mappings = Mappings.of_project(project)
    mapping = mappings.of(cls)
    if _is_meant(fact.name, _as_field(kind, mapping.style)):
        return None
    if kind == UNKNOWN:
        return _not_analysed(project, fact, mapping) if mapping.role == "mapped" else None
    spots = tuple(Placements(project).spots(cls, fact.name)) if _may_break(project, fact, cls, kind, mapping) else ()
    if not spots and coarse(kind) == "column" and _is_model_by_evidence(mappings, cls, mapping):
        mapping = Mapping("mapped", "")
        spots = (Spot("direct", "declarative_base", cls),)
    elif not spots and mapping.role == "unknown" and _would_matter(fact, cls, kind):
        return _not_analysed(project, fact, mapping)
    return _worst(project, fact, cls, kind, mapping, spots)


def reserved_models(project: Project, near: str) -> tuple[ReservedModel, ...]:
    """Return those of :func:`all_reserved_models` that another name for the attribute mends."""
    return tuple(model for model in all_reserved_models(project, near) if model.renamable)


def all_reserved_models(project: Project, near: str) -> tuple[ReservedModel, ...]:
    """Return every column with a reserved name that breaks a class in the project of ``near``; found once."""
    root = project.workspace.disk.project_root(near)
    return project.once(("reserved models", root), lambda: _find_models(project, near))


def _find_models(project: Project, near: str) -> tuple[ReservedModel, ...]:
    found: list[ReservedModel] = []
    for path in project.python_files_that_break(near):
        for fact in project.reserved_names(path):
            model = judge(project, fact) if fact.name in RESERVED else None
            if isinstance(model, ReservedModel):
                found.append(model)
    return tuple(found)


def column_name(fact: ReservedName) -> str:
    """Return the name of the column in the database: the explicit one, else the attribute's."""
    constructor = fact.constructor
    if constructor is not None and isinstance(constructor.first, Literal) and isinstance(constructor.first.value, str):
        return constructor.first.value
    explicit = fact.value.keyword("name") if isinstance(fact.value, Call) else None
    return explicit.value if isinstance(explicit, Literal) and isinstance(explicit.value, str) else fact.name


def _worst(
    project: Project, fact: ReservedName, cls: ProjectClass, kind: str, mapping: Mapping, spots: tuple[Spot, ...]
) -> ReservedModel | None:
    """Return the worst of what the name does in each place where it takes effect."""
    version = sqlalchemy_version(project, fact.path)
    judged = [(o, spot) for spot in spots if (o := outcome(version, _cell(fact, kind, spot))) is not None]
    if not judged:
        return None
    result, spot = min(judged, key=lambda pair: WORST_FIRST.index(pair[0].verdict))
    mappings = Mappings.of_project(project)
    if mapping.role == "plain":
        mapping = Mapping("mixin", mappings.of(spot.mapped).style)
    table = mappings.table(cls) if mapping.role == "mapped" else None
    name = TableName(table.lower(), mappings.schema(cls)) if table else None
    fixable = fact.name in RESERVED and result.verdict != "not mapped" and mapping.role != "base"
    return ReservedModel(cls, fact, coarse(kind), mapping, result, name, column_name(fact), fixable)


def _may_break(project: Project, fact: ReservedName, cls: ProjectClass, kind: str, mapping: Mapping) -> bool:
    """Tell whether it matters where a class stands: who derives from one that is not mapped takes long to find out."""
    if mapping.role != "plain" or coarse(kind) == "column":
        return True
    if not may_pass_on(cls):
        return False
    version = sqlalchemy_version(project, fact.path)
    if may_break(version, fact.name, (kind,), OF_PLAIN_CLASSES):
        return True
    # What is a field of an SQLModel table is nothing to any other class that derives from this one.
    field = _FIELDS.get(kind)
    is_field = field is not None and may_break(version, fact.name, (field,), OF_PLAIN_CLASSES)
    return is_field and has_field_tables(project, fact.path)


def _is_meant(name: str, kind: str) -> bool:
    """Tell whether a binding takes the place that the name is for: a setting such as ``__tablename__``, a query."""
    if name.startswith("__") and name.endswith("__"):
        return coarse(kind) != "column"
    return name in ("query", "query_class") and kind in _DELIBERATE


def _as_field(kind: str, style: str) -> str:
    return _FIELDS.get(kind, kind) if style in ("SQLModel", "sqlmodel.SQLModel") else kind


def _cell(fact: ReservedName, kind: str, spot: Spot) -> Cell:
    return Cell(
        fact.name, spot.placement, _as_field(kind, spot.style), spot.style, spot.mapped.definition.name, type_name(fact)
    )


def _is_model_by_evidence(mappings: Mappings, cls: ProjectClass, mapping: Mapping) -> bool:
    """Tell whether a class whose base is out of sight has a table, which only a mapped class has."""
    if not _has_table(cls):
        return False
    return mapping.role == "unknown" or (mapping.role == "plain" and mappings.is_out_of_sight(cls))


def _would_matter(fact: ReservedName, cls: ProjectClass, kind: str) -> bool:
    """Tell whether a name would break a class if its base, which could not be resolved, maps it."""
    return fact.name in RESERVED and (coarse(kind) == "column" or (coarse(kind) == "object" and _has_table(cls)))


def _has_table(cls: ProjectClass) -> bool:
    return cls.definition.attribute("__tablename__") is not None


def _from_outside(project: Project, fact: ReservedName) -> ReservedModel | None:
    mappings = Mappings.of_project(project)
    targets = [cls for cls in _targets(project, fact) if mappings.of(cls).role == "mapped"]
    for cls in targets:
        mapping = mappings.of(cls)
        kind = kind_in_words(project, replace(fact, form="assignment", annotation=None))
        spot = Spot("after the class", Placements(project).style(cls, fact.name), cls)
        model = _worst(project, fact, cls, kind, mapping, (spot,)) if kind != UNKNOWN else None
        if model is not None:
            # Of several classes of that name, the relationship may mean another one.
            return replace(model, renamable=model.renamable and len(targets) == 1)
    return None


def _targets(project: Project, fact: ReservedName) -> Iterator[ProjectClass]:
    """Yield the classes that ``fact`` can mean; a relationship names them by string or annotation."""
    target = fact.target
    if target is None and isinstance(fact.annotation, Item):
        target = _innermost(fact.annotation)
    if isinstance(target, Literal) and isinstance(target.value, str):
        words = frozenset({target.value})
        for path in project.files_naming(fact.path, words, (".py",)):
            yield from (ProjectClass(path, definition) for definition in project.classes_called(path, words))
    elif target is not None:
        symbol = project.resolve(fact.path, target)
        if isinstance(symbol, ProjectClass):
            yield symbol


def _innermost(annotation: Value) -> Value:
    """Return ``Event`` of ``Mapped[list["Event"]]``."""
    while isinstance(annotation, Item):
        annotation = annotation.key
    return annotation


def _in_table(project: Project, fact: ReservedName, cls: ProjectClass) -> ReservedModel | None:
    """Return what a column of ``__table__`` does that has a reserved name."""
    symbol = project.resolve(fact.path, fact.value) if fact.value is not None else None
    made = symbol if isinstance(symbol, Made) else symbol.made if isinstance(symbol, External) else None
    call = made.value if made is not None else None
    if made is None or not isinstance(call, Call) or not _is_sqlalchemy(project, made.path, call, "Table"):
        return None
    mapping = Mappings.of_project(project).of(cls)
    if mapping.role == "plain":
        return None
    spot = Spot("in __table__", Placements(project).style(cls, fact.name), cls)
    for column in call.args:
        if not isinstance(column, Call) or not _is_sqlalchemy(project, made.path, column, "Column"):
            continue
        name = column.keyword("key") or column.keyword("name") or next(iter(column.args), None)
        if isinstance(name, Literal) and isinstance(name.value, str):
            found = _worst(project, replace(fact, name=name.value), cls, "Column", mapping, (spot,))
            if found is not None:
                return replace(found, table=_named_table(call), column=name.value, renamable=False)
    return None


def _named_table(call: Call) -> TableName | None:
    name, schema = call.args[0], call.keyword("schema")
    if not isinstance(name, Literal) or not isinstance(name.value, str):
        return None
    inside = schema.value if isinstance(schema, Literal) and isinstance(schema.value, str) else None
    return TableName(name.value.lower(), inside)


def _is_sqlalchemy(project: Project, path: str, call: Call, name: str) -> bool:
    symbol = project.resolve(path, call.func)
    return isinstance(symbol, External) and symbol.name.rpartition(".")[2] == name


def _not_analysed(project: Project, fact: ReservedName, mapping: Mapping) -> NotAnalysed:
    line = project.source(fact.path).position(fact.span.start)[0]
    what = mapping.why or "its value could not be resolved"
    return NotAnalysed(fact.path, line, f"`{fact.owner}.{fact.name}`: {what}")
