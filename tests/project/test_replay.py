"""What is left of a column after all DDL ran."""

from __future__ import annotations

from itertools import count

import pytest
from msgspec.structs import replace

from sqla_guard.core.source import Span
from sqla_guard.facts.operations import (
    AddColumn,
    Carrier,
    CreateTable,
    DropColumn,
    DropTable,
    Guard,
    Identifier,
    Operation,
    RenameColumn,
    RenameTable,
    TableName,
    UnreadSql,
)
from sqla_guard.project.replay import Absent, Definition, Known, Schema, Unknown, replay
from sqla_guard.project.sql_history import apply_order, numbered

T = TableName("events")


class Script:
    """Makes operations one behind the other."""

    def __init__(self, path: str = "migrate.py") -> None:
        self.path = path
        self._at = count(0, 100)

    def carrier(self, guarded: bool = False, down: bool = False) -> Carrier:
        at = next(self._at)
        kind = "sql-file" if self.path.endswith(".sql") else "python-sql"
        return Carrier(
            self.path,
            kind,  # type: ignore[arg-type]
            Span(at, at + 50),
            "down" if down else "up",
            guarded,
            Guard(Span(at, at + 60)) if guarded else None,
        )

    def create(self, *columns: str, table: TableName = T, guarded: bool = True, partial: bool = False) -> CreateTable:
        names = tuple(Identifier(c, Span(0, len(c))) for c in columns)
        return CreateTable(table, names, self.carrier(guarded), partial)

    def add(self, column: str, guarded: bool = True, down: bool = False) -> AddColumn:
        return AddColumn(T, Identifier(column, None), self.carrier(guarded, down))

    def rename(self, old: str, new: str, guarded: bool = True) -> RenameColumn:
        names = Identifier(old, None), Identifier(new, None)
        return RenameColumn(T, *names, self.carrier(guarded))

    def drop(self, column: str, down: bool = False) -> DropColumn:
        return DropColumn(T, Identifier(column, None), self.carrier(down=down))

    def unread(self) -> UnreadSql:
        return UnreadSql("a name comes from a variable", self.carrier())


def defined_by(schema: Schema, column: str, table: TableName = T) -> list[Operation]:
    answer = schema.column(table, column)
    assert isinstance(answer, Known), answer
    return [d.operation for d in answer.definitions]


def test_created_and_added_columns_are_known_by_their_operation() -> None:
    s = Script()
    create, add = s.create("id", "metadata"), s.add("registry")
    schema = replay([add, create])  # in whatever order they come
    assert defined_by(schema, "metadata") == [create]
    assert defined_by(schema, "registry") == [add]
    assert schema.columns(T) == ("id", "metadata", "registry")
    assert schema.column(T, "query") == Absent("table events has no such column")


def test_what_a_later_step_takes_away_is_absent() -> None:
    s = Script()
    schema = replay([s.create("metadata", "registry"), s.rename("metadata", "m"), s.drop("registry")])
    assert schema.column(T, "metadata") == Absent("renamed to m in migrate.py")
    assert schema.column(T, "registry") == Absent("dropped in migrate.py")


def test_down_operations_do_not_run() -> None:
    s = Script()
    create = s.create("metadata")
    assert defined_by(replay([create, s.drop("metadata", down=True)]), "metadata") == [create]
    u = Script("sql/U2__x.sql")
    assert defined_by(replay([create, u.drop("metadata")]), "metadata") == [create]


def test_a_table_made_with_the_new_name_and_a_guarded_rename_agree() -> None:
    s = Script()
    create, rename = s.create("id", "event_metadata"), s.rename("metadata", "event_metadata")
    schema = replay([create, rename])
    assert defined_by(schema, "event_metadata") == [create, rename]
    assert schema.column(T, "metadata") == Absent("renamed to event_metadata in migrate.py")


def test_renames_back_and_forth() -> None:
    s = Script()
    back = s.create("metadata"), s.rename("metadata", "m"), s.rename("m", "metadata")
    schema = replay(back)
    assert defined_by(schema, "metadata") == [back[2]]
    assert isinstance(schema.column(T, "m"), Absent)


def test_guarded_repeats_are_merged() -> None:
    s = Script()
    first, second = s.create("id", "metadata"), s.create("id", "metadata", "extra")
    schema = replay([first, second])
    assert defined_by(schema, "metadata") == [first, second]
    assert defined_by(schema, "extra") == [second]


def test_a_guarded_repeat_brings_nothing_back() -> None:
    s = Script()
    schema = replay([s.create("metadata"), s.rename("metadata", "m"), s.create("metadata")])
    assert isinstance(schema.column(T, "metadata"), Absent)


def test_a_column_added_again_is_there() -> None:
    s = Script()
    again = s.create("metadata"), s.drop("metadata"), s.add("metadata")
    assert defined_by(replay(again), "metadata") == [again[2]]


