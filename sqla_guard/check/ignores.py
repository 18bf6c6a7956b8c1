"""Directives at work: what they silence is taken out, and what is wrong with them becomes findings."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from sqla_guard.check.judge import judge
from sqla_guard.check.registry import RegisteredRule, registered_rules
from sqla_guard.check.selection import is_selected, means
from sqla_guard.core.diagnostic import Diagnostic, NotAnalysed
from sqla_guard.core.fix import Fix
from sqla_guard.core.source import SourceFile, Span
from sqla_guard.facts.ignores import Directive, JudgedDirective, Reach, Selector
from sqla_guard.facts.operations import AddColumn, ColumnReference, CreateTable, Identifier, RenameColumn
from sqla_guard.project.project import Project
from sqla_guard.project.reserved import judge as judge_model
from sqla_guard.read.directives import read_directives
from sqla_guard.read.reach import reach, reach_in_string
from sqla_guard.rules.rule import Rule

_OF_MIGRATIONS = "SG3"


class Silenced(Struct, frozen=True):
    """A finding that a directive silences."""

    finding: Diagnostic
    directive: Directive


def honour(
    findings: Sequence[Diagnostic], notes: Iterable[NotAnalysed], paths: Iterable[str], project: Project
) -> list[Diagnostic]:
    """Return ``findings`` without those that directives silence, and with what is to be said about directives.

    Args:
        findings: What all rules found.
        notes: What could not be judged, besides what the project has noted.
        paths: Files that may hold a directive.
        project: The project.
    """
    directives = {path: read for path in paths if (read := project.read(path, read_directives))}
    silenced = [s for path, read in directives.items() for s in _silenced(findings, path, read, project)]
    quiet = {id(s.finding) for s in silenced}
    unclear = {id(d) for path, read in directives.items() for d in _unclear(findings, path, read, project)}
    kept = [_without_fix_of(d, silenced, id(d) in unclear) for d in findings if id(d) not in quiet]
    doubtful = {note.path for note in (*notes, *project.not_analysed)} | {d.path for d in findings if d.code == "SG900"}
    for path, read in directives.items():
        used = {(s.directive, s.finding.code) for s in silenced if s.finding.path == path}
        for directive in read:
            judged = _judged(directive, used, project, path in doubtful)
            if judged is not None:
                kept += _said(judged, project)
    return kept


def _silenced(
    findings: Iterable[Diagnostic], path: str, directives: Sequence[Directive], project: Project
) -> Iterator[Silenced]:
    at_work = [d for d in directives if not d.fault and not _expired(d)]
    here = [finding for finding in findings if finding.path == path]
    if not (here and at_work):
        return
    source = project.source(path)
    by_code = {registered.rule.code: registered.rule for registered in registered_rules(project.config.plugins)}
    for finding in here:
        rule = by_code.get(finding.code)
        named = [d for d in at_work if rule and any(means(rule, s.text) for s in d.selectors)]
        yield from (Silenced(finding, d) for d in _in_reach(named, finding.span, source))


def _in_reach(directives: Sequence[Directive], place: Span, source: SourceFile) -> Iterator[Directive]:
    around: dict[Span | None, Reach] = {}
    for directive in directives:
        string = directive.string
        if directive.kind == "file":
            yield directive
        elif string is None or string.contains(place):
            if string not in around:
                around[string] = reach(source, place) if string is None else reach_in_string(source, string, place)
            if around[string].holds(directive):
                yield directive


def _unclear(
    findings: Iterable[Diagnostic], path: str, directives: Sequence[Directive], project: Project
) -> Iterator[Diagnostic]:
    """Yield the findings that a directive may be meant for which silences nothing as it is written."""
    rules = [registered.rule for registered in registered_rules(project.config.plugins)]
    by_code = {rule.code: rule for rule in rules}
    faulty = [d for d in directives if d.fault]
    misspelt = [(d, nearest) for d in directives for _, nearest in _unknown(d, rules) if nearest]
    if not (faulty or misspelt):
        return
    source = project.source(path)
    for finding in findings:
        if finding.path == path and finding.fix is not None and finding.code in by_code:
            near = [*faulty, *(d for d, nearest in misspelt if means(by_code[finding.code], nearest))]
            if any(True for _ in _in_reach(near, finding.span, source)):
                yield finding


def _without_fix_of(finding: Diagnostic, silenced: Iterable[Silenced], is_unclear: bool) -> Diagnostic:
    """Return ``finding`` without a fix that would also change what is ignored, or may be meant to be."""
    if finding.fix is None:
        return finding
    if is_unclear:
        why = "No fix is offered while a directive here, which may be meant for it, cannot be understood."
    elif any(_would_change(finding.fix, s.finding) for s in silenced):
        why = "No fix is offered, because it would also change what is ignored elsewhere."
    else:
        return finding
    return replace(finding, fix=None, help=f"{finding.help} {why}")


def _would_change(fix: Fix, ignored: Diagnostic) -> bool:
    return fix == ignored.fix and any(
        e.path == ignored.path and e.start <= ignored.span.end and ignored.span.start <= e.end for e in fix.edits
    )


def _judged(
    directive: Directive, used: set[tuple[Directive, str]], project: Project, doubtful: bool
) -> JudgedDirective | None:
    """Return what came of ``directive``; ``None`` where nothing can be said, or nothing is wrong."""
    if directive.string is not None and not _is_sql(directive.string, directive.path, project):
        return None
    if directive.fault:
        return JudgedDirective(directive)
    rules = [registered.rule for registered in registered_rules(project.config.plugins)]
    codes = {code for d, code in used if d is directive}
    meant = {selector: [rule for rule in rules if means(rule, selector.text)] for selector in directive.selectors}
    unknown = tuple(_unknown(directive, rules))
    expired = _expired(directive)
    unused = tuple(
        selector
        for selector, those in meant.items()
        if those and codes.isdisjoint(rule.code for rule in those) and _could_tell(those, project, directive.path)
    )
    lacks_reason = project.config.require_reason and not directive.reason
    if directive.fixed:
        # Whatever it once silenced, it cannot be taken out any more.
        expired, unused = False, ()
    return JudgedDirective(directive, () if doubtful or expired else unused, unknown, expired, lacks_reason)


def _could_tell(rules: Iterable[Rule], project: Project, path: str) -> bool:
    """Tell whether all of ``rules`` ran on ``path`` and knew what they had to know."""
    ignored = project.config.ignored_in(path)
    for rule in rules:
        if not is_selected(rule, project.config) or any(means(rule, selector) for selector in ignored):
            return False
        if rule.code.startswith(_OF_MIGRATIONS) and _has_doubtful_models(project, path):
            return False
    return True


def _has_doubtful_models(project: Project, near: str) -> bool:
    """Tell whether a class may be a model with a reserved name, but could not be judged: its DDL was not either."""
    facts = (fact for path in project.python_files_that_break(near) for fact in project.reserved_names(path))
    return any(isinstance(judge_model(project, fact), NotAnalysed) for fact in facts)


def _expired(directive: Directive) -> bool:
    return bool(directive.until) and date.fromisoformat(directive.until) < date.today()


def _unknown(directive: Directive, rules: Collection[Rule]) -> Iterator[tuple[Selector, str]]:
    """Yield the selectors that mean no rule, each with the name that was probably meant, or an empty text."""
    if not directive.fault and directive.kind != "noqa":
        for selector in directive.selectors:
            if not any(means(rule, selector.text) for rule in rules):
                yield selector, _nearest(selector.text, rules)


def _nearest(text: str, rules: Iterable[Rule]) -> str:
    """Return the name that a word was probably meant to be; of one code, another one says nothing."""
    return next(iter(difflib.get_close_matches(text, [rule.name for rule in rules], 1, 0.75)), "")


def _is_sql(string: Span, path: str, project: Project) -> bool:
    """Tell whether SQL was read in a Python string, so that a comment in it is one of SQL."""
    for fact in project.sql_facts(path):
        match fact:
            case CreateTable(columns=columns):
                names: tuple[Identifier, ...] = columns
            case AddColumn(column=column) | ColumnReference(column=column):
                names = (column,)
            case RenameColumn(old=old, new=new):
                names = (old, new)
            case _:
                names = ()
        if any(name.span is not None and string.contains(name.span) for name in names):
            return True
    return False


def _said(judged: JudgedDirective, project: Project) -> Iterator[Diagnostic]:
    for registered in _about_directives(project):
        for item in judge(judged.directive.path, judged, project, registered):
            if isinstance(item, Diagnostic):
                yield item


def _about_directives(project: Project) -> tuple[RegisteredRule, ...]:
    return tuple(
        registered
        for registered in registered_rules()
        if registered.rule.reads is JudgedDirective and is_selected(registered.rule, project.config)
    )
