"""What to look for while a module is followed: places that name an attribute."""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Literal as OneWord

from msgspec import Struct

from sqla_guard.core.source import SourceFile, Span
from sqla_guard.facts.values import (
    Attr,
    Call,
    ClassRef,
    Element,
    InstanceOf,
    Item,
    Literal,
    Name,
    Value,
)
from sqla_guard.read.python.bearing import Bearing
from sqla_guard.read.python.companions import Companions
from sqla_guard.read.python.displays import assigned_to, constants, is_dict_call, keys_visible
from sqla_guard.read.python.evaluation import TOO_DEEP
from sqla_guard.read.python.flow import Flow
from sqla_guard.read.python.nodes import children
from sqla_guard.read.python.parse import span_of
from sqla_guard.read.python.scopes import State, parameters

Kind = OneWord["attribute", "keyword", "string", "key", "unpacked", "computed", "whole", "handed"]

# Methods that take a dict with attribute names as keys, or a list of such; which argument that is.
_TAKE_DICTS = {"values": 0, "update": 0, "bulk_insert_mappings": 1, "bulk_update_mappings": 1}

# Calls whose strings are code about mapped classes: ``order_by="Event.created_at"``.
_CODE_IN_STRINGS = frozenset({"relationship", "backref", "dynamic_loader", "column_property"})

# Calls whose strings are ``table.column``.
_FOREIGN_KEYS = frozenset({"ForeignKey", "ForeignKeyConstraint"})

# Functions that take an attribute's name, and those that make a dict of an object.
_TAKE_NAMES = frozenset({"getattr", "setattr", "hasattr"})
# Methods of schemas that read the attributes of an object.
_TAKE_OBJECTS = frozenset({"model_validate", "from_orm", "validate", "dump", "dumps"})
_MAKE_DICTS = frozenset({"vars", "asdict", "dict"})

# Functions whose lambda gets the elements of what they go through.
_KEYED = frozenset({"sorted", "min", "max", "groupby"})
_MAPPED = frozenset({"map", "filter", "takewhile", "dropwhile", "filterfalse"})


class Lines:
    """The lines of a file that hold something of interest."""

    def __init__(self, source: SourceFile, offsets: Iterable[int]) -> None:
        """Take those on which the characters at ``offsets`` stand."""
        self._numbers = sorted({source.position(offset)[0] for offset in offsets})

    def touch(self, node: ast.stmt | ast.expr) -> bool:
        """Tell whether one of them is among those of ``node``."""
        at = bisect_left(self._numbers, node.lineno)
        return at < len(self._numbers) and self._numbers[at] <= (node.end_lineno or node.lineno)


class Mention(Struct, frozen=True):
    """A reference as seen once; the same place may be seen again with another owner."""

    kind: Kind
    name: str
    span: Span
    owner: Value
    outer: str | None
    also_used: frozenset[str]
    function: str


