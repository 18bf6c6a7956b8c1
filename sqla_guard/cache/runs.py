"""A whole run remembered: its report is used again where everything that it was made from is as it was."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sqla_guard import __version__
from sqla_guard.cache import store

if TYPE_CHECKING:
    from sqla_guard.cache.again import Looks
    from sqla_guard.cache.recorder import Recorder
    from sqla_guard.core.config import Config, Settings
    from sqla_guard.core.report import Report
    from sqla_guard.core.workspace import Workspace

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_LIBRARIES = ("libcst-", "sqlglot-", "sqlglotrs-")


def remembered(
    workspace: Workspace,
    parts: list[tuple[str, ...]],
    settings: Settings,
    check: Callable[[list[tuple[str, ...]]], Sequence[tuple[Report, Recorder]]],
    looks: Looks,
) -> Report:
    """Return what ``check`` says of ``workspace``; of parts in which nothing has changed since, from an earlier run.

    Args:
        workspace: Files as they are stored, without changes in memory.
        parts: The files to report on, in parts that can be judged each for itself.
        settings: The settings of each file.
        check: The check itself, of some of the parts, with what each asked of the disk.
        looks: Gives what answers the questions that a check puts to many files, by name, for a disk.
    """
    configs = [[config for config, _ in settings.groups(part)] for part in parts]
    from sqla_guard.core.report import Report

    if any(config.plugins or config.read_everything for some in configs for config in some):
        return check([workspace.reported])[0][0]  # nobody knows when a plugin has changed
    versions = tuple(_versions())
    names = [_name(part, some, versions) for part, some in zip(parts, configs, strict=True)]
    known = [_known(name, workspace, looks) for name in names]
    missing = [number for number, report in enumerate(known) if report is None]
    if missing:
        for number, (report, recorder) in zip(missing, check([parts[n] for n in missing]), strict=True):
            known[number] = report
            if recorder.sound:
                _keep(names[number], recorder, report)
    return Report.whole([report for report in known if report is not None])


def _known(name: str, workspace: Workspace, looks: Looks) -> Report | None:
    entry = store.read(name)
    if entry is None:
        return None
    import json

    try:
        head: dict[str, Any] = json.loads(entry.head)
        if head["day"] not in ("", _today()):
            return None
        from sqla_guard.cache.recorder import changed

        paths = changed(head["files"], head["questions"], workspace.disk)
        if paths is None:
            return None
        if paths:
            from sqla_guard.cache.again import say_the_same

            if not say_the_same(paths, head, json.loads(entry.checked_rest()), looks, workspace.disk):
                return None
            store.write(name, _json(head), entry.rest)
        from sqla_guard.cache.codec import Decoder

        report: Report = Decoder().decode(head["report"])
    except (LookupError, TypeError, ValueError, RecursionError):
        return None  # written by nothing like this program
    return report


def _keep(name: str, recorder: Any, report: Report) -> None:
    from sqla_guard.cache.again import written
    from sqla_guard.cache.codec import Encoder

    head = {
        "day": _today() if recorder.dated else "",
        "files": recorder.files,
        "questions": recorder.questions,
        "report": Encoder().encode(report),
        "sizes": [[size, size] for size in recorder.sizes],
    }
    store.write(name, _json(head), _json(written(recorder)))


def _json(value: object) -> bytes:
    import json

    return json.dumps(value, separators=(",", ":")).encode("ascii")


def _name(paths: Iterable[str], configs: Iterable[Config], versions: Iterable[str]) -> str:
    """Return the name of a run: where, of which files, by which settings and which version of everything."""
    parts = [os.getcwd(), *paths, "", *map(_words, configs), "", *versions]
    return store.digest("\0".join(parts).encode("utf-8", "surrogatepass")).decode()


def _words(config: Config) -> str:
    return repr([sorted(value) if isinstance(value, frozenset) else value for value in config])


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
