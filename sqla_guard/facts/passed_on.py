"""SQL that goes from one module to another before a database gets it."""

from __future__ import annotations

from msgspec import Struct

# Stands in :attr:`Outside.form` for the name in the other module; no name that anybody writes.
ROOT = "_sqla_guard_root_"


class Helper(Struct, frozen=True):
    """A function that hands one of its parameters to a database.

    Attributes:
        name: The function, as the module in question writes it: ``run_sql``, ``helpers.run_sql``.
        position: The place of the parameter.
        parameter: Its name.
        each: Whether the function hands on each item of it.
        module: The file that defines the function.
    """

    name: str
    position: int
    parameter: str
    each: bool
    module: str


class Outside(Struct, frozen=True):
    """Something of another module that a module runs as SQL, or keeps under a name of its own.

    Attributes:
        chain: The imported name with its attributes, as written: ``("ddl", "CREATE")``.
        form: The expression around it, with :data:`ROOT` for the chain: ``_sqla_guard_root_['events']``.
        each: Whether the items of ``form`` are meant, not ``form`` itself.
        position: The part of each item that is meant, where it has several.
        path: The file that runs it.
        at: The offset in that file at which it runs.
        down: Whether that undoes.
        asks: Whether that depends on a condition.
        conditional: Whether the condition is out of the database's sight.
        written: The chain as that file has it, where it gives just that to a call; empty elsewhere.
        holder: The name that the module keeps it under; it does not run it then.
    """

    chain: tuple[str, ...]
    form: str
    each: bool
    position: int | None
    path: str
    at: int = 0
    down: bool = False
    asks: bool = False
    conditional: bool = False
    written: str = ""
    holder: str | None = None


class OwnSql(Struct, frozen=True):
    """A method that runs what its class, or one derived from it, keeps under a name: ``execute(self.SQL)``.

    Attributes:
        owner: The class of the method.
        name: The attribute.
        each: Whether each item of it is run.
        at: The offset at which that happens.
    """

    owner: str
    name: str
    each: bool
    at: int


class PassedOn(Struct, frozen=True):
    """What a module does with SQL of others: its helpers, what it takes from them, and its template methods."""

    helpers: tuple[Helper, ...] = ()
    outsides: tuple[Outside, ...] = ()
    templates: tuple[OwnSql, ...] = ()


class Across(Struct, frozen=True):
    """What other modules do for a file.

    Attributes:
        helpers: Functions that it calls.
        uses: Who runs what it keeps; :data:`ROOT` is replaced by the file's own name.
        strings: Their strings that it puts into its own, by the names that it calls them by.
    """

    helpers: tuple[Helper, ...] = ()
    uses: tuple[Outside, ...] = ()
    strings: tuple[tuple[str, str], ...] = ()
