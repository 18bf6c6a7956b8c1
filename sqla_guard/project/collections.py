"""Which ``MetaData`` a declared table belongs to, and which modules one program can import together."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from sqla_guard.core.roles import is_apart
from sqla_guard.facts.tables import DeclaredTable
from sqla_guard.facts.values import Attr, Call, Dictionary, Display, Literal, Name, Value
from sqla_guard.project.mapped import Mappings
from sqla_guard.project.project import Project
from sqla_guard.project.symbols import External, Made, ProjectClass, Symbol

Key = tuple[object, ...]


class Collections:
    """Finds tables that are declared twice on one ``MetaData``."""

    def __init__(self, project: Project) -> None:
        """Look in ``project``."""
        self._project = project
        self._mappings = Mappings.of_project(project)
        self._finder = project.modules

    @classmethod
    def of_project(cls, project: Project) -> Collections:
        """Return the one of ``project``, the same object each time."""
        return project.once(cls, lambda: cls(project))

    def name(self, table: DeclaredTable) -> str | None:
        """Return the name of a table: the one written, or the one that the class's base derives."""
        if table.table is not None or table.definition is None:
            return table.table
        cls = ProjectClass(table.path, table.definition)
        return self._project.once(("implied table", table), lambda: self._implied(cls))

    def _implied(self, cls: ProjectClass) -> str | None:
        """Return the name that a base derives; none for a class that shares the table of another one."""
        if self._mappings.of(cls).role != "mapped":
            return None
        above = [owner for owner in self._mappings.linear(cls) if owner.definition != cls.definition]
        mapped = [owner for owner in above if self._mappings.of(owner).role == "mapped"]
        if any(owner.definition.attribute("__tablename__") for owner in above if owner not in mapped):
            return None
        own_key = any(isinstance(a.value, Call) and _is_key(a.value) for a in cls.definition.attributes)
        return self._mappings.implied_table(cls) if own_key or not mapped else None

    def earlier(self, table: DeclaredTable) -> DeclaredTable | None:
        """Return a declaration of the same table that stands before ``table``, by path and place."""
        for other in self._same_name(table):
            if (other.path, other.span) < (table.path, table.span) and self._clash(other, table):
                return other
        return None

    def _clash(self, one: DeclaredTable, other: DeclaredTable) -> bool:
        """Tell whether both are one table of one ``MetaData``, which SQLAlchemy refuses to declare twice."""
        key = self.key(one)
        return key is not None and self.key(other) == key and self._refuse(one, other)

    def says_columns(self, table: DeclaredTable) -> bool:
        """Tell whether a declaration is more than a look-up: ``Table("events", metadata)`` may come again."""
        outline = self._project.outline(table.path)
        if table.definition is not None or outline is None:
            return True
        calls = [v for v in outline.bindings.get(table.owner, ()) if isinstance(v, Call)]
        return any(isinstance(argument, Call) for call in calls for argument in call.args[1:])

    def _refuse(self, one: DeclaredTable, other: DeclaredTable) -> bool:
        """Tell whether SQLAlchemy refuses the second; in two modules, either may come second."""
        if one.path == other.path:
            return self.says_columns(other)
        return self.can_meet(one.path, other.path) and self.says_columns(one) and self.says_columns(other)

    def key(self, table: DeclaredTable) -> Key | None:
        """Return what makes the table one: MetaData, schema, name; ``None`` where that is not certain."""
        if is_apart(table.path):
            return None
        return self._project.once(("table key", table), lambda: self._key(table))

    def _same_name(self, table: DeclaredTable) -> Iterator[DeclaredTable]:
        """Yield the tables of that name in this file and those before it, tests and the like left out."""
        name = self.name(table)
        if name is None:
            return
        for path in self._project.files_declaring(table.path, name):
            if path <= table.path and not is_apart(path):
                yield from (other for other in self._project.declared_tables(path) if self.name(other) == name)

    def _key(self, table: DeclaredTable) -> Key | None:
        outline = self._project.outline(table.path)
        if outline is None:
            return None
        if table.definition is None:
            calls = [v for v in outline.bindings[table.owner] if isinstance(v, Call)]
            return self._of_table(table, calls[0]) if len(calls) == 1 else None
        cls = ProjectClass(table.path, table.definition)
        name = self.name(table)
        if name is None or self._mappings.of(cls).role != "mapped" or not self._is_plain(cls):
            return None
        root = self._of_class(cls)
        return None if root is None else (*root, self._mappings.schema(cls), name)

    def _is_plain(self, cls: ProjectClass) -> bool:
        """Tell whether the options of the table are written out and do not allow a second declaration."""
        found = self._mappings.attribute(cls, "__table_args__")
        if found is None:
            return True
        value = found[1].value
        if isinstance(value, Display) and value.kind == "tuple":
            value = value.items[-1] if value.items else Dictionary(())
        if isinstance(value, Call):
            return True  # a constraint alone: no options
        if not isinstance(value, Dictionary):
            return False
        return not any(key is None or _allows_again(key) for key, _ in value.entries)

    def _of_class(self, cls: ProjectClass) -> Key | None:
        """Return the MetaData of a mapped class."""
        bind = self._mappings.attribute(cls, "__bind_key__")
        own = self._mappings.attribute(cls, "metadata")
        if own is not None and own[1].value is not None:
            return self._of_metadata(own[0].path, own[1].value)
        for owner in self._mappings.linear(cls):
            if self._mappings.of(owner).role == "base":
                return ("base", owner.path, owner.qualname)
            for base in owner.definition.bases:
                symbol = self._project.resolve(owner.path, base)
                if isinstance(symbol, External) and self._mappings.is_declarative(symbol):
                    root = self._of_base(owner.path, base, symbol)
                    return None if root is None else (*root, bind[1].value if bind else None)
                if isinstance(symbol, External) and symbol.name == "sqlmodel.SQLModel":
                    return ("sqlmodel",)
        return None

    def _of_base(self, path: str, base: Value, symbol: External) -> Key | None:
        """Return the MetaData of a base that a call has made."""
        if symbol.made is not None:
            return self._of_call(symbol.made)
        if isinstance(base, Attr):
            owner = self._project.resolve(path, base.of)
            made = owner.made if isinstance(owner, External) else owner if isinstance(owner, Made) else None
            return self._of_call(made) if made is not None else None
        if isinstance(base, Name):
            outline = self._project.outline(path)
            values = outline.bindings.get(base.id, ()) if outline else ()
            return self._of_base(path, values[0], symbol) if len(values) == 1 else None
        return None

    def _of_call(self, made: Made) -> Key | None:
        given = made.value.keyword("metadata") if isinstance(made.value, Call) else None
        if given is not None:
            return self._of_metadata(made.path, given)
        return ("made", made.path, made.value) if self._is_bound_once(made) else None

    def _is_bound_once(self, made: Made) -> bool:
        outline = self._project.outline(made.path)
        return outline is not None and sum(values.count(made.value) for values in outline.bindings.values()) == 1

    def _of_table(self, table: DeclaredTable, call: Call) -> Key | None:
        symbol = self._project.resolve(table.path, call.func)
        if not isinstance(symbol, External) or any(_allows_again(Literal(key)) for key, _ in call.keywords):
            return None
        schema = call.keyword("schema")
        if schema is not None and not isinstance(schema, Literal):
            return None
        name = schema.value if isinstance(schema, Literal) else None
        root: Key | None = None
        if symbol.name in ("sqlalchemy.Table", "sqlalchemy.schema.Table") and len(call.args) > 1:
            root = self._of_metadata(table.path, call.args[1])
        elif symbol.name == "flask_sqlalchemy.SQLAlchemy().Table" and isinstance(call.func, Attr):
            owner = self._project.resolve(table.path, call.func.of)
            made = owner.made if isinstance(owner, External) else None
            key = self._of_call(made) if made is not None and call.keyword("bind_key") is None else None
            root = (*key, None) if key is not None else None
        return None if root is None else (*root, name, table.table)

    def _of_metadata(self, path: str, value: Value) -> Key | None:
        """Return the MetaData that an expression stands for."""
        if isinstance(value, Attr) and value.name == "metadata":
            owner = self._project.resolve(path, value.of)
            if isinstance(owner, ProjectClass):
                role = self._mappings.of(owner).role
                return ("base", owner.path, owner.qualname) if role == "base" else self._of_class(owner)
            if isinstance(owner, External) and owner.made is not None:
                key = self._of_call(owner.made)
                return (*key, None) if key is not None else None
        symbol: Symbol = self._project.resolve(path, value)
        made = symbol.made if isinstance(symbol, External) else symbol if isinstance(symbol, Made) else None
        return ("metadata", made.path, made.value) if made is not None and self._is_bound_once(made) else None

    def can_meet(self, one: str, other: str) -> bool:
        """Tell whether a module of the project imports both, directly or not."""
        if one == other:
            return True
        above = self._above(one) & self._above(other)
        return any(not is_apart(path) for path in above)

    def _above(self, path: str) -> frozenset[str]:
        """Return the modules whose import runs the module at ``path``, itself included."""
        return self._project.once(("above", path), lambda: self._all_above(path))

    def _all_above(self, path: str) -> frozenset[str]:
        importers = self._all_importers(path)
        found = {path}
        pending = [path]
        while pending:
            for importer in importers.get(pending.pop(), frozenset()) - found:
                found.add(importer)
                pending.append(importer)
        return frozenset(found)

    def _all_importers(self, near: str) -> dict[str, frozenset[str]]:
        root = self._project.workspace.disk.project_root(near)
        return self._project.once(("importers", root), lambda: self._find_importers(near))

    def _find_importers(self, near: str) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for path, imports in self._project.all_imports(near):
            for item in imports:
                for target in self._imported(path, item.runs, item.name, item.level):
                    found.setdefault(target, set()).add(path)
        return {path: frozenset(importers) for path, importers in found.items()}

    def _imported(self, path: str, module: str, name: str | None, level: int) -> Iterator[str]:
        """Yield the files that an import runs: the module, what is imported from it, the packages around it."""
        target = self._finder.relative(path, module, level) if level else self._finder.absolute(path, module)
        if target is None:
            return
        for file in (target, self._finder.submodule(target, name) if name else None):
            if file and not file.endswith("/"):
                yield file
        folder = posixpath.dirname(target)
        while folder and self._project.workspace.exists(f"{folder}/__init__.py"):
            yield f"{folder}/__init__.py"
            folder = posixpath.dirname(folder)


def _is_key(value: Call) -> bool:
    """Tell whether a call makes a column of the primary key, directly or inside of another call."""
    inner = (v for v in (*value.args, value.keyword("sa_column")) if isinstance(v, Call))
    return value.keyword("primary_key") == Literal(True) or any(map(_is_key, inner))


def _allows_again(key: Value) -> bool:
    return key in (Literal("extend_existing"), Literal("keep_existing"))
