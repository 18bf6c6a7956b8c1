"""``check``: workspace to report, a pure function."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from sqla_guard.core.ledger import Judged, Ledger
from sqla_guard.core.packages import Packages
from sqla_guard.core.report import Report
from sqla_guard.core.table_names import TableNames
from sqla_guard.core.workspace import Workspace
from sqla_guard.read.markers import Marks, files_that_matter, may_hold_directive, modules_of
from sqla_guard.read.python.reserved import may_reserve

if TYPE_CHECKING:
    from sqla_guard.check.registry import RegisteredRule
    from sqla_guard.core.config import Config
    from sqla_guard.core.diagnostic import Diagnostic, NotAnalysed
    from sqla_guard.core.memo import Uses
    from sqla_guard.core.progress import Progress
    from sqla_guard.project.project import Project


def check(
    workspace: Workspace, config: Config, progress: Progress | None = None, ledger: Ledger | None = None
) -> Report:
    """Return what is to be said about ``workspace``.

    A run in which no file can matter loads no parser, no rule and nothing of the project around it.

    Args:
        workspace: The files.
        config: Their settings.
        progress: Is told how far it is.
        ledger: What is known of single files already; gets what becomes known.
    """
    ledger = ledger or Ledger()
    marks = Marks()
    packages = Packages(workspace, config, modules_of, ledger.uses, ledger.looks)
    tables = TableNames(workspace, packages, ledger.uses)
    matter, used = ledger.uses.of(lambda: _that_matter(workspace, config, marks, tables, ledger))
    ledger.always |= used
    reported = frozenset(workspace.reported)
    notes = [note for note in ledger.unread if note.path in reported]
    if not matter:
        return Report.of((), notes, len(reported))
    from sqla_guard.check.registry import registered_rules
    from sqla_guard.check.selection import selected_rules
    from sqla_guard.core.progress import Progress

    project = _project(workspace, config, ledger, marks, tables)
    project.not_analysed.update(ledger.met(matter))
    rules = selected_rules(registered_rules(config.plugins), config)
    progress = progress or Progress()
    progress.expect(len(matter))
    judged: dict[str, Judged] = {}
    for path in matter if ledger.turns is None else ledger.turns.of(matter):
        judged[path] = ledger.judged[path] = ledger.judged.get(path) or _judge(path, project, rules, ledger.uses)
        progress.advance()
    return _said(judged, notes, project)


def _project(workspace: Workspace, config: Config, ledger: Ledger, marks: Marks, tables: TableNames) -> Project:
    """Return what the rules ask about the project; what was found out while files were chosen is not asked again."""
    from sqla_guard.check.readers import QUICK, close_readers
    from sqla_guard.project.project import Project

    binding = {} if config.read_everything else {path: path in ledger.reserving for path in workspace.reported}
    readers = close_readers() if config.read_everything else QUICK
    project = Project(workspace, config, readers, binding, ledger.uses)
    project.once(Marks, lambda: marks)
    project.once(Packages, lambda: tables.packages)
    project.once(TableNames, lambda: tables)
    return project


def _said(judged: Mapping[str, Judged], notes: list[NotAnalysed], project: Project) -> Report:
    """Return what is said of the files as a whole: as directives and settings have it."""
    from sqla_guard.check.selection import is_ignored
    from sqla_guard.core.diagnostic import Diagnostic, NotAnalysed

    reported, config = frozenset(project.workspace.reported), project.config
    findings = [said for one in judged.values() for said in one.said if isinstance(said, Diagnostic)]
    notes += [said for one in judged.values() for said in one.said if isinstance(said, NotAnalysed)]
    if with_directives := [path for path, one in judged.items() if one.directed]:
        from sqla_guard.check.ignores import honour

        findings = honour(findings, notes, with_directives, project)
    # A neighbour that cannot be read makes a verdict unknown at most; it is not the job that was given.
    notes += (n if n.path in reported else NotAnalysed(n.path, n.line, n.reason) for n in project.not_analysed)
    if config.per_file_ignores:
        findings = [finding for finding in findings if not is_ignored(finding, config)]
    return Report.of(findings, notes, len(reported))


def _that_matter(workspace: Workspace, config: Config, marks: Marks, tables: TableNames, ledger: Ledger) -> list[str]:
    """Return the files that may hold a finding; ``ledger`` gets what is to be said of others."""
    again, read = workspace, 0
    if ledger.changed is not None:
        changed = tuple(path for path in workspace.reported if path in ledger.changed)
        again = Workspace(changed, workspace.disk, workspace.changed)
        read = sum(ledger.sizes.get(path, 0) for path in workspace.reported if path not in ledger.changed)
    found = set(files_that_matter(again, config, ledger.unread, marks, tables, read))
    reserving = (path for path in found if _reserves(path, again, marks, tables.packages))
    ledger.reserve(workspace.reported, reserving)
    if config.plugins:
        from sqla_guard.check.plugins import files_for_plugins

        found.update(files_for_plugins(workspace, config))
    return [path for path in workspace.reported if path in found or path in ledger.judged]


def _reserves(path: str, workspace: Workspace, marks: Marks, packages: Packages) -> bool:
    """Tell whether a file may bind a reserved name where that matters, as its project may map classes."""
    return (
        path.endswith(".py")
        and not packages.rule_out(path)
        and marks.has(may_reserve, path, workspace.aside.raw(path))
        and packages.may_judge(path)
    )


def _judge(path: str, project: Project, rules: tuple[RegisteredRule, ...], uses: Uses) -> Judged:
    said, used = uses.of(lambda: tuple(_check_file(path, project, rules)))
    return Judged(said, used, may_hold_directive(project.workspace.raw(path)))


def _check_file(path: str, project: Project, rules: tuple[RegisteredRule, ...]) -> Iterator[Diagnostic | NotAnalysed]:
    from sqla_guard.check.facts import is_sound

    if project.config.plugins:
        from sqla_guard.check.plugins import judged_as_a_whole

        yield from judged_as_a_whole(path, project, rules)
    said = _judged(path, project, rules)
    first = next(said, None)
    # What has a syntax error is said to have one, and nothing else.
    if first is not None and is_sound(path, project):
        yield first
        yield from said


def _judged(path: str, project: Project, rules: tuple[RegisteredRule, ...]) -> Iterator[Diagnostic | NotAnalysed]:
    """Yield what the rules say about the facts of a file."""
    from sqla_guard.check.facts import facts_of
    from sqla_guard.check.judge import judge
    from sqla_guard.core.diagnostic import Diagnostic

    for fact in facts_of(path, project, [registered.rule for registered in rules]):
        if isinstance(fact, Diagnostic):
            yield fact
            continue
        for registered in rules:
            if isinstance(fact, registered.rule.reads):
                yield from judge(path, fact, project, registered)
