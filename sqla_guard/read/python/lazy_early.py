"""Whether a lazily made global can be seen by another thread before it is ready."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from sqla_guard.core.source import SourceFile
from sqla_guard.facts.lazy import GlobalSet, Load
from sqla_guard.read.python.lazy_loads import is_log, mutations
from sqla_guard.read.python.lazy_module import ModuleIndex
from sqla_guard.read.python.lazy_slots import Slots
from sqla_guard.read.python.lazy_trees import below, leaves, outer_calls
from sqla_guard.read.python.parse import span_of

_NOW = re.compile(r"\b(?:time|monotonic|perf_counter|now|utcnow|today)\(")


class EarlySight:
    """Looks at what follows the assignment in the guarded block."""

    def __init__(
        self,
        source: SourceFile,
        index: ModuleIndex,
        body: Sequence[ast.stmt],
        sets: Sequence[GlobalSet],
        tested: frozenset[str],
        slots: Slots,
    ) -> None:
        """Remember the block ``body`` with its assignments ``sets``; ``tested`` are the globals that the test asks."""
        self.source = source
        self.index = index
        self.body = body
        self.sets = sets
        self.tested = tested
        self.slots = slots
        self.filled = [s for s in sets if s.name in tested and not s.empty]

    def judge(self, loads: Sequence[Load]) -> tuple[str, bool]:
        """Return why a global is visible too early (or nothing), and whether a local variable mends it."""
        if not self.filled:
            return "", False
        first = self.filled[0]
        if any(self._is_del(s) for s in self.sets if s.name in self.tested):
            return f"`{first.name}` is deleted before it is made again", False
        if helper := self._helper_after(first):
            return f"`{helper}()` works on `{first.name}` after it is set", False
        if other := self._other_set_last():
            return f"`{first.name}` is set before `{other}`", self._movable(loads)
        for node in self.body:
            for span, what in mutations(self.source, node, {s.name for s in self.filled}, self.slots):
                if span.start > first.statement.end:
                    return f"`{what}` runs after it is set", self._movable(loads)
        if what := self._set_up_by_another_name(first):
            return f"`{what}` runs after it is set", False
        if self._flag_first(first):
            return f"`{first.name}` is set before the work is done", False
        return "", False

    def _is_del(self, assignment: GlobalSet) -> bool:
        text = self.source.text[assignment.statement.start : assignment.statement.end]
        return text.startswith("del") and text[3:4] in " \t("

    def _other_set_last(self) -> str:
        last = max(self.filled, key=lambda s: s.statement.start)
        same = [s for s in self.sets if s.statement == last.statement]
        if same[-1].name not in self.tested:
            # ``A, B = make()`` stores A first; a thread can see A without B.
            return same[-1].name
        others = (s for s in self.sets if s.name not in self.tested and not s.empty and not self._is_time(s))
        later = (s for s in others if s.statement.start > last.statement.start)
        return next((s.name for s in later), "")

    def _is_time(self, assignment: GlobalSet) -> bool:
        """Tell whether the time is noted, for a test of age that comes out "too old" until then."""
        value = self.source.text[assignment.value_span.start : assignment.value_span.end]
        return _NOW.search(value) is not None

    def _helper_after(self, first: GlobalSet) -> str:
        """Return a function of the module that reads the global and is called after it was set."""
        for node in self.body:
            if span_of(self.source, node).end <= first.statement.end:
                continue
            for call in below(node):
                if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
                    continue
                late = span_of(self.source, call).start >= first.statement.end
                if late and self.index.reads(call.func.id, first.name):
                    return call.func.id
        return ""

    def _set_up_by_another_name(self, first: GlobalSet) -> str:
        """Return what sets up the object through the local name that it was assigned from, after it was assigned."""
        text = self.source.text[first.statement.start : first.statement.end]
        parts = {part.strip() for part in text.split("=")} if text.count("=") < 4 else set()
        local = {part for part in parts if part.isidentifier()} - {"None", "True", "False", first.name}
        for node in self.body:
            for span, what in mutations(self.source, node, local, self.slots) if local else ():
                if span.start > first.statement.end:
                    return what
        return ""

    def _flag_first(self, first: GlobalSet) -> bool:
        """Tell whether work follows the assignment of a flag."""
        late = [n for n in self.body if span_of(self.source, n).start > first.statement.end]
        works = any(not is_log(call) for node in late for call in outer_calls(node))
        return works and self.index.only_booleans(first.name)

    def _movable(self, loads: Sequence[Load]) -> bool:
        """Tell whether one direct, plain assignment can become a local one with the global set at the end."""
        relevant = [s for s in self.sets if s.name in self.tested]
        if len(relevant) != 1 or not relevant[0].direct or relevant[0].target is None:
            return False
        after = [n for n in self.body if span_of(self.source, n).start > relevant[0].statement.end]
        if after and isinstance(after[-1], ast.Return):
            after = after[:-1]
        if any(leaves(n) for n in after) or any(load.role == "nested" for load in loads):
            return False
        return not self.index.only_booleans(self.filled[0].name)
