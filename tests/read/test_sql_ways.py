"""Columns and SQL that other code of the module gives to the operation: loops, helpers, constants, templates."""

from __future__ import annotations

import pytest

from tests.support.sql_facts import facts, operations

HEAD = "import sqlalchemy as sa\nfrom alembic import op\nfrom sqlalchemy import text\n"
REVISION = HEAD + "revision = 'b'\ndown_revision = 'a'\n"
META = "sa.Column('metadata', sa.JSON)"


def in_upgrade(*lines: str) -> str:
    return "def upgrade():\n" + "".join(f"    {line}\n" for line in lines)


@pytest.mark.parametrize(
    "code",
    [
        f"M = {META}\n" + in_upgrade("op.add_column('t', M)"),
        f"M = {META}\n" + in_upgrade("op.add_column('t', M.copy())"),
        f"import copy\nM = {META}\n" + in_upgrade("op.add_column('t', copy.deepcopy(M))"),
        f"def made():\n    return {META}\n" + in_upgrade("op.add_column('t', made())"),
        in_upgrade("for c in ['metadata']:", "    op.add_column('t', sa.Column(c, sa.JSON))"),
        in_upgrade(f"for c in [{META}]:", "    op.add_column('t', c)"),
        "def add(table, name, kind=sa.JSON):\n    op.add_column(table, sa.Column(name, kind))\n"
        + in_upgrade("add('t', 'metadata')"),
        "def add(table, column):\n    op.add_column(table, column)\n" + in_upgrade(f"add('t', column={META})"),
        "def outer(t):\n    inner(t, 'metadata')\ndef inner(t, n):\n    op.add_column(t, sa.Column(n))\n"
        + in_upgrade("outer('t')"),
        "def add(names):\n    for n in names:\n        op.add_column('t', sa.Column(n))\n"
        + in_upgrade("add(['metadata'])"),
        "def add(t, c):\n    op.execute(f'ALTER TABLE {t} ADD COLUMN {c} int')\n" + in_upgrade("add('t', 'metadata')"),
        in_upgrade("op.execute('ALTER TABLE %s ADD COLUMN %s int' % ('t', 'metadata'))"),
        in_upgrade("op.execute('ALTER TABLE {} ADD COLUMN {c} int'.format('t', c='metadata'))"),
        "ALL = ['ALTER TABLE t ADD COLUMN metadata int', 'SELECT 1']\n" + in_upgrade("op.execute('; '.join(ALL))"),
    ],
)
def test_an_added_column_is_seen_wherever_it_was_made(code: str) -> None:
    assert operations(REVISION + code) == ["add t.metadata"]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (f"op.create_table('t', *[{META}, sa.Column('b')])", "table t(metadata, b)"),
        ("op.create_table('t', *[sa.Column(n) for n in ('metadata', 'b')])", "table t(metadata, b)"),
        ("op.create_table('t', *columns())", "table t(metadata, b)"),
        ("op.create_table('t', *more(3))", "table t(?)"),
        ("op.create_table('t', *[sa.Column(n) for n in NAMES if n])", "table t(?)"),
        ("op.execute('CREATE TABLE t (' + ', '.join(['metadata int', 'b int']) + ')')", "table t(metadata, b)"),
        ("op.execute(f'CREATE TABLE t (metadata int, {f\"b {kind}\"})')", "table t(metadata, b)"),
    ],
)
def test_columns_of_a_created_table(code: str, expected: str) -> None:
    columns = f"def columns():\n    return [{META}, sa.Column('b')]\n"
    assert [o for o in operations(REVISION + columns + in_upgrade(code)) if not o.startswith("unread")] == [expected]


def test_a_function_takes_its_direction_from_its_callers() -> None:
    code = (
        "def _make():\n    op.create_table('t', sa.Column('metadata'))\n"
        "def _take():\n    op.drop_table('t')\n"
        "def _never():\n    op.drop_table('u')\n"
        "def upgrade():\n    _make()\ndef downgrade():\n    _take()\n"
    )
    assert operations(REVISION + code) == ["table t(metadata)", "down: drop t"]


def test_a_function_runs_where_it_is_called() -> None:
    code = (
        "def late():\n    op.drop_column('t', 'metadata')\n"
        "def upgrade():\n    op.create_table('t', sa.Column('metadata'))\n    late()\n"
    )
    dropped, made = facts(REVISION + code)
    assert made.carrier.moment < dropped.carrier.moment


