"""One plan for one reserved attribute: which strategy, which edits, what remains for a person."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from sqla_guard.core.fix import Applicability, Edit, Fix, ImportNeed, Place
from sqla_guard.facts.references import Reference
from sqla_guard.facts.reserved import ReservedName
from sqla_guard.project.mapped import Mappings, subclasses
from sqla_guard.project.project import Project
from sqla_guard.project.replay import Known
from sqla_guard.project.reserved import OUTSIDE, ReservedModel
from sqla_guard.project.schema import TableHistory, may_define, may_run_again, table_history
from sqla_guard.project.types import TypeOf
from sqla_guard.project.versions import sqlalchemy_version
from sqla_guard.rename.column import column_change, runs_again
from sqla_guard.rename.declaration import is_column, is_named, kept_column, renamed_attribute
from sqla_guard.rename.dialects import dialect_of
from sqla_guard.rename.family import Family
from sqla_guard.rename.group import declarations
from sqla_guard.rename.naming import new_name
from sqla_guard.rename.neighbours import neighbours_using
from sqla_guard.rename.outcome import Change, ColumnRename, Refusal
from sqla_guard.rename.schemas import SchemaChanges, schema_changes
from sqla_guard.rename.templates import template_places
from sqla_guard.rename.uses import NAMES_COLUMN, Uses, find_uses

# Names that can be given up for another; the rest mean something to Python or to SQLAlchemy itself.
_RENAMED = frozenset({"metadata", "registry"})


def rename_fix(project: Project, model: ReservedModel) -> Fix | None:
    """Return the fix that gives a reserved attribute another name, ``None`` where it cannot be written.

    The findings on the model and on its DDL share it.
    """
    outcome = rename_outcome(project, model)
    return outcome if isinstance(outcome, Fix) else None


def why_no_fix(project: Project, model: ReservedModel) -> str:
    """Return, in words that can follow "because", why there is no fix; empty where there is one."""
    outcome = rename_outcome(project, model)
    return outcome.reason if isinstance(outcome, Refusal) else ""


def rename_outcome(project: Project, model: ReservedModel) -> Fix | Refusal:
    """Return the fix, or why it cannot be written."""
    if model.fact.name not in _RENAMED:
        return Refusal(f"`{model.fact.name}` is not renamed by this tool")
    group, facts = _together(project, model)
    if isinstance(group, Refusal):
        return group
    if model.fact not in facts:
        return Refusal("a base class declares it too")
    top = group[0]
    key = ("rename", top.cls.path, top.cls.qualname, top.fact.name)
    return project.once(key, lambda: _Planner(project, group).outcome())


def _together(
    project: Project, model: ReservedModel
) -> tuple[tuple[ReservedModel, ...] | Refusal, frozenset[ReservedName]]:
    """Return the declarations that change together with that of ``model``, and their facts."""
    fact = model.fact
    key = ("declarations", model.cls.path, model.cls.qualname, fact.name, fact.form in OUTSIDE)
    group = project.once(key, lambda: declarations(project, model))
    if isinstance(group, Refusal):
        return group, frozenset()
    if not group:
        return (model,), frozenset({fact})
    return group, project.once(("facts", key), lambda: frozenset(m.fact for m in group))


class _Database(Struct, frozen=True):
    """What the rename does to the database: nothing (``change`` is ``None``), with the reason, or a change."""

    change: Change | None
    why_not: str = ""


class _Planner:
    def __init__(self, project: Project, group: tuple[ReservedModel, ...]) -> None:
        self.project = project
        self.group = group
        self.model = group[0]
        self.fact = self.model.fact
        # A relationship elsewhere may give the class an attribute, too.
        given = {name for name, _, _ in self._types().members.registry.backrefs(self.model.cls.path)}
        self.new = new_name(project, self.model, lambda name: name in given or self._is_column(name))

    @cached_property
    def history(self) -> TableHistory | None:
        """What is done to the table, which takes long to read."""
        table = self.model.table
        return table_history(self.project, self.fact.path, table) if table is not None else None

    def _is_column(self, name: str) -> bool:
        """Tell whether the table has a column called ``name``, as far as that is known."""
        table = self.model.table
        if table is None or not may_define(self.project, self.fact.path, table, name):
            return False
        return self.history is not None and name in self.history.schema.columns(table)

    def outcome(self) -> Fix | Refusal:
        database = self._database()
        declared = self._declared()
        if isinstance(declared, Refusal):
            return declared
        change = database.change if database.change is not None else self._kept()
        if isinstance(change, Refusal):
            return change
        references = self._references()
        uses = self._uses(references)
        schemas = self._schemas(references)
        edits = [*declared, *change.edits, *schemas.edits]
        # A string that names the column goes with the column only.
        named = [(path, r) for path, r, how in uses.proven if database.change or how != NAMES_COLUMN]
        edits += [Edit(path, r.span.start, r.span.end, self.new) for path, r in named]
        places = (*self._places(uses), *schemas.places)
        return Fix(
            self._title(database, places),
            tuple(sorted(set(edits))),
            Applicability.SAFE if self.model.outcome.raises and not places else Applicability.UNSAFE,
            tuple(sorted({*change.imports, *schemas.imports})),
            places,
        )

    def _declared(self) -> list[Edit] | Refusal:
        """Return the edits that rename the attribute where it is declared."""
        edits: list[Edit] = []
        for model in self.group:
            edit = renamed_attribute(self.project, model.fact, self.new)
            if isinstance(edit, Refusal):
                return edit
            edits.append(edit)
        return edits

    def _kept(self) -> Change | Refusal:
        """Return the edits that keep the columns' names."""
        edits: list[Edit] = []
        imports: list[ImportNeed] = []
        for model in self.group:
            kept = kept_column(self.project, model)
            if isinstance(kept, Refusal):
                return kept
            edits += kept.edits
            imports += kept.imports
        return Change(tuple(edits), tuple(imports))

    def _database(self) -> _Database:
        """Decide between the two coherent results: attribute alone, or attribute and column."""
        wanted = self.project.config.rename
        columns = [m for m in self.group if is_column(self.project, m)]
        if wanted == "attribute" or not columns or any(is_named(self.project, m.fact) for m in columns):
            return _Database(None)
        if len({m.table for m in self.group}) > 1:
            return _Database(None, "several tables have it" if wanted == "column" else "")
        if wanted == "auto" and not self._may_run_again():
            return _Database(None)
        if self.history is None or self.model.table is None:
            return _Database(None, "its table could not be determined" if wanted == "column" else "")
        known = self.history.schema.column(self.model.table, self.model.column)
        if not isinstance(known, Known):
            return _Database(None, "no DDL that creates it is in sight" if wanted == "column" else "")
        known = self._beside_models(known)
        if not known.definitions:
            return _Database(None, "`create_all` changes no table that exists" if wanted == "column" else "")
        if wanted == "auto" and not runs_again(self.project, self.history, known):
            return _Database(None)
        dialect = dialect_of(self.project, [d.carrier.path for d in known.definitions])
        wish = ColumnRename(self.model.table, self.model.column, self.new, dialect)
        outcome = column_change(self.project, self.history, known, wish)
        return _Database(None, outcome.reason) if isinstance(outcome, Refusal) else _Database(outcome)

    def _may_run_again(self) -> bool:
        table = self.model.table
        return table is not None and may_run_again(self.project, self.fact.path, table, self.model.column)

    def _beside_models(self, known: Known) -> Known:
        """Return what else makes the column: the models themselves change with the attribute."""
        own = {(m.fact.path, m.fact.span) for m in self.group}
        others = (d for d in known.definitions if (d.carrier.path, d.identifier.span) not in own)
        return replace(known, definitions=tuple(others))

    def _references(self) -> dict[str, tuple[Reference, ...]]:
        names = frozenset({self.fact.name})
        near, cls = self.fact.path, self.model.cls
        mappings = Mappings.of_project(self.project)
        # ``SecurityEvent(**values)`` may hand the name over in a file that does not have it.
        relatives = (*mappings.linear(cls), *subclasses(self.project, mappings, cls))
        classes = {c.definition.name for c in relatives}
        paths = [*self.project.files_naming(near, names | classes, (".py",)), *neighbours_using(self.project, cls)]
        return {path: found for path in paths if (found := self.project.references(path, names))}

    def _uses(self, references: dict[str, tuple[Reference, ...]]) -> Uses:
        version = sqlalchemy_version(self.project, self.fact.path)
        summary = self.project.readers.summary
        return find_uses(self.project, self.model.cls, self.fact.name, references, summary, version)

    def _types(self) -> TypeOf:
        summary = self.project.readers.summary
        return self.project.once(("types", summary), lambda: TypeOf(self.project, summary))

    def _schemas(self, references: dict[str, tuple[Reference, ...]]) -> SchemaChanges:
        types = self._types()
        return schema_changes(types, Family(types, self.model.cls), (self.fact.name, self.new), references)

    def _places(self, uses: Uses) -> Iterator[Place]:
        declared = {(m.fact.path, m.fact.span) for m in self.group}
        for path, reference, why in uses.to_look_at:
            if (path, reference.span) not in declared:
                yield Place(path, reference.span, why.replace("{new}", self.new))
        name = self.model.cls.definition.name
        yield from template_places(self.project, self.fact.path, self.fact.name, self.new, name)

    def _title(self, database: _Database, places: tuple[Place, ...]) -> str:
        attribute = f"`{self.model.cls.definition.name}.{self.fact.name}`"
        if database.change is not None:
            title = f"Rename {attribute} and its column to `{self.new}`"
        elif is_column(self.project, self.model):
            title = f"Rename {attribute} to `{self.new}`; the column keeps its name"
        else:
            title = f"Rename {attribute} to `{self.new}`"
        if database.why_not:
            title += f", because {database.why_not}"
        if not self.model.outcome.raises:
            title += "; code outside of this project may use the old name"
        number = len(places)
        return title + (f"; {number} {'place' if number == 1 else 'places'} to look at" if places else "")
