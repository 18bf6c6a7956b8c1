"""DDL in all its forms, as templates.

`{c}` is the column, `{t}` the table, `{g}` the guard of a script that runs again, `{v}` how that makes a view.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.databases.catalogue import Dialect

# How names are written: table and column.
SPELLINGS: dict[Dialect, dict[str, tuple[str, str]]] = {
    "postgresql": {
        "plain": ("scans", "metadata"),
        "upper": ("SCANS", "METADATA"),
        "quoted": ('"scans"', '"metadata"'),
        "commented": ("scans /* metadata */", "/* metadata /* nested */ */ metadata -- metadata\n"),
        "qualified": ("app.scans", "metadata"),
    },
    "mariadb": {
        "plain": ("scans", "metadata"),
        "mixed": ("scans", "MetaData"),
        "quoted": ("`scans`", "`metadata`"),
        "commented": ("`scans` # metadata\n", "/* metadata */ metadata -- metadata\n"),
        "qualified": ("app.scans", "`metadata`"),
    },
    "sqlite": {
        "plain": ("scans", "metadata"),
        "mixed": ("Scans", "MetaData"),
        "quoted": ('"scans"', '"metadata"'),
        "bracketed": ("[scans]", "[metadata]"),
        "backticks": ("`scans`", "`metadata`"),
        "commented": ("scans /* metadata */", "/* metadata */ metadata -- metadata\n"),
    },
}


@dataclass(frozen=True)
class Form:
    """One form of DDL.

    Attributes:
        sql: The statements.
        only: Dialects that have it; empty for all.
        values: What two rows have in the column.
        kept: Where the column keeps its name, with the reason: by carrier (``script``: runs again; ``history``),
            dialect, or both with a space between.
        spell: Whether every spelling is tried, or the plain one alone.
        once: Whether it can run once only, so that only a history has it.
    """

    sql: str
    only: tuple[Dialect, ...] = ()
    values: tuple[str, str] = ("'{{\"a\": 1}}'", "'{{\"b\": [2]}}'")
    kept: dict[str, str] = field(default_factory=dict)
    spell: bool = True
    once: bool = False

    def reason(self, carrier: str, dialect: Dialect) -> str:
        """Return why the column keeps its name; empty where it does not."""
        return next((self.kept[key] for key in (f"{carrier} {dialect}", carrier, dialect) if key in self.kept), "")


PG: tuple[Dialect, ...] = ("postgresql",)
MY: tuple[Dialect, ...] = ("mariadb",)
LITE: tuple[Dialect, ...] = ("sqlite",)
NO_NAME = "without a name"
TEXT = ("'one'", "'two'")
NUMBERS = ("11", "12")

FORMS: dict[str, Form] = {
    "the only other column": Form("CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, {c} TEXT);"),
    "first of several": Form("CREATE TABLE {g}{t} ({c} TEXT, id INTEGER NOT NULL, kind VARCHAR(20));"),
    "a default that is the word": Form(
        "CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, {c} VARCHAR(40) NOT NULL DEFAULT 'metadata', note TEXT);",
        values=TEXT,
    ),
    "a named check of the column": Form(
        "CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, {c} VARCHAR(40) CONSTRAINT scans_metadata "
        "CHECK ({c} <> 'metadata'));",
        only=("postgresql", "sqlite"),
        values=TEXT,
    ),
    "a named check of the table": Form(
        "CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, {c} VARCHAR(40), note VARCHAR(9),"
        " CONSTRAINT long_enough CHECK (length({c}) > 1 OR note = 'metadata'));",
        values=TEXT,
    ),
    "a check without a name": Form(
        "CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, {c} VARCHAR(40) CHECK ({c} <> ''));",
        values=TEXT,
        kept={"script postgresql": NO_NAME},
    ),
    "a named unique": Form(
        "CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, {c} VARCHAR(40), kind INTEGER,"
        " CONSTRAINT one_each UNIQUE ({c}, kind));",
        values=TEXT,
    ),
    "unique without a name": Form(
        "CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, {c} VARCHAR(40) UNIQUE);",
        values=TEXT,
        kept={"script postgresql": NO_NAME, "script mariadb": NO_NAME},
    ),
    "a unique list without a name": Form(
        "CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, {c} VARCHAR(40), UNIQUE ({c}));",
        values=TEXT,
        kept={"script postgresql": NO_NAME, "script mariadb": NO_NAME},
    ),
    "a primary key": Form(
        "CREATE TABLE {g}{t} (id INTEGER NOT NULL, {c} VARCHAR(40) NOT NULL, PRIMARY KEY (id, {c}));", values=TEXT
    ),
    "a named foreign key": Form(
        "CREATE TABLE {g}kinds (metadata INTEGER PRIMARY KEY, word VARCHAR(9));\n"
        "CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, {c} INTEGER,"
        " CONSTRAINT of_kind FOREIGN KEY ({c}) REFERENCES kinds (metadata));",
        values=("NULL", "NULL"),
    ),
    "a foreign key from another table": Form(
        "CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, {c} INTEGER NOT NULL, CONSTRAINT one UNIQUE ({c}));\n"
        "CREATE TABLE {g}parts (id INTEGER PRIMARY KEY, metadata INTEGER,"
        " CONSTRAINT of_scan FOREIGN KEY (metadata) REFERENCES {t} ({c}) ON DELETE CASCADE);",
        values=NUMBERS,
    ),
    "an index": Form(
        "CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, {c} VARCHAR(40));\n"
        "CREATE INDEX {g}idx_scans_metadata ON {t} ({c}, id);",
        values=TEXT,
    ),
    "a partial index": Form(
        "CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, {c} VARCHAR(40), kind VARCHAR(9));\n"
        "CREATE UNIQUE INDEX {g}i ON {t} (kind) WHERE {c} IS NOT NULL AND kind <> 'metadata';",
        only=("postgresql", "sqlite"),
        values=TEXT,
    ),
    "an index of an expression": Form(
        "CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, {c} VARCHAR(40));\nCREATE INDEX {g}i ON {t} (lower({c}) DESC);",
        only=("postgresql", "sqlite"),
        values=TEXT,
    ),
    "an index in the table": Form(
        "CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, {c} VARCHAR(40), KEY by_metadata ({c}(10)),"
        " FULLTEXT KEY words ({c})) ENGINE=InnoDB COMMENT='metadata';",
        only=MY,
        values=TEXT,
    ),
    "an added column": Form(
        "CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY);\nALTER TABLE {t} ADD COLUMN {g}{c} VARCHAR(40) DEFAULT 'x';",
        values=TEXT,
    ),
    "two added columns": Form(
        "CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY);\n"
        "ALTER TABLE {t} ADD COLUMN {g}note TEXT, ADD COLUMN {g}{c} VARCHAR(40);",
        only=("postgresql", "mariadb"),
        values=TEXT,
    ),
    "made and added": Form(
        "CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, {c} VARCHAR(40));\n"
        "ALTER TABLE {t} ADD COLUMN {g}note TEXT;\nALTER TABLE {t} ADD COLUMN IF NOT EXISTS {c} VARCHAR(40);",
        only=("postgresql", "mariadb"),
        values=TEXT,
    ),
    "other things altered": Form(
        "CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, {c} VARCHAR(40));\n"
        "ALTER TABLE {t} ALTER COLUMN {c} SET NOT NULL, ALTER COLUMN {c} TYPE TEXT USING {c}::text;\n"
        "ALTER TABLE {t} ALTER COLUMN {c} SET DEFAULT 'metadata';",
        only=PG,
        values=TEXT,
    ),
    "modified": Form(
        "CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, {c} VARCHAR(40), note INT);\n"
        "ALTER TABLE {t} MODIFY COLUMN {c} VARCHAR(60) NOT NULL COMMENT 'metadata' AFTER id,"
        " MODIFY note INT AFTER {c};",
        only=MY,
        values=TEXT,
    ),
    "changed to itself": Form(
        "CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, {c} VARCHAR(40));\n"
        "ALTER TABLE {t} CHANGE COLUMN {c} {c} VARCHAR(70) DEFAULT 'metadata';",
        only=MY,
        values=TEXT,
    ),
    "named by a rename": Form(
        "CREATE TABLE {t} (id INTEGER PRIMARY KEY, meta VARCHAR(40));\nALTER TABLE {t} RENAME COLUMN meta TO {c};",
        values=TEXT,
        once=True,
    ),
    "a comment": Form(
        "CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, {c} JSONB);\n"
        "COMMENT ON COLUMN {t}.{c} IS 'the metadata column';\n"
        "COMMENT ON TABLE {t} IS 'metadata';",
        only=PG,
    ),
    "json with a default": Form(
        "CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, {c} JSONB NOT NULL DEFAULT '{{\"metadata\": {{}}}}'::jsonb);",
        only=PG,
    ),
    "json": Form("CREATE TABLE {g}{t} (id INT AUTO_INCREMENT PRIMARY KEY, {c} JSON NULL COMMENT 'metadata');", only=MY),
    "a gin index": Form(
        "CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, {c} JSONB);\n"
        "CREATE INDEX {g}i ON {t} USING gin ({c} jsonb_path_ops);\n"
        "CREATE INDEX {g}j ON {t} (({c}->>'metadata')) INCLUDE ({c});",
        only=PG,
    ),
    "a generated column": Form(
        "CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, {c} VARCHAR(40), "
        "n INTEGER GENERATED ALWAYS AS (length({c})) STORED);",
        values=TEXT,
    ),
    "the generated column itself": Form(
        "CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, note VARCHAR(9), "
        "{c} INTEGER GENERATED ALWAYS AS (length(note)) STORED);",
        values=("DEFAULT", "DEFAULT"),
        only=("postgresql", "mariadb"),
    ),
    "partitioned by it": Form(
        "CREATE TABLE {g}{t} (id INTEGER NOT NULL, {c} INTEGER NOT NULL) PARTITION BY RANGE ({c});\n"
        "CREATE TABLE {g}scans_low PARTITION OF {t} FOR VALUES FROM (0) TO (100);",
        only=PG,
        values=NUMBERS,
    ),
    "a serial": Form(
        "CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, {c} SERIAL);",
        only=PG,
        values=NUMBERS,
        kept={"script": NO_NAME},
    ),
    "an exclusion with a name": Form(
        "CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, {c} INTEGER, CONSTRAINT alone EXCLUDE USING btree ({c} WITH =));",
        only=PG,
        values=NUMBERS,
    ),
    "statistics": Form(
        "CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, {c} VARCHAR(40), kind INTEGER);\n"
        "CREATE STATISTICS {g}together ON {c}, kind FROM {t};",
        only=PG,
        values=TEXT,
    ),
    "arrays and casts": Form(
        "CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, {c} TEXT[] DEFAULT ARRAY['metadata']::text[], n NUMERIC(10, 2));",
        only=PG,
        values=("'{{a}}'", "'{{b,c}}'"),
    ),
    "table options": Form(
        "CREATE TABLE {g}{t} (\n  id int unsigned NOT NULL AUTO_INCREMENT,\n  {c} longtext CHARACTER SET utf8mb4\n"
        "    COLLATE utf8mb4_unicode_ci DEFAULT NULL,\n  PRIMARY KEY (id)\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;",
        only=MY,
    ),
    "a conditional comment": Form(
        "/*!40101 SET NAMES utf8mb4 */;\nCREATE TABLE {g}{t} (id INT PRIMARY KEY /*!50000 , {c} VARCHAR(40) */);",
        only=MY,
        values=TEXT,
        spell=False,
    ),
    "without rowid": Form(
        "CREATE TABLE {g}{t} (id INTEGER NOT NULL PRIMARY KEY, {c} TEXT COLLATE NOCASE) WITHOUT ROWID;", only=LITE
    ),
    "strict": Form("CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY AUTOINCREMENT, {c} ANY NOT NULL) STRICT;", only=LITE),
    "no type at all": Form("CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, {c});", only=LITE),
    "rows put in": Form(
        "CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, {c} VARCHAR(40));\n"
        "DELETE FROM {t} WHERE id > 90;\n"
        "INSERT INTO {t} (id, {c}) SELECT 90, 'metadata' WHERE NOT EXISTS (SELECT 1 FROM {t} WHERE id = 90);\n"
        "UPDATE {t} SET {c} = upper({c}) WHERE {c} = 'metadata';",
        values=TEXT,
    ),
    "a view that renames it": Form(
        "CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, {c} VARCHAR(40));\n"
        "{v} v AS SELECT s.id, s.{c} AS details FROM {t} s WHERE s.{c} IS NOT NULL;",
        values=TEXT,
        kept={"history mariadb": "view"},
    ),
    "a view that shows it": Form(
        "CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, {c} VARCHAR(40));\n{v} v AS SELECT id, {c} FROM {t};",
        values=TEXT,
        kept={"sqlite": "view", "history mariadb": "view"},
    ),
    "a view of everything": Form(
        "CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, {c} VARCHAR(40));\n{v} v AS SELECT * FROM {t};",
        values=TEXT,
        kept={"script": "reads whole rows", "history": "view v shows all"},
    ),
    "a like copy": Form(
        "CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, {c} VARCHAR(40));\nCREATE TABLE {g}old_scans (LIKE {t});",
        only=("postgresql", "mariadb"),
        values=TEXT,
        kept={"script": "old_scans takes over all columns"},
    ),
    "inherited": Form(
        "CREATE TABLE {g}base_scans (id INTEGER, {c} TEXT);\nCREATE TABLE {g}{t} (kind INTEGER) INHERITS (base_scans);",
        only=PG,
        kept={"script": "columns of another table", "history": "columns of another table"},
    ),
    "a trigger": Form(
        "CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, {c} VARCHAR(40));\n"
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.{c} := 'x'; RETURN NEW; END $$;\n"
        "CREATE TRIGGER tr BEFORE INSERT ON {t} FOR EACH ROW EXECUTE FUNCTION f();",
        only=PG,
        values=TEXT,
        kept={
            "script": "a trigger calls f in",
            "history": "a trigger calls f in",
        },
    ),
    "a trigger with a body": Form(
        "CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, {c} VARCHAR(40));\n"
        "CREATE TRIGGER tr AFTER INSERT ON {t} BEGIN UPDATE {t} SET {c} = 'x' WHERE id = NEW.id; END;",
        only=LITE,
        values=TEXT,
        kept={"script": "cannot be edited safely", "history": "cannot be edited safely"},
    ),
    "dynamic SQL": Form(
        "CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, {c} VARCHAR(40));\n"
        "DO $do$ BEGIN EXECUTE 'UPDATE scans SET metadata = NULL WHERE id = 5'; END $do$;",
        only=PG,
        values=TEXT,
        kept={"script": "cannot be edited safely", "history": "cannot be edited safely"},
        spell=False,
    ),
    "in a block": Form(
        "DO $$\nBEGIN\n  CREATE TABLE {g}{t} (id INTEGER PRIMARY KEY, {c} VARCHAR(40));\nEND\n$$;", only=PG, values=TEXT
    ),
}
