"""The cheap look at a file's bytes before anything is parsed; it imports nothing else, for clean runs.

A function holds a lazily made shared object only where it both reads and binds one place. So a place that is bound
somewhere is looked for, and then a second mention of its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

# Patterns are compiled when a file first needs them: a clean run needs few.

# The keyword with its names; prose that has the word goes on otherwise.
_DECLARED = rb"\b(?:global|nonlocal)(?:[ \t\f]*\\|[ \t\f]+(\w+(?:[ \t\f]*,[ \t\f]*\w+)*)[ \t\f]*(?:[\r\n;#\\]|\Z))"
# A decorator that keeps results.
_CACHED = rb"@\s*(?:\w+\s*\.\s*)*(?:lru_cache|cache|cached_property)\b"
_CLASS = rb"class[ \t]+(\w+)"
_OF_CLASS = (b"classmethod", b"classproperty", b"__new__", b"__init_subclass__", b"__class_getitem__")
_FIRST = rb"(?:classmethod|classproperty|__new__|__init_subclass__|__class_getitem__)\b[^(]{0,400}\(\s*(\w+)"
_FIRST_OF_ANY = rb"\bdef\s+\w+\s*(?:\[[^(]{0,300}\]\s*)?\(\s*(\w+)"
_CLASS_WORDS = (b"cls", b"klass", b"class_", b"mcs", b"mcls")
_STATE_OWNERS = (b"app", b"application", b"fastapi_app", b"api", b"server")
# What follows the name of a class where one of its attributes may be bound, on a line that has an assignment.
_ATTRIBUTE = rb"(?:\s*\.\s*__class__\b)?\s*\.\s*(\w+)\s*(?:[=:,\[\])\\]|[-+*/|&^%@<>]+=)(?<!==)(?:(?<==)|[^\n]*=)(?!=)"
_STATE = rb"\s*\.\s*state\b"
_TYPE = rb"\s*\(\s*\w+\s*\)"
_SETATTR = rb"setattr\s*\([^\"']{0,400}[\"'](\w+)[\"']"
_ONLY_INSTANCE = rb"\w[^\n=(]*=\s*\Z"
# An element that is bound, the names that stand before keys on its line, and the containers that outlive a call:
# under a constant, or under any key in a nested function.
_ELEMENT = rb"\]\s*(?::[^\n=]{0,400}|[-+*/|&^%@<>]{0,3})=(?!=)"
_KEYED = rb"\b(\w+)\s*\["
_CONTAINER = (
    rb"\s*(?::[^\n=]*)?=\s*(?:[\w.]+\s*=\s*)*"
    rb"(?:[\[{]|(?:\w+\.)*(?:dict|list|OrderedDict|WeakValueDictionary|defaultdict)\b)"
)
_FIXED = rb"\s*\[\s*[rubRUB]?['\"0-9TFN.-][^\]\n]{0,400}\]\s*(?::[^\n=]{0,400}|[-+*/|&^%@<>]{0,3})=(?!=)"
_ANY_KEY = rb"\s*\[[^\n]{0,400}\]\s*(?::[^\n=]{0,400}|[-+*/|&^%@<>]{0,3})=(?!=)"

# A file with more places than this is taken for one that may hold such an object: asking on would take longer.
_MOST_PLACES = 300


class Binding(NamedTuple):
    """Where a shared place may be bound.

    Attributes:
        at: Offset of the name, in bytes.
        name: The name; empty where it is not known.
        inside: How often the name stands in a function that binds the place and reads it.
        anywhere: How often it then stands in the file.
    """

    at: int
    name: bytes
    inside: int
    anywhere: int


def may_hold_lazy_init(data: bytes) -> bool:
    """Tell from a file's bytes whether it can hold a lazily made shared object; a wrong yes costs only time.

    UTF-16 holds the marks with zeros between.
    """
    text = data.replace(b"\0", b"") if b"\0" in data else data
    text = text.replace(b"\r", b"\n") if b"\r" in text else text
    if next(cached_at(text), None) is not None:
        return True
    return any(
        number > _MOST_PLACES or is_mentioned(text, found.name, found.anywhere)
        for number, found in enumerate(bindings(text))
    )


def cached_at(text: bytes) -> Iterator[int]:
    """Yield the ends of decorators that keep results."""
    if b"cache" in text:
        yield from (match.end() for match in re.finditer(_CACHED, text))


def bindings(text: bytes) -> Iterator[Binding]:
    """Yield where shared places may be bound, by the words and marks around; strings and comments count too."""
    yield from _declared(text)
    names = _owners(text)
    yield from (Binding(at, name, 2, 2) for at, name in _bound_attributes(text, names))
    if b"setattr" in text:
        yield from (Binding(at, name, 2, 2) for at, name in _set_attributes(text))
    # The container, the element's binding, and the test.
    yield from (Binding(at, name, 2, 3) for at, name in _bound_elements(text))


def _declared(text: bytes) -> Iterator[Binding]:
    if b"global" not in text and b"nonlocal" not in text:
        return
    for match in re.finditer(_DECLARED, text):
        before = text[text.rfind(b"\n", 0, match.start()) + 1 : match.start()].strip()
        if before and not before.endswith((b";", b":")):
            continue
        # The statement itself, the binding and the test; a name on the next line is not looked for.
        names = [b""] if b"\\" in match[0] else match[1].split(b",")
        yield from (Binding(match.start(), name.strip(), 3, 3) for name in names)


def _owners(text: bytes) -> set[bytes]:
    """Return names that may stand for a class, or for the only instance of one."""
    names = {*_classes(text), *_CLASS_WORDS, b"__class__"}
    if any(word in text for word in _OF_CLASS):
        names.update(re.findall(_FIRST, text))
    if next(only_instances(text), None) is not None:
        names.update(re.findall(_FIRST_OF_ANY, text))
    return names


def _classes(text: bytes) -> set[bytes]:
    return set(re.findall(_CLASS, text)) if b"class" in text else set()


def only_instances(text: bytes) -> Iterator[bytes]:
    """Yield the classes that may have their only instance made at the top of the module."""
    return (name for name in _classes(text) if _has_only_instance(text, name))


def _set_attributes(text: bytes) -> Iterator[tuple[int, bytes]]:
    for match in re.finditer(_SETATTR, text):
        before = text[match.start() - 1 : match.start()]
        if not before.isalnum() and before not in (b"_", b"."):
            yield match.start(1), match[1]


def _bound_attributes(text: bytes, names: set[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the attributes that classes, types and the state of applications may be given."""
    attribute = re.compile(_ATTRIBUTE)
    spaced = _has_spaced_dots(text)
    places = [place for name in names for place in _before(text, name, b".", spaced)]
    if b"state" in text:
        places += [place for name in _STATE_OWNERS for place in _followed(text, name, b".", _STATE, spaced)]
    if b"type" in text:
        places += _followed(text, b"type", b"(", _TYPE, b"type (" in text)
    for start, end in places:
        match = attribute.match(text, end)
        if match and not (match[1].startswith(b"__") and match[1].endswith(b"__")) and _may_be_target(text, start):
            yield match.start(1), match[1]


