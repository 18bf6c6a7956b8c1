"""The edits of what declares a reserved attribute: a class body, an assignment behind it, a ``backref``."""

from __future__ import annotations

import re

from sqla_guard.core.fix import Edit, ImportNeed
from sqla_guard.core.source import SourceFile
from sqla_guard.facts.reserved import Constructor, ReservedName
from sqla_guard.facts.values import Call, Dictionary, Item, Literal, Value, dotted
from sqla_guard.project.mapped import Mappings
from sqla_guard.project.project import Project
from sqla_guard.project.reserved import ReservedModel
from sqla_guard.project.symbols import External, Made, ProjectClass, Unresolved
from sqla_guard.rename.outcome import Change, Outcome, Refusal

# What makes a column, what wraps one, and what has no name in the database.
_COLUMNS = frozenset({"Column", "mapped_column"})
_WRAPPERS = frozenset({"deferred", "column_property"})
_NAMELESS = frozenset(
    [
        "Relationship",
        "association_proxy",
        "composite",
        "dynamic_loader",
        "hybrid_property",
        "query_expression",
        "relation",
        "relationship",
        "synonym",
    ]
)
_NOTHING = Change(())
_ONE_STRING = r"[rRuU]?(\"\"\"|'''|\"|')(.*)\1"


def renamed_attribute(project: Project, fact: ReservedName, new: str) -> Edit | Refusal:
    """Return the edit that renames the attribute itself."""
    start, end = fact.span.start, fact.span.end
    if fact.form == "after":
        start = end - len(fact.name)
    elif fact.form == "backref":
        written = re.fullmatch(_ONE_STRING, project.source(fact.path).text[start:end])
        if written is None or written[2] != fact.name:
            return Refusal("the name is not written in one piece")
        start, end = start + written.start(2), start + written.end(2)
    return Edit(fact.path, start, end, new)


def kept_column(project: Project, model: ReservedModel) -> Outcome:
    """Return the edits that keep the column's name in the database when the attribute gets another one."""
    fact = model.fact
    if model.kind != "column" or fact.form == "backref":
        return _NOTHING
    if _has_column_prefix(project, model):
        return Refusal("`column_prefix` in `__mapper_args__` gives the attribute another name")
    if _is_sqlmodel(model):
        return _sqlmodel(project, fact)
    if fact.form == "method":
        return _returned(project, fact)
    if fact.form == "annotation":
        return _annotated(project, fact)
    if fact.constructor is None:
        return Refusal("the column is made elsewhere")
    return _named(project, fact, fact.constructor)


def is_column(project: Project, model: ReservedModel) -> bool:
    """Tell whether the attribute has a column of its own in the database."""
    fact = model.fact
    if model.kind != "column" or fact.form == "backref":
        return False
    if fact.form == "annotation":
        return True
    if fact.form == "method":
        return any(_column(project, fact.path, c) is not None for c in fact.returned if c is not None)
    if _is_sqlmodel(model):
        return fact.constructor is None or _last(project, fact.path, fact.constructor.func) != "Relationship"
    return fact.constructor is not None and _column(project, fact.path, fact.constructor) is not None


def is_named(project: Project, fact: ReservedName) -> bool:
    """Tell whether the column's name is written out in the constructor."""
    constructors = [c for c in (fact.constructor, *fact.returned) if c is not None]
    columns = [column for c in constructors if (column := _column(project, fact.path, c)) is not None]
    return any(_has_name(project, fact.path, c) is True for c in columns)


# Forms


def _named(project: Project, fact: ReservedName, made: Constructor) -> Outcome:
    """Return the edits that put the name into the call which makes the column."""
    column = _column(project, fact.path, made)
    if column is None:
        return _NOTHING if _is_nameless(project, fact.path, made) else Refusal("a call of the project makes the column")
    named = _has_name(project, fact.path, column)
    if isinstance(named, Refusal):
        return named
    if named:
        return _NOTHING
    text = _quoted(project.source(fact.path), fact) + ("" if column.empty else ", ")
    return Change((Edit(fact.path, column.insert_at, column.insert_at, text),))


