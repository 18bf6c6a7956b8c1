"""Which names have to be judged; apart from the facts about them, for runs that find none."""

from __future__ import annotations

from typing import Literal

RESERVED = frozenset({"metadata", "registry"})
"""What SQLAlchemy itself uses on every declarative class."""

OF_FLASK = frozenset({"query", "query_class"})
"""What Flask-SQLAlchemy uses on every model."""

# Names that a field of an SQLModel table must not have; other names that begin with ``_`` neither.
_OF_SQLMODEL = frozenset(
    {
        "construct",
        "copy",
        "dict",
        "from_orm",
        "json",
        "parse_file",
        "parse_obj",
        "parse_raw",
        "schema",
        "schema_json",
        "sqlmodel_update",
        "update_forward_refs",
        "validate",
    }
)

Form = Literal["assignment", "annotation", "method", "class", "after", "backref"]


def is_marked(name: str, form: Form, is_sqlmodel_table: bool = False) -> bool:
    """Tell whether a binding in a class body has to be judged.

    Args:
        name: The name.
        form: How it is bound.
        is_sqlmodel_table: Whether the class statement says ``table=True``.
    """
    if name in RESERVED or name in OF_FLASK or name.startswith("_sa_"):
        return True
    if form not in ("assignment", "annotation", "after"):
        return False
    if is_sqlmodel_table and (name in _OF_SQLMODEL or name.startswith(("model_", "_"))):
        return True
    return name == "self" or name.startswith("__")
