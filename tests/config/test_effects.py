"""What single keys do to a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.test_projects import MODEL, codes, folder, run, write

__all__ = ["folder"]

BASE = "from sqlalchemy.orm import declarative_base\n\nBase = declarative_base()\n"
NEEDS_BASE = MODEL.replace("Base = declarative_base()", "from {} import Base")


def model_of(module: str) -> str:
    return NEEDS_BASE.format(module)


# Nothing but the base says that this is mapped.
BARE = "from {} import Base\n\n\nclass Mixin(Base):\n    metadata = 1\n"


def settings(folder: Path, text: str) -> None:
    write(folder, {"sqla-guard.toml": text + "\n"})


def test_src_says_where_imports_start(folder: Path) -> None:
    write(folder, {"services/common/lib/shared/base.py": BASE, "app/model.py": BARE.format("shared.base")})
    assert codes("app") == []
    settings(folder, 'src = ["services/common/lib"]')
    assert codes("app") == [("app/model.py", "SG101")]


def test_src_comes_before_what_the_folders_suggest(folder: Path) -> None:
    write(folder, {"real/shared.py": BASE, "app/shared.py": "Base = object\n", "app/model.py": model_of("shared")})
    assert codes("app") == []
    settings(folder, 'src = ["./real"]')
    assert codes("app") == [("app/model.py", "SG101")]


def test_src_starts_at_its_configuration(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, {"libs/shared.py": BASE, "desk/app/model.py": model_of("shared"), "desk/app/x.py": ""})
    write(folder, {"desk/sqla-guard.toml": 'src = ["../libs"]\n'})
    assert codes("desk") == [("desk/app/model.py", "SG101")]
    monkeypatch.chdir(folder / "desk" / "app")
    assert codes() == [("model.py", "SG101")]


def test_declarative_bases_are_taken_at_their_word(folder: Path) -> None:
    write(folder, {"model.py": BARE.format("company.db")})
    assert codes() == []
    settings(folder, 'declarative-bases = ["company.db.Base"]')
    assert codes() == [("model.py", "SG101")]


@pytest.mark.parametrize("marker", ["pyproject.toml", None])
def test_inside_of_a_package_imports_are_followed_above_the_working_directory(
    marker: str | None, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use = "from app.inner.model import Event\n\nprint(Event.metadata)\n"
    write(folder, {"app/__init__.py": "", "app/base.py": BASE, "app/inner/__init__.py": "", "app/inner/use.py": use})
    if marker:
        write(folder, {marker: ""})
    for module in ("app.base", "..base"):
        write(folder, {"app/inner/model.py": model_of(module)})
        monkeypatch.chdir(folder / "app" / "inner")
        assert codes() == [("model.py", "SG101")], module
    assert run("fix", "--write").exit_code == 0
    assert "Event.event_metadata" in (folder / "app/inner/use.py").read_text()


def test_relative_imports_above_the_working_directory_do_not_mean_a_file_in_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, {"app/__init__.py": "", "app/base.py": "Base = object\n", "app/inner/__init__.py": ""})
    write(folder, {"app/inner/base.py": BASE, "app/inner/model.py": model_of("..base")})
    monkeypatch.chdir(folder / "app" / "inner")
    assert codes() == []


def test_a_project_around_the_working_directory_shows_its_files_by_one_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, {"pyproject.toml": "", "top.py": "", "app/model.py": MODEL})
    write(folder, {"app/use.py": "from app.model import Event\n\nprint(Event.metadata)\n"})
    monkeypatch.chdir(folder / "app")
    assert "+++ b/use.py\n" in run("fix").stdout


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{name}_", "metadata_"),
        ("{table}_{name}", "events_metadata"),
        ("{class}_{name}", "security_event_metadata"),
        ("extra", "extra"),
        ("{name}", "metadata_"),
        ("taken", "metadata_"),
        ("class", "metadata_"),
    ],
)
def test_rename_template_makes_the_new_name(template: str, name: str, folder: Path) -> None:
    write(folder, {"model.py": MODEL.replace("class Event", "class SecurityEvent") + "    taken = Column(Integer)\n"})
    settings(folder, f'rename-template = "{template}"')
    assert run("fix", "--write").exit_code == 0
    assert f'    {name} = Column("metadata", JSON)\n' in (folder / "model.py").read_text()


def test_a_template_with_a_table_is_nothing_for_a_class_without_one(folder: Path) -> None:
    mixin = MODEL.replace('    __tablename__ = "events"\n', "    __abstract__ = True\n")
    write(folder, {"model.py": mixin})
    settings(folder, 'rename-template = "{table}_{name}"')
    assert '+    metadata_ = Column("metadata", JSON)' in run("fix").stdout


SCRIPT = (
    "from sqlalchemy import text\n\n\n"
    "def upgrade(connection):\n"
    '    connection.execute(text("CREATE TABLE IF NOT EXISTS events (id int, metadata json)"))\n\n\n'
    "def start(engine):\n    with engine.begin() as connection:\n        upgrade(connection)\n\n\n"
    "from app.db import engine\n\nstart(engine)\n"
)


def test_what_is_named_as_migrations_has_run_and_is_not_edited(folder: Path) -> None:
    write(folder, {"app/model.py": MODEL, "app/changes/one.py": SCRIPT, "app/changes/__init__.py": ""})
    ddl = (folder / "app/changes/one.py").read_text()
    assert "+++ b/app/changes/one.py\n" in run("fix").stdout
    settings(folder, 'migrations = ["app/changes"]')
    assert run("fix", "--write").exit_code in (0, 1)
    assert (folder / "app/changes/one.py").read_text() == ddl
    assert 'event_metadata = Column("metadata", JSON)' in (folder / "app/model.py").read_text()


@pytest.mark.parametrize(
    ("dialect", "words"),
    [
        ('"mssql"', "sp_rename"),
        ('"postgresql"', "RENAME COLUMN metadata TO event_metadata"),
        ('{ "**" = "postgresql", "sql/" = "mssql" }', "sp_rename"),
        ('{ "sql/" = "mssql", "**/001_*.sql" = "postgresql" }', "RENAME COLUMN metadata TO event_metadata"),
    ],
)
def test_dialect_says_in_what_words_a_migration_is_written(dialect: str, words: str, folder: Path) -> None:
    write(folder, {"model.py": MODEL, "sql/001_events.sql": "CREATE TABLE events (id int, metadata varchar(9));\n"})
    settings(folder, f'rename = "column"\ndialect = {dialect}')
    assert run("fix", "--write").exit_code == 0
    (new,) = set((folder / "sql").iterdir()) - {folder / "sql/001_events.sql"}
    assert words in new.read_text()
