"""The forward revision that the fix writes, run by the real Alembic on every database: up, down and up again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config as Alembic
from alembic.util.exc import CommandError as CompileError

from sqla_guard.core.config import Config
from tests.databases.catalogue import Catalogue, Database, Dialect, Servers
from tests.support import mariadb, postgres
from tests.support.memory import fix_files

Manner = Literal["plain", "batch", "sql"]

ENV = """\
from alembic import context

context.configure(connection=context.config.attributes["connection"]{options})
with context.begin_transaction():
    context.run_migrations()
"""
MODEL = """\
from sqlalchemy import Column, ForeignKey, Integer, String
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Parcel(Base):
    __tablename__ = "parcels"
    id = Column(Integer, primary_key=True)
    metadata = Column(String(40), nullable=False, server_default="none")


class Scan(Base):
    __tablename__ = "scans"
    id = Column(Integer, primary_key=True)
    parcel_id = Column(ForeignKey("parcels.id", ondelete="CASCADE", name="fk_parcel"))
"""
FIRST = '''\
"""parcels

Revision ID: aaaa
Revises:

"""
import sqlalchemy as sa
from alembic import op

revision = "aaaa"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    parcels = op.create_table(
        "parcels",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("metadata", sa.String(40), nullable=False, server_default="none", comment="from the clerk"),
        sa.Column("weight", sa.Integer(), nullable=True),
        sa.UniqueConstraint("metadata", "weight", name="uq_parcels"),
        sa.CheckConstraint("weight > 0 OR metadata <> ''", name="ck_parcels"),
    )
    op.create_index("ix_parcels", "parcels", ["metadata"])
    op.create_table(
        "scans",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("parcel_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["parcel_id"], ["parcels.id"], name="fk_parcel", ondelete="CASCADE"),
    )
    op.bulk_insert(parcels, [{"id": 1, "metadata": "first", "weight": 7}])


def downgrade():
    op.drop_table("scans")
    op.drop_table("parcels")
'''
SECOND = '''\
"""weights

Revision ID: bbbb
Revises: aaaa

"""
import sqlalchemy as sa
from alembic import op

revision = "bbbb"
down_revision = "aaaa"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("scans") as batch_op:
        batch_op.add_column(sa.Column("weight", sa.Integer(), nullable=True))


def downgrade():
    with op.batch_alter_table("scans") as batch_op:
        batch_op.drop_column("weight")
'''
# The same in SQL alone; going by their names, the second one runs first.
FIRST_IN_SQL = (
    FIRST[: FIRST.index("def upgrade")].replace("import sqlalchemy as sa\n", "")
    + '''\
def upgrade():
    op.execute(
        """
        CREATE TABLE IF NOT EXISTS parcels (
            id INTEGER PRIMARY KEY,
            meta VARCHAR(40) DEFAULT 'none' NOT NULL,
            weight INTEGER,
            CONSTRAINT uq_parcels UNIQUE (meta, weight)
        )
        """
    )
    op.execute("CREATE INDEX ix_parcels ON parcels (meta)")
    op.execute(
        "CREATE TABLE scans (id INTEGER PRIMARY KEY, parcel_id INTEGER NOT NULL,"
        " CONSTRAINT fk_parcel FOREIGN KEY (parcel_id) REFERENCES parcels (id) ON DELETE CASCADE)"
    )
    op.execute("INSERT INTO parcels (id, meta, weight) VALUES (1, 'first', 7)")


def downgrade():
    op.execute("DROP TABLE scans")
    op.execute("DROP TABLE parcels")
'''
)
SECOND_IN_SQL = (
    SECOND[: SECOND.index("def upgrade")].replace("import sqlalchemy as sa\n", "")
    + """\
def upgrade():
    op.execute("ALTER TABLE parcels RENAME COLUMN meta TO metadata")
    op.execute("UPDATE parcels SET weight = 7 WHERE metadata = 'first'")


def downgrade():
    op.execute("ALTER TABLE parcels RENAME COLUMN metadata TO meta")
