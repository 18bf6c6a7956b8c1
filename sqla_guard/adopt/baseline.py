"""A baseline: findings that a project has accepted for now, in a file that only shrinks by itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from msgspec import Struct

from sqla_guard.adopt.known import Key, matched

_VERSION = 1


class BaselineError(Exception):
    """A file that is no baseline; the message says why."""


class Judged(Struct, frozen=True):
    """What a run can say about keys of a baseline.

    Attributes:
        found: How often each key was found.
        could_find: Tells whether a key would have been found if it were still there: its file was checked and could
            be analysed, and its rule ran. True for a file that is gone.
        is_gone: Tells whether a file no longer exists.
    """

    found: Mapping[Key, int]
    could_find: Callable[[Key], bool]
    is_gone: Callable[[str], bool]


def parse(text: str) -> dict[Key, int]:
    """Return how often each key may be found.

    Raises:
        BaselineError: The text is no baseline.
    """
    try:
        document = json.loads(text)
        if document["version"] != _VERSION:
            raise BaselineError(f"is of version {document['version']!r}, which this sqla-guard does not know")
        return {_key(entry): int(entry.get("count", 1)) for entry in document["findings"]}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BaselineError(f"is no baseline of sqla-guard ({error})") from error


def _key(entry: Mapping[str, object]) -> Key:
    return str(entry["path"]), str(entry["rule"]), str(entry["symbol"])


def dump(known: Mapping[Key, int]) -> str:
    """Return ``known`` as text: one finding a line, sorted, so that branches merge."""
    lines = [json.dumps(_entry(key, known[key]), ensure_ascii=False) for key in sorted(known)]
    body = "[\n" + ",\n".join(f"    {line}" for line in lines) + "\n  ]" if lines else "[]"
    return f'{{\n  "version": {_VERSION},\n  "findings": {body}\n}}\n'


def _entry(key: Key, count: int) -> dict[str, object]:
    entry: dict[str, object] = dict(zip(("path", "rule", "symbol"), key, strict=True))
    return {**entry, "count": count} if count > 1 else entry


def shrunk(known: Mapping[Key, int], judged: Judged) -> dict[Key, int]:
    """Return ``known`` without what is no longer found; nothing is added, and what was not judged stays."""
    old = matched(judged.found, known, judged.is_gone)
    stays = {key: count for key, count in known.items() if key not in judged.found and not judged.could_find(key)}
    over = {key: min(known[key], count) for key, count in judged.found.items() if key in known}
    return {**stays, **over, **{key: judged.found[key] for key in old}}


def extended(known: Mapping[Key, int], judged: Judged) -> dict[Key, int]:
    """Return ``known`` as a new baseline would be, with all that is found; what was not judged stays."""
    return {**{key: count for key, count in known.items() if not judged.could_find(key)}, **judged.found}


def stale(known: Mapping[Key, int], judged: Judged) -> list[Key]:
    """Return the keys of ``known`` that are found less often than they say, sorted."""
    kept = shrunk(known, judged)
    moved = {was for now, was in matched(judged.found, known, judged.is_gone).items() if now != was}
    return sorted(key for key, count in known.items() if kept.get(key, 0) < count and key not in moved)
