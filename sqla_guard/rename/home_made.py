"""Rename a column in a home-made migration script that runs again at each deploy.

Two things happen. The definition gets the new name in place, for databases that do not have the
table yet. And a step is added that renames the column where an older database has it, and only
where the new name is not there yet: run twice it does nothing. Where both columns exist it loses
nothing and says so with the script's own logger or ``print``, at each start until somebody has put
the two together; it never raises, as the application works with the new column and must start.

After a CREATE TABLE the step stands behind the guarded statement, ahead of later steps that use the
new name. Around an ADD COLUMN it stands *before*: otherwise an old database would first get the new
column, empty, and the rename would then find both. The same holds
where an early ``if table_exists(...): return`` would keep old databases from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from msgspec import Struct

from sqla_guard.core.fix import Edit, ImportNeed
from sqla_guard.core.source import SourceFile
from sqla_guard.facts.operations import ColumnReference, CreateTable, Identifier
from sqla_guard.facts.script import Layer, Manner, NoManner, Record, ScriptManner
from sqla_guard.project.replay import Definition
from sqla_guard.rename.labels import is_label, new_comment, new_label, new_sentence
from sqla_guard.rename.outcome import Change, ColumnRename, Outcome, Refusal
from sqla_guard.rename.sql_guard import both_columns
from sqla_guard.rename.sql_text import needs_quotes, quoted, rename_sql, sql_name, written_table


def rename_in_script(
    source: SourceFile,
    wish: ColumnRename,
    definitions: Sequence[tuple[Definition, ScriptManner]],
    references: Sequence[ColumnReference] = (),
    homes: Mapping[str, SourceFile] = MappingProxyType({}),
) -> Outcome:
    """Return the edits that rename a column in one script.

    Args:
        source: The script.
        wish: What to rename.
        definitions: Every place of the script that defines the column, each with the script's
            manner around it.
        references: SQL of the script that names the column; it is not edited here, but must not
            run between an old definition and the rename.
        homes: The other modules that keep SQL which the script runs.
    """
    edits: list[Edit] = []
    imports: list[ImportNeed] = []
    steps: list[Manner] = []
    for definition, manner in sorted(definitions, key=lambda d: d[0].carrier.place):
        if isinstance(manner, NoManner):
            return Refusal(manner.reason)
        changed = _in_place(source, definition, manner, wish)
        if isinstance(changed, Refusal):
            return changed
        edits += changed
        if any(step.suite.contains(manner.anchor) for step in steps):
            continue  # an earlier step of this block, or of one around it, has renamed it by then
        home = homes.get(definition.carrier.path, source)
        step = _step((source, home), wish, definition, manner, references)
        if isinstance(step, Refusal):
            return step
        steps.append(manner)
        edits += step.edits
        imports += step.imports
    return Change(tuple(sorted(set(edits))), tuple(sorted(set(imports))))


# -- in place


def _in_place(source: SourceFile, definition: Definition, manner: Manner, wish: ColumnRename) -> list[Edit] | Refusal:
    replaced = _new_identifier(definition.identifier, wish)
    span = definition.identifier.span
    if span is None:
        return Refusal("the column's name is put together from several strings")
    if replaced != wish.new and manner.quote in replaced:
        return Refusal(f"{wish.new} needs quotes that would end the Python string")
    edits = [Edit(definition.carrier.path, span.start, span.end, replaced)]
    edits += [Edit(source.path, s.start, s.end, wish.new) for s in manner.guard_columns]
    return edits


def _new_identifier(identifier: Identifier, wish: ColumnRename) -> str:
    if identifier.quoted:
        return wish.new
    return sql_name(wish.new, wish.dialect)


# -- the step


def _step(
    sources: tuple[SourceFile, SourceFile],
    wish: ColumnRename,
    definition: Definition,
    manner: Manner,
    references: Sequence[ColumnReference],
) -> Outcome:
    source, home = sources  # the script, and the file that keeps its SQL
    # What a guarded CREATE TABLE says of its own columns does not run where the table is there.
    own = definition.carrier.place if isinstance(definition.operation, CreateTable) else None
    early = _too_early(manner, [r for r in references if r.carrier.statement != own])
    if early:
        line = source.position(early.carrier.statement.start)[0]
        return Refusal(f"line {line} names {wish.old} before the rename can run")
    condition = _condition(wish, manner)
    if isinstance(condition, Refusal):
        return condition
    sql = _sql(home, wish, definition)
    lines = [new_comment(manner.comment, wish.table.name, wish.old, wish.new), *condition.asked]
    lines += _indented(_body(manner, wish, sql), manner.unit)
    lines += _asking("elif", condition.old, manner)
    lines += _indented(_warning(manner, both_columns(wish)), manner.unit)
    text = "\n".join(manner.indent + line if line else "" for line in lines)
    needs = tuple(ImportNeed(source.path, module) for module in condition.imports)
    return Change((_inserted(source, manner, text),), needs)


def _too_early(manner: Manner, references: Sequence[ColumnReference]) -> ColumnReference | None:
    """Return SQL that would look for the new name in an old database before the step renames it.

    What stands in the guarded step itself never runs there, and other functions must be known to run later.
    """
    until = manner.anchor.start if manner.first else manner.anchor.end
    for reference in references:
        at = reference.carrier.statement
        if manner.guarded and manner.anchor.contains(at):
            continue
        elsewhere = any(f.contains(at) for f in manner.reach.functions) or not manner.reach.body.contains(at)
        if not manner.reach.is_later(at) if elsewhere else at.start < until:
            return reference
    return None


def _inserted(source: SourceFile, manner: Manner, text: str) -> Edit:
    anchor = manner.anchor
    if manner.first:
        at = source.line_starts[source.position(anchor.start)[0] - 1]
        return Edit(source.path, at, at, (text + "\n\n").replace("\n", source.newline))
    line = source.position(anchor.end)[0]
    at = source.line_starts[line - 1] + len(source.line(line))
    last = line == len(source.line_starts)
    gap = "" if last or not source.line(line + 1).strip() else "\n"
    return Edit(source.path, at, at, ("\n\n" + text + gap).replace("\n", source.newline))


def _sql(source: SourceFile, wish: ColumnRename, definition: Definition) -> str:
    """Return the statement, with table and column as the script writes them."""
    statement = definition.carrier.statement
    table = written_table(source.text[statement.start : statement.end], wish.table)
    span, old = definition.identifier.span, None
    if span is not None:
        old = source.text[span.start : span.end]
        if definition.identifier.quoted and needs_quotes(old):
            old = quoted(old, wish.dialect)
        elif needs_quotes(old.lower()):
            old = None
    return rename_sql(wish, table, old)


class _Condition(Struct, frozen=True):
    """How the step asks first: the lines up to its ``if``, what tells that the old name is there, needed modules."""

    asked: list[str]
    old: list[str]
    imports: tuple[str, ...] = ()


def _condition(wish: ColumnRename, manner: Manner) -> _Condition | Refusal:
    table, check = wish.table.name, manner.column_check
    if check:
        terms = [check.asked(table, wish.old), check.asked(table, wish.new, present=False)]
        if manner.table_check:
            terms.insert(0, manner.table_check.asked(table))
        return _Condition(_asking("if", terms, manner), terms[:-1])
    if manner.inspection is None:
        return Refusal("the script has no way to ask whether a column exists")
    name = _free(f"{table}_columns", manner)
    schema = f", schema={manner.quote}{wish.table.schema}{manner.quote}" if wish.table.schema else ""
    quote = manner.quote
    inspector = f"{manner.inspection.inspect}({manner.inspection.connection})"
    columns = f"{inspector}.get_columns({quote}{table}{quote}{schema})"
    lines = [f"{name} = [column[{quote}name{quote}] for column in {columns}]"]
    if len(manner.indent + lines[0]) > manner.width:
        lines = [
            f"{name} = [",
            f"{manner.unit}column[{quote}name{quote}]",
            f"{manner.unit}for column in {columns}",
            "]",
        ]
    if manner.first:  # the table may not be there yet
        has = f"if {inspector}.has_table({quote}{table}{quote}{schema}):"
        lines = [f"{name} = []", has, *_indented(lines, manner.unit)]
    old = f"{quote}{wish.old}{quote} in {name}"
    lines.append(f"if {old} and {quote}{wish.new}{quote} not in {name}:")
    return _Condition(lines, [old], (manner.inspection.module,) if manner.inspection.module else ())


def _asking(word: str, terms: Sequence[str], manner: Manner) -> list[str]:
    line = f"{word} {' and '.join(terms)}:"
    if len(manner.indent + line) <= manner.width:
        return [line]
    return [f"{word} (", *(manner.unit + ("and " if i else "") + term for i, term in enumerate(terms)), "):"]


def _warning(manner: Manner, told: str) -> list[str]:
    literal = manner.quote + told + manner.quote
    line = f"{manner.warn}({literal})"
    if len(manner.indent + manner.unit + line) <= manner.width:
        return [line]
    return [f"{manner.warn}(", manner.unit + literal, ")"]


def _free(name: str, manner: Manner) -> str:
    name = name if name.isidentifier() else "existing_columns"
    while name in manner.names:
        name += "_now"
    return name


def _body(manner: Manner, wish: ColumnRename, sql: str) -> list[str]:
    renamed = _labels(manner, wish)
    return _block(manner, manner.layers, 0, wish, sql, renamed)


def _labels(manner: Manner, wish: ColumnRename) -> dict[str, str]:
    """Return the new label for each of the neighbour's."""
    found = [
        r.label for layer in manner.layers for r in layer.records if r.label and is_label(r.label, wish.table.name)
    ]
    return {label: new_label(label, wish.table.name, wish.old, wish.new, manner.labels) for label in found}