def test_tables_come_and_go() -> None:
    s = Script()
    other = TableName("events_new")
    create = s.create("metadata", table=other)
    swapped: list[Operation] = [
        s.create("meta"),
        create,
        DropTable(T, s.carrier()),
        RenameTable(other, T, s.carrier()),
    ]
    schema = replay(swapped)
    assert defined_by(schema, "metadata") == [create]
    assert schema.tables == (T,)
    assert schema.column(other, "metadata") == Absent("table renamed to events in migrate.py")
    gone = replay([*swapped, DropTable(T, s.carrier())])
    assert gone.column(T, "metadata") == Absent("table dropped in migrate.py")


def test_what_is_not_in_sight_is_unknown() -> None:
    s = Script()
    assert isinstance(replay([]).column(T, "metadata"), Unknown)
    assert isinstance(replay([s.add("x")]).column(T, "metadata"), Unknown)
    assert isinstance(replay([s.create("x", partial=True)]).column(T, "metadata"), Unknown)
    assert isinstance(replay([s.create("x"), s.unread()]).column(T, "metadata"), Unknown)


def test_unread_sql_is_a_doubt_about_what_stands_before_it() -> None:
    s = Script()
    early, create, late = s.unread(), s.create("metadata"), s.unread()
    answer = replay([early, create, late]).column(T, "metadata")
    assert isinstance(answer, Known)
    assert answer.doubts == (late,)


def test_unread_sql_of_another_table_is_no_doubt() -> None:
    s = Script()
    create = s.create("metadata")
    elsewhere = UnreadSql("a name comes from a variable", s.carrier(), (TableName("other"),))
    schema = replay([create, elsewhere])
    assert schema.column(T, "metadata") == Known((Definition(create.columns[0], create),))
    assert isinstance(schema.column(T, "query"), Absent)


@pytest.mark.parametrize(
    ("made", "asked", "same"),
    [
        (None, "public", True),
        ("dbo", None, True),
        ("main", None, True),
        ("audit", None, False),
        (None, "audit", False),
        ("audit", "audit", True),
    ],
)
def test_schemas_keep_tables_apart(made: str | None, asked: str | None, same: bool) -> None:
    schema = replay([Script().create("metadata", table=TableName("events", made))])
    found = schema.column(TableName("events", asked), "metadata")
    assert isinstance(found, Known) == same


def test_numbered_files_run_by_number_and_scripts_last() -> None:
    paths = [
        "migrate.py",
        "sql/R__views.sql",
        "sql/V10__b.sql",
        "sql/V9__a.sql",
        "sql/V9.1__a.sql",
        "sql/schema.sql",
        "alembic/versions/b.py",
        "alembic/versions/a.py",
    ]
    assert apply_order(paths, ["alembic/versions/b.py", "alembic/versions/a.py"]) == (
        "sql/schema.sql",
        "sql/V9__a.sql",
        "sql/V9.1__a.sql",
        "sql/V10__b.sql",
        "sql/R__views.sql",
        "alembic/versions/b.py",
        "alembic/versions/a.py",
        "migrate.py",
    )


def test_files_replay_in_their_order() -> None:
    late, early = Script("db/10_rename.sql"), Script("db/9_events.sql")
    schema = replay([late.rename("metadata", "m", False), early.create("metadata", guarded=False)])
    assert isinstance(schema.column(T, "metadata"), Absent)


@pytest.mark.parametrize(
    ("name", "number", "down"),
    [
        ("V1.2__a_b.sql", "1.2", False),
        ("U3__a.sql", "3", True),
        ("000012_x.up.sql", "000012", False),
        ("000012_x.down.sql", "000012", True),
        ("0003-x.rollback.sql", "0003", True),
        ("20240131120000_x.sql", "20240131120000", False),
        ("m0003_x.sql", "0003", False),
        ("7.sql", "7", False),
    ],
)
def test_file_names(name: str, number: str, down: bool) -> None:
    file = numbered(f"migrations/{name}")
    assert file is not None
    assert (file.number, file.down) == (number, down)


@pytest.mark.parametrize("name", ["schema.sql", "R__views.sql", "database_indexes.sql"])
def test_names_without_a_number(name: str) -> None:
    assert numbered(name) is None


def test_what_a_setting_decides_is_unknown() -> None:
    s = Script()
    create, drop, more = s.create("id", "metadata"), s.drop("metadata"), s.add("registry")
    unsure = [replace(f, carrier=replace(f.carrier, conditional=True)) for f in (drop, more)]
    schema = replay([create, *unsure])
    assert isinstance(schema.column(T, "metadata"), Unknown)
    assert isinstance(schema.column(T, "registry"), Unknown)
    assert isinstance(schema.column(T, "id"), Known)
    whole = replay([replace(create, carrier=replace(create.carrier, conditional=True))])
    assert isinstance(whole.column(T, "id"), Unknown)
    assert whole.tables == ()


def test_what_core_declares_counts_where_nothing_else_makes_the_table() -> None:
    s = Script()
    core = s.create("id", "metadata")
    core = replace(core, carrier=replace(core.carrier, kind="core"))
    assert isinstance(replay([core]).column(T, "metadata"), Known)
    assert isinstance(replay([s.create("id"), core]).column(T, "metadata"), Absent)
