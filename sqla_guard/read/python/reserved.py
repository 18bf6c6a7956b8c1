"""Names that SQLAlchemy reserves, found in class bodies and in what changes a class from outside."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqla_guard.facts.reserved_words import OF_FLASK, RESERVED, is_marked

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqla_guard.core.source import SourceFile
    from sqla_guard.facts.outline import Attribute, Class
    from sqla_guard.facts.reserved import ReservedName
    from sqla_guard.facts.reserved_words import Form

# Patterns are compiled when a file first needs them: a clean run needs few.
_OF_SQLALCHEMY = rb"_sa_(?<!\w_sa_)\w+(?![\w\"'.])"
# A dunder that is given what can be a column: no constant, no tuple of constants, no other dunder; the usual ones have
# those. The last of several gets what stands last. Blind to attributes.
_PLAIN = (
    rb"True\b|False\b|None\b|lambda\b|[bBfFrRuU]{1,2}[\"']|(?:\w{1,99}\.){0,9}__(?!table__)\w{1,99}__[ \t]*[\r\n#;]"
)
_DUNDER = (
    rb"__(?<![\w.]__)(?:(?:(?<=,__)|(?<=, __))\w+\s*=(?!=)|\w+\s*(?:,|:|=\s*(?:\\\s*)?"
    rb"(?!%b)(?:\([\s(\\]*)?(?:#|[A-Za-z_\x80-\xff](?![\"']))))" % _PLAIN
)
# A method's first parameter stands at most so far behind the bracket.
_FURTHEST = 200
# Most end within few lines; with more text behind it, it may become doubtful where strings end.
_LENGTHS_OF_TUPLES = (400, 4000)
# ... but not the first parameter of a method or a lambda, nor what is looked into.
_SELF = rb"self(?<!\wself)(?<!\w\(self)(?<!lambda self)(?<! in self)\s*[:=,](?!=)"
_TABLE = rb"table(?<!\wtable)\s*=\s*True"
_BLOCK = rb"(?:async[ \t]+)?(?:if|else|elif|try|except|finally|with|for|while|match|case)\b"
_PARAMETERS = rb"(?:async[ \t]+)?def\b[^\"']*\Z"
_DEFINITION = rb"(?:async\s+)?(def|class)\b"
_FORMS: dict[str, Form] = {"assignment": "assignment", "annotation": "annotation", "method": "method"}
_BRACKETS = ((b"(", b")"), (b"[", b"]"), (b"{", b"}"))
_WORDS = tuple(sorted(name.encode() for name in RESERVED))
# What follows a word that is bound: alone, by annotation, or as one target among several, be they on several lines.
_OTHERS = rb"(?:[\w\s,*.]|#[^\n]*\n)"
_SPACES = rb"[ \t\f]*(?:\\\r?\n[ \t\f]*)*"
_BOUND = (
    rb"%b(=(?!=)|:(?!=)|"
    rb"[,)\]](?:[^\n=]*=(?!=)|%b{0,200}?[)\]][ \t]*(?:,[^\n=]*)?=(?!=)|%b{200}))" % (_SPACES, _OTHERS, _OTHERS)
)
# What stands in quotes, or has a dot behind it, is not bound, nor what has neither the first letter of that behind it
# nor the end of ``def``, ``class`` or a line before it, as most words of texts.
_MAY_BE_BOUND = rb"(?![\w\"'.])(?:(?![ \t\f]{0,3}[^ \t\f=:,)\]\\])|(?<=[fs\s\\]\s%b))"
_OF_WORDS = tuple((word, rb"%b(?<!\w%b)%b" % (word, word, _MAY_BE_BOUND % word)) for word in _WORDS)
_OF_FLASK = rb"query(?<!\wquery)(?:_class%b|%b)" % (_MAY_BE_BOUND % b"query_class", _MAY_BE_BOUND % b"query")
_TARGETS = rb"[\w\s,*.()\[\]]*[,*(\[]\s*"
# An attribute that is given a value: ``Model.metadata = ...``.
_GIVEN = rf"\.[ \t\f]*(?:{'|'.join(sorted(RESERVED | OF_FLASK))}|self|_sa_\w+)\s*[:=](?!=)"


def may_reserve(data: bytes) -> bool:
    """Tell whether a Python file can give a class an attribute with a reserved name."""
    blocks = _Blocks(_with_plain_lines(data))
    return _may_bind_a_word(blocks) or (
        b"class" in data
        and (
            _may_bind(blocks, _OF_SQLALCHEMY)
            or _may_bind(blocks, _OF_FLASK)
            or re.search(_TABLE, data) is not None
            or _may_be_attribute(blocks, _DUNDER)
            or _may_be_attribute(blocks, _SELF)
        )
    )


def may_break_models(data: bytes) -> bool:
    """Tell the same of the names that break models, which are those of :data:`RESERVED`."""
    return any(word in data for word in _WORDS) and _may_bind_a_word(_Blocks(_with_plain_lines(data)))


def _may_bind_a_word(blocks: _Blocks) -> bool:
    data = blocks.data
    return any(word in data and (_may_name_backref(data, word) or _may_bind(blocks, it)) for word, it in _OF_WORDS)


def _with_plain_lines(data: bytes) -> bytes:
    if b"\r" in data and b"\n" not in data:
        data = data.replace(b"\r", b"\n")
    return data.replace(b"\n\f", b"\n") if b"\f" in data else data  # a form feed indents nothing


def _may_name_backref(data: bytes, word: bytes) -> bool:
    return b"backref" in data and (b'"%s"' % word in data or b"'%s'" % word in data)


def _may_bind(blocks: _Blocks, words: bytes) -> bool:
    """Tell whether one of the words that a pattern finds can be bound in a class body, or given to a class."""
    places = (found.span() for found in re.finditer(words, blocks.data))
    return any(_may_bind_at(blocks, start, end) and not blocks.is_text(start) for start, end in places)


def _may_bind_at(blocks: _Blocks, start: int, end: int) -> bool:
    data = blocks.data
    line = data.rfind(b"\n", 0, start) + 1
    words = data[line:start].strip()
    goes_on = _goes_on(data, line)
    if goes_on and not words:
        return True  # what binds it may stand before
    if words.endswith((b"def", b"class")):
        return blocks.may_hold(line, start)
    after = re.compile(_BOUND).match(data, end)
    if after is None or re.match(_PARAMETERS, words):
        return False
    if words.endswith(b"."):
        # ``Model.metadata = ...`` needs no class of its own.
        return blocks.may_hold(line, start, at_top=True)
    return _may_be_target(words, after[1]) and (goes_on or b"\n" in after[1] or blocks.may_hold(line, start))


def _may_be_target(words: bytes, after: bytes) -> bool:
    """Tell whether what stands between ``words`` on its line and ``after`` can be assigned to."""
    if not words or words.endswith((b";", b"=")):
        return True
    if words.endswith(b":"):
        return _is_closed(words)
    return after != b":" and re.fullmatch(_TARGETS, words) is not None


def _may_be_attribute(blocks: _Blocks, marker: bytes) -> bool:
    return any(
        not _is_first_parameter(blocks.data, found.start())
        and _may_stand_in_class(blocks, found.start())
        and not blocks.is_text(found.start())
        and not (b"(" in found[0] and _holds_tuple(blocks.data, found.start() + found[0].index(b"(")))
        for found in re.finditer(marker, blocks.data)
    )


def _is_first_parameter(data: bytes, start: int) -> bool:
    """Tell whether what stands at ``start`` follows the line ``def method(``, as ``self`` most often does."""
    opened = data.rfind(b"(", max(start - _FURTHEST, 0), start)
    if opened < 0 or not data[opened + 1 : start].isspace():
        return False
    line = data.rfind(b"\n", 0, opened) + 1
    return data[line:opened].lstrip().startswith((b"def ", b"async def "))


def _holds_tuple(data: bytes, opened: int) -> bool:
    """Tell whether the bracket at ``opened`` is certainly that of a tuple, which ends its statement.

    Most tables that say more of themselves than their names say it in one: ``__table_args__ = (Index(...), )``.
    """
    from sqla_guard.read.python.bodies import code_of

    ends = (data.rfind(b"\n", opened, opened + length) + 1 for length in _LENGTHS_OF_TUPLES)
    return any(_is_tuple(code_of(data[opened:end].decode("latin-1"))) for end in ends)


def _is_tuple(code: str) -> bool:
    depth, has_comma = 0, False
    for mark in re.finditer(r"[()\[\]{},]|lambda", code):
        if mark[0] == "lambda":
            return False  # its parameters are set apart by commas too
        if mark[0] == ",":
            has_comma = has_comma or depth == 1
        else:
            depth += 1 if mark[0] in "([{" else -1
        if not depth:
            return has_comma and re.compile(r"[ \t]*[\r\n;]").match(code, mark.end()) is not None
    return False


def _may_stand_in_class(blocks: _Blocks, start: int) -> bool:
    """Tell whether what stands at ``start`` can be bound in a class body: its line, then what it is indented under."""
    line = blocks.data.rfind(b"\n", 0, start) + 1
    before = blocks.data[line:start]
    words = before.lstrip()
    if not words and _goes_on(blocks.data, line):
        return True  # as deep as anybody likes
    if words.endswith(b".") and words == before:
        return not words.startswith(b"self.")  # ``Model.query = ...`` at the left margin
    if words and not words.startswith((b"class", b"def ", b"async ")) and not words.endswith((b",", b";", b"=", b", ")):
        return b";" in words or (b"=" in words and b"(" not in words)
    if b"(" in words and not words.startswith(b"class"):
        return False  # a parameter or a keyword
    return blocks.may_hold(line, start)


def _goes_on(data: bytes, line: int) -> bool:
    """Tell whether the line from ``line`` on goes on with the one before it, by a backslash."""
    return data[max(line - 3, 0) : line].rstrip(b"\r\n").endswith(b"\\")


class _Blocks:
    """What lines are indented under, as far as their first words tell; each line is passed once for each depth."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        # By depth, the last place that is in no class, and whether it is in brackets.
        self._outside: dict[tuple[int, bool], tuple[int, bool]] = {}
        self._code: str | None = None

    def may_hold(self, line: int, start: int, at_top: bool = False) -> bool:
        """Tell whether the statement at ``start``, on the line from ``line`` on, can stand in the body of a class.

        Args:
            line: Where its line begins.
            start: Where the statement stands, or what is bound in it.
            at_top: Whether the top of the module will do too.
        """
        words = self.data[line:start].lstrip()
        depth = start - line - len(words)
        in_brackets = self._around(line, start, depth, at_top or words.startswith(b"class"))
        if in_brackets is not None:
            self._outside[depth, at_top] = start, in_brackets
        return in_brackets is None

    def is_text(self, at: int) -> bool:
        """Tell whether what stands at ``at`` is certainly part of a string."""
        if self._code is None:
            if not _ends_string(self.data[:at]):
                return False  # it may be one, but seldom is: nobody looks closer
            from sqla_guard.read.python.bodies import code_of

            self._code = code_of(self.data.decode("latin-1"))
        return self._code[at : at + 1] == '"'

    def may_be_at_top(self, start: int) -> bool:
        """Tell whether what stands at ``start`` may be in no function."""
        return self.may_hold(self.data.rfind(b"\n", 0, start) + 1, start, at_top=True)

    def _around(self, line: int, start: int, depth: int, at_top: bool) -> bool | None:
        """Return ``None`` for what may be in a class, else whether it is in brackets."""
        data = self.data
        while depth and line:
            before, in_brackets = self._outside.get((depth, at_top), (-1, False))
            if before >= start:
                before, in_brackets = -1, False  # of another word, which stood further down
            line, bare, above = self._above(line, depth, before)
            between = data[max(line, before) : start]
            if line <= before:
                may = _ends_string(between) or (
                    in_brackets and any(between.count(a) < between.count(b) for a, b in _BRACKETS)
                )
                return None if may else in_brackets
            definition = re.match(_DEFINITION, bare)
            if definition is not None:
                # A "def" inside of a string is none.
                return None if definition.group(1) == b"class" or _ends_string(between) else False
            if bare.startswith(b")") and bare.rstrip().endswith(b":"):
                depth = above + 1  # the end of a header over several lines, which most often began as deep as it ends
            elif bare and not re.match(_BLOCK, bare):
                opens = bare.rstrip().endswith((b"(", b"[", b"{", b","))
                return None if not opens or _ends_string(between) or _is_closed(between) else True
            else:
                depth = above
        return None if at_top else False

    def _above(self, line: int, depth: int, before: int) -> tuple[int, bytes, int]:
        """Return the next line up that is less than ``depth`` deep: its start, what is on it, and how deep it is.

        Nothing is on it where none comes behind ``before``, nor at the top.
        """
        data, as_deep = self.data, b" " * depth
        while line:
            end = line - 1
            line = data.rfind(b"\n", 0, end) + 1
            if line <= before:
                break
            if not data.startswith(as_deep, line):
                bare = data[line:end].lstrip()
                above = end - line - len(bare)
                if bare and not bare.startswith(b"#") and above < depth:
                    return line, bare, above
        return line, b"", 0


def _is_closed(text: bytes) -> bool:
    """Tell whether ``text`` closes as many brackets as it opens, or more."""
    return all(text.count(opened) <= text.count(closed) for opened, closed in _BRACKETS)


def _ends_string(text: bytes) -> bool:
    """Tell whether the start of ``text`` may stand in a string that its end does not stand in."""
    return text.count(b'"""') % 2 == 1 or text.count(b"'''") % 2 == 1


def read_reserving_classes(source: SourceFile) -> Mapping[str, Class]:
    """Return the classes of a module that bind reserved names, by qualified name, as its outline has them.

    Raises:
        UnreadableFile: The text is not Python.
    """
    from sqla_guard.read.python.outline import read_classes

    return read_classes(
        source,
        lambda text: may_reserve(text.encode("utf-8", "surrogatepass")),
        lambda cls: any(may_be_marked(cls, attribute) for attribute in cls.attributes),
    )


def read_reserved_names(source: SourceFile, classes: Collection[Class]) -> tuple[ReservedName, ...]:
    """Return the reserved names that a module binds in the bodies of ``classes``, or gives to classes from outside.

    Raises:
        UnreadableFile: The text is not Python.
    """
    found: list[ReservedName] = []
    if classes:
        from sqla_guard.read.python.class_bodies import read_class_body

        found += [fact for definition in classes for fact in read_class_body(source, definition)]
    if may_reserve_outside(source.text):
        from sqla_guard.read.python.reserved_outside import read_outside

        found += read_outside(source)
    return tuple(found)


def may_reserve_outside(text: str) -> bool:
    """Tell whether Python code can give a class an attribute with a reserved name from outside of its body."""
    if "backref" in text and any(_may_name_backref(text.encode("utf-8", "surrogatepass"), word) for word in _WORDS):
        return True
    if re.search(_GIVEN, text) is None:
        return False
    blocks = _Blocks(re.sub(r"\r\n?", "\n", text).encode("utf-8", "surrogatepass"))
    return any(blocks.may_be_at_top(found.start()) for found in re.finditer(_GIVEN.encode(), blocks.data))


def may_be_marked(definition: Class, attribute: Attribute) -> bool:
    """Tell whether an attribute of a class, as its outline has it, is to be judged."""
    from sqla_guard.facts.values import Dictionary, Display, Literal  # a clean run gets by without

    is_table = dict(definition.keywords).get("table") == Literal(True)
    form = _FORMS.get(attribute.kind, "class")
    if not is_marked(attribute.name, form, is_table):
        return False
    if attribute.name != "self" and not attribute.name.startswith("__"):
        return True
    # Nothing but a column is out of place there.
    return attribute.annotation is not None or not isinstance(attribute.value, (Literal, Dictionary, Display))
