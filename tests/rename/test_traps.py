"""Scripts in which a rename is easily put where it fails, or where old databases never meet it; all are run."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Literal

import pytest

from sqla_guard.core.config import Config
from tests.support.memory import fix_files

TRAPS = sorted((Path(__file__).parents[2] / "fixtures" / "migrations" / "traps").glob("*.py"))
MODEL = """\
from sqlalchemy import {imports}
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Parcel(Base):
    __tablename__ = "parcels"
{args}    id = Column(Integer, primary_key=True)
    metadata = Column(Text)
"""
PLAIN = MODEL.format(imports="Column, Integer, Text", args="")
SETUP = """\
from sqlalchemy import create_engine, inspect, text

engine = create_engine("sqlite:///parcels.db")
with engine.begin() as conn:
    if not inspect(conn).has_table("parcels"):
        conn.execute(text("CREATE TABLE parcels (id INTEGER PRIMARY KEY, metadata TEXT)"))
"""


def fixed(files: dict[str, str], rename: Literal["auto", "column"] = "auto") -> tuple[dict[str, str], str]:
    result = fix_files(files, config=Config(rename=rename))
    titles = " ".join(sorted({made.title for made in result.made}))
    return {path: result.workspace.load(path).text for path in files}, titles


def run(text: str, name: str = "__main__") -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": name}
    exec(compile(text, "migrate.py", "exec"), names)
    return names


def query(sql: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect("parcels.db")
    found = connection.execute(sql).fetchall()
    connection.commit()
    connection.close()
    return found


def kept(models: str) -> list[str]:
    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session

    parcel = run(models, "models")["Parcel"]
    with Session(create_engine("sqlite:///parcels.db")) as session:
        found = [p.parcel_metadata for p in session.query(parcel)]
        session.add(parcel(parcel_metadata="new"))
        session.flush()
    return found


@pytest.mark.parametrize("trap", TRAPS, ids=[t.stem for t in TRAPS])
@pytest.mark.parametrize("rename", ["auto", "column"])
def test_old_and_new_databases_work_with_the_model(
    trap: Path, rename: Literal["auto", "column"], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = trap.read_text()
    after, title = fixed({"models.py": PLAIN, "migrate.py": before}, rename)
    wanted, _, reason = before.splitlines()[0].removeprefix("# ").partition(": ")
    assert ("and its column" in title) == (wanted == "column"), title
    assert reason in title
    run(before)
    query("INSERT INTO parcels (metadata) VALUES ('kept')")
    for _ in range(2):
        run(after["migrate.py"])
        assert kept(after["models.py"]) == ["kept"]
    Path("parcels.db").unlink()
    for _ in range(2):
        run(after["migrate.py"])
        assert kept(after["models.py"]) == []


OTHERS = {
    "whole rows": 'session.execute(text("SELECT * FROM parcels")).mappings().first()["metadata"]',
    "whole rows, in pieces": 'session.execute(text("SELECT p.*, 1 "\n        "FROM parcels p")).first().metadata',
    "a table of unknown name": "session.execute(text(f'SELECT * FROM {PARCELS}')).first().metadata",
    "given back": 'session.execute(text("UPDATE parcels SET id = id RETURNING *")).first().metadata',
    "rows handed through": 'rows(session, select(Parcel.__table__))[0]["metadata"]',
    "values handed through": 'store(session, Parcel.__table__, {"metadata": 1})',
    "a table by hand": 'session.execute(select(table("parcels", column("id"), column("metadata"))))',
}


@pytest.mark.parametrize("line", OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("rename", ["auto", "column"])
def test_what_goes_by_the_columns_name_keeps_the_column(line: str, rename: Literal["auto", "column"]) -> None:
    queries = f"""\
from sqlalchemy import column, insert, select, table, text
from models import Parcel
PARCELS = "parcels"


def first(session):
    return {line}
