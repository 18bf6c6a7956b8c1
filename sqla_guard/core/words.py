"""Words, looked for without what makes regular expressions twenty times as slow on what does not match."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

# So many words are looked for one by one in the time that it takes to list all that there are.
FEW = 30
# A class with bases: its name, and whether there is but one and no decorator. Answers that are kept have no tuples.
Heir = list[str | bool]
# Spaces in place of all that is no part of words.
_ONLY_WORDS = bytes(c if bytes([c]).isalnum() or c == ord("_") else ord(" ") for c in range(256))
WIDE = (b"\xff\xfe", b"\xfe\xff")
"""The marks at the start of files in UTF-16."""
# A class statement up to its bases, what ends them, and where one name becomes another: ``import One as Two``,
# ``Two = One``.
_HEAD = re.compile(
    rb"class(?<!\wclass)(?:[ \t]|\\\r?\n)+([\w\x80-\xff]+)(?:[^\n:(]{0,400}|[ \t]*\[[^\n]{0,400}\][ \t]*)\("
)
_END = re.compile(rb"\)\s*:")
_MOST_BASES = 4000
_AS = re.compile(rb" as[ \t\\]")
_ASSIGNED = re.compile(rb"=[ \t]*([A-Za-z_\x80-\xff][\w. \t\x80-\xff]*)[\r\n#;\\]")
_TARGET = re.compile(rb"[ \t]*\w+[ \t]*(?::[^\n=]*)?\Z")
_NAME = re.compile(rb"[^\W\d][\w\x80-\xff]*")
# Where a class is given by the keyword ``cls``, and where a class statement may have the keyword ``table``.
_GIVEN = {
    "cls": re.compile(rb"cls(?<!\wcls)\s*=\s*(?!(?:None|True|False|cls|self)\b)[^\W\d]"),
    "table": re.compile(rb"table(?<!\wtable)[\s\\]*(?:=(?!=)|#)"),
}
# What an import names modules by, before the word and behind it; on a longer line nobody looks for it.
_MODULE = re.compile(rb"[ \t]*(\.|\w[\w.]*(?=[ \t][\w. \t]*\Z|\Z))")
_MODULES = re.compile(rb"[ \t]+\w[\w. \t]*(?:,[ \t]*\w[\w. \t]*)*(?=[\n;#]|\Z)")
_LONG = 400
_CLASS_LINE = re.compile(rb"^[ \t]*class[ \t]+(\w+)", re.MULTILINE)


def lowered(data: bytes) -> bytes:
    """Return ``data`` in lower case, for words to be looked for in; of UTF-16, without the zeros between letters."""
    return unzeroed(data).lower()


def unzeroed(data: bytes) -> bytes:
    """Return ``data``, of UTF-16 without the zeros between letters."""
    return data.replace(b"\0", b"") if data.startswith(WIDE) else data


def holds_word(data: bytes, word: bytes) -> bool:
    """Tell whether ``data`` holds ``word`` with no other word character on either side."""
    return any(True for _ in words_in(data, word))


def words_in(data: bytes, word: bytes) -> Iterator[tuple[int, int]]:
    """Yield where ``word`` stands in ``data`` with no other word character on either side: start and end.

    An empty word stands nowhere.
    """
    at = data.find(word) if word else -1
    while at >= 0:
        end = at + len(word)
        if not (is_word(data[at - 1 : at]) or is_word(data[end : end + 1])):
            yield at, end
        at = data.find(word, end)


def words_held(data: bytes, words: Collection[bytes]) -> Iterable[bytes]:
    """Return which of ``words`` :func:`holds_word` finds in ``data``."""
    if len(words) <= FEW:
        return [word for word in words if holds_word(data, word)]
    held = set(data.translate(_ONLY_WORDS).split())
    return [w for w in words if w in held or (w != w.translate(_ONLY_WORDS) and holds_word(data, w))]


def classes_in(data: bytes) -> set[str]:
    """Return the names of the classes in the Python code ``data``, at any depth."""
    return {name.decode("utf-8", "replace") for name in _CLASS_LINE.findall(data)}


def bases_in(data: bytes) -> dict[str, list[Heir]]:
    """Return the names in ``data`` that classes may derive from, with those classes.

    The names are those in class statements and what is given new names, for which any class of the file may stand: one
    without a name. A class is missing only if its bases are computed, or take thousands of characters.
    """
    if data.startswith(WIDE):
        data = data.replace(b"\0", b"")
    found = heirs_in(data)
    if found:
        renamed = {name for imported in _AS.finditer(data) for name in _renamed(data, imported.start())}
        renamed.update(name for assigned in _assigned(data) for name in _NAME.findall(assigned))
        for name in renamed:
            found.setdefault(name, []).append(["", False])
    return {name.decode("utf-8", "replace"): heirs for name, heirs in found.items()}


def heirs_in(data: bytes) -> dict[bytes, list[Heir]]:
    """Return what stands between the brackets of class statements in ``data``, with those classes."""
    if data.startswith(WIDE):
        data = data.replace(b"\0", b"")
    found: dict[bytes, list[Heir]] = {}
    head = _HEAD.search(data)
    while head is not None:
        end = _END.search(data, head.end(), head.end() + _MOST_BASES)
        if end is not None:
            alone = data.find(b",", head.end(), end.start()) < 0 and not _may_be_decorated(data, head.start())
            heir: Heir = [head[1].decode("utf-8", "replace"), alone]
            for name in _NAME.findall(data, head.end(), end.start()):
                found.setdefault(name, []).append(heir)
        head = _HEAD.search(data, (end or head).end())
    return found


def _renamed(data: bytes, end: int) -> list[bytes]:
    return _NAME.findall(data, max(0, end - 99), end)[-1:]


def _may_be_decorated(data: bytes, start: int) -> bool:
    """Tell whether a decorator may stand before the class statement at ``start``."""
    before = data[max(0, start - _MOST_BASES) : start].rstrip()
    rest, _, line = before.rpartition(b"\n")
    last = line.lstrip()
    if last.startswith(b"@") or rest.rstrip(b"\r").endswith(b"\\"):
        return True
    return (b"#" in last or last.endswith((b")", b"]", b"}"))) and b"@" in before


def renamed_in(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield what the Python code ``data`` may import under another name: both names."""
    for found in _AS.finditer(data):
        name = _NAME.findall(data, max(0, found.start() - 99), found.start())[-1:]
        other = _NAME.search(data, found.end(), found.end() + 99)
        if name and other is not None:
            yield name[0].decode("utf-8", "replace"), other[0].decode("utf-8", "replace")