def _block(
    manner: Manner,
    layers: Sequence[Layer],
    depth: int,
    wish: ColumnRename,
    sql: str,
    labels: dict[str, str],
) -> list[str]:
    layer, inner = layers[0], layers[1:]
    lines = list(layer.lead)
    if inner:
        lines += _block(manner, inner, depth + 1, wish, sql, labels)
    else:
        lines += _run(manner, sql, depth + bool(layer.header))
    lines += [line for record in layer.records for line in _record(record, wish, labels)]
    if not layer.header:
        return lines
    tail = [_relabelled(line, labels) for line in layer.tail]
    return [layer.header, *_indented(lines, manner.unit), *tail]


def _run(manner: Manner, sql: str, depth: int) -> list[str]:
    quote = manner.quote if manner.quote not in sql else {'"': "'", "'": '"'}[manner.quote]
    line = f"{manner.run_before}{quote}{sql}{quote}{manner.run_after}"
    fits = len(manner.indent) + len(manner.unit) * (depth + 1) + len(line) <= manner.width
    if quote not in sql and fits and "\n" not in line:
        return [line]
    three = manner.quote * 3
    before, after = manner.run_before.rstrip(), manner.run_after.lstrip()
    return [f"{before}{three}", f"{manner.unit}{sql}", f"{three}{after}"]


def _record(record: Record, wish: ColumnRename, labels: dict[str, str]) -> list[str]:
    if record.label is None:
        return [record.before]
    table = wish.table.name
    label: str | None = labels.get(record.label)
    if label is None:
        label = new_sentence(record.label, labels, table, wish.old, wish.new)
    return [] if label is None else [f"{record.before}{label}{record.after}"]


def _relabelled(line: str, labels: dict[str, str]) -> str:
    for label, new in labels.items():
        line = line.replace(label, new)
    return line


def _indented(lines: Sequence[str], unit: str) -> list[str]:
    return [unit + line if line else "" for line in lines]
