"""The lock around a lazily made shared object: double-checked, byte-exact, as small as it can be.

Three ways, the first that is right:

* *double-checked*: the test is repeated under the lock, the usual call takes none;
* *published last*: the same, with the object built in a local name, where it was visible before it was ready;
* *locked throughout*: the lock is held around test and assignment, where only that is right.
"""

from __future__ import annotations

import keyword
import re
from itertools import chain, count

from msgspec import Struct, field

from sqla_guard.core.fix import Applicability, Fix, ImportNeed
from sqla_guard.core.source import SourceFile, Span
from sqla_guard.facts.lazy import GlobalSet, LazyInit, Load
from sqla_guard.fix.reindent import Lines, inner_unit, without_comments


class _Lock(Struct, frozen=True):
    """The lock to take.

    Attributes:
        name: Its name.
        line: The line that makes it; empty where it exists.
        at: Where that line goes: the start of a line.
        needs_import: Whether ``threading`` has to be imported for it.
        existing: Whether other code takes it already.
        prefix: What stands before its name in the function: ``cls.``.
    """

    name: str
    line: str = ""
    at: int = 0
    needs_import: bool = False
    existing: bool = False
    prefix: str = ""

    @property
    def written(self) -> str:
        """The lock as the function takes it."""
        return self.prefix + self.name


class _Plan(Struct):
    """What is known before any edit is made, and the reasons to let a person look at the result."""

    fact: LazyInit
    source: SourceFile
    lock: _Lock
    lines: Lines
    unit: str
    base: str
    local: str = ""
    enter: str = "with"
    reasons: list[str] = field(default_factory=list)

    @property
    def header(self) -> str:
        """The line that takes the lock."""
        return f"{self.enter} {self.lock.written}:"


def lock_fix(fact: LazyInit, source: SourceFile, comes_back: bool = False, module: str = "threading") -> Fix | None:
    """Return the fix that makes ``fact`` safe for threads, or ``None`` where no edit is known to be right.

    Args:
        fact: The finding.
        source: Its file.
        comes_back: Whether code outside the module that is called there may call the function again.
        module: Whose lock to take: ``threading``, in a coroutine ``asyncio``.
    """
    if fact.is_async != (module == "asyncio") or (fact.decided and fact.retest is None):
        return None
    if fact.init_after and fact.init_call is None:
        return None
    if fact.yields_guarded or fact.lock_kind == "fresh" or any(s.lock for s in fact.sets):
        return None
    lines = Lines(source, fact.strings)
    throughout = _needs_lock_throughout(fact)
    # One lock for all keys, or one around ``__init__``: what is made there may ask for another one.
    shared = fact.kind == "keyed" or fact.init_after
    reentrant = throughout or comes_back or shared or fact.reenters() or _mentions_reset(fact, source)
    lock = choose_lock(fact, source, lines, reentrant, module)
    if lock is None or (module == "asyncio" and reentrant) or not lines.is_first_on_line(fact.statement.start):
        return None
    unit = inner_unit(source, fact.span, fact.strings)
    plan = _Plan(fact, source, lock, lines, unit, source.indent_at(fact.statement.start))
    plan.enter = "async with" if fact.is_async else "with"
    if not (_lock_throughout(plan) if throughout else _double_check(plan)):
        return None
    if lock.line:
        add_lock(lines, lock.line, lock.at)
    _note_reasons(plan, throughout)
    if fact.is_async:
        plan.reasons.append("an `asyncio.Lock` serves the coroutines of one event loop")
    return Fix(
        _title(plan, throughout),
        lines.edits(),
        Applicability.UNSAFE if plan.reasons else Applicability.SAFE,
        (ImportNeed(fact.path, module),) if lock.needs_import else (),
    )


