"""Whether a project can map classes is told from the imports of all its files, and of those that it may import."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sqla_guard.core.config import Config
from sqla_guard.core.packages import MAPPING_PACKAGES, Packages, is_evident, may_import_mapping
from sqla_guard.core.workspace import Workspace
from sqla_guard.project import kinds, mapped, placement, resolve
from sqla_guard.project.project import Project
from sqla_guard.read.discover import FileDisk
from sqla_guard.read.markers import files_that_matter, may_declare, may_define, modules_of
from sqla_guard.run import run_check
from tests.support.memory import check_files, project

PLAIN = Config()
MODEL = "from {base} import Base\n\n\nclass Item(Base):\n    metadata = {{}}\n"
BASE = "from sqlalchemy.orm import declarative_base\nBase = declarative_base()\n"
IMPORTS = {
    "plain": "import sqlalchemy.orm as orm\n",
    "second": "import os, \\\n    sqlalchemy.orm as orm\n",
    "behind a semicolon": "import os; from\tsqlalchemy import orm\n",
    "behind old line ends": "import os, \\\r    sqlalchemy.orm as orm\r",
    "far behind": "import os as o, json as j, \\\n    sqlalchemy.orm as orm\n",
    "in a branch": "try:\n    from sqlalchemy import (\n        orm)\nexcept ImportError:\n    raise\n",
    "in a stub": "",
}


@pytest.mark.parametrize("case", IMPORTS)
def test_one_import_anywhere_is_enough(case: str) -> None:
    base = IMPORTS[case] + "Base = orm.declarative_base()\n" if IMPORTS[case] else BASE
    path = "base.pyi" if case == "in a stub" else "base.py"
    (finding,) = check_files({path: base, "model.py": MODEL.format(base="base")}).diagnostics
    assert finding.path == "model.py"


@pytest.mark.parametrize("imports", [True, False])
def test_what_others_have_looked_at_is_not_read(imports: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "setup.cfg").touch()
    for name in ("a", "b", "c", "d"):
        (tmp_path / f"{name}.py").write_text("from os import path\n", encoding="utf-8")
    (tmp_path / "b.py").write_text(BASE if imports else "base = 1\n", encoding="utf-8")
    files, read = ("c.py", "d.py"), list[str]()

    class Disk(FileDisk):
        def raw(self, path: str) -> bytes:
            read.append(path)
            return super().raw(path)

    looks = {"a.py": (False, False), "b.py": (imports, False)}
    packages = Packages(Workspace(files, Disk()), PLAIN, modules_of, looks=looks)
    assert packages.may_map("c.py") == imports
    # Its own files come first: others may look at theirs meanwhile.
    assert read == ["c.py", "d.py"]
    assert looks["c.py"] == looks["d.py"] == (False, False)


def test_an_import_in_utf_16_counts() -> None:
    assert may_import_mapping("import sqlalchemy\n".encode("utf-16"))


@pytest.mark.parametrize(
    "text", ["'''\nfrom sqlalchemy import orm\n'''\n", "from .sqlalchemy import x\n", "sqlalchemy = 'import it'\n"]
)
def test_other_files_are_not_even_outlined(text: str) -> None:
    made = project({"base.py": text, "model.py": MODEL.format(base="base")})
    assert made.reserved_names("model.py") == ()
    assert "model.py" not in made._outlines


def test_what_needs_no_import_is_judged() -> None:
    head = "from .missing import Base\nfrom acme import Mapped\n\n\nclass Item(Base):\n    __tablename__ = 'items'\n"
    said = [check_files({"model.py": head + f"    metadata{rest}\n"}) for rest in (": Mapped[str]", " = {}")]
    assert [(len(report.diagnostics), len(report.not_analysed)) for report in said] == [(1, 0), (0, 1)]


@pytest.mark.parametrize("word", ["UnMapped", "mapped", "Mappedly", "MyDynamicMapped", "WriteOnlyMapped_"])
def test_other_words_are_no_annotation_of_a_model(word: str) -> None:
    assert not is_evident(f"class Item:\n    metadata: {word}[str]\n".encode())
    for name in (b"Mapped", b"acme.DynamicMapped", b"'WriteOnlyMapped"):
        assert is_evident(b"class Item:\n    metadata: %s[str]\n" % name)


MATTERING = {
    "a reserved name": ("a.py", "class Item(Base):\n    metadata = Column(JSON)\n"),
    "operations": ("a.py", "from alembic import op\nop.add_column('items', sa.Column('metadata', JSON))\n"),
    "a column": ("a.py", "items = Table('items', meta, Column('metadata', JSON))\n"),
    "a script": ("a.sql", "CREATE TABLE items (metadata JSON);\n"),
    "a table that is declared twice": ("a.py", "x = Table('items', meta)\ny = Table('items', meta)\n"),
}


@pytest.mark.parametrize("case", MATTERING)
def test_what_is_of_models_matters_only_where_there_may_be_some(case: str) -> None:
    path, text = MATTERING[case]

    def matters(other: str, config: Config = PLAIN) -> bool:
        disk = project({path: text, "other.py": other}, config).workspace.disk
        return path in files_that_matter(Workspace((path,), disk), config, [])

    assert not matters("'''\nimport sqlalchemy\n'''\n")
    assert matters("if True: import sqlalchemy\n")
    assert matters("class Item(Base):\n    __tablename__ = 'items'\n")
    is_table = case == "a table that is declared twice"
    assert matters("", Config(extend_select=frozenset({"SG302"}))) != is_table


def test_a_configured_base_counts() -> None:
    files: dict[str, str | bytes] = {"model.py": MODEL.format(base="acme")}
    config = Config(declarative_bases=frozenset({"acme.Base"}))
    assert [len(check_files(files, config=c).diagnostics) for c in (Config(), config)] == [0, 1]


@pytest.mark.parametrize("repository", [True, False])
@pytest.mark.parametrize("folder", [".", ".."])
def test_projects_beside_it_count(
    repository: bool, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, file, text in (("core", "shared.py", BASE), ("app", "model.py", MODEL.format(base="core.shared"))):
        (tmp_path / "all" / name).mkdir(parents=True)
        (tmp_path / "all" / name / "pyproject.toml").write_text("[project]\n")
        (tmp_path / "all" / name / file).write_text(text)
    if repository:
        (tmp_path / "all" / ".git").mkdir()
    monkeypatch.chdir(tmp_path / "all")
    (finding,) = run_check([f"{folder}/{'all' if folder == '..' else ''}"], Config()).report.diagnostics
    assert finding.path == "app/model.py"


@pytest.mark.parametrize("reported", [["build/model.py"], ["app.py", "build/model.py"]])
def test_a_file_that_is_left_out_of_its_project_is_judged_by_itself(
    reported: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "build").mkdir()
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (tmp_path / "app.py").write_text("class Item:\n    metadata = 1\n")
    text = "class Item(Base):\n    __tablename__ = 'items'\n    metadata = Column(Integer, primary_key=True)\n"
    (tmp_path / "build" / "model.py").write_text(f"{BASE}from sqlalchemy import Column, Integer\n\n\n{text}")
    monkeypatch.chdir(tmp_path)
    (finding,) = run_check(reported, Config()).report.diagnostics
    assert finding.path == "build/model.py"


@pytest.mark.parametrize("package", MAPPING_PACKAGES)
def test_each_package_is_found_wherever_it_is_imported(package: bytes) -> None:
    assert may_import_mapping(b"import os, %s\n" % package)
    assert may_import_mapping("import größe, ".encode() + package)
    assert may_import_mapping(b"x = 1; import \\\n  %s.orm as x\n" % package)
    assert may_import_mapping(b"from\\\n\t%s.orm import x\n" % package)
    for other in (b"import os, my_%s\n", b"from my_%s import x\n", b"from .x import %s\n", b"from %s0 import x\n"):
        assert not may_import_mapping(other % package)


@pytest.mark.parametrize(
    "said", ['sa.Column("metadata"', "mapped_column(\n    name = 'registry'", "MyColumn('metadata'"]
)
def test_a_column_of_a_reserved_name_is_seen(said: str) -> None:
    assert may_declare(f"x = {said}, String)\n".encode())


@pytest.mark.parametrize(
    "said", ['Column("meta"', 'add_column("metadata"', 'Column(x, "metadata"', 'columns = "metadata"']
)
def test_nothing_else_looks_like_a_column_of_a_reserved_name(said: str) -> None:
    assert not may_declare(f"x = {said}, String)\n".encode())


@pytest.mark.parametrize(
    "said", ["create table {}", "alter table t add {}", "exec sp_rename 't.a', '{}'", "create {{}} {}"]
)
def test_sql_that_gives_a_column_its_name_is_seen(said: str) -> None:
    assert may_define(f"run('DROP TABLE x; {said.format('metadata')}') # create \n".encode())
    assert may_define(f"run('DROP TABLE x; {said.format('metadata').upper()}') # create \n".encode())


@pytest.mark.parametrize("said", ["DROP TABLE metadata", "RENAME TABLE metadata TO x", "drop {} metadata"])
def test_sql_that_takes_away_gives_no_column_a_name(said: str) -> None:
    assert not may_define(f"run('{said}') # they create more\n".encode())


def test_all_that_is_known_of_mapping_is_in_these_packages() -> None:
    names = [*mapped._MADE_BASES, *mapped._BASE_MAKERS, *mapped._MAPPING_DECORATORS, *mapped._BASE_DECORATORS]
    names += [mapped._SQLMODEL, *kinds._SQLALCHEMY, *placement._STYLES, *resolve._CANONICAL, *resolve.STAR_NAMES]
    names += [resolve._CANONICAL[name] for name in resolve._CANONICAL]
    names += ["litestar."]
    names += re.findall(r"[a-z_]+(?=\\\.)", mapped._ADVANCED_ALCHEMY.pattern)[:1]
    packages = tuple(f"{package.decode()}." for package in MAPPING_PACKAGES)
    assert [name for name in names if not f"{name}.".startswith(packages)] == []


def test_a_file_is_read_for_reserved_names_unless_its_bytes_said_that_it_binds_none() -> None:
    files: dict[str, str | bytes] = {"base.py": BASE, "model.py": MODEL.format(base="base")}
    known = project(files)
    for said, found in ((None, 1), (True, 1), (False, 0)):
        asked = Project(known.workspace, known.config, known.readers, {"model.py": said})
        assert len(asked.reserved_names("model.py")) == found


@pytest.mark.parametrize("reported", ["model.py", "ddl.sql", "base.py"])
def test_what_a_file_binds_is_known_whether_it_is_reported_on_or_not(reported: str) -> None:
    table = "    __tablename__ = 'item'\n    id = Column(Integer, primary_key=True)\n    metadata = Column(Integer)\n"
    files: dict[str, str | bytes] = {
        "base.py": BASE,
        "model.py": f"from base import Base\nfrom sqlalchemy import Column, Integer\n\n\nclass Item(Base):\n{table}",
        "ddl.sql": "CREATE TABLE item (id INTEGER PRIMARY KEY, metadata JSON);\n",
    }
    report = check_files(files, reported)
    assert {finding.path for finding in report.diagnostics} == {reported} - {"base.py"}
