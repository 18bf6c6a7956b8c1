"""Run programs of ``raising.py`` on the SQLAlchemy that is installed: a JSON list in, one out."""

from __future__ import annotations

import json
import sys
import types
import warnings
from pathlib import Path


def outcome(name: str, text: str) -> dict[str, object]:
    """Return what a program comes to: its error, or its value and the table's columns."""
    import sqlalchemy
    from sqlalchemy.orm import Session

    module = types.ModuleType(name)
    sys.modules[name] = module
    try:
        exec(compile(text, name, "exec"), module.__dict__)
        thing = module.__dict__["Thing"]
        engine = sqlalchemy.create_engine("sqlite://", future=True)
        thing.__table__.metadata.create_all(engine)
        with Session(engine, future=True) as session:
            value = module.__dict__["round_trip"](session)
        columns = [column["name"] for column in sqlalchemy.inspect(engine).get_columns("things")]
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}
    return {"value": value, "columns": columns}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    source, target = map(Path, sys.argv[1:])
    found = [outcome(f"program_{n}", text) for n, text in enumerate(json.loads(source.read_text(encoding="utf-8")))]
    target.write_text(json.dumps(found), encoding="utf-8")
