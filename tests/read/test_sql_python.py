"""SQL strings, guards and Alembic operations in Python, and ``.sql`` files."""

from __future__ import annotations

import subprocess
import sys

import pytest

from sqla_guard.core.source import SourceFile
from sqla_guard.facts.operations import (
    AddColumn,
    ColumnReference,
    CreateTable,
    DropColumn,
    DropTable,
    RenameColumn,
    RenameTable,
    SqlFact,
    UnreadSql,
)
from sqla_guard.read.python.spoken import may_speak_sql
from sqla_guard.read.sql_facts import read_sql_facts
from sqla_guard.read.sql_marker import may_hold_sql

WANTED = frozenset(("metadata", "registry"))
HEAD = "import sqlalchemy as sa\nfrom alembic import op\nfrom sqlalchemy import text\n"


def facts(code: str, path: str = "m.py") -> tuple[SqlFact, ...]:
    source = SourceFile(path, code)
    assert may_hold_sql(code.encode(), WANTED, path.endswith(".sql"))
    assert path.endswith(".sql") or may_speak_sql(source, WANTED)
    return read_sql_facts(source, WANTED)


def only(code: str) -> SqlFact:
    (fact,) = facts(HEAD + code)
    return fact


@pytest.mark.parametrize(
    ("code", "written"),
    [
        ("conn.execute(text('CREATE TABLE t (metadata int)'))", "metadata"),
        ("conn.execute(sa.text(f'CREATE TABLE t (id {pk}, meta\\x64ata int)'))", "meta\\x64ata"),
        ("conn.exec_driver_sql('''\n CREATE TABLE t (\n  metadata int)''')", "metadata"),
        ("op.execute('CREATE TABLE t (' 'metadata int)')", "metadata"),
        ("SQL = 'CREATE TABLE t (metadata int)'\ndef f(c):\n    c.execute(SQL)", "metadata"),
        ("ALL = ['CREATE TABLE t (metadata int)']\nfor s in ALL:\n    c.execute(s)", "metadata"),
        ("def run(sql):\n    c.execute(text(sql))\nrun('CREATE TABLE t (metadata int)')", "metadata"),
        (
            "class M:\n    Q = 'CREATE TABLE t (metadata int)'\n    def f(self, c):\n        c.execute(self.Q)",
            "metadata",
        ),
        ("event.listen(t, 'after_create', sa.DDL('CREATE TABLE t (metadata int)'))", "metadata"),
        ("c.executescript(textwrap.dedent('''\n   CREATE TABLE t (metadata int)\n   '''))", "metadata"),
        ("c.execute('CREATE TABLE t (' + COLS + ', metadata int)')", "metadata"),
    ],
)
def test_strings_that_reach_a_database(code: str, written: str) -> None:
    fact = only(code)
    assert isinstance(fact, CreateTable)
    column = fact.columns[-1]
    assert (fact.table.name, column.name) == ("t", "metadata")
    assert column.span is not None
    assert (HEAD + code)[column.span.start : column.span.end] == written
    assert not fact.carrier.rerunnable


@pytest.mark.parametrize(
    "code",
    [
        "def f():\n    '''CREATE TABLE t (metadata int)'''\n    c.execute('SELECT 1')",
        "# CREATE TABLE t (metadata int)\nc.execute('SELECT 1')",
        "log.info('CREATE TABLE t (metadata int)')\nc.execute('SELECT 1')",
        "PROMPT = 'CREATE TABLE t (metadata int)'\nc.execute('SELECT 1')",
        "c.execute(insert(t), {'metadata': 1})",
        "c.execute(text('SELECT x FROM t WHERE a = :metadata'))",
        "q.order_by(text('x = :metadata'))",
    ],
)
def test_other_strings_stay_quiet(code: str) -> None:
    assert facts(HEAD + code) == ()