def _needs_lock_throughout(fact: LazyInit) -> bool:
    """Tell whether repeating the test under the lock would not be right."""
    if fact.shape in ("expression", "else") or (fact.shape == "if" and fact.statement.end > fact.guarded.end):
        # With another branch, a thread that finds the object only at the second test would run neither.
        return True
    return (bool(fact.early) and not fact.early_simple) or fact.own_reset is not None


def _mentions_reset(fact: LazyInit, source: SourceFile) -> bool:
    """Tell whether the function calls, by name, one of those that will take the lock to empty the global."""
    words = set(re.findall(r"\w+", source.text[fact.span.start : fact.span.end]))
    return any(reset.function.rpartition(".")[2] in words for reset in fact.resets)


def _title(plan: _Plan, throughout: bool) -> str:
    what = f"Hold `{plan.lock.written}` while `{plan.fact.name}` is made"
    if throughout:
        what += " and looked up"
    return what + (f" ({'; '.join(plan.reasons)})" if plan.reasons else "")


def _note_reasons(plan: _Plan, throughout: bool) -> None:
    fact, reasons = plan.fact, plan.reasons
    if fact.test_calls and not throughout:
        reasons.append("the test, which calls something, runs twice")
    if fact.rebuilds:
        reasons.append("callers that want different ones still replace each other's")
    if plan.lock.existing:
        reasons.append(f"check that nobody calls `{fact.function_name}()` while holding `{plan.lock.written}`")


# Which lock


def choose_lock(
    fact: LazyInit, source: SourceFile, lines: Lines, reentrant: bool, module: str = "threading"
) -> _Lock | None:
    """Return the lock to take, made if there is none; ``None`` where none can be made."""
    site = fact.site
    known = {name for name, _ in site.locks}
    shared = {reset.lock for reset in fact.resets}
    only = next(iter(shared), None)
    plain = module == "threading"
    if plain and len(shared) == 1 and only is not None and only in known and not reentrant:
        return _Lock(only, existing=True)
    wanted = _lock_name(_bare(fact))
    if plain and wanted in known:
        # Made for this global, as its name says; where other functions hold it too, a second lock would guard nothing.
        return None if reentrant else _Lock(wanted, existing=wanted in site.lock_uses)
    name, number = wanted, 2
    while name in site.names or name in fact.locals:
        name, number = f"{wanted}_{number}", number + 1
    maker = _maker(fact, "RLock" if reentrant else "Lock") if plain else _asyncio_maker(fact, source)
    if maker is None:
        return None
    call, bound_at = maker
    if site.lock_at is not None:
        if bound_at is not None and bound_at > site.lock_at:
            return None
        prefix = _owner_as_written(fact) if site.lock_prefix else ""
        line = f"{site.lock_indent}{name} = {call}()"
        return _Lock(name, line, site.lock_at, needs_import=bound_at is None, prefix=prefix)
    at = lines.after(site.bound.end) if site.bound else _above(lines, site.top_statement.start)
    if bound_at is not None and lines.after(bound_at) > at:
        at = lines.after(bound_at)
    return _Lock(name, f"{name} = {call}()", at, needs_import=bound_at is None)


def add_lock(lines: Lines, line: str, at: int) -> None:
    """Insert the line that makes a lock, with the blank ones that formatters want before a definition."""
    following = lines.source.text[at : lines.after(at)]
    before = lines.source.text[:at].rpartition("\n")[0].rpartition("\n")[2].strip()
    apart = (defines(lines, at) or following.lstrip(" \t").startswith("#")) and (not before or before.endswith(":"))
    blank = [""] * (1 if following[:1] in " \t" else 2) if apart else []
    lines.insert_lines(at, [line, *blank])


def defines(lines: Lines, at: int) -> bool:
    """Tell whether the line at ``at`` begins a definition, which formatters set apart."""
    line = lines.source.text[at : lines.after(at)]
    return re.match(r"[ \t]*(?:(?:async[ \t]+)?def\b|class\b|@)", line) is not None


