"""The cheap look at a file's bytes before anything is parsed; it imports no parser, for clean runs.

A function holds a lazily made shared object only where it both tests and binds one place. So what binds such a place
is looked for by marks that few files have, and then what the function around does with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from sqla_guard.core.words import is_word, words_in
from sqla_guard.read.python.lazy_lines import (
    Around,
    compiled,
    dedent,
    function_around,
    indent_of,
    line_of,
    outer_function,
    owner_before,
    plain,
)
from sqla_guard.read.python.lazy_mentions import Mentions, PlaceKind, may_be_one_of_several

# Patterns are compiled when a file first needs them: a clean run needs few. Each begins with what few files hold.

# The keyword with its names; prose that has the word goes on otherwise.
_GLOBAL = rb"global(?:[ \t\f]*\\|[ \t\f]+(\w+(?:[ \t\f]*,[ \t\f]*\w+)*)[ \t\f]*(?:[\n;#\\]|\Z))"
_NONLOCAL = rb"nonlocal(?:[ \t\f]*\\|[ \t\f]+(\w+(?:[ \t\f]*,[ \t\f]*\w+)*)[ \t\f]*(?:[\n;#\\]|\Z))"
# A decorator that keeps results.
_CACHED = rb"@\s*(?:\w+\s*\.\s*)*(?:lru_cache|cache|cached_property)\b"
# A class, or what the function behind it calls one.
_GIVEN_CLASS = rb"\b[^(]{0,400}\(\s*(\w+)"
_CLASS = (
    rb"class(?:(?<!\Sclass)[ \t]+(\w+)[ \t]*[(:\[\\]|(?:method|property|_getitem__|__(?<=__init_subclass__))"
    + _GIVEN_CLASS
    + rb")"
)
_NEW = rb"__new__" + _GIVEN_CLASS
_HEADER = rb"[ \t]*(?:async[ \t]+)?def\s+\w+\s*(?:\[[^(]{0,300}\]\s*)?\(\s*(\w+)"
_FIRST_OF_ANY = rb"def\s+\w+\s*(?:\[[^(]{0,300}\]\s*)?\(\s*(\w+)"
_CLASS_WORDS = frozenset({b"cls", b"klass", b"class_", b"mcs", b"mcls", b"__class__", b"type"})
_OF_FIRST = (b"__class__", b"type")
_STATE = frozenset({b"state"})
_STATE_OWNERS = (b"app", b"application", b"fastapi_app", b"api", b"server")
# An attribute that is bound or stands among names before an assignment.
_BEHIND = (
    rb"[ \t]*+(\w++)(?=[ \t]*+"
    rb"(=(?!=)|:[^\n=]{0,300}(?:=(?!=)|[\[(\\][ \t]*\n)|(?=[,)\]\\][^\n=]{0,300}=(?!=)|\\\n[ \t]{0,100}=(?!=))))"
)
_BOUND = rb"\.(?<!self\.)" + _BEHIND
_BOUND_OF = rb"[ \t]{0,40}\." + _BEHIND
_SETATTR = rb"setattr\s*\([^\"']{0,400}[\"'](\w+)[\"']"
_GIVEN = rb"setattr\s*\(\s*(?:\w+\s*\.\s*)*(\w+)\s*,\s*\Z"
# A call at the top of the module whose result is kept.
_MADE = rb"=[\s\\(]{0,100}(?:#[^\n]{0,200}\n[\s(]{0,100})?(\w+)\s*\("
_INSTANCE = rb"\n[\w()][^\n(]{0,400}" + _MADE
# An assignment that goes on with its ``=`` on the next line.
_CONTINUED = rb"\\\n\s{0,100}=(?!=)"
# An element that is bound, and the names that stand before keys on its line: whether behind a dot, the name, and the
# beginning of a key that is no constant, as it is no string and does not begin like ``None``.
_ELEMENT = rb"\][ \t\f]*(?:\\\n[ \t\f]*)?(?:=|:[^\n=]{0,400}=)(?!=)"
_KEYED = rb"(\.[ \t]*)?\b(\w+)[ \t]*\[(?:[ \t]*(?![rubRUB]{1,2}['\"])(?=([A-EG-MO-SU-Za-z_])))?"
# A name or an attribute alone, and what stands before an annotation.
_ALONE = rb"[ \t]*([\w.]+)[ \t]*"
_ANNOTATED = rb"[ \t]*(?!(?:else|try|finally)\b)[\w.]+[ \t]*:"
# What a container that outlives a call is made by, in brackets or on the next line too; it may follow a comment.
_CONTAINER = (
    rb"=[\s\\(]*(?:[\[{#]|(?=\w)(?:\w++[\s\\]*+\.[\s\\]*)*(?:dict|list|OrderedDict|WeakValueDictionary|defaultdict)\b)"
)
# How far back an assignment may begin before its ``=``: further ones are not written by hand.
_MOST_BEFORE = 4000
_NO_BRACKETS = bytes(c for c in range(256) if c not in b"[](){}")

# A file with more places than this is taken for one that may hold such an object: asking on would take longer.
_MOST_PLACES = 300

# What is left to look at in texts that may hold one, by the text: whoever reads them next goes on from there.
_begun: dict[bytes, Iterator[tuple[Place, bool]]] = {}
_MOST_BEGUN = 100


class Place(NamedTuple):
    """Where a shared place may be bound.

    Attributes:
        at: Offset of the name, in bytes.
        name: The name; empty where it is not known.
        kind: How it is written.
        owners: What may stand before the dot of an attribute.
        first: What the function has to call its first parameter; empty where that does not matter.
        depths: How deep the lines stand that make the container of an element.
        instance: The class whose only instance the attribute is one of, if it has to be one.
    """

    at: int
    name: bytes
    kind: PlaceKind
    owners: frozenset[bytes] = frozenset()
    first: bytes = b""
    depths: tuple[int, ...] = ()
    instance: bytes = b""


def may_hold_lazy_init(data: bytes) -> bool:
    """Tell from a file's bytes whether it can hold a lazily made shared object; a wrong yes costs only time."""
    text = plain(data)
    judged = _judged(text)
    for number, (place, is_made) in enumerate(judged):
        if is_made or number > _MOST_PLACES:
            if len(_begun) < _MOST_BEGUN and text.isascii():  # others are not read as they are
                _begun[text] = chain([(place, is_made)], judged)
            return True
    return False


