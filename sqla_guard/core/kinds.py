"""What the value of a configuration key can be: how it is read, shown and described in a JSON Schema.

Loaded only where there is a configuration.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any


class Kind:
    """One type of value.

    Attributes:
        words: The type as the documentation names it.
        schema: The values that ``convert`` takes, as JSON Schema.
        convert: Turns a value, as TOML gives it, into what :class:`~sqla_guard.core.config.Config` holds; raises
            ``ValueError`` where it means nothing, with a message that goes on from the name of the key.
        plain: The way back: a value of ``Config`` as TOML or JSON would hold it.
    """

    __slots__ = ("convert", "plain", "schema", "words")

    def __init__(
        self,
        words: str,
        schema: dict[str, Any],
        convert: Callable[[object], object],
        plain: Callable[[Any], object] = lambda value: value,
    ) -> None:
        self.words = words
        self.schema = schema
        self.convert = convert
        self.plain = plain


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the one of ``known`` that ``word`` was probably meant to be."""
    import difflib

    close = difflib.get_close_matches(word, list(known), 1, 0.5)
    return close[0] if close else None


def flag() -> Kind:
    """Return the kind of ``true`` and ``false``."""

    def convert(value: object) -> object:
        if isinstance(value, bool):
            return value
        raise ValueError("must be true or false")

    return Kind("true or false", {"type": "boolean"}, convert)


def choice(choices: tuple[str, ...]) -> Kind:
    """Return the kind of a few words."""

    def convert(value: object) -> object:
        if isinstance(value, str) and value in choices:
            return value
        one_of = f"it must be one of {', '.join(choices)}"
        if not isinstance(value, str):
            raise ValueError(f"has the wrong type; {one_of}")
        meant = nearest(value, choices)
        raise ValueError(f"is {value!r}; {one_of}" + (f"; did you mean `{meant}`?" if meant else ""))

    return Kind(f"one of {', '.join(f'`{word}`' for word in choices)}", {"enum": list(choices)}, convert)


def text(
    pattern: str, must: str, parse: Callable[[str], object] = str, plain: Callable[[Any], object] = lambda value: value
) -> Kind:
    """Return the kind of strings of a certain form.

    Args:
        pattern: The form as a regular expression, for JSON Schema too.
        must: The form in words, to follow "must be".
        parse: What makes the value of the string.
        plain: The way back.
    """

    def convert(value: object) -> object:
        if isinstance(value, str) and re.search(pattern, value):
            return parse(value)
        raise ValueError(f"is {value!r}; it must be {must}" if isinstance(value, str) else f"must be {must}")

    return Kind(must, {"type": "string", "pattern": pattern}, convert, plain)


def many(item: Kind, hold: Callable[[Iterable[Any]], Any] = tuple) -> Kind:
    """Return the kind of lists of strings; ``hold`` is ``frozenset`` where the order does not count."""

    def convert(value: object) -> object:
        if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
            raise ValueError("must be a list of strings")
        try:
            return hold([item.convert(part) for part in value])
        except ValueError as error:
            raise ValueError(f"has an item that {error}") from error

    def plain(value: Any) -> object:
        return [item.plain(part) for part in (sorted(value) if isinstance(value, frozenset) else value)]

    return Kind(f"list of strings, each {item.words}", {"type": "array", "items": item.schema}, convert, plain)


def count() -> Kind:
    """Return the kind of numbers from 1; ``"auto"`` is 0."""

    def convert(value: object) -> object:
        if isinstance(value, str) and value == "auto":
            return 0
        if isinstance(value, int | float) and not isinstance(value, bool) and value >= 1 and value % 1 == 0:
            return int(value)
        raise ValueError('must be a whole number from 1, or "auto"')

    schema = {"anyOf": [{"type": "integer", "minimum": 1}, {"const": "auto"}]}
    return Kind('whole number from 1, or `"auto"`', schema, convert, lambda value: value or "auto")


def per_path(value: Kind) -> Kind:
    """Return the kind of tables of globs, each with a ``value``."""

    def convert(table: object) -> object:
        if not isinstance(table, dict):
            raise ValueError(f"must be a table of globs, each with a {value.words}")
        pairs = []
        for glob, part in table.items():
            if not re.search(GLOB, glob):
                raise ValueError(f"has the glob {glob!r}, which matches nothing")
            try:
                pairs.append((glob, value.convert(part)))
            except ValueError as error:
                raise ValueError(f"for {glob!r} {error}") from error
        return tuple(pairs)

    def plain(pairs: Any) -> object:
        return {glob: value.plain(part) for glob, part in pairs}

    schema = {"type": "object", "additionalProperties": value.schema, "propertyNames": {"pattern": GLOB}}
    return Kind(f"table of globs, each with a {value.words}", schema, convert, plain)


def one_or_per_path(value: Kind) -> Kind:
    """Return the kind of a ``value`` for all files, or a table of globs."""
    table = per_path(value)

    def convert(given: object) -> object:
        return (table if isinstance(given, dict) else value).convert(given)

    def plain(held: Any) -> object:
        return (table if isinstance(held, tuple) else value).plain(held)

    words = f"{value.words}; or a table of globs, each with such a value"
    return Kind(words, {"anyOf": [value.schema, table.schema]}, convert, plain)


# What a glob must look like.
GLOB = r"^!?/?[^/!\s]"
