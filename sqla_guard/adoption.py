"""Adoption in a project that has findings already: what is left out of a report, and what is written for it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from msgspec import Struct

from sqla_guard.adopt.baseline import BaselineError, Judged, dump, extended, parse, shrunk, stale
from sqla_guard.adopt.known import Key, counted, key_of, matched
from sqla_guard.check.registry import registered_rules
from sqla_guard.check.selection import is_selected, means
from sqla_guard.core.config import ConfigError, Settings
from sqla_guard.core.report import Report
from sqla_guard.core.workspace import UnreadableFile, Workspace
from sqla_guard.read.load import read_bytes
from sqla_guard.read.paths import shown
from sqla_guard.read.walk import SUFFIXES
from sqla_guard.run import Checked, Narrow, report_on


class AdoptionError(ConfigError):
    """What was asked for cannot be done; the message is one line."""


class Baseline(Struct, frozen=True):
    """A baseline and where it stands.

    Attributes:
        file: The file.
        known: How often each key may be found; paths are relative to the folder of ``file``.
    """

    file: str
    known: dict[Key, int]

    def name(self, path: str) -> str:
        """Return how the baseline calls ``path``."""
        try:
            return os.path.relpath(path, os.path.dirname(os.path.abspath(self.file))).replace(os.sep, "/")
        except ValueError:  # on another drive
            return path

    def path(self, name: str) -> str:
        """Return the path, as shown to users, that the baseline calls ``name``."""
        return shown(os.path.join(os.path.dirname(os.path.abspath(self.file)), name))

    def is_gone(self, name: str) -> bool:
        """Tell whether the file that it calls ``name`` no longer exists."""
        return not os.path.exists(self.path(name))

    def rest(self, report: Report) -> Report:
        """Return ``report`` without what the baseline knows."""
        old = matched(counted(report.diagnostics, self.name), self.known, self.is_gone)
        kept = tuple(d for d in report.diagnostics if key_of(d, self.name) not in old)
        return report._replace(diagnostics=kept, known=report.known + len(report.diagnostics) - len(kept))


def baselines_of(paths: Iterable[str], settings: Settings) -> tuple[Baseline, ...]:
    """Return the baselines that the configurations of ``paths`` name.

    Raises:
        AdoptionError: One cannot be read.
    """
    groups = settings.groups(tuple(paths))
    files = {config.path_of(config.baseline): None for config, _ in groups if config.baseline}
    return tuple(read_baseline(file) for file in files)


def unknown_to_baselines(settings: Settings, file: str | None = None) -> Narrow:
    """Return what leaves out of a report the findings that a baseline knows: ``file``, or those of the configurations.

    What is returned raises :class:`AdoptionError` where one cannot be read.
    """
    read: dict[tuple[str, ...], tuple[Baseline, ...]] = {}

    def narrow(report: Report, workspace: Workspace) -> Report:
        paths = workspace.reported
        if paths not in read:
            read[paths] = (read_baseline(file),) if file is not None else baselines_of(paths, settings)
        for baseline in read[paths]:
            report = baseline.rest(report)
        return report

    return narrow


def read_baseline(file: str) -> Baseline:
    """Return the baseline in ``file``.

    Raises:
        AdoptionError: There is none.
    """
    try:
        return Baseline(shown(file), parse(read_bytes(file).decode("utf-8")))
    except UnreadableFile as error:
        hint = f"make it with `sqla-guard check --write-baseline {shown(file)}`"
        raise AdoptionError(f"{shown(file)}: {error}; {hint}") from error
    except (UnicodeDecodeError, BaselineError) as error:
        raise AdoptionError(f"{shown(file)}: {error}") from error


def stale_entries(baseline: Baseline, checked: Checked, settings: Settings) -> list[str]:
    """Return what the baseline knows and nobody finds any more, each as one line."""
    keys = stale(baseline.known, _judged(baseline, checked, settings))
    return [f"{baseline.path(path)}: {rule}: {symbol}" for path, rule, symbol in keys]


def write_baseline(file: str, checked: Checked, settings: Settings, add: bool) -> Baseline:
    """Write what is found to the baseline ``file`` and return it.

    A file that exists only shrinks, unless ``add`` is given.

    Raises:
        AdoptionError: It cannot be read or written.
    """
    from sqla_guard.fix.write import WriteError, replace_file

    is_new = not os.path.exists(file)
    baseline = Baseline(shown(file), {}) if is_new else read_baseline(file)
    judged = _judged(baseline, checked, settings)
    known = extended(baseline.known, judged) if is_new or add else shrunk(baseline.known, judged)
    try:
        replace_file(file, dump(known).encode("utf-8"))
    except WriteError as error:
        raise AdoptionError(f"the baseline could not be written: {error}") from error
    return Baseline(baseline.file, known)


def _judged(baseline: Baseline, checked: Checked, settings: Settings) -> Judged:
    doubtful = {note.path for note in checked.report.not_analysed}
    reported = frozenset(checked.workspace.reported)

    def could_find(key: Key) -> bool:
        path = baseline.path(key[0])
        config = settings.of(path)
        rules = (r.rule for r in registered_rules(config.plugins) if r.rule.name == key[1])
        rule = next(rules, None)
        if rule is None or not is_selected(rule, config) or any(means(rule, s) for s in config.ignored_in(path)):
            return False
        return not os.path.exists(path) or (path in reported and path not in doubtful)

    return Judged(counted(checked.report.diagnostics, baseline.name), could_find, baseline.is_gone)


def added_since(ref: str, checked: Checked, settings: Settings, paths: Sequence[str]) -> Checked:
    """Return ``checked`` with only what the change since ``ref`` adds; the whole project is the context both times.

    Raises:
        AdoptionError: Git cannot say what was before.
    """
    from sqla_guard.read.git import EarlierDisk, GitError, earlier

    try:
        state = earlier(ref, _folder(paths))
        if not checked.report.diagnostics:
            return checked
        disk = EarlierDisk(state, settings)
        found = counted(checked.report.diagnostics, state.name)
        sources = (path for path in state.blobs if path.endswith(SUFFIXES))
        before = sorted(shown(path) for path in {*sources, *(key[0] for key in found)} if disk.exists(path))
        known = counted(report_on(Workspace(tuple(before), disk), settings).diagnostics, os.path.abspath)
    except GitError as error:
        raise AdoptionError(str(error)) from error
    now = {state.name(path) for path in checked.workspace.reported}
    # What was found in a file that was looked at again, or is gone, may have moved to another.
    old = matched(found, known, lambda path: path in now or not checked.workspace.exists(path))
    kept = (d for d in checked.report.diagnostics if key_of(d, state.name) not in old)
    return checked._replace(report=checked.report._replace(diagnostics=tuple(kept)))


def _folder(paths: Iterable[str]) -> str:
    first = next(iter(paths), ".")
    return first if os.path.isdir(first) else os.path.dirname(first) or "."


def ignoring_all(reason: str) -> Narrow:
    """Return what makes a fix write directives, all with ``reason``, in place of repairs.

    Raises:
        AdoptionError: The reason cannot stand in a comment.
    """
    from sqla_guard.adopt.directives import ignoring, is_reason

    if not is_reason(reason):
        raise AdoptionError("the reason of --add-ignores must be one line")
    return lambda report, workspace: ignoring(report, workspace.load, reason.strip())