def may_keep_results(data: bytes) -> bool:
    """Tell from a file's bytes whether a decorator may keep what a function returns."""
    text = plain(data)
    return b"cache" in text and compiled(_CACHED).search(text) is not None


def made_lazily(text: bytes) -> Iterator[Place]:
    """Yield the places in ``text`` that the function around may both test and make."""
    return (place for place, is_made in _begun.pop(text, None) or _judged(text) if is_made)


def _judged(text: bytes) -> Iterator[tuple[Place, bool]]:
    if b"def" not in text:
        return  # tables of data
    known: dict[tuple[int, bytes, PlaceKind], bool] = {}
    for place in _places(text):
        around = function_around(text, place.at, min(place.depths, default=0))
        if around is None or not _is_for(text, around, place):
            yield place, False
            continue
        key = around.start, place.name, place.kind
        if key not in known:
            known[key] = _may_make(text, around, place)
        yield place, known[key]


def _may_make(text: bytes, around: Around, place: Place) -> bool:
    is_of_outer = any(0 < depth <= around.depth for depth in place.depths) and (
        outer_function(text, around.start, around.start, around.depth) is not None
    )
    if place.depths and not is_of_outer and 0 not in place.depths:
        return False
    function = text[around.start : around.end]
    return Mentions(function, place.name, place.kind, place.owners, is_of_outer).may_make()


def _is_for(text: bytes, around: Around, place: Place) -> bool:
    """Tell whether the function can reach the place at all."""
    if place.depths and min(place.depths) > around.depth:
        return False
    header = compiled(_HEADER).match(text, around.start) if place.first else None
    return header is None or header[1] == place.first


def _places(text: bytes) -> Iterator[Place]:
    """Yield where shared places may be bound, by the words and marks around; strings and comments count too."""
    yield from _declared(text)
    words = _Words(text)
    if b"class" in text or b"state" in text:
        yield from _bound_attributes(text, words)
        for start, end in words.bodies_of_self:
            yield from _bound_of(text, b"self", start, end, words.owners)
        for name in words.instances:
            yield from _bound_of_instance(text, name)
        yield from _set_attributes(text, words)
    yield from _bound_elements(text, words)