def _returned(project: Project, fact: ReservedName) -> Outcome:
    """Return the edits for ``@declared_attr def metadata(cls): return Column(JSON)``."""
    edits: list[Edit] = []
    for made in fact.returned:
        if made is None:
            return Refusal("the method returns what is made elsewhere")
        outcome = _named(project, fact, made)
        if isinstance(outcome, Refusal):
            return outcome
        edits += outcome.edits
    return Change(tuple(edits)) if fact.returned else Refusal("the method returns nothing")


def _annotated(project: Project, fact: ReservedName) -> Outcome:
    """Return the edits for ``metadata: Mapped[str]``, which gets a value."""
    maker = import_of(project, fact.path, "sqlalchemy.orm", "mapped_column")
    if isinstance(maker, Refusal):
        return maker
    name, needs = maker
    text = f" = {name}({_quoted(project.source(fact.path), fact)})"
    return Change((Edit(fact.path, fact.annotation_end, fact.annotation_end, text),), needs)


def _sqlmodel(project: Project, fact: ReservedName) -> Outcome:
    """Return the edits for a field of an SQLModel, which names its column in an argument."""
    quoted = _quoted(project.source(fact.path), fact)
    name = quoted[0] + "name" + quoted[0]
    argument = f"sa_column_kwargs={{{name}: {quoted}}}"
    if fact.constructor is not None and _last(project, fact.path, fact.constructor.func) in ("Field", "Relationship"):
        return _sqlmodel_field(project, fact, fact.constructor, argument)
    maker = import_of(project, fact.path, "sqlmodel", "Field")
    if isinstance(maker, Refusal):
        return maker
    field, needs = maker
    if fact.form == "annotation":
        text = f" = {field}({argument})"
        return Change((Edit(fact.path, fact.annotation_end, fact.annotation_end, text),), needs)
    if fact.value_span is None or fact.form != "assignment":
        return Refusal("the column is not made by a field")
    start, end = fact.value_span.start, fact.value_span.end
    before = Edit(fact.path, start, start, f"{field}(default=")
    return Change((before, Edit(fact.path, end, end, f", {argument})")), needs)


def _sqlmodel_field(project: Project, fact: ReservedName, made: Constructor, argument: str) -> Outcome:
    if _last(project, fact.path, made.func) == "Relationship":
        return _NOTHING
    inner = dict(made.inner)
    if "sa_column" in inner:
        return _named(project, fact, inner["sa_column"])
    given = dict(fact.value.keywords) if isinstance(fact.value, Call) else {}
    if made.unpacks or "sa_column" in given:
        return Refusal("the arguments of the field are made elsewhere")
    if "sa_column_kwargs" in given:
        options = given["sa_column_kwargs"]
        keys = [key for key, _ in options.entries] if isinstance(options, Dictionary) else []
        if Literal("name") in keys:
            return _NOTHING
        return Refusal("the field has `sa_column_kwargs` already")
    return Change((Edit(fact.path, made.append_at, made.append_at, ("" if made.empty else ", ") + argument),))


# What a call is


def _column(project: Project, path: str, made: Constructor) -> Constructor | None:
    """Return the call that makes the column itself: ``Column()`` in ``deferred(Column())``."""
    symbol = project.resolve(path, _called(made.func))
    if isinstance(symbol, ProjectClass):
        return made if _is_kind_of_column(project, symbol) else None
    last = _last(project, path, made.func)
    if last in _COLUMNS:
        return made
    if last in _WRAPPERS:
        inner = dict(made.inner).get(0)
        return _column(project, path, inner) if inner is not None else None
    return None