"""
    files = {"models.py": PLAIN, "migrate.py": SETUP, "queries.py": queries}
    after, title = fixed(files, rename)
    assert "the column keeps its name, because" in title
    assert after["queries.py"] == queries
    assert after["migrate.py"] == SETUP


@pytest.mark.parametrize(
    "line",
    [
        'session.execute(text("SELECT count(*) FROM parcels")).scalar()',
        'session.execute(text("SELECT 1 WHERE EXISTS (SELECT * FROM parcels)")).scalar()',
        'session.execute(text("SELECT * FROM letters")).first()',
        "session.execute(select(Parcel.__table__.c.id)).all()",
    ],
)
def test_what_does_not_show_the_column_is_no_obstacle(line: str) -> None:
    queries = (
        f"from sqlalchemy import select, text\nfrom models import Parcel\n\n\ndef first(session):\n    return {line}\n"
    )
    _, title = fixed({"models.py": PLAIN, "migrate.py": SETUP, "queries.py": queries})
    assert "and its column" in title


@pytest.mark.parametrize(
    "line",
    [
        "session.execute(insert(Parcel.__table__).values(metadata=1))",
        'session.execute(insert(Parcel.__table__), [{"metadata": 1}])',
        'session.execute(select(Parcel.__table__)).mappings().first()["metadata"]',
    ],
)
def test_what_is_known_to_be_of_the_table_goes_with_the_column(line: str) -> None:
    head = "from sqlalchemy import insert, select\nfrom sqlalchemy.orm import Session\nfrom models import Parcel\n"
    queries = f"{head}\n\ndef first(session: Session):\n    return {line}\n"
    after, title = fixed({"models.py": PLAIN, "migrate.py": SETUP, "queries.py": queries})
    assert after["queries.py"] == queries.replace(line, line.replace("metadata", "parcel_metadata"))
    assert "and its column" in title


def test_sql_in_a_constraint_of_the_model_is_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    args = """    __table_args__ = (CheckConstraint("metadata <> 'metadata'"),)\n"""
    models = MODEL.format(imports="CheckConstraint, Column, Integer, Text", args=args)
    after, title = fixed({"models.py": models, "migrate.py": SETUP})
    assert "and its column" in title
    assert "CheckConstraint(\"parcel_metadata <> 'metadata'\")" in after["models.py"]
    from sqlalchemy import create_engine

    run(after["models.py"], "models")["Base"].metadata.create_all(create_engine("sqlite:///parcels.db"))
    run(after["migrate.py"])
    assert kept(after["models.py"]) == []


def test_sql_in_a_constraint_that_names_it_twice_keeps_the_column() -> None:
    args = '    __table_args__ = (CheckConstraint("metadata IS NULL OR length(metadata) > 1"),)\n'
    models = MODEL.format(imports="CheckConstraint, Column, Integer, Text", args=args)
    after, title = fixed({"models.py": models, "migrate.py": SETUP})
    assert "the column keeps its name, because models.py:9" in title
    assert args in after["models.py"]


def test_a_file_of_queries_is_sql_that_runs() -> None:
    files = {"models.py": PLAIN, "migrate.py": SETUP, "queries/all.sql": "SELECT id, metadata FROM parcels;\n"}
    after, title = fixed(files)
    assert "and its column" in title
    assert after["queries/all.sql"] == "SELECT id, parcel_metadata AS metadata FROM parcels;\n"


def test_a_file_of_a_history_is_left_alone() -> None:
    files = {"models.py": PLAIN, "migrate.py": SETUP, "migrations/0003_x.sql": "UPDATE parcels SET metadata = 1;\n"}
    assert fixed(files)[0]["migrations/0003_x.sql"] == files["migrations/0003_x.sql"]


def test_sql_of_another_file_must_not_run_before_the_rename() -> None:
    call = "    backfill(conn)\n"
    filling = 'def backfill(conn):\n    conn.execute(text("UPDATE parcels SET metadata = 1"))\n'
    early = SETUP.replace("    if not", call + "    if not", 1)
    for script, changed in ((early, False), (SETUP + call, True)):
        files = {"models.py": PLAIN, "migrate.py": script, "filling.py": "from sqlalchemy import text\n\n\n" + filling}
        assert ("and its column" in fixed(files)[1]) == changed


def test_the_model_must_not_be_used_before_the_rename() -> None:
    use = "    Session(conn).query(Parcel).count()\n"
    head = "from sqlalchemy.orm import Session\nfrom models import Parcel\n"
    for script, changed in ((SETUP.replace("    if not", use + "    if not", 1), False), (SETUP + use, True)):
        assert ("and its column" in fixed({"models.py": PLAIN, "migrate.py": head + script})[1]) == changed


def test_one_of_several_scripts_alike_runs_once() -> None:
    script = SETUP.replace("with engine", "def upgrade():\n  with engine").replace("\n    ", "\n      ")
    for path in ("steps/0002_parcels.py", "steps/parcels.py"):
        files = {"models.py": PLAIN, path: script, "steps/letters.py": "def upgrade():\n    pass\n"}
        assert "the column keeps its name, because" in fixed(files)[1]