class _Words:
    """What names of a file may stand for, found out when it is asked for."""

    def __init__(self, text: bytes) -> None:
        self._text = text

    @cached_property
    def _named(self) -> tuple[set[bytes], set[bytes]]:
        """The classes of the module, and first parameters of functions that stand for one."""
        text = self._text
        found = compiled(_CLASS).findall(text) if b"class" in text else ()
        new = compiled(_NEW).findall(text) if b"__new__" in text else ()
        return {name for name, _ in found if name}, {first for _, first in found if first}.union(new)

    @cached_property
    def owners(self) -> frozenset[bytes]:
        """Names that may stand for a class."""
        return _CLASS_WORDS.union(*self._named)

    def first(self, owner: bytes) -> bytes:
        """Return ``owner`` if it stands for a class only as the first parameter of a method, else nothing."""
        return b"" if owner in self._named[0] or owner in _OF_FIRST else owner

    @cached_property
    def elements(self) -> list[re.Match[bytes]]:
        """Where something behind a bracket is bound."""
        return list(compiled(_ELEMENT).finditer(self._text))

    @cached_property
    def instances(self) -> set[bytes]:
        """Classes that may have their only instance made at the top of the module."""
        text, classes = self._text, self._named[0]
        if not classes:
            return set()
        at_top = classes.intersection(compiled(_INSTANCE).findall(text))
        made = compiled(_MADE)
        # The same behind an annotation of any kind, and on the next line, wherever it stands.
        for target in (*self.elements, *compiled(_CONTINUED).finditer(text)):
            call = made.match(text, target.end() - 1)
            if call and call[1] in classes and not indent_of(text, _start_of_target(text, target.start() + 1)):
                at_top.add(call[1])
        return at_top

    @property
    def bodies_of_self(self) -> Iterator[tuple[int, int]]:
        """Where functions stand that call a class ``self``."""
        if b"self" in self._named[1]:
            for pattern in (_CLASS, _NEW):
                for match in compiled(pattern).finditer(self._text):
                    if match[match.lastindex or 0] == b"self":
                        around = function_around(self._text, match.end())
                        if around is not None:
                            yield around.start, around.end

    def containers(self, wanted: set[bytes]) -> dict[bytes, set[int]]:
        """Return which of the names ``wanted`` may stand for containers, with the depths of the lines that make those.

        A line that is deeper than every function stands in none that holds another, and what it makes outlives no call.
        """
        text, found = self._text, dict[bytes, set[int]]()
        words = compiled(rb"\w+")
        alone = compiled(_ALONE)
        annotated = compiled(_ANNOTATED)
        for match in compiled(_CONTAINER).finditer(text):
            end = match.start()
            line = line_of(text, end)
            only = alone.fullmatch(text, line, end)
            if only is not None and only[1] not in wanted and text[line - 2 : line - 1] != b"\\":
                continue  # most often
            before = text[_start_of_target(text, end) : end]
            if wanted.isdisjoint(words.findall(before)) or before.count(b"(") != before.count(b")"):
                continue
            depth = len(before) - len(before.lstrip(b" \t"))
            names = annotated.match(before) if b":" in before else None
            for name in words.findall(names[0] if names else before):
                found.setdefault(name, set()).add(depth)
        return found


def _start_of_target(text: bytes, end: int) -> int:
    """Return where the line starts on which what ends at ``end`` begins: an annotation may take several."""
    line, last, missing, least = line_of(text, end), end, 0, max(0, end - _MOST_BEFORE)
    while True:
        brackets = text[max(line, least) : last].translate(None, _NO_BRACKETS)  # those in strings and comments too
        if brackets != b"[]":  # most often
            count = brackets.count
            missing += count(b"]") + count(b")") + count(b"}") - count(b"[") - count(b"(") - count(b"{")
        if line <= least or (missing <= 0 and text[line - 2 : line - 1] != b"\\"):
            return line
        line, last = line_of(text, line - 1), line


def _declared(text: bytes) -> Iterator[Place]:
    for word, pattern in ((b"global", _GLOBAL), (b"nonlocal", _NONLOCAL)):
        for match in compiled(pattern).finditer(text) if word in text else ():
            before = text[line_of(text, match.start()) : match.start()].strip()
            if not before or before.endswith((b";", b":")):
                # A name on the next line is not looked for.
                names = [b""] if b"\\" in match[0] else match[1].split(b",")
                yield from (Place(match.start(), name.strip(), "name") for name in names)


def _bound_attributes(text: bytes, words: _Words) -> Iterator[Place]:
    """Yield the attributes that classes, types and the state of applications may be given."""
    for match in compiled(_BOUND).finditer(text):
        owners, first = _owners_of(text, match.start(), words)
        if owners:
            yield from _attribute(text, match, owners, first)


