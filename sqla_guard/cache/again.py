"""What still holds although files have changed: what is made of other files, or of what they say as before."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from sqla_guard.cache.codec import Decoder, Encoder
from sqla_guard.cache.recorder import Answers, Recorder
from sqla_guard.core.ledger import Judged, Ledger
from sqla_guard.core.look import Question

if TYPE_CHECKING:
    from sqla_guard.core.disk import Disk
    from sqla_guard.core.look import Look

Looks = Callable[["Disk"], Mapping[str, "Look"]]
_Asked = Callable[[str, str], "frozenset[str]"]
_Key = tuple[Question, str]

_TABLES = Question("tables", "")


class Kept(NamedTuple):
    """What still holds.

    Attributes:
        ledger: What is known of single files.
        answers: What files say to questions.
        whole: Whether all of the report holds.
    """

    ledger: Ledger
    answers: dict[_Key, Answers]
    whole: bool = False


def written(recorder: Recorder, files: Iterable[str]) -> dict[str, Any]:
    """Return, as JSON, what ``recorder`` wrote down; ``files`` are given by their place among them."""
    place = {path: number for number, path in enumerate(files)}
    ledger, encode = recorder.ledger, Encoder().encode
    masks = {ledger.always: 0}
    judged = [
        [place[path], encode(one.said), masks.setdefault(one.used, len(masks)), one.directed]
        for path, one in ledger.judged.items()
        if one
    ]
    for path, _, _ in ledger.imports:
        ledger.uses.use(path)
    # What was asked for files that have been judged again since matters to none any more.
    used = ledger.uses.now
    for mask in masks:
        used |= mask
    imported = ledger.imports.items()
    things = [(thing, _numbers(bits)) for thing, bits in ledger.uses.bits.items() if bits & used]
    return {
        "closely": [[place[thing], bits] for thing, bits in things if isinstance(thing, str)],
        "answers": [
            [*question, near, root, bits, [place[path] for path in said], _short(list(said.values()))]
            for key, bits in things
            if type(key) is tuple and len(key) == 2
            for (question, near, said), root in [(recorder.answers[key], key[1])]
        ],
        "met": [[encode(thing), bits] for thing, bits in things if not isinstance(thing, (str, tuple))],
        "masks": [f"{mask:x}" for mask in masks],
        "judged": judged,
        "imports": [[place[path], module, names, encode(edits)] for (path, module, names), edits in imported],
        "unread": [encode(note) for note in ledger.unread],
        "reserving": [place[path] for path in ledger.reserving],
    }


def _read(said: Mapping[str, Any], places: list[str]) -> Kept:
    """Return what :func:`written` wrote."""
    ledger, decode = Ledger(), Decoder().decode
    masks = [int(mask, 16) for mask in said["masks"]]
    for number, one, mask, directed in said["judged"]:
        ledger.judged[places[number]] = Judged(decode(one), masks[mask], directed)
    answers: dict[_Key, Answers] = {}
    for look, argument, among, near, root, bits, numbers, words in said["answers"]:
        question = Question(look, argument, among)
        all_words = words if isinstance(words, list) else [words] * len(numbers)
        found = {places[number]: word for number, word in zip(numbers, all_words, strict=True)}
        answers[question, root] = Answers(question, near, found)
        ledger.uses.number((question, root), _bits(bits))
    for number, bits in said["closely"]:
        ledger.uses.number(places[number], _bits(bits))
    for note, bits in said["met"]:
        ledger.uses.number(decode(note), _bits(bits))
    ledger.imports = {(places[number], module, tuple(names)): decode(e) for number, module, names, e in said["imports"]}
    ledger.always = masks[0]
    ledger.unread = [decode(note) for note in said["unread"]]
    ledger.reserving = {places[number] for number in said["reserving"]}
    return Kept(ledger, answers)


def kept(
    changed: Collection[str],
    head: Mapping[str, Any],
    said: Mapping[str, Any],
    reported: Collection[str],
    looks: Looks,
    disk: Disk,
) -> Kept | None:
    """Return what still holds after files have changed; ``head`` is brought up to date with them.

    Args:
        changed: The files that have changed.
        head: All files as they were; see :mod:`sqla_guard.cache.runs`.
        said: What :func:`written` returned.
        reported: The files that are reported on.
        looks: Gives who answers questions, by name, for a disk.
        disk: The files as they are now.

    Returns:
        What still holds, or ``None`` for nothing: a change concerns which files matter.
    """
    before = _read(said, list(head["files"]))
    ledger = before.ledger
    concerned = _concerned(changed, head, before, reported, looks, disk)
    if concerned is None or concerned.questions & ledger.always:
        return None
    head["files"].update(concerned.seen.files)
    for kind, asked_now in concerned.seen.questions.items():
        head["questions"][kind].update(asked_now)
    if not (concerned.said or concerned.questions):
        return before._replace(whole=True)
    ledger.forget(changed)
    again = [path for path, one in ledger.judged.items() if one and one.used & concerned.questions]
    ledger.judged.update(dict.fromkeys(again))
    ledger.sizes = {path: seen[0] for path, seen in head["files"].items() if seen is not None}
    return before


class _Concerned(NamedTuple):
    """What changes concern.

    Attributes:
        said: Whether something may be said of the files themselves, now or before.
        questions: What others were judged by and is different now, as :class:`~sqla_guard.core.memo.Uses` counts it.
        seen: What was looked at to tell.
    """

    said: bool
    questions: int
    seen: Recorder


def _concerned(
    changed: Iterable[str],
    head: Mapping[str, Any],
    before: Kept,
    reported: Collection[str],
    looks: Looks,
    disk: Disk,
) -> _Concerned | None:
    """Return what changes concern; ``None`` where that cannot be told, or the run is no longer small, or large."""
    recorder = Recorder(disk)
    look = looks(recorder)
    asked = lru_cache(maxsize=None)(partial(_asked, disk))
    said, questions = False, 0
    for path in changed:
        data = recorder.raw(path)
        if not recorder.sound:
            return None
        _resize(head["sizes"], len(data) - head["files"][path][0])
        if not _is_as_small(path, data, head["sizes"], look):
            return None
        if path in reported:
            known = path in before.ledger.judged or _says_more(path, data, head["sizes"], look)
            said = said or known or _declares_first(path, data, before, look, recorder)
        questions |= before.ledger.uses.bits.get(path, 0) | _answered(path, data, before, look, asked)
    return _Concerned(said, questions, recorder)


def _resize(sizes: list[list[int]], by: int) -> None:
    """Let each size be what it is after the change of a file that may be counted in it."""
    for bounds in sizes:
        bounds[by > 0] += by


def _is_as_small(path: str, data: bytes, sizes: list[list[int]], looks: Mapping[str, Look]) -> bool:
    """Tell whether a small run stays small, a large one large."""
    small = looks["small"]
    return all(small(path, data, str(least)) == small(path, data, str(most)) for least, most in sizes)


def _says_more(path: str, data: bytes, sizes: list[list[int]], looks: Mapping[str, Look]) -> bool:
    return any(looks["more"](path, data, str(least)) is not None for least, _ in sizes)


def _declares_first(path: str, data: bytes, before: Kept, looks: Mapping[str, Look], disk: Disk) -> bool:
    """Tell whether a file may declare a table in a project that was not asked for any: no file had a reason to."""
    if (_TABLES, disk.project_root(path)) in before.answers:
        return False
    return looks[_TABLES.look](path, data, _TABLES.argument) is not None


def _answered(path: str, data: bytes, before: Kept, looks: Mapping[str, Look], asked: _Asked) -> int:
    """Bring the answers of a file up to date; return which questions it answers differently."""
    other = 0
    for key, (question, near, said) in before.answers.items():
        if path in asked(question.among, near):
            now = looks[question.look](path, data, question.argument)
            if now != said.get(path):
                other |= before.ledger.uses.bits[key]
                said[path] = now
                if now is None:
                    del said[path]
    return other


def _asked(disk: Disk, among: str, near: str) -> frozenset[str]:
    """Return the files that a question was put to."""
    if among == "project_files":
        return frozenset(disk.project_files(near))
    return frozenset(disk.neighbours(near) if among == "neighbours" else disk.templates(near))


def _numbers(bits: int) -> list[int]:
    """Return which bits are set, as :func:`_bits` takes them."""
    numbers = []
    while bits:
        numbers.append(bits.bit_length() - 1)
        bits ^= 1 << numbers[-1]
    return numbers


def _bits(numbers: Iterable[int]) -> int:
    return sum(1 << number for number in numbers)


def _short(said: list[Any]) -> Any:
    """Return ``True`` for a list of nothing else."""
    return True if all(word is True for word in said) else said