"""
)
ROWS = """
    INSERT INTO parcels (id, metadata) VALUES (2, 'second');
    INSERT INTO scans (id, parcel_id) VALUES (1, 2);
"""
# What a copy of the table would lose: rows of others that are deleted with it, and triggers.
LOSSES = """
    PRAGMA foreign_keys = ON;
    CREATE TRIGGER weigh AFTER INSERT ON parcels BEGIN
        UPDATE parcels SET weight = 3 WHERE id = new.id AND metadata = 'second';
    END;
"""


@pytest.fixture(scope="module")
def servers(postgres_server: postgres.Server, mariadb_server: mariadb.Server) -> Iterator[Servers]:
    made = Servers(postgres_server, mariadb_server)
    yield made
    made.close()


@dataclass(frozen=True)
class Project:
    """Alembic's folder on the disk."""

    root: Path

    def run(self, database: Database, what: str, to: str) -> None:
        config = Alembic()
        config.set_main_option("script_location", str(self.root / "migrations"))
        config.set_main_option("path_separator", "os")
        with database.engine().connect() as connection:
            config.attributes["connection"] = connection
            getattr(command, what)(config, to)
            connection.commit()


def fixed(files: dict[str, str], dialect: str | None) -> tuple[dict[str, str], str]:
    """Return all files after the fix, and the title of what was done."""
    config = Config(rename="column", dialect=dialect)
    result = fix_files(files, config=config)
    texts = {path: result.workspace.load(path).text for path in {*files, *result.workspace.changed}}
    assert fix_files(texts, config=config).made == ()
    return texts, " ".join(made.title for made in result.made)


def written(root: Path, files: dict[str, str]) -> Project:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return Project(root)


def everything(database: Database) -> Catalogue:
    """Return the catalogue without Alembic's own table."""
    found = database.catalogue()
    return {k: [r for r in rows if "alembic_version" not in str(r)] for k, rows in found.items()}


def history(manner: Manner) -> dict[str, str]:
    env = ENV.replace("{options}", ", render_as_batch=True" if manner == "batch" else "")
    versions = {
        "plain": {"aaaa_parcels.py": FIRST},
        "batch": {"aaaa_parcels.py": FIRST, "bbbb_weights.py": SECOND},
        "sql": {"b_parcels.py": FIRST_IN_SQL, "a_names.py": SECOND_IN_SQL},
    }[manner]
    return {
        "models.py": MODEL,
        "migrations/env.py": env,
        **{f"migrations/versions/{name}": text for name, text in versions.items()},
    }


@pytest.mark.parametrize("manner", ["plain", "batch", "sql"])
@pytest.mark.parametrize("dialect", ["postgresql", "mariadb", "sqlite"])
def test_up_down_and_up_again(dialect: Dialect, manner: Manner, servers: Servers, tmp_path: Path) -> None:
    files = history(manner)
    texts, title = fixed(files, dialect)
    assert "and its column to" in title, title
    assert {p: texts[p] for p in files if p != "models.py"} == {p: t for p, t in files.items() if p != "models.py"}
    assert len(texts) == len(files) + 1
    before, after = written(tmp_path / "before", files), written(tmp_path / "after", texts)
    with servers.several(dialect, 3) as (old, other, new):
        for database in (old, other):
            before.run(database, "upgrade", "head")
            if dialect == "sqlite":
                database.load(LOSSES)
            database.load(ROWS)
        original = everything(old)
        there = old.rows("SELECT id, metadata, weight FROM parcels ORDER BY id")
        scans = old.rows("SELECT * FROM scans")
        quote = "`" if dialect == "mariadb" else '"'
        other.load(f"ALTER TABLE parcels RENAME COLUMN {quote}metadata{quote} TO parcel_metadata;")
        expected = everything(other)
        for _ in range(2):
            after.run(old, "upgrade", "head")
            assert everything(old) == expected
            assert old.rows("SELECT id, parcel_metadata, weight FROM parcels ORDER BY id") == there
            assert old.rows("SELECT * FROM scans") == scans
            after.run(old, "downgrade", "-1")
            assert everything(old) == original
            assert old.rows("SELECT id, metadata, weight FROM parcels ORDER BY id") == there
            assert old.rows("SELECT * FROM scans") == scans
        after.run(new, "upgrade", "head")
        if dialect == "sqlite":
            new.load(LOSSES.replace("metadata", "parcel_metadata"))
        assert everything(new) == expected
        assert new.rows("SELECT id, parcel_metadata, weight FROM parcels") == [(1, "first", 7)]