def _owners_of(text: bytes, dot: int, words: _Words) -> tuple[frozenset[bytes], bytes]:
    """Return what else may own an attribute that has its dot there, if anything, and :attr:`Place.first`."""
    owner = owner_before(text, dot)
    if owner == b"state" and _is_state(text, dot):
        return _STATE, b""
    if owner not in words.owners:
        return frozenset(), b""
    return words.owners, words.first(owner)


def _is_state(text: bytes, dot: int) -> bool:
    state = text.rfind(b"state", 0, dot)
    before = text[max(0, state - 40) : state].rstrip(b" \t\n\\")
    return before.endswith(b".") and owner_before(before, len(before) - 1) in _STATE_OWNERS


def _attribute(text: bytes, match: re.Match[bytes], owners: frozenset[bytes], first: bytes) -> Iterator[Place]:
    """Yield the attribute that ``match`` found if it may be bound there."""
    name = match[1]
    if _is_special(name):
        return
    if not match[2]:  # what stands behind is no assignment yet
        line, last = line_of(text, match.start()), text.find(b"\n", match.end(2))
        behind = text[match.end(2) : last if last >= 0 else len(text)]
        if not may_be_one_of_several(text[line : match.start()], behind):
            return
    yield Place(match.start(1), name, "attribute", owners, first)


def _bound_of(text: bytes, owner: bytes, start: int, end: int, owners: frozenset[bytes]) -> Iterator[Place]:
    """Yield the attributes of ``owner`` alone that are bound in a part of ``text``."""
    bound = compiled(_BOUND_OF)
    while (at := text.find(owner, start, end)) >= 0:
        start = at + len(owner)
        match = None if is_word(text[at - 1 : at]) else bound.match(text, start, end)
        if match is not None:
            yield from _attribute(text, match, owners, owner)


def _bound_of_instance(text: bytes, name: bytes) -> Iterator[Place]:
    """Yield what the methods of a class bind of its instances."""
    for start, end in words_in(text, name):
        line = line_of(text, start)
        if text[line:start].strip() == b"class":
            last = dedent(text, end, indent_of(text, line))
            for first in set(compiled(_FIRST_OF_ANY).findall(text, end, last)):
                found = _bound_of(text, first, end, last, frozenset({first}))
                yield from (place._replace(instance=name) for place in found)


def _set_attributes(text: bytes, words: _Words) -> Iterator[Place]:
    for match in compiled(_SETATTR).finditer(text) if b"setattr" in text else ():
        before = text[match.start() - 1 : match.start()]
        if before.isalnum() or before in (b"_", b".") or _is_special(match[1]):
            continue
        owner = compiled(_GIVEN).match(text, match.start(), match.start(1) - 1)
        if owner is None or owner[1] in words.owners or owner[1] == b"state":
            first = b"" if owner is None or owner[1] == b"state" else words.first(owner[1])
            yield Place(match.start(1), match[1], "attribute", words.owners | _STATE, first)
        else:
            place = Place(match.start(1), match[1], "attribute", frozenset({owner[1]}))
            yield from (place._replace(instance=name) for name in words.instances)


def _is_special(name: bytes) -> bool:
    return name.startswith(b"__") and name.endswith(b"__")


def _bound_elements(text: bytes, words: _Words) -> Iterator[Place]:
    """Yield where an element of a container that outlives a call is bound in a function, with the container."""
    asked: list[tuple[bytes, int, range]] = []
    for line, end in _with_keys(text, words):
        depth = indent_of(text, line)
        is_header = text[line + depth] in b"da"  # of a function, which may stand on one line
        for found in compiled(_KEYED).finditer(text, line, end) if depth or is_header else ():
            name, at = found[2], found.start(2)
            if found[1]:
                owners, first = _owners_of(text, found.start(), words)
                if owners:
                    yield Place(at, name, "member", owners, first)
            else:
                # Under a key that is no constant, only containers of an outer function count.
                asked.append((name, at, range(found[3] is not None, depth + is_header)))
    containers = words.containers({name for name, _, _ in asked}) if asked else {}
    for name, at, outer in asked:
        if depths := tuple(depth for depth in containers.get(name, ()) if depth in outer):
            yield Place(at, name, "element", depths=depths)


def _with_keys(text: bytes, words: _Words) -> Iterator[tuple[int, int]]:
    """Yield where elements are bound: the start of the line, and the end of the key."""
    annotated = compiled(_ANNOTATED)
    for match in words.elements:
        end = match.start() + 1
        line = _start_of_target(text, end)
        if annotated.match(text, line, end) is None:  # few of them
            yield line, end
