"""Every place in a module that names one of some attributes, with what it names it on."""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from sqla_guard.core.source import SourceFile, Span
from sqla_guard.core.words import begun
from sqla_guard.facts.references import Reference
from sqla_guard.facts.values import NONE, Value, either
from sqla_guard.read.python.bodies import bodies_of
from sqla_guard.read.python.flow import Flow
from sqla_guard.read.python.mentions import Lines, Mention, Mentions
from sqla_guard.read.python.parse import UnparsableFile
from sqla_guard.read.python.sparse import parse_bodies

# Each begins with a letter, which makes the search quick: `f"`, `fr"` and `rf"`.
_F_STRINGS = tuple(re.compile(rf"{f}(?:(?<!\w{f})|(?<=[rR]{f})(?<!\w[rR]{f}))[rR]?[\"']") for f in "fF")

# Besides the names themselves: keywords that are not visible, and names bound inside expressions. Each alternative
# begins with a letter or sign of its own, which makes the search quick.
_KEYWORD = r"\s*\w+\s*=(?!=)"
_DICTS = (
    r"\*\*(?<=[(,\s]\*\*)(?!\w+[ \t]*:)|\.bulk_\w+_mappings\((?!\s*\))"
    # A dict that is written out names the attribute, if it has it.
    rf"|\.(?:values|update)\((?=\s*[\w(\\#])(?!{_KEYWORD})"
)
# Names of attributes that are known at run time only, not those that are written out, and objects as dicts.
_WRITTEN = r"(?!\s*[\w.]+\s*,\s*(?:\"\w+\"|'\w+')\s*[,)])"
_TAKE = "|".join(begun(taker) + _WRITTEN for taker in (r"getattr\(", r"setattr\(", r"hasattr\("))
_MAKE = begun(r"dict\(") + rf"(?!\s*\)|{_KEYWORD}|\s*\w+(?:\.\w+)+\))"
_WHOLE = begun(r"vars\(", r"_mapping\b")
_COMPUTED = rf"__dict__|asdict\(|{_TAKE}|{_MAKE}|{_WHOLE}"
_HANDED = r"\.(?:model_validate|from_orm|validate)\("
_DUMPED = r"\.dumps?\("
# The same where `json` is the module, and so no schema.
_DUMPED_OTHERWISE = r"\.dumps\((?<![^\w.]json\.dumps\()|\.dump\((?<![^\w.]json\.dump\()"
_IMPORTS_JSON = re.compile(r"^[ \t]*import json\b", re.MULTILINE)
_BINDING = ":="


def read_references(source: SourceFile, names: frozenset[str]) -> tuple[Reference, ...]:
    """Return every place in ``source`` that names one of ``names``, in source order.

    What may name any attribute, such as ``**x`` in a call or ``getattr(x, name)``, is returned under the name ``**``,
    once, whatever ``names`` are.

    Raises:
        UnparsableFile: The text is not Python that the running interpreter knows.
    """
    words = _words(names)
    dumped = _DUMPED_OTHERWISE if _IMPORTS_JSON.search(source.text) else _DUMPED
    return _read(source, names, re.compile(rf"{words}|{_DICTS}|{_COMPUTED}|{_HANDED}|{dumped}"))


def read_attributes(source: SourceFile, names: frozenset[str]) -> tuple[Reference, ...]:
    """Return the attributes among what :func:`read_references` returns, without all that has but to be looked at.

    Raises:
        UnparsableFile: The text is not Python that the running interpreter knows.
    """
    found = _read(source, names, re.compile(_words(names)))
    return tuple(reference for reference in found if reference.kind == "attribute")


def _words(names: frozenset[str]) -> str:
    return begun(*(rf"{re.escape(name)}\b" for name in sorted(names)))


def _read(source: SourceFile, names: frozenset[str], telling: re.Pattern[str]) -> tuple[Reference, ...]:
    """Return the references where ``telling`` is found."""
    places = list(_places(source, telling, names)) if names else []
    if not places:
        return ()
    bindings = (found.start() for found in re.finditer(_BINDING, source.text))
    tree = parse_bodies(source, lambda body: bisect_left(places, body.start) < bisect_left(places, body.end))
    found = _mentions(source, names, [*places, *bindings], tree)
    return tuple(sorted(_joined(found), key=lambda r: (r.span, r.kind)))


def _places(source: SourceFile, telling: re.Pattern[str], names: frozenset[str]) -> Iterator[int]:
    """Yield where ``telling`` is found, by its last character: not in comments, and no name among words of prose."""
    text, code = source.text, bodies_of(source).code
    for found in telling.finditer(text):
        at = found.end() - 1
        kind = code[at] if len(code) == len(text) else ""
        if kind != " " and not (kind == '"' and found[0] in names and _is_prose(text, *found.span())):
            yield at


def _is_prose(text: str, start: int, end: int) -> bool:
    """Tell whether a name in a string is neither all of it, nor behind a dot, nor in what is put into it."""
    before = text[text.rfind("\n", 0, start) + 1 : start]
    return "{" not in before and before.rstrip()[-1:] not in (".", "'", '"', "") and text[end : end + 1] != "="


def _mentions(source: SourceFile, names: frozenset[str], marks: Iterable[int], tree: ast.Module) -> list[Mention]:
    """Return what ``tree``, of all or a part of ``source``, mentions where the characters at ``marks`` stand."""
    mentions = Mentions(source, names, Lines(source, marks))
    try:
        if any(pattern.search(source.text) for pattern in _F_STRINGS):
            from sqla_guard.read.python.fstrings import mend_positions

            mend_positions(tree, source, mentions.marked)
        Flow(mentions, source.text).module(tree)
    except RecursionError as error:
        raise UnparsableFile("nested too deeply to be read") from error
    return mentions.found


def _joined(mentions: Iterable[Mention]) -> list[Reference]:
    """Return one reference for each place; what was read twice, as in a loop, has either owner."""
    places: dict[tuple[str, str, Span], list[Mention]] = {}
    for mention in mentions:
        places.setdefault((mention.kind, mention.name, mention.span), []).append(mention)
    return [
        Reference(
            first.kind,
            first.name,
            first.span,
            _either([m.owner for m in same]),
            first.outer,
            first.also_used,
            first.function,
        )
        for (first, *_), same in ((group, group) for group in places.values())
    ]


def _either(owners: list[Value]) -> Value:
    known = [owner for owner in dict.fromkeys(owners) if owner != NONE]
    return either(known) if known else NONE