def _above(lines: Lines, offset: int) -> int:
    """Return the start of the line of ``offset``, or of the comment right above it."""
    at = lines.start(offset)
    while at and lines.source.text[lines.start(at - 1) : at].startswith("#"):
        at = lines.start(at - 1)
    return at


def _bare(fact: LazyInit) -> str:
    """Return an identifier for the place: the attribute, the global, the container."""
    name = fact.name
    if name.startswith("app.state."):
        name = name.replace(".", "_")
    key = re.search(r"\['(\w+)'\]$", name)
    bare = name.partition("[")[0].rpartition(".")[2] + (f"_{key.group(1)}" if key else "")
    return "_" + bare.lstrip("_") if bare.startswith("__") else bare


def _owner_as_written(fact: LazyInit) -> str:
    """Return the class as the function writes it, with a dot."""
    return fact.written.partition("[")[0].rpartition(".")[0] + "."


def _asyncio_maker(fact: LazyInit, source: SourceFile) -> tuple[str, int | None] | None:
    """Return how an ``asyncio.Lock`` is made, and where ``asyncio`` is bound."""
    for span in fact.site.imports:
        if re.fullmatch(r"import asyncio", source.text[span.start : span.end].strip()):
            return "asyncio.Lock", span.end
    return ("asyncio.Lock", None) if "asyncio" not in fact.locals else None


def _lock_name(name: str) -> str:
    return name + ("_LOCK" if name.isupper() else "_lock")


def _maker(fact: LazyInit, constructor: str) -> tuple[str, int | None] | None:
    """Return how a lock is made, and where the name it needs is bound (``None``: it has to be imported)."""
    site = fact.site
    ends = dict(site.imported_at)
    for known, local in site.constructors:
        if known == constructor:
            return local, ends[local]
    if site.threading_name is not None:
        return f"{site.threading_name}.{constructor}", ends[site.threading_name]
    return (f"threading.{constructor}", None) if site.imports_bare else None


# The lock held throughout


def _lock_throughout(plan: _Plan) -> bool:
    fact, lines = plan.fact, plan.lines
    if plan.source.text.startswith("elif", fact.statement.start):
        return False
    whole = fact.statement
    if fact.own_reset is not None:
        if plan.base != _body_indent(plan):
            return False
        # Whoever empties it must be through with making it anew before another one looks.
        whole = Span(fact.own_reset.start, fact.span.end)
    elif fact.shape == "early-return":
        whole = Span(whole.start, fact.guarded.end)
    elif any(load.role == "return" and load.span.start > whole.end for load in fact.loads) and fact.resets:
        plan.reasons.append("another function can empty it before it is returned")
    lines.insert_lines(lines.start(whole.start), [plan.base + plan.header])
    lines.indent(whole, plan.unit, plan.base)
    _lock_resets(plan)
    return True


# Double-checked


def _double_check(plan: _Plan) -> bool:
    fact = plan.fact
    if fact.resets and not _read_once(plan):
        who = ", ".join(dict.fromkeys(f"`{reset.function}()`" for reset in fact.resets))
        plan.reasons.append(f"{who} can still empty it between test and use")
    if (fact.early or fact.init_after) and not _publish_last(plan):
        return False
    if fact.shape == "early-return":
        _repeat_return(plan)
    elif fact.guarded_inline:
        _repeat_test_inline(plan)
    else:
        _repeat_test(plan)
    _lock_resets(plan)
    return True


def _again(plan: _Plan) -> str:
    """Return the condition to repeat under the lock."""
    fact = plan.fact
    if fact.retest is not None:
        return plan.lines.indented(fact.retest, plan.unit * 2)
    if plan.local:
        return _renamed(plan, fact.test, [load for load in fact.loads if load.role == "test"])
    return plan.lines.indented(fact.test, plan.unit * 2)


def _renamed(plan: _Plan, span: Span, loads: list[Load]) -> str:
    """Return the text of ``span`` with the global's reads in it replaced by the local name."""
    text, at, pieces = plan.source.text, span.start, []
    for load in loads:
        if span.contains(load.span):
            pieces += [text[at : load.span.start], plan.local]
            at = load.span.end
    return "".join([*pieces, text[at : span.end]])


