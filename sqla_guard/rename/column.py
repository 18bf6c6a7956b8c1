"""The rename carried into the database: DDL, SQL that names the column, and the forward migration."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from posixpath import basename, dirname, join

from msgspec.structs import replace

from sqla_guard.core.fix import Edit, ImportNeed
from sqla_guard.core.source import Span
from sqla_guard.facts.operations import Carrier, ColumnReference, CreateTable, Operation, TableName, UnreadSql
from sqla_guard.facts.script import Manner, ScriptManner
from sqla_guard.project.project import Project
from sqla_guard.project.replay import Definition, Known
from sqla_guard.project.revisions import RevisionGraph
from sqla_guard.project.schema import TableHistory
from sqla_guard.project.sql_history import numbered
from sqla_guard.rename.alembic_revision import Environment, alembic_rename
from sqla_guard.rename.elsewhere import column_words, function_around, mapped_classes, whole_row
from sqla_guard.rename.home_made import rename_in_script
from sqla_guard.rename.leftovers import left_behind
from sqla_guard.rename.outcome import Change, ColumnRename, Outcome, Refusal
from sqla_guard.rename.runs import why_not_always
from sqla_guard.rename.sqitch import sqitch_rename
from sqla_guard.rename.sql_objects import is_repeatable, objects_in_the_way, view_in_the_way
from sqla_guard.rename.sql_revision import sql_rename
from sqla_guard.rename.sql_runs import cuts_statements, runs_sql_file
from sqla_guard.rename.sql_script import rename_in_sql

# Folders whose files have run once.
_HISTORY = re.compile(
    r"(?:^|/)(?:\w{0,99}migrat\w*|versions|db/changelog|schema|init\w*|seeds?|backups?|dumps?)(?:/|$)"
)

_ALTERS = re.compile(r"alter_column|\b(?:alter|modify|change)\b", re.IGNORECASE)


def is_rerunnable(history: TableHistory, known: Known) -> bool:
    """Tell whether everything that creates the column is written to run again at each deploy."""
    past = history.past
    return all(d.carrier.rerunnable and _may_run_again(d.carrier, past) for d in known.definitions)


def _may_run_again(carrier: Carrier, past: frozenset[str]) -> bool:
    if carrier.path in past:
        return False  # `IF NOT EXISTS` in a revision: nothing calls it a second time
    if carrier.runs_in and (not carrier.runs_as or carrier.runs_in in past):
        return False  # another module makes something of it that is not seen in a step of its own
    return carrier.kind == "python-sql" or (carrier.kind == "sql-file" and numbered(carrier.path) is None)


def runs_again(project: Project, history: TableHistory, known: Known) -> bool:
    """Tell whether, beyond that, something in sight runs it: the Python of the project names its SQL files."""
    if not is_rerunnable(history, known):
        return False
    paths = {d.carrier.path for d in known.definitions if d.carrier.kind == "sql-file"}
    return all(runs_sql_file(project, path) for path in sorted(paths))


def is_view(definition: Definition) -> bool:
    """Tell whether a view gives the column its name."""
    return isinstance(definition.operation, CreateTable) and definition.operation.kind == "view"


def column_change(project: Project, history: TableHistory, known: Known, wish: ColumnRename) -> Outcome:
    """Return the edits that rename a column wherever SQL knows it, or why that cannot be done safely."""
    why = next((why for d in known.definitions if (why := _not_its_own(d))), "")
    if why:
        return Refusal(why)
    elsewhere = next((d.carrier for d in known.definitions if d.carrier.runs_in and not d.carrier.runs_as), None)
    if elsewhere is not None:
        return Refusal(f"the SQL in {elsewhere.path} that creates it is run by {elsewhere.runs_in}")
    near = known.definitions[0].carrier.path
    words = column_words(project, near, wish.table, wish.old)
    references = (*history.references(wish.table, wish.old), *words)
    why = _unsure(project, history, wish, references)
    rows = whole_row(project, near, wish.table, history.past) if not why else ""
    if rows:
        why = f"{rows} reads whole rows of {wish.table.name}, in which the column goes by its name"
    if not why and known.doubts:
        doubt = known.doubts[0]
        line = project.source(doubt.carrier.path).position(doubt.carrier.statement.start)[0]
        why = f"{doubt.carrier.path}:{line} could not be read ({doubt.reason})"
    if why:
        return Refusal(why)
    again = is_rerunnable(history, known)
    paths = {d.carrier.path for d in known.definitions}
    told = {r.carrier.path for r in references if project.config.is_migration(r.carrier.path)} - paths
    unedited = told | (history.past - paths)
    alive = [r for r in references if r.carrier.path not in unedited and _is_alive(r, paths, again)]
    why = (
        (_stays(project, references, alive, told) if again else "")
        or _two_meanings(project, history, alive)
        or objects_in_the_way(project, history.facts, known, wish, again)
        or view_in_the_way(history.facts, references, wish, {r.carrier.path for r in alive})
        or left_behind(project, history, near, wish, words)
    )
    if why:
        return Refusal(why)
    forward = _in_scripts(project, history, known, wish) if again else _forward(project, history, known, wish)
    if isinstance(forward, Refusal):
        return forward
    edits = {_reference_edit(project, r, wish.new) for r in alive}
    return Change((*forward.edits, *sorted(edits - set(forward.edits))), forward.imports)


def _not_its_own(definition: Definition) -> str:
    """Return why the place that creates the column does not write its name; empty where it does."""
    operation, path = definition.operation, definition.carrier.path
    if is_view(definition):
        return f"{operation.table.name} is a view in {path}"
    if definition.identifier.span is not None:
        return ""
    if isinstance(operation, CreateTable) and definition.identifier not in operation.columns:
        return f"{path} makes {operation.table.name} with the columns of another table"
    return f"{path} puts the column's name into the SQL that creates it"


def _unsure(
    project: Project,
    history: TableHistory,
    wish: ColumnRename,
    references: Sequence[ColumnReference],
) -> str:
    """Return a place that names the column, or may, and cannot be edited; empty where there is none."""
    fixed = next((r for r in references if r.role == "fixed" or r.column.span is None), None)
    if fixed is not None:
        return f"{_where(project, fixed)} names the column where it cannot be edited safely"
    unclear = next(iter(history.unclear_references(wish.table, wish.old)), None)
    if unclear is not None:
        return f"{_where(project, unclear)} may name the column or another table's"
    ran = next((r for r in references if r.carrier.runs_in in history.past), None)
    return f"{_where(project, ran)} names the column for {ran.carrier.runs_in}, which has run" if ran else ""


def _in_scripts(project: Project, history: TableHistory, known: Known, wish: ColumnRename) -> Outcome:
    by_path: dict[str, list[Definition]] = {}
    for definition in known.definitions:
        by_path.setdefault(definition.carrier.runner, []).append(definition)
    edits: list[Edit] = []
    imports: list[ImportNeed] = []
    for path, definitions in by_path.items():
        made_up = _made_up(project, wish, [d.carrier for d in definitions])
        if made_up:
            return Refusal(made_up)
        if definitions[0].carrier.kind == "sql-file":
            meant = history.schema.meant_by(wish.table)
            # Until the table is there, PostgreSQL looks for one of that name further on.
            placed = replace(wish, table=meant[0]) if len(meant) == 1 and wish.dialect == "postgres" else wish
            outcome = _in_sql(project, path, definitions, placed)
        else:
            outcome = _in_python(project, history, path, definitions, wish)
        if isinstance(outcome, Refusal):
            return outcome
        edits += outcome.edits
        imports += outcome.imports
    return Change(tuple(edits), tuple(imports))


def _in_sql(project: Project, path: str, definitions: Sequence[Definition], wish: ColumnRename) -> Outcome:
    cutter = cuts_statements(project, path) if wish.dialect == "postgres" else ""
    if cutter:
        return Refusal(f"{cutter} cuts SQL at every semicolon, which a guarded rename does not survive")
    return rename_in_sql(project.source(path), wish, definitions)


def _in_python(
    project: Project, history: TableHistory, path: str, definitions: Sequence[Definition], wish: ColumnRename
) -> Outcome:
    operations: list[Operation] = [f for f in history.facts if not isinstance(f, (ColumnReference, UnreadSql))]
    source = project.source(path)
    mannered = [(d, project.readers.manner(source, d.operation, operations)) for d in definitions]
    everywhere = tuple(map(_where_it_runs, history.references(wish.table, wish.old)))
    references = [r for r in everywhere if r.carrier.path == path]
    why = _unreached(project, path, [m for _, m in mannered]) or _too_early(
        project, path, wish.table, everywhere, [m for _, m in mannered]
    )
    homes = {d.carrier.path: project.source(d.carrier.path) for d in definitions}
    return Refusal(why) if why else rename_in_script(source, wish, mannered, references, homes)


def _where_it_runs(reference: ColumnReference) -> ColumnReference:
    """Return a reference as if its SQL stood where another module runs it."""
    carrier = reference.carrier
    if not carrier.runs_in or carrier.runs_at is None:
        return reference
    return replace(reference, carrier=replace(carrier, path=carrier.runs_in, statement=carrier.place))


def _made_up(project: Project, wish: ColumnRename, carriers: Iterable[Carrier]) -> str:
    """Return which name in the database is made up from the column's, so that old and new databases would differ."""
    for carrier in carriers:
        source = project.source(carrier.path)
        word = project.readers.generated_name(source, carrier.statement, wish.old, wish.dialect)
        if word:
            line = source.position(carrier.statement.start)[0]
            return f"{carrier.path}:{line} has {word} without a name, and the database names it after the column"
    return ""


