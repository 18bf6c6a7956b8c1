"""A new revision on the single head, run by the real Alembic."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from sqla_guard.core.source import SourceFile
from sqla_guard.facts.operations import TableName
from sqla_guard.project.revisions import RevisionGraph, graphs
from sqla_guard.read.python.revision import read_revision
from sqla_guard.rename.alembic_revision import Environment, alembic_rename
from sqla_guard.rename.outcome import Change, ColumnRename, Refusal

WISH = ColumnRename(TableName("visits"), "metadata", "visit_metadata")

ENV = """\
from alembic import context
from sqlalchemy import create_engine

engine = create_engine(context.config.get_main_option("sqlalchemy.url"))
with engine.begin() as connection:
    context.configure(connection=connection, render_as_batch={batch})
    context.run_migrations()
engine.dispose()
"""

TEMPLATE = '''\
"""${message}

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
Create Date: ${create_date}
Reviewed by: nobody

"""
from alembic import op
import sqlalchemy as sa
${imports if imports else ""}

revision: str = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
'''

FIRST = '''\
# The house style: quotes, comment and all.
"""Visits

Revision ID: {id}
Revises:
Create Date: 2026-03-04 11:22:33.000001

"""
from alembic import op
import sqlalchemy as sa
from json import dumps

# who follows whom
revision = "{id}"
down_revision = {down}
branch_labels = None
depends_on = None


def upgrade() -> None:  # {id}
{body}


def downgrade() -> None:
{back}
'''
MAKE = """\
    op.create_table(
        "visits",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("metadata", sa.Text),
    )
    dumps({})"""


class Project:
    """An Alembic environment on SQLite, under a folder of its own."""

    def __init__(self, root: Path, batch: bool = False) -> None:
        self.root = root
        self.versions = root / "migrations" / "versions"
        self.versions.mkdir(parents=True)
        self.batch = batch
        (root / "migrations" / "env.py").write_text(ENV.format(batch=batch))

    def add(self, name: str, text: str) -> None:
        (self.versions / name).write_text(text)

    def revision(self, name: str, id: str, down: str = "None", body: str = "    pass", back: str = "    pass") -> None:
        self.add(name, FIRST.format(id=id, down=down, body=body, back=back))

    def graph(self) -> RevisionGraph:
        files = sorted(self.versions.glob("*.py"))
        read = [read_revision(SourceFile(str(f), f.read_text())) for f in files]
        found = graphs(r for r in read if r)
        assert len(found) == 1
        return found[0]

    def config(self) -> Config:
        config = Config()
        config.set_main_option("script_location", str(self.root / "migrations"))
        config.set_main_option("path_separator", "os")
        config.set_main_option("sqlalchemy.url", f"sqlite:///{self.root}/app.db")
        return config

    def columns(self) -> list[str]:
        connection = sqlite3.connect(self.root / "app.db")
        found = connection.execute("SELECT name FROM pragma_table_info('visits')").fetchall()
        connection.close()
        return [name for (name,) in found]

    def run(self, sql: str) -> list[tuple[object, ...]]:
        connection = sqlite3.connect(self.root / "app.db")
        found = connection.execute(sql).fetchall()
        connection.commit()
        connection.close()
        return found


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    made.revision("aaaa1111bbbb_visits.py", "aaaa1111bbbb", body=MAKE)
    return made


def written(project: Project, environment: Environment | None = None) -> Path:
    change = alembic_rename(WISH, project.graph(), environment)
    assert isinstance(change, Change), change
    (edit,) = change.edits
    path = Path(edit.path)
    assert (edit.start, edit.end, path.exists()) == (0, 0, False)
    path.write_text(edit.text)
    return path


@pytest.mark.parametrize(
    "environment",
    [
        None,
        Environment(template=TEMPLATE),
        Environment(template=TEMPLATE, env="render_as_batch=True"),
        Environment(template="<%! import os %>" + TEMPLATE),
    ],
    ids=["head", "template", "batch", "strange template"],
)
def test_alembic_runs_it_up_and_down(project: Project, environment: Environment | None) -> None:
    command.upgrade(project.config(), "head")
    project.run("INSERT INTO visits (metadata) VALUES ('kept')")
    path = written(project, environment)
    assert ScriptDirectory.from_config(project.config()).get_current_head() == path.name[:12]
    command.upgrade(project.config(), "head")
    assert project.columns() == ["id", "visit_metadata"]
    assert project.run("SELECT visit_metadata FROM visits") == [("kept",)]
    command.downgrade(project.config(), "-1")
    assert project.columns() == ["id", "metadata"]
    assert project.run("SELECT metadata FROM visits") == [("kept",)]


def test_the_head_is_the_model(project: Project) -> None:
    path = written(project)
    assert path.name == f"{path.name[:12]}_rename_visits_metadata_to_visit_metadata.py"
    assert path.read_text() == (
        f'''\
# The house style: quotes, comment and all.
"""Rename visits.metadata to visit_metadata