CREATE = "c.execute(text('CREATE TABLE t (metadata int)'))"
ADD = "c.execute(text('ALTER TABLE t ADD COLUMN metadata int'))"


@pytest.mark.parametrize(
    ("code", "guarded", "rerunnable"),
    [
        (f"if not table_exists('t'):\n    {CREATE}", True, True),
        (f"if not has(c, 't') and ok:\n    try:\n        {CREATE}\n    except E: pass", True, True),
        (f"if 't' not in tables:\n    {CREATE}", True, True),
        (f"there = inspect(e).has_table('t')\nif not there:\n    {CREATE}", True, True),
        (f"if has('t'):\n    pass\nelse:\n    {CREATE}", True, True),
        (f"def f():\n    if has('t'):\n        return\n    {CREATE}", True, True),
        (f"if has('t') is None:\n    {CREATE}", True, True),
        (f"if not table_exists('other'):\n    {CREATE}", False, False),
        (f"if table_exists('t'):\n    {CREATE}", False, False),
        (CREATE.replace("TABLE t", "TABLE IF NOT EXISTS t"), False, True),
        (f"if not column_exists('t', 'metadata'):\n    {ADD}", True, True),
        (f"if not table_exists('t'):\n    {ADD}", False, False),
        (f"if 'metadata' not in [c['name'] for c in i.get_columns('t')]:\n    {ADD}", True, True),
    ],
)
def test_guards(code: str, guarded: bool, rerunnable: bool) -> None:
    fact = only(code)
    guard = fact.carrier.guard
    assert (guard is not None, fact.carrier.rerunnable) == (guarded, rerunnable)
    if guard is None:
        return
    assert guard.around == ("return" not in code)
    assert (HEAD + code)[guard.statement.start :].startswith("if ")
    if isinstance(fact, AddColumn):
        assert guard.column is not None
        assert guard.column.span is not None
        assert (HEAD + code)[guard.column.span.start : guard.column.span.end] == "metadata"


def test_a_loop_over_rows_is_read_row_by_row() -> None:
    code = (
        "for t, c in [('a', 'metadata'), ('b', 'x')]:\n"
        "    if not has(t, c):\n        k.execute(text(f'ALTER TABLE {t} ADD COLUMN {c} int'))"
    )
    first, second = facts(HEAD + code)
    assert isinstance(first, AddColumn)
    assert isinstance(second, AddColumn)
    assert (first.table.name, first.column.name, second.table.name) == ("a", "metadata", "b")
    assert first.carrier.guard is not None
    assert first.carrier.guard.column == first.column


ALEMBIC = """
def upgrade():
    op.create_table("t", sa.Column("id", sa.Integer), sa.Column("metadata", sa.JSON), sa.UniqueConstraint("metadata"))
    with op.batch_alter_table("t", schema=None) as batch:
        batch.alter_column("metadata", new_column_name="meta")
        batch.add_column(sa.Column("registry", sa.JSON))
    op.create_index("ix", "t", ["registry"])
    op.execute("ALTER TABLE t DROP COLUMN registry")
    op.add_column(name, sa.Column("metadata", sa.JSON))


def downgrade():
    op.rename_table("t", "u")
    op.drop_column("u", "metadata")
    op.drop_table("u")
"""


def test_alembic() -> None:
    found = [(type(f), f.carrier.kind, f.carrier.direction) for f in facts(HEAD + ALEMBIC)]
    assert found == [
        (CreateTable, "alembic", "up"),
        (ColumnReference, "alembic", "up"),
        (RenameColumn, "alembic", "up"),
        (AddColumn, "alembic", "up"),
        (ColumnReference, "alembic", "up"),
        (DropColumn, "python-sql", "up"),
        (UnreadSql, "alembic", "up"),
        (RenameTable, "alembic", "down"),
        (DropColumn, "alembic", "down"),
        (DropTable, "alembic", "down"),
    ]