class Mentions:
    """Collects while a :class:`~sqla_guard.read.python.flow.Flow` runs.

    Attributes:
        found: Mentions so far.
    """

    def __init__(self, source: SourceFile, names: frozenset[str], lines: Lines) -> None:
        """Look for ``names`` on ``lines`` of ``source``."""
        self.found: list[Mention] = []
        self._lines = lines
        self._source = source
        self._names = names
        self._bearing = Bearing(source, self.marked)
        self._outer: dict[ast.AST, str] = {}
        # Loader options, with the query that they are for.
        self._options: dict[ast.AST, ast.expr] = {}
        # Dicts from which one entry is taken by its name.
        self._picked: set[ast.AST] = set()
        self._companions: dict[ast.AST, Companions] = {}

    # What the flow asks

    def marked(self, node: ast.stmt | ast.expr) -> bool:
        """Tell whether the lines of ``node`` hold something of interest."""
        return self._lines.touch(node)

    def wants(self, node: ast.stmt) -> bool:
        """Tell whether anything in ``node``, a definition, has to be followed."""
        return self.marked(node)

    def expression(self, node: ast.expr, flow: Flow) -> None:
        """Look at an expression that is about to be evaluated."""
        if self.marked(node):
            try:
                self._visit(node, flow)
            except RecursionError:
                self._at_any_depth(node, flow)

    def _at_any_depth(self, root: ast.expr, flow: Flow) -> None:
        """Look at an expression that is too deep to be followed: what names an attribute is found all the same."""
        for node in ast.walk(root):
            if isinstance(node, ast.Attribute) and node.attr in self._names:
                end = span_of(self._source, node).end
                self._add("attribute", node.attr, Span(end - len(node.attr), end), TOO_DEEP, flow)

    def pattern(self, node: ast.MatchClass, flow: Flow) -> None:
        """Look at the attribute names of ``case Event(metadata=...)``."""
        for name, inner in zip(node.kwd_attrs, node.kwd_patterns, strict=True):
            if name not in self._names:
                continue
            end = self._source.offset(inner.lineno, inner.col_offset)
            match = re.search(rf"\b({re.escape(name)})\s*=[\s(]*\Z", self._source.text[:end])
            if match:
                owner = InstanceOf(flow.evaluate.value(node.cls))
                self._add("attribute", name, Span(*match.span(1)), owner, flow)

    def bearing(self, body: list[ast.stmt]) -> frozenset[ast.stmt]:
        """Return the statements of a function that have to be followed."""
        return self._bearing.of(body)

    def returned(self, node: ast.expr | None, flow: Flow) -> None:
        """Let what a function returns be: it was looked at as an expression."""

    def stored(self, target: ast.Attribute, value: Value, flow: Flow) -> None:
        """Let an assignment be: its target was looked at as an expression."""

    # Walking expressions

    def _visit(self, node: ast.AST, flow: Flow) -> None:
        match node:
            case ast.Attribute():
                self._attribute(node, flow)
            case ast.Call():
                self._call(node, flow)
            case ast.Name():
                self._class_name(node, flow)
            case ast.Subscript():
                self._subscript(node, flow)
            case ast.Constant():
                pass
            case ast.Lambda():
                flow.defer_lambda(node, {})
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                self._comprehension(node, flow)
            case _:
                self._visit_other(node, flow)

    def _visit_other(self, node: ast.AST, flow: Flow) -> None:
        match node:
            case ast.Compare(
                left=ast.Constant(value=str(text)) as left, ops=[ast.In() | ast.NotIn()], comparators=[within]
            ):
                self._picked.add(within)
                self._string(left, flow, Item(flow.evaluate.value(within), Literal(text)))
                self._visit(within, flow)
            case ast.NamedExpr(target=target, value=value):
                self._visit(value, flow)
                flow.assign(target, flow.evaluate.value(value))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self._visit(test, flow)
                with flow.evaluate.assuming(flow.evaluate.narrowed(test, True)):
                    self._visit(body, flow)
                with flow.evaluate.assuming(flow.evaluate.narrowed(test, False)):
                    self._visit(orelse, flow)
            case ast.BoolOp(op=op, values=values):
                self._boolean(op, values, flow)
            case _:
                self._class_body(node, flow)
                for child in children(node):
                    self._visit(child, flow)

    def _boolean(self, op: ast.boolop, values: list[ast.expr], flow: Flow) -> None:
        narrowed: State = {}
        for value in values:
            with flow.evaluate.assuming(narrowed):
                self._visit(value, flow)
                found = flow.evaluate.narrowed(value, isinstance(op, ast.And))
            narrowed = {**narrowed, **found}

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, flow: Flow) -> None:
        for position, generator in enumerate(node.generators):
            with flow.evaluate.inside(node.generators[:position]):
                self._visit(generator.iter, flow)
            with flow.evaluate.inside(_without_last_tests(node.generators[: position + 1])):
                self._tests(generator.ifs, flow)
                if not isinstance(generator.target, ast.Name):
                    self._visit(generator.target, flow)
        with flow.evaluate.inside(node.generators):
            parts = (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
            for part in parts:
                self._visit(part, flow)

    def _tests(self, tests: list[ast.expr], flow: Flow) -> None:
        narrowed: State = {}
        for test in tests:
            with flow.evaluate.assuming(narrowed):
                self._visit(test, flow)
                narrowed = {**narrowed, **flow.evaluate.narrowed(test, True)}

    def _attribute(self, node: ast.Attribute, flow: Flow) -> None:
        if isinstance(node.value, ast.Attribute):
            self._outer[node.value] = node.attr
        if node.attr in ("__dict__", "_mapping", "_asdict") and node not in self._picked:
            self._add("whole", "**", span_of(self._source, node), flow.evaluate.value(node.value), flow)
        if node.attr in self._names:
            end = span_of(self._source, node).end
            span = Span(end - len(node.attr), end)
            if self._source.text[span.start : span.end] == node.attr:
                owner = flow.evaluate.value(node.value)
                self._add("attribute", node.attr, span, owner, flow, node)
        self._visit(node.value, flow)

    def _class_name(self, node: ast.Name, flow: Flow) -> None:
        """Look at a bare name in a class body, which may be an attribute declared above."""
        scope = flow.scope
        if node.id not in self._names or scope.kind != "class" or node.id not in (scope.state or {}):
            return
        if isinstance(node.ctx, ast.Load) and not any(node.id in o for o in scope.overlays):
            owner = ClassRef(scope.qualname)
            self._add("attribute", node.id, span_of(self._source, node), owner, flow, node)

    def _subscript(self, node: ast.Subscript, flow: Flow) -> None:
        """Look at ``row["metadata"]`` and ``Event.__table__.c["metadata"]``."""
        if isinstance(node.slice, ast.Constant):
            self._picked.update((node.value, getattr(node.value, "func", node.value)))
        if isinstance(node.slice, ast.Constant) and node.slice.value in self._names:
            owner = Item(flow.evaluate.value(node.value), Literal(node.slice.value))
            self._string(node.slice, flow, owner)
        self._visit(node.value, flow)
        self._visit(node.slice, flow)

    def _class_body(self, node: ast.AST, flow: Flow) -> None:
        """Look at displays in a class body: ``__mapper_args__ = {"polymorphic_on": "kind"}``, lists of names."""
        if flow.scope.kind != "class" or not isinstance(node, (ast.Dict, ast.List, ast.Tuple, ast.Set)):
            return
        target = assigned_to(node, flow.scope.node)
        if target is None:
            return
        owner = Attr(ClassRef(flow.scope.qualname), target)
        if target == "__mapper_args__" and isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value in _MAPPER_STRINGS:
                    for constant in constants(value):
                        self._string(constant, flow, Attr(owner, str(key.value)))
            return
        for constant in constants(node):
            self._string(constant, flow, owner)

    # Calls

    def _call(self, node: ast.Call, flow: Flow) -> None:
        func = node.func
        if isinstance(func, ast.Attribute):
            self._named_inside(node, func)
        self._visit(func, flow)
        self._at_run_time(node, flow)
        owner: list[Value] = []
        for place in self._named_in_call(node):
            if not owner:
                owner.append(self._whole_call(node, flow))
            kind, name, span = place
            self._add(kind, name, span, owner[0], flow)
        self._code_in_strings(node, flow)
        lambdas = _lambda_arguments(node, flow)
        for argument in (*node.args, *(k.value for k in node.keywords)):
            if isinstance(argument, ast.Lambda):
                flow.defer_lambda(argument, lambdas.get(argument, {}))
            else:
                self._visit(argument, flow)

    def _named_inside(self, node: ast.Call, func: ast.Attribute) -> None:
        """Remember what the arguments of a method are for."""
        if func.attr == "options":
            self._options.update(dict.fromkeys(node.args, func.value))
        if func.attr in ("get", "pop") and node.args and isinstance(node.args[0], ast.Constant):
            self._picked.update((func.value, getattr(func.value, "func", func.value)))

    def _whole_call(self, node: ast.Call, flow: Flow) -> Value:
        """Return the value of a call; a loader option becomes a method of the query that it is for."""
        value = flow.evaluate.value(node)
        query = self._options.get(node)
        if query is not None and isinstance(value, Call) and isinstance(node.func, ast.Name):
            return Call(Attr(flow.evaluate.value(query), node.func.id), value.args, value.keywords)
        return value

    def _at_run_time(self, node: ast.Call, flow: Flow) -> None:
        """Look at ``getattr(x, name)``, ``vars(x)`` and ``ForeignKey("events.metadata")``."""
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called in _TAKE_NAMES and isinstance(node.func, ast.Name) and len(node.args) > 1:
            if not isinstance(node.args[1], ast.Constant):
                self._add("computed", "**", span_of(self._source, node.args[1]), flow.evaluate.value(node), flow)
        elif called in _MAKE_DICTS and len(node.args) == 1 and not node.keywords and node not in self._picked:
            value = flow.evaluate.value(node.args[0])
            if not isinstance(node.args[0], (ast.Starred, ast.Attribute)) or called != "dict":
                self._add("whole", "**", span_of(self._source, node), value, flow, outer=called)
        elif called in _TAKE_OBJECTS and isinstance(node.func, ast.Attribute) and node.args:
            self._add("handed", "**", span_of(self._source, node), flow.evaluate.value(node), flow)
        elif called in _FOREIGN_KEYS:
            for argument in (*node.args, *(k.value for k in node.keywords)):
                for constant in constants(argument):
                    self._qualified(constant, flow)

    def _qualified(self, node: ast.Constant, flow: Flow) -> None:
        text = node.value if isinstance(node.value, str) else ""
        table, _, column = text.rpartition(".")
        content = self._content(node, text) if table and column in self._names else None
        if content is not None:
            span = Span(content.end - len(column), content.end)
            self._add("string", column, span, Call(Name("ForeignKey"), (Literal(text),)), flow)

    def _named_in_call(self, node: ast.Call) -> Iterator[tuple[Kind, str, Span]]:
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        for position, argument in enumerate(node.args):
            yield from self._strings_and_keys(argument)
            is_dict = position == _TAKE_DICTS.get(method)
            if is_dict and isinstance(argument, (ast.Name, ast.Attribute)):
                yield "unpacked", "**", span_of(self._source, argument)
        for keyword in node.keywords:
            if keyword.arg is None:
                yield from self._unpacked(keyword)
                continue
            if keyword.arg in self._names:
                start = self._source.offset(keyword.lineno, keyword.col_offset)
                yield "keyword", keyword.arg, Span(start, start + len(keyword.arg))
            yield from self._strings_and_keys(keyword.value)

    def _unpacked(self, keyword: ast.keyword) -> Iterator[tuple[Kind, str, Span]]:
        value = keyword.value
        if isinstance(value, ast.Dict):
            yield from self._strings_and_keys(value)
        elif is_dict_call(value):
            yield from self._named_in_call(value)
        if not keys_visible(value):
            start = self._source.offset(keyword.lineno, keyword.col_offset)
            yield "unpacked", "**", Span(start, span_of(self._source, value).end)

    def _strings_and_keys(self, node: ast.expr, depth: int = 0) -> Iterator[tuple[Kind, str, Span]]:
        match node:
            case ast.Constant():
                yield from self._constant("string", node)
            case ast.Dict(keys=keys):
                for key in keys:
                    if isinstance(key, ast.Constant):
                        yield from self._constant("key", key)
            case ast.List(elts=elts) | ast.Tuple(elts=elts) | ast.Set(elts=elts) if depth < 2:
                for element in elts:
                    yield from self._strings_and_keys(element, depth + 1)
            case ast.ListComp(elt=element) | ast.GeneratorExp(elt=element):
                if isinstance(element, ast.Dict):
                    yield from self._strings_and_keys(element, depth + 1)

    def _constant(self, kind: Kind, node: ast.Constant) -> Iterator[tuple[Kind, str, Span]]:
        if isinstance(node.value, str) and node.value in self._names:
            span = self._content(node, node.value)
            if span is not None:
                yield kind, node.value, span

    def _string(self, node: ast.Constant, flow: Flow, owner: Value) -> None:
        for kind, name, span in self._constant("string", node):
            self._add(kind, name, span, owner, flow)

    def _content(self, node: ast.Constant, text: str) -> Span | None:
        """Return where the content of a string literal stands; ``None`` if it is not there in one piece."""
        whole = span_of(self._source, node)
        written = self._source.text[whole.start : whole.end]
        match = re.fullmatch(r"[rRuUbB]*(\"\"\"|'''|\"|')(.*)\1", written, re.DOTALL)
        if match is None or match.group(2) != text:
            return None
        return Span(whole.start + match.start(2), whole.start + match.end(2))

    def _code_in_strings(self, node: ast.Call, flow: Flow) -> None:
        """Look at ``relationship("Event", order_by="Event.metadata")``: the string is evaluated later."""
        func = node.func
        called = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
        if called not in _CODE_IN_STRINGS:
            return
        for argument in (*node.args, *(k.value for k in node.keywords)):
            for constant in constants(argument):
                if isinstance(constant.value, str):
                    self._code(constant, constant.value, flow)

    def _code(self, node: ast.Constant, text: str, flow: Flow) -> None:
        content = self._content(node, text)
        if content is None:
            return
        for match in re.finditer(r"\b([A-Za-z_]\w*)\s*\.\s*(?:c\s*\.\s*)?([A-Za-z_]\w*)", text):
            if match.group(2) in self._names:
                span = Span(*match.span(2)).shifted(content.start)
                self._add("attribute", match.group(2), span, Name(match.group(1)), flow)

    def _add(  # noqa: PLR0913 - all that a mention has
        self,
        kind: Kind,
        name: str,
        span: Span,
        owner: Value,
        flow: Flow,
        node: ast.AST | None = None,
        *,
        outer: str | None = None,
    ) -> None:
        outer = self._outer.get(node) if node is not None else outer
        also = self._read_besides(node, name, flow) if isinstance(node, ast.Attribute) else frozenset()
        self.found.append(Mention(kind, name, span, owner, outer, also, flow.scope.qualname))

    def _read_besides(self, node: ast.Attribute, name: str, flow: Flow) -> frozenset[str]:
        root = flow.scope.node
        if root not in self._companions:
            self._companions[root] = Companions(root)
        return self._companions[root].of(node, name)


_MAPPER_STRINGS = frozenset(
    {"polymorphic_on", "version_id_col", "include_properties", "exclude_properties", "primary_key"}
)


def _without_last_tests(generators: list[ast.comprehension]) -> list[ast.comprehension]:
    last = generators[-1]
    bare = ast.comprehension(last.target, last.iter, [], last.is_async)
    return [*generators[:-1], bare]


def _lambda_arguments(node: ast.Call, flow: Flow) -> dict[ast.expr, State]:
    """Return what the parameters of lambdas among the arguments of ``node`` hold, where that is known."""
    if not any(isinstance(a, ast.Lambda) for a in (*node.args, *(k.value for k in node.keywords))):
        return {}
    func = node.func
    called = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
    if called in _MAPPED and len(node.args) >= 2 and isinstance(node.args[0], ast.Lambda):
        elements: list[Value] = [Element(flow.evaluate.value(a)) for a in node.args[1:]]
        return {node.args[0]: _given(node.args[0], elements)}
    if called == "sort" and isinstance(func, ast.Attribute):
        iterable: ast.expr | None = func.value
    else:
        iterable = node.args[0] if called in _KEYED and node.args else None
    if iterable is None or isinstance(iterable, ast.Lambda):
        return {}
    element = Element(flow.evaluate.value(iterable))
    lambdas = [*node.args[1:], *(k.value for k in node.keywords if k.arg == "key")]
    return {a: _given(a, [element]) for a in lambdas if isinstance(a, ast.Lambda)}


def _given(node: ast.Lambda, values: list[Value]) -> State:
    return {p.arg: value for p, value in zip(parameters(node.args), values, strict=False)}