def _unreached(project: Project, path: str, manners: Iterable[ScriptManner]) -> str:
    """Return why the steps of a script may not run at each start."""
    functions = {(m.reach.function, m.reach.method) for m in manners if isinstance(m, Manner)}
    whys = (why_not_always(project, path, name, method) for name, method in sorted(functions))
    return next((why for why in whys if why), "")


def _too_early(
    project: Project,
    path: str,
    table: TableName,
    references: Iterable[ColumnReference],
    manners: Iterable[ScriptManner],
) -> str:
    """Return what the script uses before its step and what will look for the new name: the model, another file."""
    earlier = {name for m in manners if isinstance(m, Manner) for name in m.reach.earlier}
    for name in sorted(mapped_classes(project, path, table) & earlier):
        return f"{path} uses `{name}` before the rename can run"
    for reference in references:
        place = reference.carrier
        if place.path != path and place.kind == "python-sql":
            name = function_around(project.source(place.path).text, place.statement.start)
            if name in earlier:
                return f"`{name}` in {place.path} names the column and runs before the rename can"
    return ""


def _forward(project: Project, history: TableHistory, known: Known, wish: ColumnRename) -> Outcome:
    """Return the migration that follows a history which has already run."""
    meant = history.schema.meant_by(wish.table)
    if len(meant) > 1:
        return Refusal(f"{wish.table.name} is in several schemas: {', '.join(t.schema or '' for t in meant)}")
    # Nothing says where to look in a migration of its own.
    wish = replace(wish, table=meant[0])
    kinds = {d.carrier.kind for d in known.definitions}
    paths = {d.carrier.path for d in known.definitions}
    if kinds == {"alembic"} or paths <= history.past or all(_holds(g, paths) for g in history.revisions):
        graph = next((g for g in history.revisions if _holds(g, paths)), None)
        if graph is not None:
            wish = replace(wish, existing=_existing(project, history, known))
            return alembic_rename(wish, graph, _environment(project, graph.revisions[0].path))
    if kinds == {"sql-file"}:
        path = sorted(paths)[-1]
        folder = dirname(path)
        files = {
            p: project.source(p).text
            for p in project.workspace.project_files(path)
            if p.endswith(".sql") and dirname(p) == folder
        }
        plan = join(dirname(folder), "sqitch.plan")
        if basename(folder) == "deploy" and project.workspace.exists(plan):
            return sqitch_rename(wish, path, _sqitch_files(project, path, plan))
        return sql_rename(wish, folder, files)
    return Refusal("the column is created in a way that no forward migration can follow")


