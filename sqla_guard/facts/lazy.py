"""Lazily made shared objects: a function that tests a shared place and assigns it where the test found nothing.

Such a place is a module global, a class attribute, a variable of an enclosing function, an element of a container
that outlives the call, an attribute of an application's state.

The reader says what stands there; whether making the value twice matters is for the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Literal

from msgspec import Struct

from sqla_guard.core.source import Span
from sqla_guard.facts.values import Value

Shape = Literal["if", "else", "early-return", "expression"]
"""How test and assignment are put together: ``if X is None: X = ...``; ``if X: ... else: X = ...``;
``if X is not None: return X`` before ``X = ...``; ``X = X or ...``."""

TestForm = Literal["is-none", "equals-none", "falsy", "flag", "walrus", "element", "type", "hasattr", "mixed"]
"""What the test asks: ``is None`` (or a sentinel); ``== None``; truth; truth of a place that only ever holds
booleans; a walrus around it; something inside it (``X[0] is None``); ``isinstance``; whether there is such an
attribute or key; more than one of these, or other conditions besides."""

SlotKind = Literal["global", "nonlocal", "class", "instance", "state", "element", "keyed"]
"""What is shared: a module global; a variable of the enclosing function; a class attribute; an attribute of the only
instance of a class; one of an application's state; an element of a container, under a fixed key or any."""

Guard = Literal["none", "held", "checked", "unchecked", "other-lock", "fresh", "released"]
"""What a lock does for the assignment: nothing; it is held from the test on; it is taken after the first test and
the test repeated (``checked``) or not (``unchecked``); it is another one than that of the test; it is made in the
function itself; it is let go before the assignment."""

LockKind = Literal["with", "acquire", "decorator", "fresh"]
"""How a lock is taken; a ``fresh`` one is made in the function itself, so it guards nothing."""


class GlobalSet(Struct, frozen=True):
    """One assignment of a declared global in the guarded statements.

    Attributes:
        name: The global.
        statement: The whole simple statement.
        target: The name in it; ``None`` where it is one of several targets or bound by something else than ``=``.
        value: What it is set to, with local names replaced.
        value_span: The expression on the right.
        empty: Whether that is ``None``, ``False``, zero or an empty string.
        direct: Whether it stands directly in the guarded block, not in a branch or loop inside it.
        lock: The lock held at this place, as written, if any.
        awaits: Whether the coroutine may be suspended between the test and this assignment.
        retested: Whether the place was tested again since ``lock`` was taken.
    """

    name: str
    statement: Span
    target: Span | None
    value: Value
    value_span: Span
    empty: bool = False
    direct: bool = False
    lock: str | None = None
    awaits: bool = False
    retested: bool = False


class Load(Struct, frozen=True):
    """One place of the function that reads a tested global.

    Attributes:
        name: The global.
        span: The name.
        role: ``test``; ``guarded`` (in the guarded statements); ``return`` (the whole value of a ``return``);
            ``nested`` (in a nested function, class or lambda); ``log`` (an argument of a logging call); ``other``.
    """

    name: str
    span: Span
    role: Literal["test", "guarded", "return", "nested", "log", "other"]


class Reset(Struct, frozen=True):
    """A place in another function of the module that empties the global again (``X = None``, ``del X``).

    Attributes:
        name: The global.
        function: Qualified name of that function.
        statement: The statement; it can be wrapped where ``simple`` holds.
        lock: The lock held there, as written, if any.
        simple: Whether the statement has its lines for itself.
    """

    name: str
    function: str
    statement: Span
    lock: str | None = None
    simple: bool = True


class Callers(Struct, frozen=True):
    """Who uses the function inside its own module.

    Attributes:
        at_import: Whether module-level code calls it.
        locked: Functions that call it with a lock held.
        unlocked: Functions that call it, or hand it on, without.
    """

    at_import: bool = False
    locked: tuple[str, ...] = ()
    unlocked: tuple[str, ...] = ()


