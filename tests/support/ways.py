"""Every way to run a check on a folder, and what they say differently: nothing, if speed costs no finding."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from sqla_guard import processes, run
from sqla_guard.core.config import Config
from sqla_guard.core.diagnostic import Diagnostic
from sqla_guard.core.report import Report
from sqla_guard.core.workspace import ALL_NAMED
from sqla_guard.read.markers import SMALL_RUN, is_small
from sqla_guard.report.json import dump
from sqla_guard.run import Checked, run_check

ONE_PROCESS, THREE_PROCESSES = Config(jobs=1), Config(jobs=3)


@dataclass(frozen=True)
class Usual:
    """A run on a folder in one process, without a cache.

    Attributes:
        folder: The folder, absolute.
        files: The files that it reported on.
        checked: What it said.
        alone: How many files with findings, and without, are also given one by one, and edited one by one.
        small: Whether it is a small run, of which more errors of syntax are named.
    """

    folder: str
    files: tuple[str, ...]
    checked: Checked
    alone: int
    small: bool


def usual(folder: str, alone: int) -> Usual:
    """Run the check on ``folder``."""
    checked = run_check([folder], ONE_PROCESS)
    files = checked.workspace.reported
    return Usual(folder, files, checked, alone, is_small(sum(Path(path).stat().st_size for path in files)))


def _closely(base: Usual) -> Iterator[str]:
    close = run_check([base.folder], Config(jobs=1, read_everything=True))
    # What could not be judged differs: a file that cannot matter is not parsed, so it is not named.
    yield from _compared("close reading", _findings(base.checked), _findings(close))


def _kept(base: Usual) -> Iterator[str]:
    asked = ALL_NAMED._replace(cached=True)
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, SQLA_GUARD_CACHE_DIR=folder):
        for name in ("a run that is kept", "a kept run"):
            yield from _compared(name, _all(base.checked), _all(run_check([base.folder], ONE_PROCESS, asked=asked)))


def _edited(base: Usual) -> Iterator[str]:
    """Compare runs on a copy, to one file of which after another a line is added: what is kept of the rest is used."""
    asked = ALL_NAMED._replace(cached=True)
    paths = [os.path.relpath(path, base.folder) for path in _with_and_without(base)]
    with tempfile.TemporaryDirectory() as home, mock.patch.dict(os.environ, SQLA_GUARD_CACHE_DIR=f"{home}/kept"):
        shutil.copytree(base.folder, f"{home}/copy", symlinks=True)
        with inside(f"{home}/copy"):
            with _processes(base):
                run_check(["."], THREE_PROCESSES, asked=asked)
            for path in paths:
                with Path(path).open("ab") as file:
                    file.write(b"\n-- one more line\n" if path.endswith(".sql") else b"\n# one more line\n")
                fresh = run_check(["."], ONE_PROCESS)
                with _processes(base):
                    kept = run_check(["."], THREE_PROCESSES, asked=asked)
                yield from _compared(f"a kept run after a change of {path}", _all(fresh), _all(kept))


def _many(base: Usual) -> Iterator[str]:
    with _processes(base):
        yield from _compared("three processes", _all(base.checked), _all(run_check([base.folder], THREE_PROCESSES)))


@contextmanager
def _processes(base: Usual) -> Iterator[None]:
    """Let several processes do what one would do as quickly."""
    # Every part is a run as large as the usual one, as far as it matters.
    with mock.patch.object(processes, "WORTH", 1 if base.small else SMALL_RUN), mock.patch.object(run, "_MANY", 1):
        yield


def _order(base: Usual) -> Iterator[str]:
    shuffled = [*base.files, *base.files[:3]]
    random.Random(len(shuffled)).shuffle(shuffled)
    entries = sorted(map(str, Path(base.folder).iterdir()), reverse=True)
    if shuffled:
        yield from _compared("its files in another order", _all(base.checked), _all(run_check(shuffled, ONE_PROCESS)))
    if entries:
        found = _findings(run_check(entries, ONE_PROCESS), base.files)
        yield from _compared("its entries in reverse order", _findings(base.checked), found)


def _alone(base: Usual) -> Iterator[str]:
    for path in _with_and_without(base):
        found = _findings(run_check([path], ONE_PROCESS))
        yield from _compared(f"{path} alone", _findings(base.checked, (path,)), found)


WAYS: Mapping[str, Callable[[Usual], Iterator[str]]] = {
    "close": _closely,
    "kept": _kept,
    "edited": _edited,
    "many": _many,
    "order": _order,
    "alone": _alone,
}


def differences(base: Usual, ways: Sequence[str] = tuple(WAYS)) -> list[str]:
    """Return what other ways of running the check of ``base`` say that it does not, or the other way round."""
    return [f"{way}: {difference}" for way in ways for difference in WAYS[way](base)]


@contextmanager
def inside(folder: str | Path) -> Iterator[None]:
    """Make ``folder`` the working directory for a while."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _with_and_without(base: Usual) -> list[str]:
    """Return some files with findings, and some without."""
    with_findings = sorted({d.path for d in base.checked.report.diagnostics})
    others = sorted(set(base.files) - set(with_findings))
    return [*_spread(with_findings, base.alone), *_spread(others, base.alone)]


def _spread(paths: Sequence[str], most: int) -> Sequence[str]:
    return paths[:: max(1, -(-len(paths) // most))] if most else ()


def _all(checked: Checked) -> str:
    return dump(checked.report, checked.report.to_look_at, checked.workspace.load)


def _findings(checked: Checked, paths: Sequence[str] | None = None) -> str:
    wanted: tuple[Diagnostic, ...] = checked.report.diagnostics
    if paths is not None:
        inside_paths = frozenset(paths)
        wanted = tuple(d for d in wanted if d.path in inside_paths)
    report = Report(wanted, (), 0)
    return dump(report, report.to_look_at, checked.workspace.load)


def _compared(name: str, expected: str, found: str) -> Iterator[str]:
    if expected != found:
        pairs = zip(expected.splitlines(), found.splitlines(), strict=False)
        first = next(((old, new) for old, new in pairs if old != new), ("", "(one is longer)"))
        yield f"{name} says otherwise: {first[0].strip()[:200]!r} became {first[1].strip()[:200]!r}"