def _read_again(plan: _Plan, indent: str) -> list[str]:
    """Return the line that reads the global into its local name again, where there is one."""
    if plan.local and plan.fact.resets:
        return [f"{indent}{plan.local} = {plan.fact.written}"]
    if plan.fact.alias is not None:
        span = plan.fact.alias[1]
        return [indent + plan.source.text[span.start : span.end]]
    return []


def _repeat_test(plan: _Plan) -> None:
    fact, lines = plan.fact, plan.lines
    inner, deeper = plan.base + plan.unit, plan.base + plan.unit * 2
    first = lines.after(plan.source.text.index(":", fact.test.end))
    header = [inner + plan.header, *_read_again(plan, deeper), f"{deeper}if {_again(plan)}:"]
    lines.insert_lines(first, header)
    lines.indent(Span(first, _with_comments(plan)), plan.unit * 2, plan.base)


def _repeat_test_inline(plan: _Plan) -> None:
    fact, newline = plan.fact, plan.source.newline
    text = plan.source.text
    colon = text.rindex(":", 0, fact.guarded.start)
    depth = [plan.base + plan.unit * n for n in range(4)]
    header = [depth[1] + plan.header, *_read_again(plan, depth[2]), f"{depth[2]}if {_again(plan)}:"]
    plan.lines.replace(Span(colon + 1, fact.guarded.start), newline.join(["", *header, depth[3]]))


def _repeat_return(plan: _Plan) -> None:
    fact, lines = plan.fact, plan.lines
    first = lines.after(fact.statement.end)
    while not plan.source.text[first : lines.after(first)].strip():
        first = lines.after(first)
    inner = plan.base + plan.unit
    if plan.local and fact.resets:
        copy = _renamed(plan, fact.statement, [x for x in fact.loads if x.role in ("test", "return")])
        copy = copy.replace(plan.source.newline, plan.source.newline + plan.unit)
    else:
        copy = lines.indented(fact.statement, plan.unit)
    header = [plan.base + plan.header, *_read_again(plan, inner), inner + without_comments(copy)]
    lines.insert_lines(first, [*header, ""] if defines(lines, first) else header)
    lines.indent(Span(first, fact.guarded.end), plan.unit, plan.base)


def _with_comments(plan: _Plan) -> int:
    """Return the end of the guarded block with the comments that close it."""
    lines, end = plan.lines, plan.fact.guarded.end
    offset = lines.after(end)
    while offset < len(plan.source.text):
        line = plan.source.text[offset : lines.after(offset)]
        if not line.lstrip(" \t").startswith("#") or not line.startswith(plan.base + plan.unit):
            break
        end = offset + len(line.rstrip("\r\n"))
        offset = lines.after(offset)
    return end


# Reading once, publishing last


def local_name(fact: LazyInit) -> str:
    """Return a free local name for the object."""
    plain = _bare(fact).strip("_").lower()
    if keyword.iskeyword(plain) or not plain.isidentifier():
        plain = "made"
    names = chain([plain, f"new_{plain}"], (f"new_{plain}_{n}" for n in count(2)))
    return next(name for name in names if name not in fact.locals and name not in fact.site.names)


def _own_sets(fact: LazyInit) -> list[GlobalSet]:
    return [s for s in fact.sets if s.name == fact.name and not s.empty]