def _followed(text: bytes, name: bytes, mark: bytes, pattern: bytes, spaced: bool) -> Iterator[tuple[int, int]]:
    """Yield where ``name`` stands with what ``pattern``, which begins with ``mark``, matches behind it."""
    behind = re.compile(pattern)
    for start, end in _before(text, name, mark, spaced):
        match = behind.match(text, end)
        if match:
            yield start, match.end()


def _may_be_target(text: bytes, at: int) -> bool:
    """Tell whether what stands at ``at`` can be assigned to: it is no argument and no key of something on its line."""
    before = text[text.rfind(b"\n", 0, at) + 1 : at].lstrip()
    return before.startswith((b"(", b"[")) or not _is_inside(before)


def _is_inside(before: bytes) -> bool:
    """Tell whether brackets are open behind ``before``."""
    opened = before.count(b"(") + before.count(b"[") + before.count(b"{")
    return opened > before.count(b")") + before.count(b"]") + before.count(b"}")


def _has_only_instance(text: bytes, name: bytes) -> bool:
    """Tell whether a class may have its only instance made at the top of the module."""
    for start, _ in _before(text, name, b"(", name + b" (" in text):
        if text[start - 1 : start] in (b" ", b"=", b"\t"):
            line = text[text.rfind(b"\n", 0, start) + 1 : start]
            if b"=" in line and re.match(_ONLY_INSTANCE, line):
                return True
    return False


