"""``check``: workspace to report, a pure function."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from sqla_guard.core.config import Config
from sqla_guard.core.diagnostic import Diagnostic, NotAnalysed
from sqla_guard.core.report import Report
from sqla_guard.core.workspace import Workspace
from sqla_guard.read.markers import files_that_matter

if TYPE_CHECKING:
    from sqla_guard.check.registry import RegisteredRule
    from sqla_guard.project.project import Project


def check(workspace: Workspace, config: Config) -> Report:
    """Return what is to be said about ``workspace``.

    A run in which no file can matter loads no parser, no rule and nothing of the project around it.
    """
    notes: list[NotAnalysed] = []
    matter = list(files_that_matter(workspace, config, notes))
    if not matter:
        return Report.of((), notes, len(workspace.reported))
    from sqla_guard.check.readers import QUICK, close_readers
    from sqla_guard.check.registry import registered_rules
    from sqla_guard.check.selection import selected_rules
    from sqla_guard.project.project import Project

    project = Project(workspace, config, close_readers() if config.read_everything else QUICK)
    rules = selected_rules(registered_rules(), config)
    findings: list[Diagnostic] = []
    for path in matter:
        for item in _check_file(path, project, rules):
            if isinstance(item, Diagnostic):
                findings.append(item)
            else:
                notes.append(item)
    reported = frozenset(workspace.reported)
    # A neighbour that cannot be read makes a verdict unknown at most; it is not the job that was given.
    around = (n if n.path in reported else NotAnalysed(n.path, n.line, n.reason) for n in project.not_analysed)
    return Report.of(findings, [*notes, *around], len(workspace.reported))


def _check_file(path: str, project: Project, rules: tuple[RegisteredRule, ...]) -> Iterator[Diagnostic | NotAnalysed]:
    from sqla_guard.check.facts import facts_of

    for fact in facts_of(path, project):
        for registered in rules:
            if isinstance(fact, registered.rule.reads):
                yield from _judge(path, fact, project, registered)


def _judge(path: str, fact: object, project: Project, registered: RegisteredRule) -> Iterator[Diagnostic | NotAnalysed]:
    try:
        for item in registered.check(fact, project):
            yield _with_symbol(item, fact) if isinstance(item, Diagnostic) else item
    except Exception as error:  # one rule's defect must not hide what the others found
        from sqla_guard.check.internal_error import internal_error

        yield internal_error(path, registered.rule, fact, error)


def _with_symbol(found: Diagnostic, fact: object) -> Diagnostic:
    """Return ``found`` with the symbol of its fact, unless its rule gave a more exact one."""
    return found if found.symbol else replace(found, symbol=getattr(fact, "symbol", ""))
