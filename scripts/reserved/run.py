# ruff: noqa: C901
# mypy: ignore-errors
"""Runs programs on the SQLAlchemy of the interpreter that it is started with, and says what became of each.

Reads JSON from standard input, a list of ``{"text", "name", "mapped"}``, and writes a list of outcomes. It must run
on its own, without this project around it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import types
import warnings

from sqlalchemy import MetaData, exc
from sqlalchemy.pool import StaticPool

try:
    from sqlalchemy.orm import registry as Registry
except ImportError:  # before 1.4
    Registry = ()


def outcome(text, name, mapped):
    """Return what happens: ``[verdict, words]``."""
    module = types.ModuleType("program")  # annotations are looked up in the module of that name
    sys.modules["program"] = module
    space = module.__dict__
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            exec(compile(text, "program.py", "exec"), space)
            prepare(space)
        except Exception as error:
            return ["raises", type(error).__name__ + ": " + str(error)]
        try:
            verdict = look(space, name, mapped)
        except Exception as error:
            verdict = ["raises later", type(error).__name__ + ": " + str(error)]
    told = [
        str(w.message) for w in caught if isinstance(w.message, exc.SAWarning) and "left reserved" in str(w.message)
    ]
    if told and verdict[0] != "raises later":
        return ["warns", told[0]]
    return verdict


def prepare(space):
    """Finish what is declared in two steps."""
    from sqlalchemy import create_engine

    base = space.get("Base", object)
    if not hasattr(base, "prepare") and "Own" not in space:
        return
    item = space["Item"]
    if hasattr(item, "prepare") or hasattr(base, "prepare"):
        engine = create_engine("sqlite://", poolclass=StaticPool)
        with engine.connect() as connection:
            for table in ("items", "tops", "others"):
                connection.exec_driver_sql(
                    f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, kind TEXT, other_id INTEGER REFERENCES others(id))"
                )
        (item if hasattr(item, "prepare") else base).prepare(engine)


def look(space, name, mapped):
    """Say what the attribute of class ``Item`` came to."""
    item = space["Item"]
    key = "_Item" + name if name.startswith("__") and not name.endswith("__") else name
    mapper = item.__dict__.get("__mapper__")
    if mapper is None:
        return ["unmapped class", ""]
    if hasattr(mapper, "registry"):
        mapper.registry.configure()
    if mapped and name in mapper.all_orm_descriptors:
        key = name
    if mapped and key not in mapper.all_orm_descriptors:
        return ["not mapped", ""]
    if mapped and key != name:
        return ["mangled", ""]
    wanted = {"metadata": MetaData, "registry": Registry}.get(name)
    found = getattr(item, name, None)
    if wanted and found is not None and not isinstance(found, wanted):
        return ["shadowed", ""]
    if name.startswith("query") and "db" in space:
        with space["app"].app_context():
            if not hasattr(item.query, "filter_by"):
                return ["shadowed", ""]
    values = {name: "x"} if mapped and name == "self" else {}
    try:
        made = item(**values)
    except TypeError as error:
        if "required positional argument" in str(error):  # a field of a dataclass
            return ["fine", ""]
        raise
    if space.get("SQLModel") and mapped and made is not None:
        item(**{name: None})
    return ["fine", ""]


def outcome_apart(text, name, mapped):
    """Do the same in a process of its own where one program can break what comes after it.

    Classes that wait for their tables stand in a registry of the process until they are collected as garbage.
    """
    if not name.startswith("_") and not any(
        word in text for word in ("SQLModel", "DeferredReflection, ", "= automap_")
    ):
        return outcome(text, name, mapped)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        # An end to what would never come to one; its own time counts, however busy the machine is.
        signal.setitimer(signal.ITIMER_VIRTUAL, 3)
        with os.fdopen(writer, "w") as stream:
            json.dump(outcome(text, name, mapped), stream)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        told = stream.read()
    os.waitpid(child, 0)
    return json.loads(told) if told else ["raises later", "nothing: it never ends"]


def main():
    """Run what comes in."""
    results = [outcome_apart(p["text"], p["name"], p["mapped"]) for p in json.load(sys.stdin)]
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
