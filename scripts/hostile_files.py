"""Files that grow by repeating what readers could stumble over; shared by the tests and the benchmarks."""

from __future__ import annotations

from collections.abc import Mapping

_MODEL = (
    "from sqlalchemy import JSON, Column, Integer, text\nfrom sqlalchemy.orm import declarative_base\n\n"
    "Base = declarative_base()\n\n\nclass Event(Base):\n    __tablename__ = 'events'\n"
    "    id = Column(Integer, primary_key=True)\n    metadata = Column(JSON)\n\n\n"
)
_SQL = "CREATE TABLE events (id int, metadata json);\n"

PYTHON: Mapping[str, tuple[str, str, str]] = {
    "nothing": ("", "# nothing here\n", ""),
    "one line": ("x = [", "metadata, ", "]\n"),
    "sum": ("x = 1", " + metadata", "\n"),
    "attributes": ("x = a", ".metadata", "\n"),
    "calls": ("x = a", ".metadata(1)", "\n"),
    "keys": ("x = a", "['metadata']", "\n"),
    "comparisons": ("x = a", " < metadata", "\n"),
    "nots": ("x = ", "not ", "metadata\n"),
    "brackets": ("x = ", "(", "\n"),
    "closed brackets": ("x = ", "()", "\n"),
    "branches": ("if a: pass\n", "elif metadata: pass\n", ""),
    "classes": ("", "class Event(Base):\n    metadata = Column(JSON)\n", ""),
    "attributes of a class": ("class Other(Base):\n", "    metadata = Column(JSON)\n", ""),
    "singletons": (
        "",
        "_x = None\ndef get():\n    global _x\n    if not _x:\n        _x = X()\n    return _x\n",
        "",
    ),
    "globals": ("def f():\n", "    global metadata\n", "    metadata = 1\n"),
    "global names": ("_x = None\ndef f():\n    global _x", ", x", "\n    if _x is None: _x = 1\n"),
    "names of one line": ("_x = None\ndef f():\n    global _x\n    ", "_x; ", "\n    if not _x: _x = 1\n"),
    "elements": ("_x = {}\ndef f(k):\n    ", "_x[k]: ", "_x[k] = 1\n"),
    "functions": ("", "def f(event: Event):\n    return event.metadata\n", ""),
    "locals": ("def f(event: Event):\n", "    event = event.metadata\n", ""),
    "directives": ("", "# sqla-guard: ignore[SG101] -- x\n", ""),
    "directives of one line": ("x = 1 ", "# sqla-guard: ignore[SG101] ", "\n"),
    "names of a directive": ("x = 1  # sqla-guard: ignore[", "SG101, ", "]\n"),
    "noqa": ("x = 1 ", "# noqa: SG101 ", "\n"),
    "spaces in a directive": ("x = 1  # sqla-guard: ignore[SG101] -- a", " ", "b\n"),
    "sql": ("connection.execute(text('''", "ALTER TABLE events ADD COLUMN metadata json;\n", "'''))\n"),
    "strings of sql": ("", "connection.execute(text('ALTER TABLE events ADD COLUMN metadata json'))\n", ""),
    "sql in pieces": ("connection.execute(text('ALTER TABLE events'", " ' ADD COLUMN metadata json,'", "))\n"),
    "fields": ("connection.execute(text(f'ALTER TABLE events ADD COLUMN metadata ", "{a}", "'))\n"),
    "escapes": ("connection.execute(text('ALTER TABLE events ADD COLUMN metadata ", "\\N{a", "'))\n"),
    "added pieces": ("s = 'ALTER TABLE events '\n", "s += 'ADD COLUMN metadata json, '\n", "c.execute(text(s))\n"),
    "operations": ("from alembic import op\n", "op.add_column('events', Column('metadata', JSON))\n", ""),
    "imports": ("", "from event import metadata\n", ""),
    "quotes": ("x = ", "'", "\n"),
    "open quotes": ("", "x = 'metadata\n", ""),
    "backslashes": ("x = 1 + ", "\\\n", "metadata\n"),
    "carriage returns": ("", "\r", "metadata = 1\r"),
    "form feeds": ("", "\f\n", "metadata = 1\n"),
    "tabs": ("if a:\n", "\tmetadata = 1\n", ""),
    "long name": ("x_", "metadata", " = 1\n"),
    "spaces": ("x = 1 ", " ", "# metadata\n"),
    "blank lines": ("", "\n", "metadata = 1\n"),
    "indents": ("if a:\n", "    \n", "    metadata = 1\n"),
    "new f-strings": ("", "x = f'{'metadata'}'\n", ""),
    "type aliases": ("", "type X[T] = metadata\n", ""),
    "two": ("", "print 'metadata'\n", ""),
    "decorators": ("", "@metadata\n", "def f(): pass\n"),
    "arguments": ("f(", "metadata=a, *", "b)\n"),
    "with lock": ("def f():\n    ", "with lock ", "\n"),
    "annotated": ("", "x.a :a", "=1\n"),
    "tables": ("", "Table('events', Base.metadata, Column('metadata', JSON))\n", ""),
    "table names": ("x = '", "__tablename__ :a", "'\n"),
}