def _existing(project: Project, history: TableHistory, known: Known) -> tuple[tuple[str, str], ...]:
    """Return what the revision that makes a column says of it, as far as no other one changes that."""
    definition = known.definitions[0]
    name, home = definition.identifier, definition.carrier
    if len(known.definitions) > 1 or home.kind != "alembic" or name.span is None:
        return ()
    for fact in history.facts:
        if isinstance(fact, ColumnReference) and fact.column.name == name.name and fact.carrier.path in history.past:
            place = fact.carrier.statement
            if _ALTERS.search(project.source(fact.carrier.path).text, place.start, place.end):
                return ()
    span = name.span
    return project.read(home.path, lambda source: project.readers.existing(source, span)) or ()


def _holds(graph: RevisionGraph, paths: Collection[str]) -> bool:
    return any(r.path in paths for r in graph.revisions)


def _sqitch_files(project: Project, near: str, plan: str) -> dict[str, str]:
    paths = [p for p in project.workspace.project_files(near) if p.startswith(dirname(plan)) and p.endswith(".sql")]
    return {path: project.source(path).text for path in (plan, *paths)}


def _environment(project: Project, revision: str) -> Environment:
    """Return the texts around a versions folder that tell how its revisions look."""
    home = dirname(dirname(revision))
    return Environment(
        template=_text(project, join(home, "script.py.mako")),
        ini=_text(project, join(home, "alembic.ini")) or _text(project, join(dirname(home), "alembic.ini")),
        env=_text(project, join(home, "env.py")),
    )