@pytest.mark.parametrize(
    "imported", ["from alembic import op as o", "import alembic.op as o", "import alembic as al; o = 1"]
)
def test_alembic_under_another_name(imported: str) -> None:
    call = "al.op" if "al;" in imported else "o"
    (fact,) = facts(f"{imported}\nfrom sqlalchemy import Column as C\n{call}.drop_column('t', 'metadata')\n")
    assert isinstance(fact, DropColumn)


def test_sql_file_sections() -> None:
    text = "-- +goose Up\nCREATE TABLE IF NOT EXISTS t (metadata int);\n-- +goose Down\nDROP TABLE t;\n"
    made, dropped = facts(text, "db/0012_x.sql")
    assert (made.carrier.direction, made.carrier.rerunnable) == ("up", False)
    assert (dropped.carrier.direction, dropped.carrier.path) == ("down", "db/0012_x.sql")


@pytest.mark.parametrize(
    ("name", "rerunnable"), [("schema.sql", True), ("V12__x.sql", False), ("R__x.sql", True), ("20240101_x.sql", False)]
)
def test_sql_file_history(name: str, rerunnable: bool) -> None:
    (fact,) = facts("CREATE TABLE IF NOT EXISTS t (metadata int);", name)
    assert fact.carrier.rerunnable == rerunnable


@pytest.mark.parametrize("data", [b"x = 1\n", b"metadata = 1\n", b"class A:\n    metadata = {}\n"])
def test_the_prefilter_passes_over_plain_python(data: bytes) -> None:
    assert not may_hold_sql(data, WANTED)


@pytest.mark.parametrize(
    "code", ["op.execute('CREATE TABLE t (me' 'tadata int)')", "c.execute('SELECT meta\\x64ata FROM t')"]
)
def test_the_prefilter_keeps_names_in_pieces(code: str) -> None:
    assert may_hold_sql(code.encode(), WANTED)


@pytest.mark.parametrize(
    "code",
    [
        "# create a new registry\ndef f(c):\n    c.execute(stmt, metadata)\n",
        "def f(c):\n    'Update or delete the metadata, select nothing.'\n    c.execute(x)\n",
        "log('cannot create %s', metadata)\nc.fetch('registry/create')\n",
        "ACTIONS = ('create', 'alter', 'drop', 'rename', 'metadata')\nc.execute(ACTIONS)\n",
        "from sqlalchemy import select\nc.execute(select(T.metadata).where(T.id == 1))\n",
    ],
)
def test_prose_and_queries_in_python_are_no_sql(code: str) -> None:
    assert not may_hold_sql(code.encode(), WANTED)


@pytest.mark.parametrize(
    "code",
    [
        "'CREATE'  # so\n ' TABLE t (x int)'",
        "'CREATE\\n\\tTABLE t (x int)'",
        "'CREATE OR REPLACE\\x20VIEW v AS SELECT 1'",
        "'create /* a */ global temporary table t (x int)'",
        "'CREATE ' + kind + ' t (metadata int)'",
        "f'CREATE {kind} t (metadata int)'",
        "'CREATE %s t (metadata int)' % kind",
        "' '.join(['ALTER', 'TABLE', 't', 'ADD', 'metadata'])",
        "KIND = 'TABLE'; ' '.join(['CREATE', KIND, 't'])",
        "f'ALTER {only} TABLE t ADD x int'",
        "'DROP' ' ' 'TABLE t'",
        "'WITH a AS (SELECT metadata FROM t) SELECT 1'",
        "'-- why\\nDELETE FROM t WHERE metadata IS NULL'",
        "'UPDATE t' ' SET metadata = 1'",
        "f'UPDATE {t} {sets}', metadata",
        "'  DELETE\n  FROM t WHERE metadata = 1'",
        "'INSERT IGNORE INTO t (metadata) VALUES (1)'",
        "'COMMENT ON COLUMN t.metadata IS 1'",
        "'COPY t (id, metadata) FROM STDIN'",
        "'GRANT SELECT (metadata) ON t TO u'",
        "'DO $$ BEGIN PERFORM metadata FROM t; END $$'",
        "'CREATE UNIQUE INDEX i ON t (metadata)'",
        "'CREATE DEFINER = a TRIGGER x BEFORE INSERT ON t SET NEW.metadata = 1'",
        "start + ' WHERE metadata = 1'",
        "f'{start} ADD COLUMN metadata int'",
        "TEMPLATE.replace('x', 'metadata')",
    ],
)
def test_the_prefilter_keeps_every_shape_of_a_statement(code: str) -> None:
    assert may_hold_sql(f"c.execute({code})".encode(), WANTED)
    assert may_hold_sql(f"SQL = {code}\r\nc.execute(SQL)".encode().upper().replace(b"C.EXECUTE", b"c.execute"), WANTED)