@pytest.mark.parametrize("manner", ["plain", "batch"])
@pytest.mark.parametrize("dialect", ["postgresql", "mariadb", "sqlite"])
def test_both_columns_stop_the_revision(dialect: Dialect, manner: Manner, servers: Servers, tmp_path: Path) -> None:
    files = history(manner)
    before = written(tmp_path / "before", files)
    after = written(tmp_path / "after", fixed(files, dialect)[0])
    with servers.several(dialect, 1) as (database,):
        before.run(database, "upgrade", "head")
        database.load("ALTER TABLE parcels ADD COLUMN parcel_metadata VARCHAR(40);")
        database.load("INSERT INTO parcels (id, metadata, parcel_metadata) VALUES (2, 'old', 'new');")
        there = database.rows("SELECT id, metadata, parcel_metadata FROM parcels ORDER BY id")
        with pytest.raises(sa.exc.DBAPIError, match=r"(?i)parcel_metadata.*exists|duplicate column.*parcel_metadata"):
            after.run(database, "upgrade", "head")
        assert database.rows("SELECT id, metadata, parcel_metadata FROM parcels ORDER BY id") == there


def test_where_nothing_names_mariadb_the_revision_keeps_all_of_the_column(servers: Servers, tmp_path: Path) -> None:
    files = history("plain")
    texts = fixed(files, None)[0]
    before, after = written(tmp_path / "before", files), written(tmp_path / "after", texts)
    for dialect, quote in (("mariadb", "`"), ("postgresql", '"'), ("sqlite", '"')):
        with servers.several(dialect, 2) as (database, other):  # type: ignore[arg-type]
            for made in (database, other):
                before.run(made, "upgrade", "head")
            original = everything(database)
            other.load(f"ALTER TABLE parcels RENAME COLUMN {quote}metadata{quote} TO parcel_metadata;")
            after.run(database, "upgrade", "head")
            assert everything(database) == everything(other)
            assert database.rows("SELECT id, parcel_metadata FROM parcels") == [(1, "first")]
            after.run(database, "downgrade", "-1")
            assert everything(database) == original


def test_where_mariadb_is_not_named_and_the_type_not_known_the_revision_stops(servers: Servers, tmp_path: Path) -> None:
    files = history("sql")
    before, after = written(tmp_path / "before", files), written(tmp_path / "after", fixed(files, None)[0])
    with servers.several("mariadb", 1) as (database,):
        before.run(database, "upgrade", "head")
        there = everything(database)
        with pytest.raises(CompileError, match="require the existing type"):
            after.run(database, "upgrade", "head")
        assert everything(database) == there
        assert database.rows("SELECT id, metadata FROM parcels") == [(1, "first")]


def test_a_type_that_another_revision_changed_is_not_repeated() -> None:
    files = history("batch")
    for statement, told in (
        ("batch_op.alter_column('weight', nullable=True)", True),
        ("op.alter_column('parcels', 'metadata', type_=sa.Text())", False),
        ("op.execute('ALTER TABLE parcels MODIFY metadata TEXT')", False),
    ):
        path = "migrations/versions/bbbb_weights.py"
        changed = {**files, path: files[path].replace("\n\n\ndef down", f"\n        {statement}\n\n\ndef down")}
        (made,) = (text for name, text in fixed(changed, None)[0].items() if name not in changed)
        assert ("existing_type=sa.String(40)" in made) == told, made