def test_what_a_helper_makes_of_its_arguments_is_not_rewritten() -> None:
    code = (
        "def add(c, t, n):\n    if not has(c, t, n):\n        c.execute(text(f'ALTER TABLE {t} ADD COLUMN {n} int'))\n"
        "add(conn, 't', 'metadata')\n"
    )
    (fact,) = facts(HEAD + code)
    assert operations(HEAD + code) == ["add t.metadata"]
    assert not fact.carrier.rerunnable


def test_a_batch_may_hide_the_name_of_the_operations() -> None:
    code = in_upgrade("with op.batch_alter_table('t') as op:", "    op.add_column(sa.Column('metadata'))")
    assert operations(REVISION + code) == ["add t.metadata"]


@pytest.mark.parametrize(
    "code",
    [
        "t = sa.Table('t', sa.MetaData(), sa.Column('metadata'))\n" + in_upgrade("t.create(op.get_bind())"),
        "def made():\n    return sa.Table('t', sa.MetaData(), sa.Column('metadata'))\n"
        + in_upgrade("table = made()", "table.create(op.get_bind(), checkfirst=True)"),
        "m = sa.MetaData()\nt = sa.Table('t', m, sa.Column('metadata'))\nm.create_all(engine)\n",
    ],
)
def test_a_declared_table_that_the_module_creates(code: str) -> None:
    assert operations(HEAD + code) == ["table t(metadata)"]


@pytest.mark.parametrize(
    "code",
    [
        "t = sa.Table('t', m, sa.Column('metadata'))\n",
        "t = sa.Table('t', m, sa.Column('metadata'))\nother.create_all(engine)\n",
        "t = sa.Table('t', m, sa.Column('metadata'))\nm.create_all(engine, tables=[u])\n",
        "def up(t):\n    t.create(engine)\nsa.Table('t', m, sa.Column('metadata'))\n",
    ],
)
def test_a_declared_table_that_nobody_creates(code: str) -> None:
    assert operations(HEAD + code) == []


@pytest.mark.parametrize(
    ("lines", "conditional"),
    [
        (["if settings.big:", "    op.add_column('t', sa.Column('metadata'))"], True),
        (["if settings.small:", "    return", "op.add_column('t', sa.Column('metadata'))"], True),
        (["if os.environ.get('X') == '1':", "    op.execute('ALTER TABLE t ADD metadata INT')"], True),
        (["if op.get_bind().dialect.name == 'sqlite':", "    op.add_column('t', sa.Column('metadata'))"], False),
        (["if 'metadata' in columns('t'):", "    return", "op.add_column('t', sa.Column('metadata'))"], False),
        (["there = inspect(c).has_table('t')", "if there:", "    op.add_column('t', sa.Column('metadata'))"], False),
    ],
)
def test_a_step_that_a_setting_decides(lines: list[str], conditional: bool) -> None:
    (fact,) = facts(REVISION + in_upgrade(*lines))
    assert fact.carrier.conditional == conditional


@pytest.mark.parametrize(
    "code",
    [
        "Q = {'add': 'ALTER TABLE t ADD metadata INT', 'x': 'DROP TABLE t'}\nc.execute(Q['add'])\n",
        "Q = ['ALTER TABLE t ADD metadata INT', 'DROP TABLE t']\nc.execute(Q[0])\n",
        "class Q:\n    ALL = {'add': 'ALTER TABLE t ADD metadata INT'}\nc.execute(Q.ALL['add'])\n",
        "def q():\n    return 'ALTER TABLE t ADD metadata INT'\nc.execute(q())\n",
        "def q(table, name='x'):\n    return f'ALTER TABLE {table} ADD {name} INT'\n"
        "c.execute(q('t', name='metadata'))\n",
        "c.execute(sql.SQL('ALTER TABLE {} ADD metadata INT').format(sql.Identifier('t')))\n",
    ],
)
def test_a_statement_that_stands_elsewhere(code: str) -> None:
    assert operations(HEAD + code) == ["add t.metadata"]


def test_rows_of_a_bulk_insert_name_columns() -> None:
    table = "t = sa.table('t', sa.column('id'), sa.column('metadata'))\n"
    found = facts(REVISION + table + in_upgrade("op.bulk_insert(t, [{'id': 1, 'metadata': 'x'}])"))
    assert [type(f).__name__ for f in found] == ["ColumnReference", "ColumnReference"]