def test_importing_the_entry_loads_no_parser() -> None:
    check = "import sys, sqla_guard.read.sql_facts; print([m for m in ('libcst', 'sqlglot') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_name_bound_anew_means_its_last_value() -> None:
    code = "def f(c):\n" + "".join(
        f"    if not has('t{i}'):\n        q = 'CREATE TABLE t{i} (metadata int)'\n        c.execute(text(q))\n"
        for i in (1, 2)
    )
    first, second = facts(HEAD + code)
    assert isinstance(first, CreateTable)
    assert isinstance(second, CreateTable)
    assert (first.table.name, second.table.name) == ("t1", "t2")
    assert first.carrier.rerunnable
    assert second.carrier.rerunnable


def test_a_name_bound_in_branches_means_all_of_them() -> None:
    code = "def f(c):\n    if a:\n        q = 'DELETE FROM t WHERE metadata = 1'\n"
    code += "    else:\n        q = 'DELETE FROM u WHERE metadata = 1'\n    c.execute(text(q))\n"
    assert {f.table.name for f in facts(HEAD + code) if isinstance(f, ColumnReference) and f.table} == {"t", "u"}


@pytest.mark.parametrize("entered", ["stack.enter_context({})", "{}.__enter__()"])
def test_a_batch_that_is_entered_without_with(entered: str) -> None:
    first, second = (entered.format(f"op.batch_alter_table('{table}')") for table in ("users", "events"))
    code = f"b = {first}\nb.drop_column('note')\nb = {second}\nb.add_column(sa.Column('metadata', sa.JSON))\n"
    found = [f for f in facts(HEAD + code) if isinstance(f, (AddColumn, DropColumn))]
    assert [(f.table.name, f.column.name) for f in found] == [("users", "note"), ("events", "metadata")]


@pytest.mark.parametrize(
    "code",
    [
        "def f(c):\n    'CREATE TABLE t (metadata int)'\n    c.execute(x)\n",
        "# CREATE TABLE t (metadata int)\nc.execute(x)\n",
        "log.info('No metadata: CREATE TABLE failed')\nc.execute('SELECT a FROM t')\n",
        "raise ValueError('No metadata '\n  'in CREATE TABLE')\nc.execute('SELECT a FROM t')\n",
        "x['metadata'] = y['metadata']\nc.execute('SELECT a FROM t')\n",
        "c.execute('SELECT a FROM t')\nBase.metadata.create_all(e)\nf(metadata=1)\n",
        "c.execute('SELECT a FROM t')\nd = ('m', 'data')\n",
        "c.execute('SELECT a FROM t', 'metadata')\n",
        "c.execute(\n    sa.text(\n        'SELECT a '\n        'FROM t'\n    ),\n    {'metadata': 1},\n)\n",
        "x = c.execute('UPDATE t SET a = {b}').first()\ny = 'metadata'\n",
        "log = x.debug\nlog(f'no {a}: metadata')\nq = 'SELECT a FROM t'\n",
        "def f(text: str, execute=None):\n    c.execute(text('SELECT a FROM t'))\n    return 'metadata'\n",
        "send('response.create', x)\n', '.join(['table', 'metadata'])\nraise E('cannot create triggers')\n",
    ],
)
def test_a_closer_look_passes_over_what_no_string_says(code: str) -> None:
    source = SourceFile("m.py", f"x = 1\n{code}")
    assert not may_speak_sql(source, WANTED)
    assert not read_sql_facts(source, WANTED)


