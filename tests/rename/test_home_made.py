"""The rename in a home-made script, run on real SQLite files."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from types import ModuleType

import pytest
from msgspec.structs import replace

from sqla_guard.core.fix import Edit
from sqla_guard.core.source import SourceFile, Span
from sqla_guard.facts.operations import (
    AddColumn,
    Carrier,
    ColumnReference,
    CreateTable,
    Guard,
    Identifier,
    TableName,
)
from sqla_guard.facts.script import NoManner
from sqla_guard.project.replay import Definition, Known, replay
from sqla_guard.read.python.script import read_manner
from sqla_guard.rename.home_made import rename_in_script
from sqla_guard.rename.outcome import Change, ColumnRename, Outcome, Refusal
from tests.rename.by_hand import operations

FIXTURES = Path(__file__).parents[2] / "fixtures"
SCRIPTS = sorted((FIXTURES / "migrations" / "scripts").glob("*.py"))
SCANS = ColumnRename(TableName("scans"), "metadata", "scan_metadata")


def outcome(source: SourceFile, wish: ColumnRename = SCANS, references: list[ColumnReference] | None = None) -> Outcome:
    found = operations(source)
    answer = replay(found).column(wish.table, wish.old)
    assert isinstance(answer, Known)
    places: list[Definition] = list(answer.definitions)
    manners = [(d, read_manner(source, d.operation, found)) for d in places]
    return rename_in_script(source, wish, manners, references or ())


def rewritten(source: SourceFile, wish: ColumnRename = SCANS) -> str:
    change = outcome(source, wish)
    assert isinstance(change, Change), change
    assert change.imports == ()
    return applied(source.text, change.edits)


def applied(text: str, edits: tuple[Edit, ...]) -> str:
    for edit in sorted(edits, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def script(text: str) -> SourceFile:
    return SourceFile("migrate.py", text)


def added_lines(before: str, after: str) -> str:
    lines = set(before.splitlines())
    return "\n".join(line for line in after.splitlines() if line not in lines)


# -- on real databases


def run(text: str, database: Path) -> None:
    module = ModuleType("migration")
    exec(compile(text, "migration.py", "exec"), module.__dict__)
    module.__dict__["migrate"](f"sqlite:///{database}")


def shape(database: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(database) as connection:
        found = connection.execute("SELECT name, type FROM pragma_table_info('scans')").fetchall()
    connection.close()
    return sorted(found)


def rows(database: Path, sql: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(database)
    found = connection.execute(sql).fetchall()
    connection.commit()
    connection.close()
    return found


@pytest.fixture(params=SCRIPTS, ids=[p.stem for p in SCRIPTS])
def source(request: pytest.FixtureRequest) -> SourceFile:
    return SourceFile(request.param.name, request.param.read_text())


def test_old_and_new_databases_end_alike(source: SourceFile, tmp_path: Path) -> None:
    after = rewritten(source)
    old, new = tmp_path / "old.db", tmp_path / "new.db"
    run(source.text, old)
    rows(old, "INSERT INTO scans (metadata, place) VALUES ('{\"a\": 1}', 'Linz'), (NULL, 'Graz')")
    for database in (old, new):
        run(after, database)
        run(after, database)
    assert shape(old) == shape(new)
    assert "scan_metadata" in [name for name, _ in shape(new)]
    assert "metadata" not in [name for name, _ in shape(new)]
    kept = rows(old, "SELECT scan_metadata, place FROM scans ORDER BY id")
    assert kept == [('{"a": 1}', "Linz"), (None, "Graz")]


def test_a_database_with_both_columns_loses_nothing_and_is_named(
    source: SourceFile, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    database = tmp_path / "both.db"
    run(source.text, database)
    rows(database, "ALTER TABLE scans ADD COLUMN scan_metadata TEXT")
    rows(database, "INSERT INTO scans (metadata, scan_metadata) VALUES ('old', 'new')")
    for _ in range(2):
        capsys.readouterr()
        caplog.clear()
        run(rewritten(source), database)
        told = [*capsys.readouterr().out.splitlines(), *(r.message for r in caplog.records if r.levelname == "WARNING")]
        assert told == ["scans has both metadata and scan_metadata: nothing was renamed"]
        assert rows(database, "SELECT metadata, scan_metadata FROM scans") == [("old", "new")]


# -- in the script's own manner


def fixture(name: str) -> SourceFile:
    return SourceFile(name, (FIXTURES / "migrations" / "scripts" / f"{name}.py").read_text())


def test_numbered_steps_keep_number_and_label() -> None:
    source = fixture("numbered_steps")
    assert added_lines(source.text, rewritten(source)) == (
        """\
                    scan_metadata TEXT,
        # 002: rename scans.metadata to scan_metadata (SQLAlchemy reserves the old name)
        if (
            has_table(session, "scans")
            and has_column(session, "scans", "metadata")
            and not has_column(session, "scans", "scan_metadata")
        ):
            session.execute(text("ALTER TABLE scans RENAME COLUMN metadata TO scan_metadata"))
            applied.append("002_rename_scans_metadata")
        elif has_table(session, "scans") and has_column(session, "scans", "metadata"):
            print("scans has both metadata and scan_metadata: nothing was renamed")"""
    )


def test_without_a_guard_the_step_follows_the_statement() -> None:
    source = fixture("cursor_if_not_exists")
    assert """\
    )''')

    # Rename scans.metadata to scan_metadata (SQLAlchemy reserves the old name)
    if (
        not column_is_missing(cursor, 'scans', 'metadata')
        and column_is_missing(cursor, 'scans', 'scan_metadata')
    ):
        cursor.execute('ALTER TABLE scans RENAME COLUMN metadata TO scan_metadata')
    elif not column_is_missing(cursor, 'scans', 'metadata'):
        print('scans has both metadata and scan_metadata: nothing was renamed')

    cursor.execute("CREATE INDEX""" in rewritten(source)
    assert '"scan_metadata" TEXT' in rewritten(source)


def test_tabs_transactions_and_excepts_are_repeated() -> None:
    source = fixture("engine_and_try")
    assert added_lines(source.text, rewritten(source)) == (
        """\
					scan_metadata TEXT,
	# Step 7 - rename scans.metadata to scan_metadata (SQLAlchemy reserves the old name)
	scans_columns = [column['name'] for column in sa.inspect(engine).get_columns('scans')]
	if 'metadata' in scans_columns and 'scan_metadata' not in scans_columns:
				conn.execute(sa.text('ALTER TABLE scans RENAME COLUMN metadata TO scan_metadata'))
			done.append('rename-scans-metadata')
			log.info("Step 7: rename-scans-metadata")
	elif 'metadata' in scans_columns:
		log.warning('scans has both metadata and scan_metadata: nothing was renamed')"""
    )
    assert rewritten(source).count('log.exception("Step 7 failed")\n\t\t\traise') == 2


def test_before_an_added_column_the_step_runs_first() -> None:
    source = fixture("column_came_later")
    after = rewritten(source)
    assert after.index("RENAME COLUMN metadata") < after.index("ADD COLUMN scan_metadata")
    assert 'and not column_exists(conn, "scans", "scan_metadata"):\n        run(conn, "ALTER' in after


def test_made_and_added_needs_one_step() -> None:
    after = rewritten(fixture("made_and_added"))
    assert after.count("RENAME COLUMN") == 1
    assert after.index("RENAME COLUMN") < after.index("ADD COLUMN")


def test_the_sample() -> None:
    path = FIXTURES / "projects" / "security_desk" / "desk" / "migrate.py"
    wish = ColumnRename(TableName("security_events"), "metadata", "event_metadata")
    source = SourceFile("desk/migrate.py", path.read_text())
    after = rewritten(source, wish)
    assert 'applied.append("023_rename_security_events_metadata")' in after
    renamed = after.index("RENAME COLUMN metadata TO event_metadata")
    assert after.index('applied.append("023_security_events")') < renamed
    assert renamed < after.index("# 024")


def test_windows_line_ends_stay() -> None:
    source = fixture("numbered_steps")
    dos = SourceFile(source.path, source.text.replace("\n", "\r\n"))
    after = rewritten(dos)
    assert after.count("\n") == after.count("\r\n")
    assert after.replace("\r\n", "\n") == rewritten(source)


GUARDED = """\
from sqlalchemy import text

def table_exists(db, name): ...
def column_exists(db, table_name, column_name): ...

def migrate(db):
    if not table_exists(db, "scans"):
        {run}
"""
CREATE = '"""CREATE TABLE scans (\n  id INTEGER,\n  metadata TEXT\n)"""'


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ("db.session.execute(text({}))", "db.session.execute(text({}))"),
        ("result = db.session.execute({}).rowcount", "db.session.execute({}).rowcount"),
        ("db.execute(text({}), {{}})", "db.execute(text({}), {{}})"),
        ("db.execute(dedent({}).strip())", "db.execute({})"),
        ("db.execute(text({} % ()), bind=db)", "db.execute(text({}), bind=db)"),
        ("sql = {}\n        db.run(sql)", "db.run({})"),
    ],
)
def test_how_the_sql_runs(run: str, expected: str) -> None:
    text = GUARDED.replace("{run}", run.replace("{{}}", "PARAMS").replace("{}", CREATE))
    after = rewritten(script(text.replace("PARAMS", "{}")))
    renames = '"ALTER TABLE scans RENAME COLUMN metadata TO scan_metadata"'
    shown = expected.replace("{{}}", "PARAMS").replace("{}", renames).replace("PARAMS", "{}")
    assert f"        {shown}\n" in after + "\n"
    assert 'if column_exists(db, "scans", "metadata") and not column_exists' in after


@pytest.mark.parametrize(
    ("head", "inside", "expected"),
    [
        ("", "pass", "print"),
        ("log = logging.getLogger(__name__)", "pass", "log.warning"),
        ("import logging", "pass", "print"),
        ("import logging", "logging.info('up to date')", "logging.warning"),
        ("from loguru import logger", "pass", "logger.warning"),
        ("from app import log", "log.info('up to date')", "log.info"),
        ("from app import log", "log.info('up'), log.warn('to date')", "log.warn"),
        ("from app import app", "app.logger.error('up to date')", "app.logger.error"),
        ("from app import app", "app.dialog.error('up to date')", "print"),
        ("log = logging.getLogger(__name__)", "print('up to date')", "print"),
        ("def other(log): log.info('up to date')", "pass", "print"),
        ("", "log = make_log(); log.info('up to date')", "print"),
        ("", "db.log.info('up to date')", "db.log.info"),
    ],
)
def test_the_warning_is_given_in_the_scripts_own_way(head: str, inside: str, expected: str) -> None:
    text = GUARDED.replace("{run}", f"db.execute({CREATE})\n    {inside}")
    after = rewritten(script(f"{head}\n{text}"))
    assert f'\n        {expected}("scans has both metadata and scan_metadata: nothing was renamed")\n' in after


def test_a_logger_that_is_made_behind_the_step_does_not_speak() -> None:
    start = "import logging\nfrom app import session\nfrom sqlalchemy import inspect, text\n\n"
    step = f"if True:\n    session.execute(text({CREATE}))\n\n"
    made = "log = logging.getLogger()\n\n"
    assert "    log.warning(" in rewritten(script(start + made + step))
    assert "    print(" in rewritten(script(start + step + made))


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        ("run_step(db, 7, {})", "further values"),
        ("db.execute(text({}), {'owner': 'app'})", "further values"),
        ("STEPS.extend([{}])", "not given directly"),
        ("statement = {}", "used elsewhere"),
        ("return db.execute({})", "statement of its own"),
    ],
)
def test_what_cannot_be_repeated_is_refused(run: str, reason: str) -> None:
    text = GUARDED.replace("{run}", run.replace("{}", CREATE))
    refused = outcome(script(text))
    assert isinstance(refused, Refusal)
    assert reason in refused.reason


def test_a_script_that_cannot_ask_is_refused() -> None:
    text = f"def migrate(cur):\n    cur.execute({CREATE})\n"
    refused = outcome(script(text))
    assert isinstance(refused, Refusal)
    assert "no way to ask" in refused.reason


def test_sqlalchemy_is_imported_where_it_must_be_asked() -> None:
    text = f"from app import session\n\nif True:\n    session.execute({CREATE})\n"
    change = outcome(script(text))
    assert isinstance(change, Change)
    assert [need.module for need in change.imports] == ["sqlalchemy"]
    assert "sqlalchemy.inspect(session.connection()).get_columns(" in change.edits[-1].text


def test_a_coroutine_awaits_its_checks() -> None:
    text = f"""\
from checks import column_exists, table_exists

async def migrate(conn):
    if not await column_exists(conn, "other", "x"):
        await conn.execute("ALTER TABLE other ADD COLUMN x TEXT")

    if not await table_exists(conn, "scans"):
        await conn.execute({CREATE})
"""
    after = rewritten(script(text))
    assert 'and not await column_exists(conn, "scans", "scan_metadata"' in after
    assert "        await conn.execute(" in added_lines(text, after)


def test_the_step_stands_outside_of_every_check_for_the_table() -> None:
    text = f"""\
def has_col(conn, table, col): ...

def migrate(conn, postgres):
    if not table_exists(conn, "scans"):
        if postgres:
            conn.execute({CREATE})
        else:
            conn.execute({CREATE})
"""
    after = rewritten(script(text))
    assert after.count("RENAME COLUMN") == 1
    assert after.count("  scan_metadata TEXT") == 2
    assert "\n    if has_col(" in after


EARLY = f"""\
def column_exists(conn, table, column):
    return column in names(inspect(conn).get_columns(table))

def table_exists(conn, table): ...

def scans(conn):
    # 4: scans
    if table_exists(conn, "scans"):
        return
    with savepoint(conn) as inner:
        inner.execute({CREATE})
    conn.commit()
"""


def test_an_early_return_would_skip_the_rename() -> None:
    source = script(EARLY)
    (create,) = operations(source)
    assert isinstance(create, CreateTable)
    start, end = EARLY.index("if table"), EARLY.rindex("return") + len("return")
    guard = Guard(Span(start, end), around=False)
    create = replace(create, carrier=replace(create.carrier, guard=guard))
    definition = Definition(create.columns[1], create)
    manner = read_manner(source, create, [create])
    change = rename_in_script(source, SCANS, [(definition, manner)])
    assert isinstance(change, Change), change
    assert """\
def scans(conn):
    # 4: rename scans.metadata to scan_metadata (SQLAlchemy reserves the old name)
    if (
        table_exists(conn, "scans")
        and column_exists(conn, "scans", "metadata")
        and not column_exists(conn, "scans", "scan_metadata")
    ):
        with savepoint(conn) as inner:
            inner.execute("ALTER TABLE scans RENAME COLUMN metadata TO scan_metadata")
        conn.commit()
    elif table_exists(conn, "scans") and column_exists(conn, "scans", "metadata"):
        print("scans has both metadata and scan_metadata: nothing was renamed")

    # 4: scans
    if table_exists(conn, "scans"):
        return
""" in applied(source.text, change.edits)


def test_a_remembered_answer_is_asked_for_again() -> None:
    text = """\
def column_exists(conn, table, column): ...

def migrate(conn):
    known = column_exists(conn, "scans", "metadata")
    if not known:
        conn.execute("ALTER TABLE scans ADD COLUMN metadata TEXT")
"""
    source = script(text)
    (add,) = operations(source)
    assert isinstance(add, AddColumn)
    asked = text.index('metadata")')
    name = Identifier("metadata", Span(asked, asked + 8))
    start = text.index("if not known")
    guard = Guard(Span(start, len(text) - 1), column=name)
    add = replace(add, carrier=replace(add.carrier, guard=guard))
    manner = read_manner(source, add, [add])
    change = rename_in_script(source, SCANS, [(Definition(add.column, add), manner)])
    assert isinstance(change, Change), change
    after = applied(text, change.edits)
    assert after.index("RENAME COLUMN") < after.index("known = ")
    assert 'known = column_exists(conn, "scans", "scan_metadata")' in after


def test_a_check_for_a_sister_table_is_left_too() -> None:
    text = f"""\
def has_col(conn, table, col): ...

def migrate(conn, postgres):
    if postgres:
        if not table_exists(conn, "projects"):
            conn.execute("CREATE TABLE projects (id INTEGER)")
            conn.execute({CREATE})
            applied.append("7_projects")
"""
    after = rewritten(script(text))
    assert '\n        if has_col(conn, "scans", "metadata") and not has_col(' in after
    assert '            applied.append("7_rename_scans_metadata")\n        elif has_col(' in after


def test_an_except_clause_is_no_place_for_a_rename() -> None:
    text = f"""\
def has_col(conn, table, col): ...

def migrate(conn):
    try:
        conn.execute("SELECT 1 FROM scans")
    except Exception:
        conn.execute({CREATE})
"""
    assert "\n    if has_col(" in rewritten(script(text))


def test_a_label_that_is_taken_names_the_new_column_too() -> None:
    source = fixture("numbered_steps")
    text = source.text.replace("003_scans_clerk", "002_rename_scans_metadata")
    assert '"002_rename_scans_metadata_to_scan_metadata"' in rewritten(script(text))


@pytest.mark.parametrize("place", ["before", "inside", "after"])
def test_sql_must_not_use_the_new_name_before_the_rename(place: str) -> None:
    index = 'conn.execute("CREATE INDEX IF NOT EXISTS i ON scans (metadata)")'
    text = f"""\
def has_col(conn, table, col): ...

def migrate(conn):
    {index if place == "before" else ""}
    if not table_exists(conn, "scans"):
        conn.execute({CREATE})
        {index if place == "inside" else ""}
    {index if place == "after" else ""}
"""
    at = text.index("CREATE INDEX")
    carrier = Carrier("migrate.py", "python-sql", Span(at, at + 10))
    reference = ColumnReference(SCANS.table, Identifier("metadata", None), "plain", carrier)
    answer = outcome(script(text), references=[reference])
    assert isinstance(answer, Refusal) == (place == "before")


def test_a_script_that_does_not_parse_has_no_manner() -> None:
    source = script(f"if x:\nexecute({CREATE})\n")
    found = operations(source)
    assert isinstance(read_manner(source, found[0], found), NoManner)  # type: ignore[arg-type]
