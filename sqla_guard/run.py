"""The whole pipe, from the paths that a user gives to a report or to changed files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from sqla_guard.check.engine import check
from sqla_guard.core.ledger import Ledger
from sqla_guard.core.memory import rare_collections
from sqla_guard.core.progress import Progress
from sqla_guard.core.report import Report
from sqla_guard.core.workspace import ALL_NAMED, Asked, Workspace
from sqla_guard.fix.interrupted import interrupted
from sqla_guard.read.discover import FileDisk, discover
from sqla_guard.read.markers import files_that_matter
from sqla_guard.read.paths import shown

if TYPE_CHECKING:
    from sqla_guard.cache.again import Kept
    from sqla_guard.cache.recorder import Recorder
    from sqla_guard.cache.runs import Part
    from sqla_guard.core.config import Config, Settings
    from sqla_guard.core.diagnostic import Diagnostic, NotAnalysed
    from sqla_guard.core.disk import Disk
    from sqla_guard.core.fix import Fix, Place
    from sqla_guard.core.look import Look
    from sqla_guard.core.source import SourceFile


# Files whose first look costs less than a look into the cache.
_FEW = 40
# Files from which on it may pay to check a run in parts.
_MANY = 300

_Found = TypeVar("_Found")

Narrow = Callable[[Report, Workspace], Report]


class Checked(NamedTuple):
    """A finished check.

    Attributes:
        report: What was found.
        empty: Folders that were given and hold nothing to check.
        workspace: The files, for showing their lines.
    """

    report: Report
    empty: tuple[str, ...]
    workspace: Workspace


class Fixed(NamedTuple):
    """A finished fix.

    Attributes:
        before: What was found at first.
        after: What remains.
        made: The fixes made.
        to_look_at: Places that a person should look at, where they stand in the new texts.
        changes: New texts by path, with the old ones (``None``: a new file).
        empty: Folders that were given and hold nothing to check.
        workspace: The files with all changes made.
        original: The files as they are on disk.
    """

    before: Report
    after: Report
    made: tuple[Fix, ...]
    to_look_at: tuple[Place, ...]
    changes: Mapping[str, tuple[SourceFile | None, str]]
    empty: tuple[str, ...]
    workspace: Workspace
    original: Workspace


def from_text(name: str, data: bytes, force_exclude: bool) -> tuple[str, Asked]:
    """Return the name that a text goes by in a run, and how it is given to the run in place of the file ``name``."""
    path = shown(name)
    return path, Asked(force_exclude, {path: data})


def files_of(paths: Iterable[str], settings: Settings, asked: Asked = ALL_NAMED) -> tuple[str, ...]:
    """Return the files below ``paths`` that a check would report on, sorted."""
    return _open(paths, settings, asked)[0].reported


def run_check(
    paths: Iterable[str], settings: Settings, progress: Progress | None = None, asked: Asked = ALL_NAMED
) -> Checked:
    """Check the files below ``paths``; ``progress`` is told how far it is."""
    workspace, missing, empty = _open(paths, settings, asked)
    with rare_collections():
        report = _first_report(workspace, settings, progress, asked)
    return Checked(_with(report, missing), empty, workspace)


def run_fix(
    paths: Iterable[str],
    settings: Settings,
    progress: Progress | None = None,
    asked: Asked = ALL_NAMED,
    narrow: Narrow | None = None,
) -> Fixed:
    """Find out what repairs the files below ``paths``; nothing is written.

    Args:
        paths: The files and folders.
        settings: The settings of the run.
        progress: Is told how far it is.
        asked: How the paths were given.
        narrow: Makes of each report the part that is to be repaired, or gives it other fixes.
    """
    from sqla_guard.fix.loop import fix

    workspace, missing, empty = _open(paths, settings, asked)
    with rare_collections():
        result = fix(
            workspace,
            lambda ws: _narrowed(_within(_first_report(ws, settings, progress, asked), asked), ws, narrow),
        )
    changes = {
        path: (workspace.load(path) if workspace.exists(path) else None, text)
        for path, text in sorted(result.workspace.changed.items())
        if not workspace.exists(path) or workspace.load(path).text != text
    }
    before, after = (_with(report, missing) for report in (result.before, result.after))
    after = after._replace(not_analysed=(*after.not_analysed, *result.put_back))
    return Fixed(before, after, result.made, result.to_look_at, changes, empty, result.workspace, workspace)


def _narrowed(report: Report, workspace: Workspace, narrow: Narrow | None) -> Report:
    return narrow(report, workspace) if narrow is not None else report


def settle(paths: Iterable[str]) -> Iterator[str]:
    """Finish or undo changes that earlier runs could not complete in the projects of ``paths``; say which.

    Raises:
        JournalError: Neither is possible; everything stays.
    """
    for home in _interrupted(paths):
        from sqla_guard.fix.journal import recover

        yield f"{shown(home)}: a change that was interrupted {recover(home)}"


def write(fixed: Fixed) -> None:
    """Write the changes of ``fixed``: all files or none.

    Raises:
        WriteError: Nothing was written.
    """
    from sqla_guard.fix.write import write_all

    write_all(
        {path: original for path, (original, _) in fixed.changes.items()},
        {path: text for path, (_, text) in fixed.changes.items()},
    )


def _first_report(workspace: Workspace, settings: Settings, progress: Progress | None, asked: Asked) -> Report:
    """Return what is to be said about ``workspace``, from an earlier run where that is quicker and still holds."""
    if asked.given:
        return report_on(workspace, settings, progress)
    parts = [workspace.reported]
    if len(workspace.reported) >= _MANY:
        from sqla_guard.processes import parts_of

        parts = parts_of(workspace)
    if workspace.changed or not asked.cached or not _is_worth_keeping(workspace, settings):
        return Report.whole(_each(parts, partial(_of_part, workspace, settings), settings, progress))
    from sqla_guard.cache.runs import remembered

    def check(some: list[Part]) -> Sequence[tuple[Report, Recorder]]:
        known = dict(some)
        return _each(list(known), partial(_recorded, workspace.disk, settings, known), settings, progress)

    return remembered(workspace, parts, settings, check, partial(_looks, settings))


def _each(
    parts: list[tuple[str, ...]],
    check: Callable[[Progress | None, int, tuple[str, ...]], _Found],
    settings: Settings,
    progress: Progress | None,
) -> list[_Found]:
    """Return what ``check`` finds in each of ``parts``, by several processes where they pay."""
    if len(parts) == 1:
        return [check(progress, settings.run.jobs, parts[0])]
    from sqla_guard.processes import each_of

    return each_of(parts, partial(check, None, 1), settings.run.jobs, progress)


def _of_part(
    workspace: Workspace, settings: Settings, progress: Progress | None, jobs: int, paths: tuple[str, ...]
) -> Report:
    # Where there are no other parts, what is to be repaired is what was checked.
    disk = workspace.disk if paths == workspace.reported else _unread(workspace.disk)
    return report_on(Workspace(paths, disk, workspace.changed), settings, progress, Ledger(), jobs)


def _recorded(
    disk: Disk,
    settings: Settings,
    known: Mapping[tuple[str, ...], Kept | None],
    progress: Progress | None,
    jobs: int,
    paths: tuple[str, ...],
) -> tuple[Report, Recorder]:
    """Return what is to be said about ``paths``, with all that was asked to find it; ``known`` is not asked again."""
    from sqla_guard.cache.recorder import Recorder

    kept = known[paths]
    recorder = Recorder(_unread(disk), kept.ledger, kept.answers) if kept else Recorder(_unread(disk))
    report = report_on(Workspace(paths, recorder), settings, progress, recorder.ledger, jobs)
    recorder.forget_the_disk()
    return report, recorder


def _unread(disk: Disk) -> Disk:
    """Return ``disk`` without what was read for other parts, which leaves no room for what this one reads."""
    return disk.unread() if isinstance(disk, FileDisk) else disk


def _looks(settings: Settings, disk: Disk) -> Mapping[str, Look]:
    from sqla_guard.check.looks import looks

    return looks(settings, disk)


def _is_worth_keeping(workspace: Workspace, settings: Settings) -> bool:
    """Tell whether a check takes longer than looking for an earlier one: not of a few files that cannot matter."""
    if len(workspace.reported) > _FEW:
        return True
    groups = settings.groups(workspace.reported)
    return any(
        path for config, paths in groups for path in files_that_matter(Workspace(paths, workspace.disk), config, [])
    )


def report_on(
    workspace: Workspace,
    settings: Settings,
    progress: Progress | None = None,
    ledger: Ledger | None = None,
    jobs: int = 1,
) -> Report:
    """Return what is to be said about ``workspace``, each file by its own settings.

    Args:
        workspace: The files.
        settings: The settings of each file.
        progress: Is told how far it is.
        ledger: What is known of single files already; gets what becomes known.
        jobs: How many processes there may be; 0 for as many as there are processors.
    """
    ledger = ledger or Ledger()
    if jobs != 1 and len(workspace.reported) >= _MANY and ledger.changed is None:
        from sqla_guard.shares import share_out

        share_out(workspace, settings, progress, ledger, jobs)
    reports = [
        _complete(Workspace(paths, workspace.disk, workspace.changed), config, progress, ledger)
        for config, paths in settings.groups(workspace.reported)
    ]
    return Report.whole(reports)


def _complete(workspace: Workspace, config: Config, progress: Progress | None, ledger: Ledger) -> Report:
    """Check ``workspace``; each fix says all that it changes, imports included."""
    report = check(workspace, config, progress, ledger)
    if not report.diagnostics:
        return report
    from sqla_guard.fix.imports import with_imports
    from sqla_guard.read.python.imports import read_import_block

    return with_imports(report, workspace.load, read_import_block, ledger.imports)


def _within(report: Report, asked: Asked) -> Report:
    """Return ``report`` without the fixes that change more than the texts that were given, if any were."""
    if not asked.given:
        return report
    return report._replace(diagnostics=tuple(_alone(d, asked.given) for d in report.diagnostics))


def _alone(finding: Diagnostic, given: Mapping[str, bytes]) -> Diagnostic:
    if finding.fix is None or all(edit.path in given for edit in finding.fix.edits):
        return finding
    from msgspec.structs import replace

    return replace(finding, fix=None, help=f"{finding.help} The fix changes other files too, so it is not made here.")


def _open(
    paths: Iterable[str], settings: Settings, asked: Asked
) -> tuple[Workspace, tuple[NotAnalysed, ...], tuple[str, ...]]:
    disk = FileDisk(settings, asked.given)
    found = discover(paths, disk, asked.force_exclude)
    notes = [_note(path or "(an empty path)", "does not exist") for path in found.missing]
    # What is found in files that are half old and half new says nothing of either.
    half_way = "holds a change that was interrupted; `sqla-guard fix --write` finishes or undoes it"
    notes += [_note(home, half_way) for home in _interrupted(paths)]
    return Workspace(found.files, disk), tuple(notes), found.empty


def _note(path: str, reason: str) -> NotAnalysed:
    from sqla_guard.core.diagnostic import NotAnalysed

    return NotAnalysed(path if path.startswith("(") else shown(path), 0, reason, fatal=True)


def _interrupted(paths: Iterable[str]) -> list[str]:
    return sorted({home for path in paths if (home := interrupted(path)) is not None})


def _with(report: Report, notes: tuple[NotAnalysed, ...]) -> Report:
    return Report.of(report.diagnostics, (*report.not_analysed, *notes), report.files)