@pytest.mark.parametrize(
    "code",
    [
        "def f(c):\n    'CREATE TABLE t (metadata int)'.split()\n",
        "def f(c):\n    c.execute('CREATE TABLE t (metadata int)')\n",
        "log.info('CREATE TABLE t (metadata int)')\n",
        "log.info(f'{verb} TABLE t (metadata int)', 'SELECT ')\n",
        "run(\n    f('metadata int'), 'CREATE TABLE t'\n)\n",
        "sql.append('metadata int)')\nc.execute('CREATE TABLE t (' + sql)\n",
        "def add(c):\n    db.execute(f'ALTER TABLE t ADD {c}')\nadd('metadata int')\n",
        "add = partial(g, 'ALTER TABLE t')\nadd(' ADD metadata int')\n",
        "for c in['metadata']:\n    db.execute(f'ALTER TABLE t ADD {c}')\n",
        "db.execute('SELECT me' 'tad' 'ata FROM t')\n",
        "db.execute(f'SELECT me{x}')\nx = 'tadata'\n",
        "db.execute('SELECT meta\\\ndata FROM t')\n",
        "db.execute('SELECT meta\\x64ata FROM t')\n",
        "q = 'SELECT a FROM t'\r\nx = 'metadata'\r\n",
        "if x:\n\tdb.execute('SELECT metadata FROM t')\n",
        "db.execute(r'SELECT a ' f\"FROM t ORDER BY metadata\")\n",
        "db.execute(f'SELECT {a} FROM t')\na = 'metadata'\n",
        "db.execute('SELECT %s FROM t' % a)\na = 'metadata'\n",
        "db.execute('SELECT a FROM t' + a)\na = ', metadata'\n",
        "db.execute('SELECT {} FROM t'.format(a))\na = 'metadata'\n",
        "db.execute(text('SELECT a, ') + a)\na = 'metadata'\n",
        "db.execute(str('SELECT ') + a)\na = 'metadata'\n",
        "db.execute(str('SELECT ').strip() + a)\na = 'metadata'\n",
        "db.execute(\n    sql.SQL('SELECT {} FROM t').format(a)\n)\na = 'metadata'\n",
        "db.execute(' '.join(('SELECT ', a, 'FROM t')))\na = 'metadata'\n",
        "q = text('SELECT a FROM t')\ndb.execute(f'{q} ORDER BY metadata')\n",
        "parts.append('SELECT a, ')\nparts.append('metadata')\n",
        "def run(a, b):\n    db.execute(a + b)\nrun('SELECT ', 'metadata')\n",
        "run = partial(g, 'x')\nrun('SELECT a', 'metadata')\n",
        "both = '{}{}'.format\ndb.execute(both('SELECT ', 'metadata'))\n",
        "both = x.execute\nboth(f'{q} ORDER BY metadata', 'SELECT ')\n",
        "db.execute('SELECT a, me' 'tadata FROM t')\n",
        "db.execute('SELECT a, meta\\x64ata FROM t')\n",
        "db.execute(text('metadata'), 'SELECT ')\n",
        "db.execute('CREATE INDEX i ON t (metadata)')\n",
        "q = ' '.join(['CREATE', kind, 't (metadata int)', 'TABLE'])\n",
    ],
)
def test_a_closer_look_lets_through_what_a_string_may_say(code: str) -> None:
    assert may_speak_sql(SourceFile("m.py", f"x = 1\n{code}"), WANTED)
