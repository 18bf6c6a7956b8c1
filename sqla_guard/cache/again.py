"""Whether a run would come to the same report although files have changed: they say what they said to each question."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from sqla_guard.cache.recorder import Answers, Recorder
from sqla_guard.core.look import Question

if TYPE_CHECKING:
    from sqla_guard.core.disk import Disk
    from sqla_guard.core.look import Look

Looks = Callable[["Disk"], Mapping[str, "Look"]]
Asked = Callable[[str, str], "frozenset[str]"]


def written(recorder: Recorder) -> dict[str, Any]:
    """Return, as JSON, what files said while ``recorder`` wrote it down; files are given by their place in its list."""
    place = {path: number for number, path in enumerate(recorder.files)}
    return {
        "closely": sorted(place[path] for path in recorder.closely),
        "answers": [
            [*question, near, [place[path] for path in said], _short(list(said.values()))]
            for question, near, said in recorder.answers.values()
        ],
    }


def say_the_same(
    paths: Iterable[str], head: Mapping[str, Any], said: Mapping[str, Any], looks: Looks, disk: Disk
) -> bool:
    """Tell whether files that have changed answer as they did; ``head`` is brought up to date with them.

    Args:
        paths: The files that have changed.
        head: All files as they were; see :mod:`sqla_guard.cache.runs`.
        said: What :func:`written` returned.
        looks: Gives who answers questions, by name, for a disk.
        disk: The files as they are now.
    """
    places = list(head["files"])
    closely = {places[number] for number in said["closely"]}
    answers = list(_read(said["answers"], places))
    recorder = Recorder(disk)
    look = looks(recorder)
    asked = lru_cache(maxsize=None)(partial(_asked, disk))
    for path in paths:
        data = recorder.raw(path)
        if path in closely or not recorder.sound:
            return False
        _resize(head["sizes"], len(data) - head["files"][path][0])
        if not (_is_no_more(path, data, head["sizes"], look) and _says_the_same(path, data, answers, look, asked)):
            return False
    head["files"].update(recorder.files)
    for kind, asked_now in recorder.questions.items():
        head["questions"][kind].update(asked_now)
    return True


def _resize(sizes: list[list[int]], by: int) -> None:
    """Let each size be what it is after the change of a file that may be counted in it."""
    for bounds in sizes:
        bounds[by > 0] += by


def _is_no_more(path: str, data: bytes, sizes: list[list[int]], looks: Mapping[str, Look]) -> bool:
    """Tell whether a file does not matter for itself, and a small run stays small, a large one large."""
    return all(
        looks["small"](path, data, str(least)) == looks["small"](path, data, str(most))
        and looks["more"](path, data, str(least)) is None
        for least, most in sizes
    )


def _says_the_same(path: str, data: bytes, answers: Iterable[Answers], looks: Mapping[str, Look], asked: Asked) -> bool:
    return all(
        looks[question.look](path, data, question.argument) == said.get(path)
        for question, near, said in answers
        if path in asked(question.among, near)
    )


def _asked(disk: Disk, among: str, near: str) -> frozenset[str]:
    """Return the files that a question was put to."""
    if among == "project_files":
        return frozenset(disk.project_files(near))
    return frozenset(disk.neighbours(near) if among == "neighbours" else disk.templates(near))


def _read(answers: Iterable[list[Any]], places: list[str]) -> Iterator[Answers]:
    for look, argument, among, near, numbers, said in answers:
        all_said = said if isinstance(said, list) else [said] * len(numbers)
        yield Answers(
            Question(look, argument, among),
            near,
            {places[number]: word for number, word in zip(numbers, all_said, strict=True)},
        )


def _short(said: list[Any]) -> Any:
    """Return ``True`` for a list of nothing else."""
    return True if all(word is True for word in said) else said