SQL: Mapping[str, tuple[str, str, str]] = {
    "nothing": ("", "-- nothing here\n", ""),
    "statements": ("", "ALTER TABLE events ADD COLUMN metadata json;\n", ""),
    "columns": ("CREATE TABLE events (id int", ", metadata json", ");\n"),
    "actions": ("ALTER TABLE events ADD a int", ", ADD COLUMN metadata json", ";\n"),
    "values": ("INSERT INTO events (metadata) VALUES (1)", ", (1)", ";\n"),
    "open values": ("INSERT INTO events (metadata) VALUES (1)", ", ((1)", ";\n"),
    "brackets": ("SELECT metadata FROM events WHERE ", "(", ";\n"),
    "selects": ("", "SELECT metadata FROM (", "events"),
    "unions": ("SELECT metadata FROM events", " UNION SELECT metadata FROM events", ";\n"),
    "joins": ("SELECT metadata FROM events", " JOIN events e ON e.metadata = 1", ";\n"),
    "with": ("WITH a AS (SELECT 1)", ", b AS (SELECT metadata FROM events)", " SELECT 1;\n"),
    "cases": ("SELECT ", "CASE WHEN metadata THEN ", "1;\n"),
    "sums": ("SELECT 1", " + metadata", " FROM events;\n"),
    "views": ("", "CREATE VIEW v AS SELECT metadata FROM events;\n", ""),
    "functions": ("", "CREATE FUNCTION f() RETURNS int AS $$ SELECT metadata FROM events $$ LANGUAGE sql;\n", ""),
    "dollars": ("CREATE TABLE events (metadata json);", " $$", "\n"),
    "tags": ("CREATE TABLE events (metadata json);", " $a$ $b$", "\n"),
    "open tags": ("CREATE TABLE events (metadata json);", " $x", "\n"),
    "quotes": ("CREATE TABLE events (metadata json, a text DEFAULT ", "'", ");\n"),
    "open quotes": ("", "CREATE TABLE events (metadata json, a text DEFAULT ');\n", ""),
    "names": ("CREATE TABLE ", '"a".', "events (metadata json);\n"),
    "open names": ("", 'CREATE TABLE "events (metadata json);\n', ""),
    "backticks": ("", "CREATE TABLE `events (metadata json);\n", ""),
    "comments": ("", "/* CREATE TABLE events (metadata json); */\n", ""),
    "open comments": ("CREATE TABLE events (metadata json);", "/*", "\n"),
    "nested comments": ("CREATE TABLE events (metadata json);", "/* a */ /*", "\n"),
    "line comments": ("CREATE TABLE events (", "-- metadata\n", "metadata json);\n"),
    "directives": ("", "-- sqla-guard: ignore[SG102] -- x\n", "CREATE TABLE events (metadata json);\n"),
    "directives of one line": ("", "-- sqla-guard: ignore[SG102] ", "\nCREATE TABLE events (metadata json);\n"),
    "block directives": ("", "/* sqla-guard: ignore[SG102] ", "\nCREATE TABLE events (metadata json);\n"),
    "semicolons": ("CREATE TABLE events (metadata json)", ";", "\n"),
    "begins": ("", "BEGIN ", "CREATE TABLE events (metadata json);\n"),
    "delimiters": ("", "DELIMITER //\nCREATE TABLE events (metadata json)//\n", ""),
    "batches": ("", "CREATE TABLE events (metadata json)\nGO\n", ""),
    "blank batches": ("", "GO\n\n", "CREATE TABLE events (metadata json)\nGO\n"),
    "templates": ("CREATE TABLE events (metadata json);", "{{", "\n"),
    "blocks": ("CREATE TABLE events (metadata json);", "{% a", "\n"),
    "placeholders": ("CREATE TABLE ", "${a}", " (metadata json);\n"),
    "copies": ("", "COPY events (metadata) FROM STDIN;\n1\n\\.\n", ""),
    "open copy": ("COPY events (metadata) FROM STDIN;\n", "1\n", ""),
    "execute": ("", "EXECUTE 'ALTER TABLE events ADD COLUMN metadata json';\n", ""),
    "do blocks": ("", "DO $$ BEGIN ALTER TABLE events ADD COLUMN metadata json; END $$;\n", ""),
    "format": ("DO $$ BEGIN EXECUTE format('ALTER TABLE %I", " %1$s", "'); END $$;\n"),
    "spaces": ("CREATE TABLE events (", " ", "metadata json);\n"),
    "blank lines": ("", "\n", "CREATE TABLE events (metadata json);\n"),
    "backslashes": ("CREATE TABLE events (metadata json DEFAULT '", "\\'", "');\n"),
    "long name": ("CREATE TABLE events (", "metadata", " json);\n"),
    "procedures": ("", "CREATE PROCEDURE p() BEGIN SELECT metadata FROM events; END;\n", ""),
    "triggers": ("", "CREATE TRIGGER t AFTER INSERT ON events BEGIN UPDATE events SET metadata = 1; END;\n", ""),
    "conditional comments": ("", "/*!50000 CREATE TABLE events (metadata json) */;\n", ""),
    "open conditional comments": ("CREATE TABLE events (metadata json);", "/*!", "\n"),
    "meta commands": ("", "\\i x\n", "CREATE TABLE events (metadata json);\n"),
}


def python_file(name: str, size: int) -> str:
    """Return a module with a model and then about ``size`` characters of the kind ``name``."""
    before, body, behind = PYTHON[name]
    return _MODEL + before + body * (size // len(body)) + behind


def sql_file(name: str, size: int) -> str:
    """Return a migration that makes the model's table and then about ``size`` characters of the kind ``name``."""
    before, body, behind = SQL[name]
    return _SQL + before + body * (size // len(body)) + behind
