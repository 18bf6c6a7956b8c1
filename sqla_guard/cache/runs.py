"""A whole run remembered: its report is used again where everything that it was made from is as it was."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from sqla_guard import __version__
from sqla_guard.cache import store

if TYPE_CHECKING:
    from sqla_guard.cache.again import Kept, Looks
    from sqla_guard.cache.recorder import Recorder
    from sqla_guard.core.config import Config, Settings
    from sqla_guard.core.report import Report
    from sqla_guard.core.workspace import Workspace

    Part = tuple[tuple[str, ...], Kept | None]

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_LIBRARIES = ("libcst-", "sqlglot-", "sqlglotrs-")


def remembered(
    workspace: Workspace,
    parts: list[tuple[str, ...]],
    settings: Settings,
    check: Callable[[list[Part]], Sequence[tuple[Report, Recorder]]],
    looks: Looks,
) -> Report:
    """Return what ``check`` says of ``workspace``; of parts in which nothing has changed since, from an earlier run.

    Args:
        workspace: Files as they are stored, without changes in memory.
        parts: The files to report on, in parts that can be judged each for itself.
        settings: The settings of each file.
        check: The check itself, of some of the parts, each with what is known of it; returns what it asked, too.
        looks: Gives what answers the questions that a check puts to many files, by name, for a disk.
    """
    configs = [[config for config, _ in settings.groups(part)] for part in parts]
    from sqla_guard.core.report import Report

    if any(config.plugins or config.read_everything for some in configs for config in some):
        return check([(workspace.reported, None)])[0][0]  # nobody knows when a plugin has changed
    versions = tuple(_versions())
    names = [_name(part, some, versions) for part, some in zip(parts, configs, strict=True)]
    known = [_known(name, part, workspace, looks) for name, part in zip(names, parts, strict=True)]
    wanted = [number for number, one in enumerate(known) if one.report is None]
    reports = {number: one.report for number, one in enumerate(known)}
    while wanted:
        found = check([(parts[number], known[number].kept) for number in wanted])
        for number, (report, recorder) in zip(wanted, found, strict=True):
            if _fits(known[number].head, recorder):
                reports[number] = report
                if recorder.sound:
                    _keep(names[number], known[number].head, recorder, report)
            known[number] = _NOTHING
        wanted = [number for number in wanted if reports[number] is None]
    return Report.whole([report for report in reports.values() if report is not None])


class _Known(NamedTuple):
    """What is known of a part.

    Attributes:
        report: Its report, where it holds.
        kept: What holds where the report does not.
        head: What that was made from, as it is now.
    """

    report: Report | None = None
    kept: Kept | None = None
    head: Mapping[str, Any] = MappingProxyType({})


_NOTHING = _Known()


def _known(name: str, part: tuple[str, ...], workspace: Workspace, looks: Looks) -> _Known:
    entry = store.read(name)
    if entry is None:
        return _NOTHING
    import json

    try:
        head: dict[str, Any] = json.loads(entry.head)
        if head["day"] not in ("", _today()):
            return _NOTHING
        from sqla_guard.cache.recorder import changes

        now = changes(head["files"], head["questions"], workspace.disk)
        if now is None:
            return _NOTHING
        head["files"].update(now.touched)
        if now.changed:
            from sqla_guard.cache.again import kept

            said = json.loads(entry.checked_rest())
            found = kept(now.changed, head, said, frozenset(part), looks, workspace.disk)
            if found is None or not found.whole:
                return _Known(None, found, head) if found else _NOTHING
        if now.changed or now.touched:
            store.write(name, _json(head), entry.rest)
        from sqla_guard.cache.codec import Decoder

        return _Known(Decoder().decode(head["report"]))
    except (LookupError, TypeError, ValueError, RecursionError):
        return _NOTHING  # written by nothing like this program


def _fits(head: Mapping[str, Any], recorder: Recorder) -> bool:
    """Tell whether files are as they were when it was asked what holds of an earlier run."""
    from sqla_guard.cache.recorder import content

    before = head.get("files", {})
    return all(content(before.get(path, seen)) == content(seen) for path, seen in recorder.files.items())


def _keep(name: str, before: Mapping[str, Any], recorder: Recorder, report: Report) -> None:
    from sqla_guard.cache.again import written
    from sqla_guard.cache.codec import Encoder

    files = {**before.get("files", {}), **recorder.files}
    asked = before.get("questions", {})
    head = {
        "day": _today() if recorder.dated or before.get("day") else "",
        "files": files,
        "questions": {kind: {**asked.get(kind, {}), **answers} for kind, answers in recorder.questions.items()},
        "report": Encoder().encode(report),
        "sizes": before.get("sizes") or [[size, size] for size in recorder.sizes],
    }
    store.write(name, _json(head), _json(written(recorder, files)))


def _json(value: object) -> bytes:
    import json

    return json.dumps(value, separators=(",", ":")).encode("ascii")


def _name(paths: Iterable[str], configs: Iterable[Config], versions: Iterable[str]) -> str:
    """Return the name of a run: where, of which files, by which settings and which version of everything."""
    parts = [os.getcwd(), *paths, "", *map(_words, configs), "", *versions]
    return store.digest("\0".join(parts).encode("utf-8", "surrogatepass")).decode()


def _words(config: Config) -> str:
    return repr(_ordered(tuple(config)))


def _ordered(value: object) -> object:
    """Return ``value`` with lists in place of sets, whose order is another one in each process."""
    if isinstance(value, frozenset):
        return sorted(value)
    return [*map(_ordered, value)] if isinstance(value, tuple) else value


def _versions() -> Iterator[str]:
    yield f"{__version__} {sys.version}"
    for folder in sys.path:
        try:
            yield from sorted(name for name in os.listdir(folder or ".") if name.startswith(_LIBRARIES))
        except OSError:
            continue
    # A version says little of a checkout that is worked on.
    pending = [_PACKAGE]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if entry.name.endswith((".py", ".json")):
                    found = entry.stat()
                    yield f"{entry.name} {found.st_size} {found.st_mtime_ns}"
                elif entry.name != "__pycache__" and entry.is_dir():
                    pending.append(entry.path)


def _today() -> str:
    return time.strftime("%Y-%m-%d")
