"""What is asked of DDL before all of it is read: no column may be overlooked, and no script that runs again."""

from __future__ import annotations

import pytest

from tests.rename.test_traps import PLAIN, SETUP, fixed

TAKEN = {
    "in the statement": {"more.py": 'conn.execute("ALTER TABLE parcels ADD COLUMN parcel_metadata TEXT")\n'},
    "in capitals": {"more.sql": "ALTER TABLE PARCELS ADD COLUMN PARCEL_METADATA TEXT;\n"},
    "after a rename": {"more.sql": "ALTER TABLE parcels RENAME COLUMN remark TO parcel_metadata;\n"},
    "of another name": {
        "1.sql": "CREATE TABLE boxes (id INTEGER, metadata TEXT, parcel_metadata TEXT);\n",
        "2.sql": "ALTER TABLE boxes RENAME TO parcels;\n",
    },
    "of another module": {
        "names.py": 'EXTRA = "parcel_metadata"\n',
        "more.py": "from names import EXTRA\n\n"
        "def change(conn):\n    conn.execute(f'ALTER TABLE parcels ADD COLUMN {EXTRA} TEXT')\n",
    },
    "in two literals": {"more.py": 'conn.execute("ALTER TABLE parcels ADD COLUMN parcel_" "metadata TEXT")\n'},
    "formatted": {"more.py": "KIND = 'parcel'\nconn.execute(f'ALTER TABLE parcels ADD COLUMN {KIND}_metadata TEXT')\n"},
    "formatted the old way": {
        "more.py": "for kind in ('parcel', 'box'):\n"
        "    conn.execute('ALTER TABLE parcels ADD COLUMN %s_metadata TEXT' % kind)\n",
    },
    "in pieces in a revision": {
        "more.py": "from alembic import op\nimport sqlalchemy as sa\n\nrevision = 'a1'\ndown_revision = None\n\n\n"
        "def upgrade():\n    op.add_column('parcels', sa.Column('parcel_' + 'metadata', sa.Text()))\n",
    },
}


@pytest.mark.parametrize("files", TAKEN.values(), ids=TAKEN)
def test_a_column_that_only_ddl_names_is_not_taken_for_the_new_name(files: dict[str, str]) -> None:
    texts, _ = fixed({"models.py": PLAIN, "schema.sql": "CREATE TABLE parcels (id INTEGER, metadata TEXT);\n", **files})
    assert "metadata_ = Column(" in texts["models.py"]
    assert "parcel_metadata" not in texts["models.py"]


def test_a_name_that_stands_in_other_sql_is_free() -> None:
    query = 'rows = conn.execute("SELECT metadata AS parcel_metadata FROM boxes")\n'
    texts, _ = fixed({"models.py": PLAIN, "other.py": query})
    assert "parcel_metadata = Column(" in texts["models.py"]


CREATE = '"CREATE TABLE parcels (id INTEGER PRIMARY KEY, metadata TEXT)"'
SHAPES = [
    CREATE,
    '"CREATE " "TABLE parcels (id INTEGER PRIMARY KEY, metadata TEXT)"',
    '"create\\\n table parcels (id INTEGER PRIMARY KEY, metadata TEXT)"',
    '"""\n  CREATE\n  TABLE parcels (\n    id INTEGER PRIMARY KEY,\n    metadata TEXT\n  )"""',
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_script_that_runs_again_is_seen_in_every_layout(shape: str, end: str) -> None:
    script = SETUP.replace(CREATE, shape).replace("\n", end)
    _, titles = fixed({"models.py": PLAIN, "setup.py": script})
    assert "and its column" in titles
