"""The tool as a function: what other programs may call. ``docs/api.md`` shows it at work.

Everything here stays as it is within a major version; new attributes may come. The modules behind it are internal.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sqla_guard import run
from sqla_guard.adoption import unknown_to_baselines
from sqla_guard.core.config import Config, ConfigError, Settings
from sqla_guard.core.diagnostic import NotAnalysed
from sqla_guard.fix.write import WriteError
from sqla_guard.settings import check_values, settings

if TYPE_CHECKING:
    from sqla_guard.core import report as core_report
    from sqla_guard.core.diagnostic import Diagnostic
    from sqla_guard.core.fix import Fix as CoreFix
    from sqla_guard.core.fix import Place
    from sqla_guard.core.source import Span
    from sqla_guard.core.workspace import Workspace

__all__ = [
    "Config",
    "ConfigError",
    "Edit",
    "Finding",
    "Fix",
    "FixResult",
    "Location",
    "NotAnalysed",
    "Report",
    "WriteError",
    "check",
    "fix",
    "load_config",
]

Path = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class Location:
    """A range of a file.

    Attributes:
        path: Relative to the working directory where the file lies inside it, with ``/``.
        line: First line, from 1.
        column: First column, from 1, in characters.
        end_line: Last line.
        end_column: The column after the last one.
        message: What is to be said of it; empty for the place of a finding itself.
    """

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    message: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the characters ``start`` to ``end`` of ``path`` by ``text``.

    Offsets count characters of the decoded file without its byte order mark. An edit of a file that does not exist
    creates it.
    """

    path: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A repair, to be made as a whole or not at all.

    Attributes:
        title: What it does, in the imperative.
        applicability: ``safe``; ``unsafe`` where something remains for a person to judge, as the title says;
            ``display`` where it is shown only.
        edits: All that it changes, in any number of files.
    """

    title: str
    applicability: Literal["safe", "unsafe", "display"]
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found.

    Attributes:
        code: The rule's code, such as ``SG101``.
        name: The rule's name, such as ``reserved-attribute``.
        severity: ``error`` where the program fails, ``warning`` where it may.
        location: Where.
        message: What will happen.
        help: What to do.
        symbol: What it is about, by a name that outlives edits elsewhere: ``Event.metadata``. May be empty.
        fix: The repair, or ``None`` where there is none.
        related: Other places that belong to it.
    """

    code: str
    name: str
    severity: Literal["error", "warning"]
    location: Location
    message: str
    help: str
    symbol: str
    fix: Fix | None
    related: tuple[Location, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found.

    Attributes:
        findings: By path, position and code.
        not_analysed: What could not be judged; ``fatal`` where a file could not be read at all or does not exist.
        files: Number of files that were checked.
    """

    findings: tuple[Finding, ...]
    not_analysed: tuple[NotAnalysed, ...]
    files: int

    @property
    def exit_code(self) -> int:
        """What ``sqla-guard check`` would exit with: 0 nothing found, 1 findings, 2 a file could not be checked."""
        return 2 if any(note.fatal for note in self.not_analysed) else int(bool(self.findings))


@dataclass(frozen=True, slots=True)
class FixResult:
    """What fixing came to.

    Attributes:
        before: What was found at first.
        after: What remains.
        made: The repairs that were made, in their order.
        to_look_at: Places that may need the same change but could not be proven, where they stand in the new texts.
        texts: The new text of each changed or created file, by path.
        written: Whether the files were changed.
    """

    before: Report
    after: Report
    made: tuple[Fix, ...]
    to_look_at: tuple[Location, ...]
    texts: Mapping[str, str]
    written: bool


def load_config(path: Path) -> Config:
    """Return the settings in a configuration file.

    Raises:
        ConfigError: It cannot be used; the message names file, line and key.
    """
    return settings((), config=os.fspath(path)).run


def check(paths: Path | Iterable[Path] = ".", config: Config | None = None) -> Report:
    """Check files and folders.

    Args:
        paths: What ``sqla-guard check`` takes.
        config: Settings for all files; ``None`` for those of each file's nearest configuration.

    Raises:
        ConfigError: A configuration cannot be used.
    """
    named, chosen = _asked(paths, config)
    checked = run.run_check(named, chosen)
    return _report(unknown_to_baselines(chosen)(checked.report, checked.workspace), checked.workspace)


def fix(paths: Path | Iterable[Path] = ".", config: Config | None = None, *, write: bool = False) -> FixResult:
    """Repair what can be repaired in files and folders.

    Args:
        paths: What ``sqla-guard fix`` takes.
        config: Settings for all files; ``None`` for those of each file's nearest configuration.
        write: Change the files, all or none; without it, only the new texts are returned.

    Raises:
        ConfigError: A configuration cannot be used.
        WriteError: Nothing was written.
    """
    named, chosen = _asked(paths, config)
    fixed = run.run_fix(named, chosen, narrow=unknown_to_baselines(chosen))
    if write:
        run.write(fixed)
    return FixResult(
        _report(fixed.before, fixed.original),
        _report(fixed.after, fixed.workspace),
        tuple(_fix(made) for made in fixed.made),
        tuple(_place(place, fixed.workspace) for place in fixed.to_look_at),
        {path: text for path, (_, text) in fixed.changes.items()},
        write,
    )


def _asked(paths: Path | Iterable[Path], config: Config | None) -> tuple[tuple[str, ...], Settings]:
    named = tuple(os.fspath(path) for path in ((paths,) if isinstance(paths, str | os.PathLike) else paths))
    if config is None:
        return named, settings(named)
    check_values(config)
    return named, config


def _report(report: core_report.Report, workspace: Workspace) -> Report:
    findings = tuple(_finding(found, workspace) for found in report.diagnostics)
    return Report(findings, report.not_analysed, report.files)


def _finding(found: Diagnostic, workspace: Workspace) -> Finding:
    return Finding(
        found.code,
        found.name,
        found.severity,
        _location(found.path, found.span, workspace),
        found.message,
        found.help,
        found.symbol,
        _fix(found.fix) if found.fix else None,
        tuple(_place(place, workspace) for place in found.related),
    )


def _fix(fix: CoreFix) -> Fix:
    edits = tuple(Edit(edit.path, edit.start, edit.end, edit.text) for edit in fix.edits)
    return Fix(fix.title, fix.applicability.value, edits)


def _place(place: Place, workspace: Workspace) -> Location:
    return _location(place.path, place.span, workspace, place.message)


def _location(path: str, span: Span, workspace: Workspace, message: str = "") -> Location:
    source = workspace.load(path)
    return Location(path, *source.position(span.start), *source.position(span.end), message)
