"""One plan for one reserved attribute: which strategy, which edits, what remains for a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqla_guard.core.fix import Applicability, Edit, Fix, ImportNeed, Place
from sqla_guard.project.mapped import Mappings, subclasses
from sqla_guard.project.project import Project
from sqla_guard.project.replay import Known
from sqla_guard.project.reserved import ReservedModel
from sqla_guard.project.schema import TableHistory, table_history
from sqla_guard.rename.column import column_change, is_rerunnable
from sqla_guard.rename.declaration import is_column, is_named, kept_column, renamed_attribute
from sqla_guard.rename.naming import new_name
from sqla_guard.rename.outcome import Change, ColumnRename, Refusal
from sqla_guard.rename.templates import template_places
from sqla_guard.rename.uses import NAMES_COLUMN, Uses, find_uses


def rename_fix(project: Project, model: ReservedModel) -> Fix | None:
    """Return the fix that gives a reserved attribute another name, ``None`` where it cannot be written.

    The findings on the model and on its DDL share it.
    """
    key = ("rename", model.fact.path, model.fact.owner, model.fact.span)
    return project.once(key, lambda: _Planner(project, model).fix())


@dataclass(frozen=True, slots=True)
class _Database:
    """What the rename does to the database: nothing (``change`` is ``None``), with the reason, or a change."""

    change: Change | None
    why_not: str = ""


class _Planner:
    def __init__(self, project: Project, model: ReservedModel) -> None:
        self.project = project
        self.model = model
        self.fact = model.fact
        self.history: TableHistory | None = (
            table_history(project, model.fact.path, model.table) if model.table is not None else None
        )
        columns = self.history.schema.columns(model.table) if self.history and model.table else ()
        self.new = new_name(project, model, frozenset(columns))

    def fix(self) -> Fix | None:
        database = self._database()
        edits = [renamed_attribute(self.fact, self.new)]
        imports: tuple[ImportNeed, ...] = ()
        if database.change is not None:
            edits += database.change.edits
            imports = database.change.imports
        else:
            kept = kept_column(self.project, self.model)
            if isinstance(kept, Refusal):
                return None
            edits += kept
        uses = self._uses()
        # A string that names the column goes with the column only.
        named = [(path, r) for path, r, how in uses.proven if database.change or how != NAMES_COLUMN]
        edits += [Edit(path, r.span.start, r.span.end, self.new) for path, r in named]
        places = tuple(self._places(uses))
        return Fix(
            self._title(database, places),
            tuple(sorted(set(edits))),
            Applicability.SAFE if self.model.outcome.raises and not places else Applicability.UNSAFE,
            imports,
            places,
        )

    def _database(self) -> _Database:
        """Decide between the two coherent results: attribute alone, or attribute and column."""
        wanted = self.project.config.rename
        if wanted == "attribute" or not is_column(self.project, self.model) or is_named(self.fact):
            return _Database(None)
        if self.history is None or self.model.table is None:
            return _Database(None, "its table could not be determined" if wanted == "column" else "")
        known = self.history.schema.column(self.model.table, self.model.column)
        if not isinstance(known, Known):
            return _Database(None, "no DDL that creates it is in sight" if wanted == "column" else "")
        if wanted == "auto" and not is_rerunnable(known):
            return _Database(None)
        wish = ColumnRename(self.model.table, self.model.column, self.new)
        outcome = column_change(self.project, self.history, known, wish)
        return _Database(None, outcome.reason) if isinstance(outcome, Refusal) else _Database(outcome)

    def _uses(self) -> Uses:
        names = frozenset({self.fact.name})
        near, cls = self.fact.path, self.model.cls
        mappings = Mappings.of_project(self.project)
        # ``SecurityEvent(**values)`` may hand the name over in a file that does not have it.
        classes = {cls.definition.name, *(c.definition.name for c in subclasses(self.project, mappings, cls))}
        references = {
            path: found
            for path in self.project.files_naming(near, names | classes, (".py",))
            if (found := self.project.references(path, names))
        }
        return find_uses(self.project, cls, self.fact.name, references, self.project.readers.summary)

    def _places(self, uses: Uses) -> Iterator[Place]:
        for path, reference, why in uses.to_look_at:
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
