"""``check``: workspace to report, a pure function."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

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
    from sqla_guard.core.progress import Progress
    from sqla_guard.project.project import Project


def check(workspace: Workspace, config: Config, progress: Progress | None = None) -> Report:
    """Return what is to be said about ``workspace``; ``progress`` is told how far it is.

    A run in which no file can matter loads no parser, no rule and nothing of the project around it.
    """
    notes: list[NotAnalysed] = []
    marks, packages = Marks(), Packages(workspace, config, modules_of)
    tables = TableNames(workspace, packages)
    matter = list(files_that_matter(workspace, config, notes, marks, tables))
    if config.plugins:
        from sqla_guard.check.plugins import files_for_plugins

        matter = sorted({*matter, *files_for_plugins(workspace, config)})
    if not matter:
        return Report.of((), notes, len(workspace.reported))
    from sqla_guard.check.readers import QUICK, close_readers
    from sqla_guard.check.registry import registered_rules
    from sqla_guard.check.selection import is_ignored, selected_rules
    from sqla_guard.core.diagnostic import Diagnostic, NotAnalysed
    from sqla_guard.core.progress import Progress
    from sqla_guard.project.project import Project

    binding = {**dict.fromkeys(workspace.reported, False), **{path: marks.known(may_reserve, path) for path in matter}}
    project = Project(workspace, config, close_readers() if config.read_everything else QUICK, binding)
    project.once(Marks, lambda: marks)
    project.once(Packages, lambda: packages)
    project.once(TableNames, lambda: tables)
    rules = selected_rules(registered_rules(config.plugins), config)
    progress = progress or Progress()
    progress.expect(len(matter))
    findings: list[Diagnostic] = []
    for path in matter:
        for item in _check_file(path, project, rules):
            if isinstance(item, Diagnostic):
                findings.append(item)
            else:
                notes.append(item)
        progress.advance()
    if with_directives := [path for path in matter if may_hold_directive(workspace.raw(path))]:
        from sqla_guard.check.ignores import honour

        findings = honour(findings, notes, with_directives, project)
    reported = frozenset(workspace.reported)
    # A neighbour that cannot be read makes a verdict unknown at most; it is not the job that was given.
    notes += (n if n.path in reported else NotAnalysed(n.path, n.line, n.reason) for n in project.not_analysed)
    if config.per_file_ignores:
        findings = [finding for finding in findings if not is_ignored(finding, config)]
    return Report.of(findings, notes, len(workspace.reported))


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