def _bound_elements(text: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield where an element of a container that outlives a call is bound in a function, with the container."""
    names: set[bytes] = set()
    for match in re.finditer(_ELEMENT, text):
        names.update(re.findall(_KEYED, text[text.rfind(b"\n", 0, match.start()) + 1 : match.start()]))
    for name in names:
        depths = [_indent(text, line) for line in _container_lines(text, name)]
        if 0 in depths:
            yield from ((at, name) for at in _elements(text, name, _FIXED, -1))
        if any(depths):
            yield from ((at, name) for at in _elements(text, name, _ANY_KEY, min(filter(None, depths))))


def _container_lines(text: bytes, name: bytes) -> Iterator[int]:
    """Yield where lines start that bind ``name`` to a container."""
    container = re.compile(_CONTAINER)
    for start, end in _mentions(text, name):
        if container.match(text, end):
            line = text.rfind(b"\n", 0, start) + 1
            if not _is_inside(text[line:start]):
                yield line


def _elements(text: bytes, name: bytes, element: bytes, depth: int) -> Iterator[int]:
    """Yield where ``name[...]`` is bound in a function that stands deeper than ``depth``."""
    pattern = re.compile(element)
    for start, end in _mentions(text, name):
        if pattern.match(text, end) and _is_nested(text, start, depth):
            yield start


def _is_nested(text: bytes, at: int, depth: int) -> bool:
    """Tell whether the function around ``at`` is defined at ``depth`` or deeper."""
    if depth < 0:
        return True
    line = text.rfind(b"\n", 0, at) + 1
    indent = _indent(text, line)
    if _starts_definition(text, line):
        return True
    found = line
    while (found := text.rfind(b"def ", 0, found)) >= 0:
        start = text.rfind(b"\n", 0, found) + 1
        if text[start:found].strip(b" \t") in (b"", b"async") and _indent(text, start) < indent:
            if _indent(text, start) >= depth:
                return True
            if not _may_be_quoted(text[start:at]):
                return False
    return False


def _may_be_quoted(text: bytes) -> bool:
    """Tell whether the start of ``text`` may stand in a string that its end does not stand in."""
    return text.count(b'"""') % 2 == 1 or text.count(b"'''") % 2 == 1


def _indent(text: bytes, line: int) -> int:
    end = text.find(b"\n", line)
    content = text[line : end if end >= 0 else len(text)]
    return len(content) - len(content.lstrip(b" \t"))


def _starts_definition(text: bytes, line: int) -> bool:
    return text[line : line + 400].lstrip(b" \t").startswith((b"def", b"async"))


def is_mentioned(text: bytes, name: bytes, times: int) -> bool:
    """Tell whether ``name`` stands in ``text`` as a whole word at least so many times; one that is not known may."""
    return not name or any(number == times for number, _ in enumerate(_mentions(text, name), 1))


def _before(text: bytes, name: bytes, mark: bytes, spaced: bool) -> Iterator[tuple[int, int]]:
    """Yield where ``name`` stands as a whole word in front of ``mark``: start and end."""
    if spaced:
        yield from _mentions(text, name)
        return
    at = text.find(name + mark)
    while at >= 0:
        before = text[at - 1 : at]
        if not (before.isalnum() or before == b"_"):
            yield at, at + len(name)
        at = text.find(name + mark, at + 1)


def _has_spaced_dots(text: bytes) -> bool:
    """Tell whether somewhere a space stands between a name and the dot behind it."""
    if b"\\\n" in text or b"\t." in text:
        return True
    if b" ." not in text:
        return False
    dots = (match.start() for match in re.finditer(rb" \.\s*[A-Za-z_]", text))
    return any(text[text.rfind(b"\n", 0, at) + 1 : at].strip() for at in dots)


def _mentions(text: bytes, name: bytes) -> Iterator[tuple[int, int]]:
    """Yield where ``name`` stands as a whole word: start and end."""
    at = text.find(name)
    while at >= 0:
        end = at + len(name)
        before, after = text[at - 1 : at], text[end : end + 1]
        if not (before.isalnum() or before == b"_" or after.isalnum() or after == b"_"):
            yield at, end
        at = text.find(name, end)