def _is_kind_of_column(project: Project, cls: ProjectClass) -> bool:
    mappings = Mappings.of_project(project)
    bases = [base for c in mappings.linear(cls) for base in mappings.bases(c)]
    return any(isinstance(b, External) and b.name.rpartition(".")[2] == "Column" for b in bases)


def _has_name(project: Project, path: str, column: Constructor) -> bool | Refusal:
    """Tell whether a column has a name of its own; a refusal where that cannot be seen."""
    if column.name_span is not None:
        return True
    if column.unpacks:
        return Refusal("the arguments of the column are unpacked; they may hold its name")
    symbol = project.resolve(path, _called(column.func))
    if isinstance(symbol, ProjectClass):
        own = Mappings.of_project(project).attribute(symbol, "__init__")
        made = Mappings.of_project(project).attribute(symbol, "__new__")
        if own is not None or made is not None:
            return Refusal(f"`{symbol.definition.name}` takes arguments of its own")
    return _is_text(project, path, column.first)


def _is_text(project: Project, path: str, first: Value | None) -> bool | Refusal:
    """Tell whether the first argument is a name rather than a type."""
    if isinstance(first, Literal):
        return isinstance(first.value, str)
    if first is None or isinstance(first, Call):
        return False
    symbol = project.resolve(path, first)
    if isinstance(symbol, Made):
        if symbol.value == first:
            return False
        return _is_text(project, symbol.path, symbol.value)
    if isinstance(symbol, Unresolved) and not (dotted(first) or "").rpartition(".")[2][:1].isupper():
        return Refusal("the first argument of the column may be its name")
    return False


def _is_nameless(project: Project, path: str, made: Constructor) -> bool:
    last = _last(project, path, made.func)
    if last in _WRAPPERS:
        # An expression, not a column of the table.
        inner = dict(made.inner).get(0)
        return inner is not None and isinstance(project.resolve(path, _called(inner.func)), External)
    return last in _NAMELESS


def _last(project: Project, path: str, func: Value) -> str:
    symbol = project.resolve(path, _called(func))
    return symbol.name.rpartition(".")[2] if isinstance(symbol, External) else ""


def _called(func: Value) -> Value:
    while isinstance(func, Item):
        func = func.of
    return func


def _is_sqlmodel(model: ReservedModel) -> bool:
    # What is given to the class afterwards is a column as SQLAlchemy itself knows it.
    return model.mapping.style.startswith("sqlmodel.") and model.fact.form != "after"


def _has_column_prefix(project: Project, model: ReservedModel) -> bool:
    found = Mappings.of_project(project).attribute(model.cls, "__mapper_args__")
    value = found[1].value if found else None
    return isinstance(value, Dictionary) and any(key == Literal("column_prefix") for key, _ in value.entries)


# Text


def _quoted(source: SourceFile, fact: ReservedName) -> str:
    """Return the column's name as a string, in the quotes that the file uses most."""
    text = source.text
    quote = "'" if text.count("'") > text.count('"') else '"'
    return quote + fact.name + quote


def import_of(project: Project, path: str, module: str, name: str) -> tuple[str, tuple[ImportNeed, ...]] | Refusal:
    """Return how a file says ``module.name``, with the import that it needs for that."""
    outline = project.outline(path)
    taken = name in outline.bindings or name in outline.functions or name in outline.classes if outline else False
    for item in outline.imports if outline else ():
        if item.level == 0 and item.name == name and item.module == module:
            return item.local, ()
        whole = item.level == 0 and item.name is None
        if whole and item.local != item.module and module in (item.module, f"{item.module}.orm"):
            return f"{item.local}{module.removeprefix(item.module)}.{name}", ()
        if whole and item.local == item.module == module:
            return f"{module}.{name}", ()
        if item.name == module.rpartition(".")[2] and item.module == module.rpartition(".")[0] and item.level == 0:
            return f"{item.local}.{name}", ()
        if item.local == name:
            taken = True
    if taken:
        return Refusal(f"`{name}` is the name of something else in this file")
    return name, (ImportNeed(path, module, name),)