Revision ID: {path.name[:12]}
Revises: aaaa1111bbbb

"""
from alembic import op
import sqlalchemy as sa

# who follows whom
revision = "{path.name[:12]}"
down_revision = "aaaa1111bbbb"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("visits", "metadata", new_column_name="visit_metadata")


def downgrade() -> None:
    op.alter_column("visits", "visit_metadata", new_column_name="metadata")
'''
    )


def test_the_template_is_followed_but_for_the_date(project: Project) -> None:
    text = written(project, Environment(template=TEMPLATE)).read_text()
    assert "Create Date" not in text
    assert "Reviewed by: nobody" in text
    assert "revision: str = '" in text


def test_two_runs_give_the_same_file(project: Project) -> None:
    graph = project.graph()
    assert alembic_rename(WISH, graph) == alembic_rename(WISH, graph)
    written(project)
    again = alembic_rename(WISH, project.graph())  # another head by now, so another revision
    assert isinstance(again, Change)
    assert again != alembic_rename(WISH, graph)


def test_mysql_is_told_in_sql(project: Project) -> None:
    wish = ColumnRename(WISH.table, WISH.old, WISH.new, "mysql")
    change = alembic_rename(wish, project.graph())
    assert isinstance(change, Change)
    sql = 'op.execute("ALTER TABLE visits RENAME COLUMN metadata TO visit_metadata")'
    assert sql in change.edits[0].text


@pytest.mark.parametrize(
    "body",
    [
        "    from sqlalchemy.dialects import mysql",
        "    from sqlalchemy.dialects.mysql import JSON",
        '    op.create_table("x", mysql_engine="InnoDB")',
    ],
)
def test_revisions_with_types_of_mysql_are_for_mysql(project: Project, body: str) -> None:
    project.revision("cccc1111bbbb_x.py", "cccc1111bbbb", '"aaaa1111bbbb"', body)
    assert 'op.execute("ALTER TABLE visits RENAME' in written(project).read_text()
    known = alembic_rename(ColumnRename(WISH.table, WISH.old, WISH.new, "postgres"), project.graph())
    assert isinstance(known, Change)
    assert "op.alter_column(" in known.edits[0].text


def test_a_project_that_alters_in_batches_goes_on_so(project: Project) -> None:
    body = """\
    with op.batch_alter_table("visits") as b:
        b.add_column(sa.Column("x", sa.Text))"""
    project.revision("cccc1111bbbb_x.py", "cccc1111bbbb", '"aaaa1111bbbb"', body)
    text = written(project).read_text()
    assert '    with op.batch_alter_table("visits", recreate="never") as batch_op:\n' in text
    assert '        batch_op.alter_column("metadata", new_column_name="visit_metadata")\n' in text
    command.upgrade(project.config(), "head")
    assert project.columns() == ["id", "visit_metadata", "x"]


@pytest.mark.parametrize(
    ("name", "id", "expected"),
    [
        ("0001_visits.py", "0001", "0002_rename_visits_metadata_to_visit_metadata"),
        ("0009_visits.py", "0009_visits", "0010_rename_visits_metadata"),
        ("007_aaaa1111bbbb_visits.py", "aaaa1111bbbb", "008_{rev}_rename_visits_metadata_to_visit_metadata"),
        ("2026_03_04_1122-aaaa_visits.py", "aaaa", "2026_03_04_1122-{rev}_rename_visits_metadata_to_visit_metadata"),
        ("aaaa1111bbbb.py", "aaaa1111bbbb", "{rev}"),
        ("visits.py", "aaaa1111bbbb", "{rev}_rename_visits_metadata_to_visit_metadata"),
    ],
)  # fmt: skip
def test_names_follow_the_habit(tmp_path: Path, name: str, id: str, expected: str) -> None:
    project = Project(tmp_path)
    project.revision(name, id, body=MAKE)
    path = written(project)
    head = ScriptDirectory.from_config(project.config()).get_current_head()
    assert head is not None
    assert len(head) <= 32
    assert path.stem == expected.replace("{rev}", head)
    command.upgrade(project.config(), "head")
    assert "visit_metadata" in project.columns()


def test_file_template_is_followed(project: Project) -> None:
    ini = (
        "[alembic]\n"
        "file_template = %%(year)d_%%(month).2d_%%(day).2d_%%(hour).2d%%(minute).2d-%%(slug)s\n"
        "truncate_slug_length = 20\n"
    )
    path = written(project, Environment(ini=ini))
    assert path.stem == "2026_03_04_1123-rename_visits_"


def test_several_heads_are_named(project: Project) -> None:
    project.revision("bbbb_left.py", "bbbb", '"aaaa1111bbbb"')
    project.revision("cccc_right.py", "cccc", '"aaaa1111bbbb"')
    refused = alembic_rename(WISH, project.graph())
    assert isinstance(refused, Refusal)
    assert "bbbb (bbbb_left.py), cccc (cccc_right.py)" in refused.reason
    project.revision("dddd_both.py", "dddd", '("bbbb", "cccc")')
    written(project)
    command.upgrade(project.config(), "head")
    assert project.columns() == ["id", "visit_metadata"]


@pytest.mark.parametrize(
    ("name", "id", "down", "reason"),
    [
        ("bbbb_x.py", "bbbb", '"gone"', "bbbb_x.py follows gone, which is not there"),
        ("bbbb_x.py", "aaaa1111bbbb", "None", "have the same revision aaaa1111bbbb"),
        ("bbbb_x.py", "bbbb", '"bbbb"', "in a circle"),
    ],
)
def test_a_broken_chain_is_refused(project: Project, name: str, id: str, down: str, reason: str) -> None:
    project.revision(name, id, down)
    refused = alembic_rename(WISH, project.graph())
    assert isinstance(refused, Refusal)
    assert reason in refused.reason


def test_no_revisions_at_all() -> None:
    assert isinstance(alembic_rename(WISH, RevisionGraph(())), Refusal)


# -- reading


def read(text: str, path: str = "versions/x.py") -> object:
    return read_revision(SourceFile(path, text))


def test_a_file_without_a_revision_is_none() -> None:
    assert read("x = 1\n") is None
    assert read("revision = (\n") is None


def test_what_is_no_constant_is_read_from_the_docstring() -> None:
    text = '"""x\n\nRevises: a1, b2\n"""\nrevision = "c3"\ndown_revision = parents()\n'
    found = read_revision(SourceFile("versions/x.py", text))
    assert found is not None
    assert (found.id, found.parents, found.problem) == ("c3", ("a1", "b2"), "")
    silent = read_revision(SourceFile("versions/x.py", text.replace("Revises", "After")))
    assert silent is not None
    assert silent.problem == "down_revision is not a constant"


def test_labels_and_dependencies_give_the_order() -> None:
    texts = {
        "v/a.py": 'revision = "a"\ndown_revision = "z"\n',
        "v/b.py": 'revision = "b"\ndown_revision = None\ndepends_on = ["side"]\n',
        "w/y.py": 'revision: str = "y"\ndown_revision = None\nbranch_labels = ("side",)\n',
        "v/z.py": 'revision = "z"\ndown_revision = ("b",)\n',
    }
    found = [read_revision(SourceFile(p, t)) for p, t in texts.items()]
    (graph,) = graphs(r for r in found if r)
    assert graph.problems == ()
    order = graph.order()
    assert order.index("w/y.py") < order.index("v/b.py") < order.index("v/z.py")
    assert order.index("v/z.py") < order.index("v/a.py")
    assert [h.id for h in graph.heads] == ["a", "y"]


def test_folders_that_share_nothing_are_apart() -> None:
    texts = {p: f'revision = "{p[0]}"\ndown_revision = None\n' for p in ("one/a.py", "two/b.py")}
    found = [read_revision(SourceFile(p, t)) for p, t in texts.items()]
    assert len(graphs(r for r in found if r)) == 2