class ModuleSite(Struct, frozen=True):
    """What the module offers a fixer.

    Attributes:
        bound: The first top-level statement that binds the tested global; ``None`` where there is none.
        top_statement: The top-level statement that holds the function.
        names: Every identifier of the module, to find a free one.
        locks: Names bound at module level to a lock, with the end of the statement, in source order.
        lock_uses: Names that are read anywhere in the module.
        threading_name: What ``threading`` is called at module level, if it is imported there.
        constructors: Module-level names for ``threading.Lock`` and ``threading.RLock``: pairs of class and name.
        imported_at: End of the statement of each of these names.
        imports: Top-level import statements, ``from __future__`` excluded.
        imports_bare: Whether ``threading`` at module level is free or means the standard module.
        lock_at: Where the lock's line goes if not behind ``bound``: the start of a line in a class or function.
        lock_indent: Its indentation.
        lock_prefix: What stands before its name where it is taken: ``cls.``.
    """

    bound: Span | None
    top_statement: Span
    names: Container[str]
    locks: tuple[tuple[str, int], ...] = ()
    lock_uses: Container[str] = frozenset()
    threading_name: str | None = None
    constructors: tuple[tuple[str, str], ...] = ()
    imported_at: tuple[tuple[str, int], ...] = ()
    imports: tuple[Span, ...] = ()
    imports_bare: bool = True
    lock_at: int | None = None
    lock_indent: str = ""
    lock_prefix: str = ""


class Around(Struct, frozen=True):
    """What the rest of the module says about a lazily made object.

    Attributes:
        resets: Places that empty the global again.
        callers: Who uses the function in this module.
        reenters: Tells whether what is called there can reach the function again inside the module; that takes long.
        site: What a fixer needs of the module.
        own_reset: The statement of the function's body, before the test, in which it may empty the place itself.
    """

    resets: tuple[Reset, ...]
    callers: Callers
    reenters: Callable[[], bool]
    site: ModuleSite
    own_reset: Span | None


class CachedFactory(Struct, frozen=True):
    """A function whose results are kept by a decorator that does not keep two threads from running it at once.

    Attributes:
        path: The file.
        function: Qualified name.
        decorator: The decorator as written, and ``span`` where it stands.
        is_property: Whether it is ``cached_property``.
        span: The decorator.
        made: What the function returns, with local names replaced.
    """

    path: str
    function: str
    decorator: str
    is_property: bool
    span: Span
    made: tuple[Value, ...]

    @property
    def symbol(self) -> str:
        """What findings about it are known by."""
        return self.function


