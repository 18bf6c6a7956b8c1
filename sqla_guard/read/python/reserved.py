"""Names that SQLAlchemy reserves, found in class bodies and in what changes a class from outside."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqla_guard.core.words import holds_word
from sqla_guard.facts.reserved_words import RESERVED, is_marked

if TYPE_CHECKING:
    from sqla_guard.core.source import SourceFile
    from sqla_guard.facts.outline import Class, Outline
    from sqla_guard.facts.reserved import ReservedName
    from sqla_guard.facts.reserved_words import Form

# Patterns are compiled when a file first needs them: a clean run needs few.
_OF_SQLALCHEMY = rb"\b_sa_\w+\s*[:=,(]"
# A dunder that is given something other than a plain constant; the usual ones have those. Blind to attributes.
_DUNDER = rb"__(?<![\w.]__)\w+\s*(?:,|:|=\s*(?:\\\s*)?[A-Za-z_(](?!rue\b|alse\b|one\b|[\"']))"
# ... but not the first parameter of a method.
_SELF = rb"self(?<!\w\(self)\s*[:=,](?!=)"
_QUERY = rb"query(?:_class)?\s*[:=,(](?!=)"
_TABLE = rb"table\s*=\s*True"
_BLOCK = rb"(?:if|else|elif|try|except|finally|with|for|while|match|case)\b"
_DEFINITION = rb"(?:async\s+)?(def|class)\b"
_WORDS = tuple(sorted(name.encode() for name in RESERVED))


def may_reserve(data: bytes) -> bool:
    """Tell whether a Python file can give a class an attribute with a reserved name."""
    if any(word in data and holds_word(data, word) for word in _WORDS):
        # ``Model.metadata = ...`` needs no class of its own.
        return True
    if b"class" not in data:
        return False
    if b"_sa_" in data and re.search(_OF_SQLALCHEMY, data) is not None:
        return True
    if b"True" in data and b"table" in data and re.search(_TABLE, data) is not None:
        return True
    if b"query" in data and _may_be_attribute(data, _QUERY):
        return True
    return _may_be_attribute(data, _DUNDER) or _may_be_attribute(data, _SELF)


def _may_be_attribute(data: bytes, marker: bytes) -> bool:
    return any(_may_stand_in_class(data, found.start()) for found in re.finditer(marker, data))


def _may_stand_in_class(data: bytes, start: int) -> bool:
    """Tell whether what stands at ``start`` can be bound in a class body: its line, then what it is indented under."""
    line = data.rfind(b"\n", 0, start) + 1
    before = data[line:start]
    words = before.lstrip()
    if words.endswith(b".") and words == before:
        return not words.startswith(b"self.")  # ``Model.query = ...`` at the left margin
    if words and not words.startswith((b"class", b"def ", b"async ")) and not words.endswith((b",", b";", b"=", b", ")):
        return b";" in words or (b"=" in words and b"(" not in words)
    if b"(" in words and not words.startswith(b"class"):
        return False  # a parameter or a keyword
    depth = len(before) - len(words)
    while depth:
        line = data.rfind(b"\n", 0, line - 1) + 1 if line else 0
        end = data.find(b"\n", line)
        text = data[line : end if end >= 0 else len(data)]
        bare = text.lstrip()
        if bare and not bare.startswith(b"#") and len(text) - len(bare) < depth:
            definition = re.match(_DEFINITION, bare)
            if definition is not None:
                # A "def" inside of a string is none.
                return definition.group(1) == b"class" or b'"""' in data[line:start] or b"'''" in data[line:start]
            if not re.match(_BLOCK, bare):
                return not bare.rstrip().endswith((b"(", b"[", b"{", b","))
            depth = len(text) - len(bare)
        if line == 0:
            return False
    return words.startswith(b"class")


def read_reserved_names(source: SourceFile, outline: Outline) -> tuple[ReservedName, ...]:
    """Return the reserved names that a module binds in class bodies, or gives to classes from outside.

    Only a class whose outline has such a name is read closely.
    """
    found: list[ReservedName] = []
    marked = [c for c in outline.classes.values() if any(may_be_marked(c, a.name, a.kind) for a in c.attributes)]
    if marked:
        from sqla_guard.read.python.class_bodies import read_class_body  # loads libcst

        found += [fact for definition in marked for fact in read_class_body(source, definition)]
    from sqla_guard.read.python.reserved_outside import may_reserve_outside, read_outside

    if may_reserve_outside(source):
        found += read_outside(source)
    return tuple(found)


def may_be_marked(definition: Class, name: str, form: str) -> bool:
    """Tell whether an attribute of a class, as its outline has it, has a name that is to be judged."""
    forms: dict[str, Form] = {"assignment": "assignment", "annotation": "annotation", "method": "method"}
    from sqla_guard.facts.values import Literal  # a clean run gets by without

    is_table = dict(definition.keywords).get("table") == Literal(True)
    return is_marked(name, forms.get(form, "class"), is_table)