def _read_once(plan: _Plan) -> bool:
    """Read the global once into a local name; tell whether that was possible (or not needed)."""
    fact = plan.fact
    used = [load for load in fact.loads if load.role != "test"]
    if not used and not fact.early:
        return True
    sets = [s for s in fact.sets if s.name in fact.tested]
    if not _can_be_read_once(fact, sets):
        return False
    if fact.form == "hasattr" or fact.kind == "keyed" or fact.decided:
        return not fact.early and not fact.resets
    if any(load.role == "nested" or load.span.start < fact.statement.start for load in fact.loads):
        return False
    if fact.form == "walrus" or plan.source.text.startswith("elif", fact.statement.start):
        return False
    if plan.base != _body_indent(plan) or (fact.guarded_inline and fact.early):
        return False
    plan.local = local_name(fact)
    plan.lines.insert_lines(plan.lines.start(fact.statement.start), [f"{plan.base}{plan.local} = {fact.written}"])
    for load in fact.loads:
        plan.lines.replace(load.span, plan.local)
    if not fact.early:
        for assignment in sets:
            plan.lines.insert(_value_start(plan, assignment), f"{plan.local} = ")
    return True


def _can_be_read_once(fact: LazyInit, sets: list[GlobalSet]) -> bool:
    if fact.alias is not None or len(fact.tested) > 1 or fact.shape == "else" or fact.in_function:
        return False
    return not any(s.empty or s.target is None for s in sets) and (not fact.early or len(sets) == 1)


def _value_start(plan: _Plan, assignment: GlobalSet) -> int:
    """Return where the right side starts, an opening bracket included."""
    assert assignment.target is not None
    equals = plan.source.text.index("=", assignment.target.end)
    match = re.compile(r"\s*").match(plan.source.text, equals + 1)
    assert match is not None
    return match.end()


def _body_indent(plan: _Plan) -> str:
    return plan.source.indent_at(plan.fact.span.start) + plan.unit


def _publish_last(plan: _Plan) -> bool:
    """Build in a local name and set the global at the end of the block."""
    fact, lines = plan.fact, plan.lines
    assignment = next((s for s in _own_sets(fact) if s.target is not None), None)
    if assignment is None or fact.guarded_inline or assignment.target is None:
        return False
    if not plan.local:
        plan.local = local_name(fact)
        for load in fact.loads:
            inside = fact.guarded.contains(load.span) and load.span.start > assignment.statement.end
            if inside and load.role != "return":
                lines.replace(load.span, plan.local)
    lines.replace(assignment.target, plan.local)
    indent = plan.source.indent_at(assignment.statement.start) + plan.unit * (1 if fact.shape == "early-return" else 2)
    last = lines.start(_last_statement_start(plan))
    ends_in_return = plan.source.text[last : fact.guarded.end].lstrip().startswith("return")
    at = last if ends_in_return and last > assignment.statement.end else lines.after(fact.guarded.end)
    lines.insert_lines(at, [indent + line for line in published(fact, plan.local)])
    plan.reasons.append(f"`{fact.name}` is no longer set while it is being set up, nor when that fails")
    if not fact.resets:
        plan.local = ""
    return True


def published(fact: LazyInit, local: str) -> list[str]:
    """Return the lines that make the object in ``local`` ready and visible, without indentation."""
    ready = [f"{fact.parameters[0]}.__init__({local}{fact.init_call})"] if fact.init_after else []
    return [*ready, f"{fact.written} = {local}"]


def _last_statement_start(plan: _Plan) -> int:
    """Return the start of the last line of the guarded block that is no continuation of a string or bracket."""
    fact = plan.fact
    returns = [load.span.start for load in fact.loads if load.role == "return" and fact.guarded.contains(load.span)]
    return returns[-1] if returns else fact.guarded.end


def _lock_resets(plan: _Plan) -> None:
    for reset in plan.fact.resets:
        if reset.lock is not None or not reset.simple or reset.name != plan.fact.name or plan.fact.is_async:
            continue
        lock = plan.fact.site.lock_prefix + plan.lock.name
        indent = plan.source.indent_at(reset.statement.start)
        outer = Lines(plan.source, ())
        plan.lines.insert_lines(outer.start(reset.statement.start), [f"{indent}with {lock}:"])
        plan.lines.indent(reset.statement, plan.unit, indent)