class LazyInit(Struct, frozen=True):
    """A function that makes a shared object on first use.

    Attributes:
        path: The file.
        function: Qualified name, and ``function_name`` the last part of it.
        span: The whole function statement, decorators included.
        name_span: The function's name.
        is_async: Whether it is a coroutine function.
        is_generator: Whether it yields (outside nested functions).
        parameters: Names of its parameters.
        decorators: Its decorators.
        decorator_texts: The same as written.
        shape: How test and assignment are put together.
        form: What the test asks.
        tested: The tested globals that the guarded statements set.
        test: The test expression.
        test_calls: Whether the test calls something other than ``isinstance``, ``len``, ``bool``.
        others_tested: Whether the test has conditions on other things too (``force or X is None``).
        expires: Whether the test orders or subtracts: a time to live, a counter.
        rebuilds: Whether the test compares what is there with what is wanted (``X.size != size``).
        statement: The ``if`` (``elif``) statement up to its last branch, or the assignment of an ``expression``.
        guarded: The statements that run only when the test found nothing, up to the last that matters.
        guarded_inline: Whether they stand on the line of the ``if``.
        alias: Local name that the test reads the global through, with the statement that binds it.
        sets: All assignments of declared globals in the guarded statements.
        work: Calls made there, outermost ones only.
        imports_only: Whether the guarded statements import something and call nothing but loggers.
        mutates: Whether the function fills or changes the global's value (``X.append``, ``X[k] = ...``, ``X.a = ...``).
        early: Why the global is visible before it is ready; empty where it is set last.
        early_simple: Whether building in a local and publishing last needs no more than renaming in the block.
        loads: Every read of the tested globals in the function.
        locals: Local names of the function.
        strings: String literals of the function that go over several lines and keep their bytes when it moves deeper.
        yields_guarded: Whether the guarded statements yield.
        lock: The lock held around the test, as written, if any.
        lock_kind: How it is taken; ``fresh`` with no ``lock`` where the only lock in sight is made in the function.
        around: Reads what the rest of the module says, which most facts are judged without. It may raise
            :class:`~sqla_guard.core.workspace.UnreadableFile`.
        in_class: Whether the function is a method.
        in_function: Whether the function is nested in another one.
        kind: What is shared.
        written: The tested place as the function writes it.
        owner: The class that the function is a method of.
        guard: What the lock in sight does for the assignment.
        retest: The expression to repeat, where ``test`` only reads a local name that it was kept in.
        decided: Whether the test asks a local name that was set by a test of the place.
        thread_lock: Whether the lock is one of threads, by how it is made or entered (``with``, not ``async with``).
        awaits_inside: Whether the coroutine may be suspended while the lock is held.
        awaits_after: Whether it may be suspended after the place was set and before it was ready.
        init_after: Whether a ``__new__`` hands out what ``__init__``, which does work, has yet to make ready.
        registry: Whether the tested attribute is a plain container that a metaclass or decorator fills at import.
        read_lock: The lock that was held only while the place was read, as written.
        init_call: Arguments for calling ``__init__`` in ``__new__``, where it does its work once; else ``None``.
        made_whole: Whether it is an ``__init__`` that ``__new__`` runs under a lock before it hands the object out.
    """

    path: str
    function: str
    span: Span
    name_span: Span
    is_async: bool
    is_generator: bool
    parameters: tuple[str, ...]
    decorators: tuple[Value, ...]
    decorator_texts: tuple[str, ...]
    shape: Shape
    form: TestForm
    tested: tuple[str, ...]
    test: Span
    test_calls: bool
    others_tested: bool
    expires: bool
    rebuilds: bool
    statement: Span
    guarded: Span
    guarded_inline: bool
    alias: tuple[str, Span] | None
    sets: tuple[GlobalSet, ...]
    work: tuple[Value, ...]
    imports_only: bool
    mutates: bool
    early: str
    early_simple: bool
    loads: tuple[Load, ...]
    locals: frozenset[str]
    strings: tuple[Span, ...]
    yields_guarded: bool
    lock: str | None
    lock_kind: LockKind | None
    around: Callable[[], Around]
    in_class: bool = False
    in_function: bool = False
    kind: SlotKind = "global"
    written: str = ""
    owner: str = ""
    guard: Guard = "none"
    retest: Span | None = None
    decided: bool = False
    thread_lock: bool = False
    awaits_inside: bool = False
    awaits_after: bool = False
    init_after: bool = False
    registry: bool = False
    read_lock: str | None = None
    init_call: str | None = None
    made_whole: bool = False

    @property
    def function_name(self) -> str:
        """The function's own name."""
        return self.function.rpartition(".")[2]

    @property
    def name(self) -> str:
        """The global that stands for the finding: the last tested one that is set to something."""
        filled = [s.name for s in self.sets if s.name in self.tested and not s.empty]
        return filled[-1] if filled else self.tested[0]

    @property
    def symbol(self) -> str:
        """What findings about it are known by."""
        return f"{self.function}.{self.name}"

    @property
    def resets(self) -> tuple[Reset, ...]:
        """Places that empty the global again."""
        return self.around().resets

    @property
    def callers(self) -> Callers:
        """Who uses the function in this module."""
        return self.around().callers

    @property
    def site(self) -> ModuleSite:
        """What a fixer needs of the module."""
        return self.around().site

    @property
    def own_reset(self) -> Span | None:
        """The statement of the function's body, before the test, in which it may empty the place itself."""
        return self.around().own_reset

    def reenters(self) -> bool:
        """Tell whether what is called there can reach the function again inside the module."""
        return self.around().reenters()

    @property
    def spot(self) -> Span:
        """What to underline: the place where the test reads it."""
        return next((load.span for load in self.loads if self.test.contains(load.span)), self.test)

    @property
    def lock_level(self) -> str:
        """Where a lock for it belongs, for messages."""
        return "class-level" if self.site.lock_prefix else "module-level" if self.site.lock_at is None else "shared"

    @property
    def await_between(self) -> bool:
        """Whether the coroutine may be suspended between the test and an assignment."""
        return any(s.awaits for s in self.sets)
