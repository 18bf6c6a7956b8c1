"""Alembic histories that are made by chance but always run: for comparing what is read with what a database gets.

A history keeps its own account of the tables while it is written, so every step fits the state that it meets. Lanes
that run side by side never touch the same table: then the order that Alembic takes them in does not matter.
"""

from __future__ import annotations

import random
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

COLUMNS = ("metadata", "registry", "meta", "event_metadata", "note", "kind", "total", "payload")
ENV = """
from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=None)
with context.begin_transaction():
    context.run_migrations()
"""
_TYPES = ("sa.Integer()", "sa.String(20)", "sa.Text()")
Tables = dict[str, list[str]]


@dataclass
class Step:
    """Code at the level of ``upgrade`` and what it needs at the level of the module."""

    body: list[str]
    module: list[str] = field(default_factory=list)


@dataclass
class History:
    """A history.

    Attributes:
        files: Revisions by path; ``a/versions`` and ``b/versions`` are two version locations.
        tables: What the last one leaves behind, columns in any order.
        unreadable: Tables that a step touches whose name only a run can tell.
    """

    files: dict[str, str]
    tables: Mapping[str, list[str]]


class Maker:
    """Writes one history."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._files: dict[str, str] = {}
        self._number = 0
        self._names = 0

    def make(self) -> History:
        """Return a history with a base, two or three lanes, a merge, and steps after it."""
        first: Tables = {}
        trunk = self._chain((), first, 2, "a")
        lanes: list[Tables] = [{} for _ in range(self._random.randint(2, 3))]
        for name, columns in first.items():
            self._random.choice(lanes)[name] = columns
        heads = []
        for index, lane in enumerate(lanes):
            apart = index == len(lanes) - 1 and self._random.random() < 0.5
            if apart:
                # A base of its own, in another folder, that has to wait for the first one.
                heads.append(self._chain((), lane, 3, "b", depends_on=trunk, label=f"lane{index}"))
            else:
                heads.append(self._chain((trunk,), lane, 3, self._random.choice("ab")))
        merged: Tables = {name: columns for lane in lanes for name, columns in lane.items()}
        merge = self._revision(tuple(heads), [], "a")
        self._chain((merge,), merged, 3, "a")
        return History(self._files, merged)

    def _chain(self, parents: tuple[str, ...], tables: Tables, length: int, folder: str, **options: str) -> str:
        last = ""
        for index in range(length):
            steps = [self._step(tables) for _ in range(self._random.randint(1, 3))]
            last = self._revision(parents, steps, folder, **(options if index == 0 else {}))
            parents = (last,)
        return last

    def _revision(
        self, parents: tuple[str, ...], steps: list[Step], folder: str, depends_on: str = "", label: str = ""
    ) -> str:
        self._number += 1
        name = f"r{self._number:03}_{self._random.randrange(16**6):06x}"
        down = parents[0] if len(parents) == 1 else parents or None
        module = [line for step in steps for line in step.module]  # of two functions of one name, the last counts
        body = [line for step in steps for line in step.body] or ["pass"]
        text = [
            f'"""Step {self._number}."""',
            "import sqlalchemy as sa",
            "from alembic import op",
            "from sqlalchemy import text",
            "",
            f"revision = {name!r}",
            f"down_revision = {down!r}",
            f"branch_labels = {(label,) if label else None!r}",
            f"depends_on = {depends_on or None!r}",
            *module,
            "",
            "",
            *_function("upgrade", body),
            "",
            "",
            *_function("downgrade", ["op.execute('CREATE TABLE undone (metadata INTEGER)')", "op.drop_table('t1')"]),
            "",
        ]
        # Names tell nothing about the order.
        path = f"{folder}/versions/{self._random.randrange(16**4):04x}_{name}.py"
        self._files[path] = "\n".join(text)
        return name

    # Steps

    def _step(self, tables: Tables) -> Step:
        makers: list[Callable[[Tables, str], Step | None]] = [self._add, self._rename, self._rename, self._drop]
        makers += [self._rename_table, self._rebuild, self._retype, self._copy, self._scratch, self._there_and_back]
        if len(tables) < 2 or self._random.random() < 0.25:
            return self._create(tables)
        if len(tables) > 3 and self._random.random() < 0.2:
            return self._drop_table(tables)
        step = self._random.choice(makers)(tables, self._random.choice(sorted(tables)))
        return step or self._create(tables)

    def _new_table(self) -> str:
        self._names += 1
        return f"t{self._names}"

    def _free(self, columns: list[str]) -> str | None:
        return next((c for c in self._random.sample(COLUMNS, len(COLUMNS)) if c not in columns), None)

    def _taken(self, columns: list[str]) -> str | None:
        own = [c for c in columns if c != "id"]
        return self._random.choice(own) if own else None

    def _create(self, tables: Tables) -> Step:
        table, columns = self._new_table(), self._random.sample(COLUMNS, self._random.randint(1, 4))
        tables[table] = ["id", *columns]
        made = [f"sa.Column({c!r}, {self._random.choice(_TYPES)})" for c in columns]
        key = "sa.Column('id', sa.Integer(), primary_key=True)"
        sql = f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, {', '.join(f'{c} TEXT' for c in columns)})"
        extra = f"{table.upper()}_COLUMNS"
        return self._random.choice(
            (
                Step([f"op.create_table({table!r}, {', '.join([key, *made])})"]),
                Step([f"op.create_table({table!r}, *{extra})"], [f"{extra} = [{', '.join([key, *made])}]"]),
                Step(
                    [f"op.create_table({table!r}, key(), *[sa.Column(n, sa.Text()) for n in {columns!r}])"],
                    ["", "", *_function("key", [f"return {key}"])],
                ),
                Step([f"make_{table}()"], ["", "", *_function(f"make_{table}", [f"op.execute({sql!r})"])]),
                Step(["op.execute(", f"    text({sql[:20]!r} {sql[20:]!r})", ")"]),
                Step([f"table = {table!r}", f"op.get_bind().execute(text(f{sql.replace(table, '{table}')!r}))"]),
            )
        )

    def _add(self, tables: Tables, table: str) -> Step | None:
        name = self._free(tables[table])
        if name is None:
            return None
        tables[table].append(name)
        column = f"sa.Column({name!r}, sa.Text())"
        sql = f"ALTER TABLE {table} ADD COLUMN {name} TEXT"
        helper = _function("add", ["op.add_column(table, sa.Column(name, sa.Text()))"], "table, name")
        return self._random.choice(
            (
                Step([f"op.add_column({table!r}, {column})"]),
                Step([f"op.add_column(table_name={table!r}, column={column})"]),
                Step([f"for name in ({name!r},):", f"    op.add_column({table!r}, sa.Column(name, sa.Text()))"]),
                Step([f"with op.batch_alter_table({table!r}) as batch:", f"    batch.add_column({column})"]),
                Step([f"op.execute({sql!r})"]),
                Step([f"for statement in [{sql!r}]:", "    op.execute(statement)"]),
                Step([f"add({table!r}, {name!r})"], ["", "", *helper]),
            )
        )

    def _rename(self, tables: Tables, table: str) -> Step | None:
        old, new = self._taken(tables[table]), self._free(tables[table])
        if old is None or new is None:
            return None
        tables[table][tables[table].index(old)] = new
        given = f"{old!r}, new_column_name={new!r}"
        sql = f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}"
        return self._random.choice(
            (
                Step([f"op.alter_column({table!r}, {given})"]),
                Step([f"with op.batch_alter_table({table!r}) as batch_op:", f"    batch_op.alter_column({given})"]),
                Step([f"op.execute({sql!r})"]),
                Step(['op.execute("""', f"    {sql};", '""")']),
                Step([f"op.execute('ALTER TABLE %s RENAME COLUMN {old} TO {new}' % ({table!r},))"]),
            )
        )

    def _there_and_back(self, tables: Tables, table: str) -> Step | None:
        old, new = self._taken(tables[table]), self._free(tables[table])
        if old is None or new is None:
            return None
        pairs = [(old, new), (new, old)] * self._random.randint(1, 2)
        return Step([f"op.alter_column({table!r}, {a!r}, new_column_name={b!r})" for a, b in pairs])

    def _drop(self, tables: Tables, table: str) -> Step | None:
        name = self._taken(tables[table])
        if name is None:
            return None
        tables[table].remove(name)
        return self._random.choice(
            (
                Step([f"op.drop_column({table!r}, {name!r})"]),
                Step([f"with op.batch_alter_table({table!r}) as batch:", f"    batch.drop_column({name!r})"]),
                Step([f"op.execute('ALTER TABLE {table} DROP COLUMN {name}')"]),
                Step([f"drop = [{name!r}]", "for name in drop:", f"    op.drop_column({table!r}, name)"]),
            )
        )

    def _rename_table(self, tables: Tables, table: str) -> Step:
        new = self._new_table()
        tables[new] = tables.pop(table)
        return self._random.choice(
            (
                Step([f"op.rename_table({table!r}, {new!r})"]),
                Step([f"op.execute('ALTER TABLE {table} RENAME TO {new}')"]),
            )
        )

    def _drop_table(self, tables: Tables) -> Step:
        table = self._random.choice(sorted(tables))
        del tables[table]
        return self._random.choice(
            (Step([f"op.drop_table({table!r})"]), Step([f"op.execute('DROP TABLE IF EXISTS {table}')"]))
        )

    def _rebuild(self, tables: Tables, table: str) -> Step:
        """The way to drop a column from SQLite's tables: make anew, copy, drop, rename."""
        old = tables[table]
        kept = old[: max(1, len(old) - 1)]
        tables[table] = kept
        listed = ", ".join(kept)
        made = ", ".join(["id INTEGER PRIMARY KEY", *(f"{c} TEXT" for c in kept[1:])])
        casts = ", ".join(["id", *(f"CAST({c} AS TEXT)" for c in kept[1:])])
        return Step(
            [
                f"op.execute('CREATE TABLE {table}_new ({made})')",
                f"op.execute('INSERT INTO {table}_new ({listed}) SELECT {casts} FROM {table}')",
                f"op.drop_table({table!r})",
                f"op.rename_table('{table}_new', {table!r})",
            ]
        )

    def _retype(self, tables: Tables, table: str) -> Step | None:
        name = self._taken(tables[table])
        if name is None:
            return None
        given = f"{name!r}, nullable=True, existing_type=sa.Text()"
        return Step([f"with op.batch_alter_table({table!r}) as batch:", f"    batch.alter_column({given})"])

    def _copy(self, tables: Tables, table: str) -> Step | None:
        """CREATE TABLE … AS SELECT, with some columns under another name or all of them."""
        name, new = self._taken(tables[table]), self._new_table()
        if name is None:
            return None
        if self._random.random() < 0.5:
            tables[new] = list(tables[table])
            return Step([f"op.execute('CREATE TABLE {new} AS SELECT * FROM {table}')"])
        other = self._random.choice(COLUMNS)
        tables[new] = ["id", other]
        return Step([f"op.execute('CREATE TABLE {new} AS SELECT id, {name} AS {other} FROM {table}')"])

    def _scratch(self, tables: Tables, table: str) -> Step:
        """A temporary table leaves nothing behind; neither does a function that nobody calls."""
        name = self._new_table()
        sql = f"CREATE TEMPORARY TABLE {name} AS SELECT id, 1 AS metadata FROM {table}"
        never = [f"op.add_column({table!r}, sa.Column('never', sa.Text()))"]
        return Step([f"op.execute({sql!r})", f"op.execute('DROP TABLE {name}')"], ["", "", *_function("_old", never)])


def _function(name: str, body: list[str], parameters: str = "") -> list[str]:
    return [f"def {name}({parameters}):", *textwrap.indent("\n".join(body), "    ").splitlines()]