def _text(project: Project, path: str) -> str:
    return project.source(path).text if project.workspace.exists(path) else ""


def _is_alive(reference: ColumnReference, defining: set[str], again: bool) -> bool:
    """Tell whether SQL still runs: not what stands in a history that has run before the rename."""
    carrier = reference.carrier
    if carrier.direction != "up":
        return False
    if carrier.path in defining:
        return again
    if carrier.kind == "python-sql" or carrier.rerunnable or is_repeatable(carrier.path):
        return True
    return _is_query_file(carrier.path)


def _is_query_file(path: str) -> bool:
    """Tell whether an SQL file is read at run time: one that no history of migrations holds."""
    return path.endswith(".sql") and numbered(path) is None and not _HISTORY.search(dirname(path))


def _reference_edit(project: Project, reference: ColumnReference, new: str) -> Edit:
    span = reference.column.span
    assert span is not None
    if reference.role != "output":
        return Edit(reference.carrier.path, span.start, span.end, new)
    # In a result list the column also names the result, which its readers must go on finding.
    text = project.source(reference.carrier.path).text
    opening, closing = "", ""
    if reference.column.quoted:
        # Inside a Python string the quotes may have a backslash.
        width = 2 if text[span.end] == "\\" else 1
        opening, closing = text[span.start - width : span.start], text[span.end : span.end + width]
    renamed = f"{new}{closing} AS {opening}{text[span.start : span.end]}"
    return Edit(reference.carrier.path, span.start, span.end, renamed)


def _stays(
    project: Project, references: Iterable[ColumnReference], edited: Sequence[ColumnReference], told: Collection[str]
) -> str:
    """Return SQL that is not edited, as it has run, and that will meet new databases, which have the new name."""
    for reference in references:
        carrier = reference.carrier
        if carrier.direction == "up" and carrier.path not in told and reference not in edited:
            return f"{_where(project, reference)} names the column in a migration that is not edited"
    return ""


def _two_meanings(project: Project, history: TableHistory, edited: Sequence[ColumnReference]) -> str:
    """Return a place whose name two statements share, so that it cannot be edited for the one alone."""
    places = {(r.carrier.path, r.column.span): r for r in edited}
    for fact in history.facts:
        if not isinstance(fact, ColumnReference) or fact in edited:
            continue
        if (fact.carrier.path, fact.column.span) in places:
            return f"{_where(project, fact)} names the column for another table as well"
    roles: dict[tuple[str, Span | None], str] = {}
    for r in edited:
        if roles.setdefault((r.carrier.path, r.column.span), r.role) != r.role:
            return f"{_where(project, r)} names the column for several statements"
    return ""


def _where(project: Project, reference: ColumnReference) -> str:
    span = reference.column.span or reference.carrier.statement
    return f"{reference.carrier.path}:{project.source(reference.carrier.path).position(span.start)[0]}"
