"""The strings a Python expression can stand for, as far as one module tells, with every character's place."""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType

from sqla_guard.core.source import SourceFile
from sqla_guard.read.python.literals import (
    Mapped,
    dedented,
    expression_span,
    format_template,
    hole,
    joined,
    literal,
    percent_template,
    stripped,
)
from sqla_guard.read.python.nodes import Nodes
from sqla_guard.read.python.sql_bindings import Binding, Scope, bound_by, line_of
from sqla_guard.read.python.sql_names import (
    DEDENTS,
    PARTS,
    PASSED_ON,
    SEQUENCES,
    STRIPS,
    WRAPPERS,
    Function,
    called_name,
    dotted_name,
    matched,
    pairs_of,
    parameter_names,
    part_of,
)

Env = Mapping[str, ast.expr]
_NOTHING: Env = {}

_BINDERS = (ast.Assign, ast.AnnAssign, ast.NamedExpr, ast.AugAssign, ast.For, ast.AsyncFor, ast.comprehension, ast.Call)

_DEEPEST = 12
_MOST = 64


class Values:
    """Evaluates string expressions of one module."""

    def __init__(self, source: SourceFile, nodes: Nodes, imported: Mapping[str, str] = MappingProxyType({})) -> None:
        """Evaluate expressions among ``nodes``, those of ``source``.

        Args:
            source: The module.
            nodes: Its nodes.
            imported: Strings of other modules, by the dotted names that this one calls them by.
        """
        self.source = source
        self.nodes = nodes
        self._imported = imported
        self.parents = nodes.parents
        # Rows of loops that are still read one by one: large tables with large loop bodies stay cheap.
        self._rounds = 5_000
        self.exhausted = False
        self._literals: dict[int, Mapped | None] = {}

    def function(self, node: ast.AST) -> ast.AST | None:
        """Return the function around ``node``, ``None`` at module level."""
        current = self.parents.get(node)
        while current is not None and not isinstance(current, Function):
            current = self.parents.get(current)
        return current

    def statement(self, node: ast.AST) -> ast.stmt:
        """Return the innermost statement around ``node``."""
        while not isinstance(node, ast.stmt):
            node = self.parents[node]
        return node

    # Bindings

    @cached_property
    def _scopes(self) -> dict[ast.AST | None, Scope]:
        """The names bound in each function, and under ``None`` those of the module and its classes."""
        scopes: dict[ast.AST | None, Scope] = {None: Scope()}
        for node in self.nodes.of(*_BINDERS):
            for target, binding, at in bound_by(node):
                binding.statement = self.statement(at)
                scopes.setdefault(self.function(at), Scope()).names.setdefault(target, []).append(binding)
        for scope in scopes.values():
            for found in scope.names.values():
                found.sort(key=line_of)
        return scopes

    @cached_property
    def _attributes(self) -> dict[str, list[Binding]]:
        """What is bound in the body of a class, by name."""
        attributes: dict[str, list[Binding]] = {}
        for scope in self._scopes.values():
            for name, bindings in scope.names.items():
                for binding in bindings:
                    if binding.statement is not None and isinstance(self.parents.get(binding.statement), ast.ClassDef):
                        attributes.setdefault(name, []).append(binding)
        return attributes

    def bindings(self, name: str, function: ast.AST | None, at: ast.AST | None = None) -> list[Binding]:
        """Return what ``name`` is bound to, seen from ``function``.

        With ``at``, a place in that function, only what is bound before it and not bound anew in between.
        """
        here = function
        while True:
            scope = self._scopes.get(function)
            if scope is not None and name in scope.names:
                found = scope.names[name]
                return self._reaching(found, at) if at in self.parents and function is here else found
            if isinstance(function, Function) and name in parameter_names(function):
                return []
            if function is None:
                return []
            function = self.function(function)

    def _reaching(self, bindings: list[Binding], at: ast.AST | None) -> list[Binding]:
        around: set[ast.AST] = set()
        current = at
        while current is not None:
            around.add(current)
            current = self.parents.get(current)
        last = bisect_right([line_of(b) for b in bindings], (getattr(at, "lineno", 0), -1))
        reaching: list[Binding] = []
        for binding in reversed(bindings[:last]):
            statement = binding.statement
            reaching.append(binding)
            # A loop's variable, or an assignment in a block that goes on to here, hides what was before.
            certain = statement in around or self.parents.get(statement or at or ast.Pass()) in around
            if certain and not binding.added:
                break
        return reaching[::-1] or bindings

    # Values

    def evaluate(self, node: ast.expr, function: ast.AST | None, env: Env, depth: int = 0) -> list[Mapped]:
        """Return the strings that ``node`` can stand for; empty where none is known.

        Args:
            node: The expression.
            function: The function it stands in.
            env: Names with a known expression: the loop variables of one round.
            depth: How many names were followed.
        """
        if depth > _DEEPEST:
            return []
        if isinstance(node, (ast.Constant, ast.JoinedStr)):
            found = self._literal(node, function, env, depth)
            return [] if found is None else [found]
        if isinstance(node, ast.BinOp):
            return self._operation(node, function, env, depth)
        if isinstance(node, ast.Call):
            return self._call(node, function, env, depth)
        if isinstance(node, ast.Name):
            return self._name(node, function, env, depth)
        if isinstance(node, ast.Attribute) and (known := self._from_outside(node)) is not None:
            return [known]
        return [value for part in self._alternatives(node) for value in self.evaluate(part, function, env, depth + 1)]

    def _alternatives(self, node: ast.expr) -> list[ast.expr]:
        if isinstance(node, ast.IfExp):
            return [node.body, node.orelse]
        if isinstance(node, ast.BoolOp):
            return node.values
        if isinstance(node, ast.NamedExpr):
            return [node.value]
        if isinstance(node, ast.Subscript):
            return self._member(node)
        if isinstance(node, ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            if owner in ("self", "cls") or owner[:1].isupper():
                return [b.value for b in self._attributes.get(node.attr, []) if not b.added]
        return []

    def _from_outside(self, node: ast.expr) -> Mapped | None:
        """Return the string of another module that a name stands for; nothing of it can be edited through the name."""
        text = self._imported.get(dotted_name(node)) if self._imported else None
        return None if text is None else Mapped(text, ((0, 0, -1),) * len(text))

    def _constant(self, node: ast.Attribute, at: ast.AST) -> Mapped | None:
        """Return the one string that an attribute in an f-string stands for: of a class that nobody changes."""
        known = self._from_outside(node)
        if known is not None or not isinstance(node.value, ast.Name):
            return known
        bound = self._attributes.get(node.attr, [])
        if len(bound) != 1 or node.attr in self._set_attributes or bound[0].statement is None:
            return None
        owner = self.parents[bound[0].statement]
        if not isinstance(owner, ast.ClassDef):
            return None
        if node.value.id in ("self", "cls"):
            # A subclass elsewhere may say something else; that is another text of another program.
            if owner is not self.class_around(at):
                return None
        elif node.value.id != owner.name:
            return None
        values = self.evaluate(bound[0].value, None, {})
        return values[0].numbered(-1) if len(values) == 1 else None

    def class_around(self, node: ast.AST) -> ast.ClassDef | None:
        """Return the class around ``node``."""
        current = self.parents.get(node)
        while current is not None and not isinstance(current, ast.ClassDef):
            current = self.parents.get(current)
        return current

    @cached_property
    def _set_attributes(self) -> frozenset[str]:
        """The attributes that the module sets on something."""
        stored = (n for n in self.nodes.of(ast.Attribute) if isinstance(n, ast.Attribute))
        return frozenset(n.attr for n in stored if isinstance(n.ctx, ast.Store))

    def _member(self, node: ast.Subscript) -> list[ast.expr]:
        """Return what ``QUERIES["add"]`` stands for, where both are written out."""
        key = node.slice
        if not isinstance(key, ast.Constant) or not isinstance(node.value, (ast.Name, ast.Attribute)):
            return []
        function = self.function(node)
        name = node.value
        bound = [b.value for b in self.bindings(name.id, function)] if isinstance(name, ast.Name) else []
        found: list[ast.expr] = []
        for display in bound or (self._alternatives(name) if isinstance(name, ast.Attribute) else []):
            if isinstance(display, ast.Dict):
                pairs = zip(display.keys, display.values, strict=True)
                found += [v for k, v in pairs if isinstance(k, ast.Constant) and k.value == key.value]
            elif isinstance(display, (ast.List, ast.Tuple)) and isinstance(key.value, int):
                found += display.elts[key.value : key.value + 1] if key.value >= 0 else []
        return found

    def _literal(
        self, node: ast.Constant | ast.JoinedStr, function: ast.AST | None, env: Env, depth: int
    ) -> Mapped | None:
        if isinstance(node, ast.Constant):
            if not isinstance(node.value, (str, bytes)):
                return None
            if id(node) not in self._literals:
                self._literals[id(node)] = literal(node, self.source)
            return self._literals[id(node)]

        def resolve(name: ast.expr) -> Mapped | None:
            if isinstance(name, ast.Attribute):
                return self._constant(name, node)
            if not isinstance(name, ast.Name):
                return None
            values = self._name(name, function, env, depth + 1, node)
            if len(values) != 1:
                return None
            # A loop's row may be edited where it is written; a constant has other uses.
            row = name.id in env and values[0].origins
            return values[0].numbered(1_000_000 + values[0].origins[0][0] if row else -1)

        return literal(node, self.source, resolve)

    def _operation(self, node: ast.BinOp, function: ast.AST | None, env: Env, depth: int) -> list[Mapped]:
        if isinstance(node.op, ast.Mod):
            given = self._percent_operands(node.right, function, env, depth)
            return [percent_template(v, given) for v in self.evaluate(node.left, function, env, depth + 1)]
        if not isinstance(node.op, ast.Add):
            return []
        # A long chain of additions leans to the left; take it apart without recursion.
        operands: list[ast.expr] = []
        current: ast.expr = node
        while isinstance(current, ast.BinOp) and isinstance(current.op, ast.Add):
            operands.append(current.right)
            current = current.left
        operands.append(current)
        values: list[list[Mapped]] = [self.evaluate(o, function, env, depth + 1) for o in reversed(operands)]
        if not any(values):
            return []
        results: list[list[Mapped]] = [[]]
        for number, (options, operand) in enumerate(zip(values, reversed(operands), strict=True), 1):
            span = expression_span(operand, self.source)
            options = options or [hole(span.start, span.end)]
            options = [option.shifted(number) for option in options]
            results = [[*result, option] for result in results for option in options][:_MOST]
        return [joined(result) for result in results]

    def _call(self, node: ast.Call, function: ast.AST | None, env: Env, depth: int) -> list[Mapped]:
        name = called_name(node)
        if isinstance(node.func, ast.Attribute):
            inner = node.func.value
            if name == "format":
                named = self._format_operands(node, function, env, depth)
                return [format_template(v, named) for v in self.evaluate(inner, function, env, depth + 1)]
            if name == "join" and len(node.args) == 1:
                return self._joined(node, function, env, depth)
            if name in STRIPS and not node.args:
                return [stripped(v, name) for v in self.evaluate(inner, function, env, depth + 1)]
            if name in PASSED_ON:
                return self.evaluate(inner, function, env, depth + 1)
        if name in DEDENTS and node.args:
            return [dedented(v) for v in self.evaluate(node.args[0], function, env, depth + 1)]
        if name in WRAPPERS and node.args:
            # Of several parts of an identifier the first is no whole name.
            whole = name != "Identifier" or len(node.args) == 1
            return self.evaluate(node.args[0], function, env, depth + 1) if whole else []
        made = self.returned(node)
        return (
            []
            if made is None
            else self.evaluate(made, self.function(made), self._parameters(node, made, env), depth + 1)
        )

    def _parameters(self, call: ast.Call, made: ast.expr, env: Env) -> Env:
        """Return what a call gives to the function that gives back ``made``, as far as it is written there."""
        function = self.function(made)
        names = parameter_names(function) if function is not None else []
        given = dict(zip(names, call.args, strict=False))
        given.update({k.arg: k.value for k in call.keywords if k.arg in names})
        known = {n: env.get(v.id, v) if isinstance(v, ast.Name) else v for n, v in given.items()}
        return {n: v for n, v in known.items() if not isinstance(v, ast.Starred)}

    def _one(self, node: ast.expr, function: ast.AST | None, env: Env, depth: int) -> Mapped | None:
        """Return the one string that ``node`` is; a name's characters are not to be edited through a template."""
        values = self.evaluate(node, function, env, depth + 1)
        if len(values) != 1 or not values[0].origins:
            return values[0] if len(values) == 1 else None
        literal_here = isinstance(node, ast.Constant)
        return values[0].numbered(2_000_000 + values[0].origins[0][0] if literal_here else -1)

    def _percent_operands(
        self, node: ast.expr, function: ast.AST | None, env: Env, depth: int
    ) -> dict[str, Mapped | None]:
        if isinstance(node, ast.Dict):
            keys = [k.value if isinstance(k, ast.Constant) else "" for k in node.keys]
            return {str(k): self._one(v, function, env, depth) for k, v in zip(keys, node.values, strict=True)}
        items = node.elts if isinstance(node, ast.Tuple) else [node]
        if any(isinstance(item, ast.Starred) for item in items):
            return {}
        return {str(i): self._one(item, function, env, depth) for i, item in enumerate(items)}

    def _format_operands(
        self, node: ast.Call, function: ast.AST | None, env: Env, depth: int
    ) -> dict[str, Mapped | None]:
        given = {k.arg: self._one(k.value, function, env, depth) for k in node.keywords if k.arg is not None}
        for index, argument in enumerate(node.args):
            if isinstance(argument, ast.Starred):
                break
            given[str(index)] = self._one(argument, function, env, depth)
        return given

    def _joined(self, node: ast.Call, function: ast.AST | None, env: Env, depth: int) -> list[Mapped]:
        """Return what ``", ".join(…)`` makes of strings that are all known."""
        assert isinstance(node.func, ast.Attribute)
        between = self.evaluate(node.func.value, function, env, depth + 1)
        given = env.get(node.args[0].id, node.args[0]) if isinstance(node.args[0], ast.Name) else node.args[0]
        if isinstance(given, (ast.ListComp, ast.GeneratorExp)) or len(between) != 1:
            return []
        parts: list[Mapped] = []
        for number, item in enumerate(self.items(given, function, depth + 1), 1):
            values = self.evaluate(item, function, env, depth + 1)
            if len(values) != 1 or len(parts) > _MOST * 2:
                return []
            parts += [between[0].numbered(-1)] * bool(parts) + [values[0].shifted(number)]
        return [joined(parts)] if parts else []

    def _name(
        self, node: ast.Name, function: ast.AST | None, env: Env, depth: int, at: ast.AST | None = None
    ) -> list[Mapped]:
        if node.id in env:
            return self.evaluate(env[node.id], function, {}, depth + 1)
        if depth > _DEEPEST:
            return []
        bindings = self.bindings(node.id, function, at or node)
        known = None if bindings or self._is_parameter(node.id, function) else self._from_outside(node)
        if known is not None:
            return [known]
        bases: list[Mapped] = []
        additions: list[Mapped] = []
        for binding in bindings:
            if binding.element:
                found = [
                    v
                    for e in self.elements(binding.value, function, depth + 1, binding.position)
                    for v in self.evaluate(e, function, {}, depth + 1)
                ]
            else:
                found = self.evaluate(binding.value, function, env, depth + 1)
            (additions if binding.added else bases).extend(found)
        if len(additions) > _MOST:
            return []
        if additions and len(bases) == 1:
            parts = [bases[0], *additions]
            return [joined(part.shifted(number) for number, part in enumerate(parts, 1))]
        return bases

    def _is_parameter(self, name: str, function: ast.AST | None) -> bool:
        while function is not None:
            if name in parameter_names(function):
                return True
            function = self.function(function)
        return False

    def elements(
        self, node: ast.expr, function: ast.AST | None, depth: int = 0, position: int | None = None
    ) -> list[ast.expr]:
        """Return the expressions that iterating over ``node`` yields, or what each has at ``position``."""
        return [part for item in self.items(node, function, depth) for part in part_of(item, position)]

    def items(self, node: ast.expr, function: ast.AST | None, depth: int = 0) -> list[ast.expr]:
        """Return the expressions that iterating over ``node`` yields."""
        if depth > _DEEPEST:
            return []
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            out: list[ast.expr] = []
            for element in node.elts:
                starred = isinstance(element, ast.Starred)
                out += self.items(element.value, function, depth + 1) if isinstance(element, ast.Starred) else []
                out += [] if starred else [element]
            return out
        if isinstance(node, ast.Dict):
            return [key for key in node.keys if key is not None]
        if isinstance(node, (ast.ListComp, ast.GeneratorExp)):
            return [node.elt]
        if isinstance(node, ast.Name):
            found = self.bindings(node.id, function)
            return [e for b in found if not b.element for e in self.items(b.value, function, depth + 1)]
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self.items(node.left, function, depth + 1) + self.items(node.right, function, depth + 1)
        if isinstance(node, ast.Attribute):
            return [e for a in self._alternatives(node) for e in self.items(a, function, depth + 1)]
        return self._call_items(node, function, depth) if isinstance(node, ast.Call) else []

    def _call_items(self, node: ast.Call, function: ast.AST | None, depth: int) -> list[ast.expr]:
        name = called_name(node)
        if isinstance(node.func, ast.Attribute) and name in PARTS:
            if name in ("split", "splitlines"):
                # Cut at its semicolons or not: the statements are the same.
                return [node.func.value]
            return [
                pair if name == "items" else pair.elts[1]
                for display in self._displays(node.func.value, function, depth + 1)
                for pair in pairs_of(display)
            ]
        if name == "enumerate" and node.args:
            index = ast.Constant(None)
            return [ast.Tuple([index, e], ast.Load()) for e in self.items(node.args[0], function, depth + 1)]
        if name in SEQUENCES and node.args:
            return self.items(node.args[-1], function, depth + 1)
        return [node.args[0]] if name == "split" and node.args else []

    def _displays(self, node: ast.expr, function: ast.AST | None, depth: int) -> list[ast.Dict]:
        if isinstance(node, ast.Dict):
            return [node]
        if isinstance(node, ast.Name) and depth <= _DEEPEST:
            values = [b.value for b in self.bindings(node.id, function)]
            return [d for v in values for d in self._displays(v, function, depth + 1)]
        return []

    def returned(self, call: ast.Call) -> ast.expr | None:
        """Return what a function of the module gives back, where it has one ``return``."""
        found = list(self._returning.get(called_name(call), {}).values()) if isinstance(call.func, ast.Name) else []
        # Of several functions of one name, the last one counts.
        return found[-1][0] if found and len(found[-1]) == 1 else None

    @cached_property
    def _returning(self) -> dict[str, dict[ast.AST, list[ast.expr]]]:
        """What each function gives back, by its name."""
        found: dict[str, dict[ast.AST, list[ast.expr]]] = {}
        for node in self.nodes.of(ast.Return):
            function = self.function(node)
            if isinstance(node, ast.Return) and node.value is not None and function is not None:
                found.setdefault(getattr(function, "name", ""), {}).setdefault(function, []).append(node.value)
        return found

    def rounds(self, node: ast.AST, used: set[str], env: Env = _NOTHING) -> list[dict[str, ast.expr]]:
        """Return the loop variables around ``node`` for each round of the innermost loop that binds any of ``used``.

        Args:
            node: A statement or expression.
            used: The names of interest.
            env: What else is known of names: the parameters of one call.
        """
        function = self.function(node)
        current = self.parents.get(node)
        while current is not None and current is not function:
            if isinstance(current, (ast.For, ast.AsyncFor)):
                targets = {n.id for n in ast.walk(current.target) if isinstance(n, ast.Name)}
                rows = env.get(current.iter.id, current.iter) if isinstance(current.iter, ast.Name) else current.iter
                items = self.items(rows, function) if targets & used else []
                self._rounds -= len(items)
                self.exhausted = self._rounds <= 0
                if items:
                    return [matched(current.target, item) for item in items] if self._rounds > 0 else []
            current = self.parents.get(current)
        return []
