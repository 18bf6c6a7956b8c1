"""What a revision says of a column, for another one that renames it."""

from __future__ import annotations

import pytest

from sqla_guard.core.source import SourceFile, Span
from sqla_guard.read.python.existing import read_existing

IMPORTS = (
    "import sqlalchemy as sa\nimport sqlalchemy\nfrom sqlalchemy import JSON as Json, Numeric\nfrom alembic import op\n"
)


def existing(code: str) -> str:
    text = IMPORTS + code
    at = text.index("metadata")
    return ", ".join(f"{k}={v}" for k, v in read_existing(SourceFile("m.py", text), Span(at, at + 8)))


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("sa.Column('metadata', sa.String(40))", "existing_type=sa.String(40), existing_nullable=True"),
        ("sqlalchemy.Column('metadata', Json, nullable=False)", "existing_type=sa.JSON, existing_nullable=False"),
        (
            "sa.Column('metadata', Numeric(10, scale=2))",
            "existing_type=sa.Numeric(10, scale=2), existing_nullable=True",
        ),
        (
            "sa.Column('metadata', sa.Text(), server_default=sa.text('now()'), comment='a \"b\"')",
            'existing_type=sa.Text(), existing_nullable=True, existing_server_default=sa.text("now()"), '
            "existing_comment='a \"b\"'",
        ),
        ("sa.Column('metadata', sa.Enum('a', 'b'))", 'existing_type=sa.Enum("a", "b"), existing_nullable=True'),
        # Not in full, or of one database alone.
        ("sa.Column('metadata', postgresql.JSONB())", ""),
        ("sa.Column('metadata', sa.String(LENGTH))", ""),
        ("sa.Column('metadata', sa.Text(), server_default=default())", ""),
        ("sa.Column('metadata', sa.Integer(), sa.Computed('a + 1'))", ""),
        ("sa.Column('metadata', sa.Integer(), primary_key=True)", ""),
        ("sa.Column('metadata', sa.TIMESTAMP(), server_onupdate=sa.func.now())", ""),
        ("sa.Column('metadata', sa.Text(), **more)", ""),
        ("sa.Column('metadata')", ""),
    ],
)
def test_what_the_column_is_made_with_is_told(column: str, expected: str) -> None:
    assert existing(f"op.add_column('t', {column})\n") == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("existing_type=sa.Text()", "existing_type=sa.Text()"),
        (
            "existing_type=sa.Text(), type_=Json(), nullable=False, existing_server_default='x'",
            'existing_type=sa.JSON(), existing_nullable=False, existing_server_default="x"',
        ),
        ("nullable=False", ""),
    ],
)
def test_what_a_rename_leaves_behind_is_told(options: str, expected: str) -> None:
    assert existing(f"op.alter_column('t', 'meta', new_column_name='metadata', {options})\n") == expected


def test_a_name_from_elsewhere_tells_nothing() -> None:
    assert existing("for name in ['metadata']:\n    op.add_column('t', sa.Column(name, sa.Text()))\n") == ""
