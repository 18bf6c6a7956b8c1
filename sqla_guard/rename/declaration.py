"""The edits of the class body that declares a reserved attribute."""

from __future__ import annotations

from collections.abc import Iterator

from sqla_guard.core.fix import Edit
from sqla_guard.core.source import SourceFile
from sqla_guard.facts.reserved import ReservedName
from sqla_guard.facts.values import Literal
from sqla_guard.project.project import Project
from sqla_guard.project.reserved import ReservedModel
from sqla_guard.project.symbols import External
from sqla_guard.rename.outcome import Refusal

# What makes a column; the others (relationships, synonyms) have no name in the database.
_COLUMNS = ("Column", "mapped_column")


def renamed_attribute(fact: ReservedName, new: str) -> Edit:
    """Return the edit that renames the attribute itself."""
    return Edit(fact.path, fact.span.start, fact.span.end, new)


def kept_column(project: Project, model: ReservedModel) -> tuple[Edit, ...] | Refusal:
    """Return the edits that keep the column's name in the database when the attribute gets another one."""
    fact = model.fact
    if fact.form == "method":
        return Refusal("the column is made in a method")
    if model.mapping.style.startswith("sqlmodel."):
        return Refusal("the column is made by an SQLModel field")
    if model.kind != "column":
        return ()
    source = project.source(fact.path)
    if fact.form == "annotation":
        maker = _mapped_column(project, fact)
        if maker is None:
            return Refusal("`mapped_column` is not imported")
        return (
            Edit(
                fact.path,
                fact.annotation_end,
                fact.annotation_end,
                f" = {maker}({_quoted(source, fact)})",
            ),
        )
    if not is_column(project, model) or is_named(fact):
        return ()
    assert fact.constructor is not None
    text = _quoted(source, fact) + ("" if fact.constructor.empty else ", ")
    return (Edit(fact.path, fact.constructor.insert_at, fact.constructor.insert_at, text),)


def is_column(project: Project, model: ReservedModel) -> bool:
    """Tell whether the attribute has a column of its own in the database."""
    if model.fact.form == "annotation":
        return True
    if model.fact.constructor is None:
        return False
    symbol = project.resolve(model.fact.path, model.fact.constructor.func)
    return isinstance(symbol, External) and symbol.name.rpartition(".")[2] in _COLUMNS


def is_named(fact: ReservedName) -> bool:
    """Tell whether the column's name is written out in the constructor."""
    if fact.constructor is None:
        return False
    first = fact.constructor.first
    return fact.constructor.name_span is not None or (isinstance(first, Literal) and isinstance(first.value, str))


def _quoted(source: SourceFile, fact: ReservedName) -> str:
    """Return the column's name as a string, in the quotes that the file uses most."""
    text = source.text
    quote = "'" if text.count("'") > text.count('"') else '"'
    return quote + fact.name + quote


def _mapped_column(project: Project, fact: ReservedName) -> str | None:
    """Return how the module calls ``mapped_column``, if it can."""
    return next(_names_of(project, fact.path, "sqlalchemy.orm.mapped_column"), None)


def _names_of(project: Project, path: str, target: str) -> Iterator[str]:
    outline = project.outline(path)
    for item in outline.imports if outline else ():
        if item.level == 0 and item.name and f"{item.module}.{item.name}" == target:
            yield item.local
        elif (
            item.level == 0 and item.name is None and target.startswith(item.module + ".") and item.local != item.module
        ):
            yield f"{item.local}.{target[len(item.module) + 1 :]}"
