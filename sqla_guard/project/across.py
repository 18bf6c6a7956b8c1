"""SQL that one module of the project keeps or words, and another one runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import partial

from msgspec.structs import replace

from sqla_guard.core.words import WIDE, holds_word
from sqla_guard.facts.passed_on import ROOT, Across, Helper, Outside, PassedOn
from sqla_guard.facts.reserved_words import RESERVED
from sqla_guard.facts.values import Attr, Call, Name, Value
from sqla_guard.project.constants import imported_strings, reserved_strings
from sqla_guard.project.homes import home_of
from sqla_guard.project.mapped import Mappings
from sqla_guard.project.project import Project
from sqla_guard.project.symbols import ProjectClass, ProjectFunction, ProjectModule

# All of these are looked for in lower case, which is quicker than to ignore it.
# Other files are only looked at for what may be DDL; a verb and its object may stand in two literals. Each begins with
# letters, which makes the search quick.
_OBJECT = rb"[\s\\\"'](?:[^;]{0,80}?[\s\"'])?(?:table|view)"
_DDL = tuple(re.compile(verb + _OBJECT) for verb in (b"create", b"alter", b"drop", b"rename"))
# Queries and data changes only matter where they name a column of interest; what begins with ``WITH`` goes on with one.
_QUERY = re.compile(rb"(?:insert|update|delete|select|merge|replace|copy|index|comment)[\s\\\"']")
# A reserved name, be it in two literals side by side; escapes may spell anything.
_APART = rb"(?:[\"']{1,3}[\s\\+()]*[rbfu]{0,2}[\"']{1,3})?"
_NAMED = re.compile(
    rb"\\[xun0-7]|" + b"|".join(_APART.join(re.findall(b".", word.encode())) for word in sorted(RESERVED))
)
# One of these words stands in every file with a function that hands SQL to a database, or to another that does.
_RUNS = re.compile(rb"exec|sql|text|ddl|quer|statement|stmt|run|migrat")
_DEEPEST = 3


def may_hold_sql(project: Project, path: str) -> bool:
    """Tell whether a file leaves room for SQL or operations that matter."""
    if not path.endswith(".py"):
        return True
    data, readers = project.workspace.raw(path), project.readers
    if not readers.may_hold_sql(data, RESERVED, False, lambda: True):
        return False
    # A column's name may come from another module.
    imported = partial(_names_kept, project, path, data)
    return project.read(path, lambda source: readers.may_speak_sql(source, RESERVED, imported)) is not False


def sql_across(project: Project, path: str) -> Across:
    """Return what other modules of the project do with the SQL in ``path``, and what it has from them."""
    if not path.endswith(".py") or not _may_matter(project, path):
        return Across()
    strings = tuple(imported_strings(project, path).items())
    if project.outline(path) is None:
        return Across()
    helpers = _helpers(project, path, project.read(path, project.readers.called) or ())
    kept = project.read(path, project.readers.kept_sql) or ()
    uses = [use for name in kept for use in (*_uses(project, path, name, ()), *_template_uses(project, path, name))]
    return Across(helpers, tuple(dict.fromkeys(uses)), strings)


def may_hold_ddl(project: Project, path: str) -> bool:
    """Tell whether a Python file may hold, in one piece or two, DDL that is about a table."""
    return project.once(("may hold ddl", path), lambda: _may_hold_ddl(project, path))


def _may_hold_ddl(project: Project, path: str) -> bool:
    data = project.workspace.raw(path)
    lowered = data.lower()
    return b"sp_rename" in lowered or any(verb.search(lowered) for verb in _DDL) or data.startswith(WIDE)


def _may_matter(project: Project, path: str) -> bool:
    if may_hold_ddl(project, path):
        return True
    data = project.workspace.raw(path)
    lowered = data.lower()
    if _QUERY.search(lowered) is None:
        return False
    return _NAMED.search(lowered) is not None or _names_kept(project, path, data)


def _names_kept(project: Project, path: str, data: bytes) -> bool:
    """Tell whether a file uses a string of another module that holds a reserved name."""
    return any(holds_word(data, name.encode()) for name in reserved_strings(project, path))


def _helpers(project: Project, path: str, names: Iterable[str], depth: int = 0) -> tuple[Helper, ...]:
    """Return those of the functions of other modules that ``path`` calls by ``names`` that run what they are given."""
    found: list[Helper] = []
    for name in names:
        home, known = _called(project, path, name)
        if home != path and known and _may_run(project, home):
            helpers = _own_helpers(project, home, depth + 1)
            found += [replace(helper, name=name) for helper in helpers if helper.name == known]
    return tuple(found)


def _own_helpers(project: Project, path: str, depth: int) -> tuple[Helper, ...]:
    """Return the functions of a module that hand what they are given to a database, be it through other modules."""
    key = ("helpers", path)
    if depth > _DEEPEST:
        project.cut()
        return ()

    def read() -> tuple[Helper, ...]:
        names = project.read(path, project.readers.passing) or () if project.outline(path) is not None else ()
        helpers = _helpers(project, path, names, depth)
        return project.read(path, lambda source: project.readers.helpers(source, helpers)) or ()

    # A ring of imports ends at the file that is being read.
    return project.once(key, read, tuple)


def _called(project: Project, path: str, name: str) -> tuple[str, str]:
    """Return the file of what ``path`` calls by a name, and its name there; two empty strings where that is unknown."""
    owner, _, method = name.rpartition("().")
    if method and owner:
        return _method(project, path, _value(owner), method)
    symbol = project.resolve(path, _value(name))
    if isinstance(symbol, ProjectFunction):
        return symbol.path, symbol.definition.qualname
    home = home_of(project, path, tuple(name.split(".")))
    if home is None:
        return "", ""
    where, first, rest = home
    outline = project.outline(where)
    if outline is None or not rest:
        return where, first
    if len(rest) > 1:
        return "", ""
    if first in outline.classes:
        return _method(project, where, Name(first), rest[0])
    made = outline.bindings.get(first, ())
    value = made[0] if len(made) == 1 else None
    return _method(project, where, value.func, rest[0]) if isinstance(value, Call) else ("", "")


def _value(name: str) -> Value:
    first, *words = name.split(".")
    value: Value = Name(first)
    for word in words:
        value = Attr(value, word)
    return value


def _method(project: Project, path: str, owner: Value, method: str) -> tuple[str, str]:
    """Return the file and the name of a method, in the class that has it."""
    cls = project.resolve(path, owner)
    found = Mappings.of_project(project).attribute(cls, method) if isinstance(cls, ProjectClass) else None
    if found is None or found[1].kind != "method":
        return "", ""
    return found[0].path, f"{found[0].definition.name}.{method}"


def _may_run(project: Project, path: str) -> bool:
    return _RUNS.search(project.workspace.raw(path).lower()) is not None


def _passed_on(project: Project, path: str) -> PassedOn:
    return project.once(("passed on", path), lambda: _read_passed_on(project, path))


def _read_passed_on(project: Project, path: str) -> PassedOn:
    if project.outline(path) is None:
        return PassedOn()
    helpers = _helpers(project, path, project.read(path, project.readers.handed) or ())
    return project.read(path, lambda source: project.readers.passed_on(source, helpers)) or PassedOn()


def _uses(project: Project, home: str, name: str, behind: tuple[tuple[str, str], ...]) -> Iterator[Outside]:
    """Yield who runs what module ``home`` keeps under ``name``; ``behind`` are the keepers that led here."""
    if (home, name) in behind or len(behind) > _DEEPEST:
        return
    for path in project.files_naming(home, frozenset({name}), (".py",)):
        if path == home or not _may_import(project, path, name):
            continue
        for outside in _passed_on(project, path).outsides:
            rest = _rest(project, path, outside.chain, (home, name))
            if rest is None:
                continue
            here = replace(outside, form=outside.form.replace(ROOT, ".".join((name, *rest))))
            if outside.holder is None:
                yield here
                continue
            for use in _uses(project, path, outside.holder, (*behind, (home, name))):
                yield replace(use, chain=here.chain, form=here.form, each=here.each, position=here.position, written="")


def _template_uses(project: Project, path: str, name: str) -> Iterator[Outside]:
    """Yield the methods of base classes elsewhere that run what class ``name`` keeps."""
    outline = project.outline(path)
    definition = outline.classes.get(name) if outline is not None else None
    if definition is None:
        return
    attributes = {a.name for a in definition.attributes}
    for base in Mappings.of_project(project).linear(ProjectClass(path, definition))[1:]:
        templates = _passed_on(project, base.path).templates if _may_run(project, base.path) else ()
        for own in templates:
            if base.path != path and own.owner == base.definition.name and own.name in attributes:
                yield Outside((ROOT,), f"{name}.{own.name}", own.each, None, base.path, own.at)


def _may_import(project: Project, path: str, name: str) -> bool:
    """Tell whether a file imports ``name``, everything, or a module that it takes ``name`` from."""
    outline = project.outline(path)
    imports = outline.imports if outline is not None else ()
    if any(item.name in (name, "*") for item in imports):
        return True
    taken = re.search(rb"\.\s*" + name.encode() + rb"\b", project.workspace.raw(path)) is not None
    return taken and any(isinstance(project.resolve(path, Name(i.local)), ProjectModule) for i in imports)


def _rest(project: Project, path: str, chain: tuple[str, ...], target: tuple[str, str]) -> tuple[str, ...] | None:
    """Return what of ``chain`` comes behind ``target``; ``None`` where it stands for something else."""
    at = home_of(project, path, chain)
    return at[2] if at is not None and at[:2] == target else None