def _assigned(data: bytes) -> Iterator[bytes]:
    """Yield the names, with their dots, that lines of ``data`` give another name."""
    last = 0
    for match in _ASSIGNED.finditer(data):
        # Only the first ``=`` of a line; one on the line of the last match is another.
        line = data.rfind(b"\n", last, match.start()) + 1
        last = match.start()
        if line and _TARGET.match(data, line, match.start()):
            yield match[1]


def gives(data: bytes, keyword: str) -> bool:
    """Tell whether Python code may give a class to something as ``cls=``, or ``table=`` to a class statement."""
    if data.startswith(WIDE):
        data = data.replace(b"\0", b"")
    return _GIVEN[keyword].search(data) is not None


def imported_tops(data: bytes) -> set[str] | None:
    """Return the first parts of the names of the modules that Python code may import, ``.`` for relative ones.

    ``None`` is returned where bytes do not tell.
    """
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    found: set[bytes] = set()
    for start, end in words_in(data, b"import"):
        line = data.rfind(b"\n", 0, start) + 1
        if start - line > _LONG:
            return None
        before = data[line:start].strip()
        behind_from = [at for _, at in words_in(before, b"from")]
        module = _MODULE.match(before, behind_from[-1]) if behind_from else None
        if module is not None:
            found.add(module[1])
        elif behind_from or data.endswith(b"\\", 0, max(line - 1, 0)):
            return None
        elif not before or before.endswith((b":", b";")):
            modules = _MODULES.match(data, end)
            if modules is None:
                return None
            found.update(name.split()[0] for name in modules[0].split(b","))
    return {module.partition(b".")[0].decode() or "." for module in found}


def is_word(character: bytes) -> bool:
    """Tell whether a byte is part of a word."""
    return character.isalnum() or character == b"_"


def begun(*patterns: str) -> str:
    r"""Return a pattern for any of ``patterns``, each the rest of a word that has begun nowhere before it.

    That is ``\b(?:one|two)``, but the search goes from one first letter to the next, in a tenth of the time. Each
    pattern is of one width.
    """
    return "|".join(rf"{pattern}(?<!\w{pattern})" for pattern in patterns)
