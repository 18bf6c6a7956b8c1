"""What a report is made from."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sqla_guard.core.report import Report
from sqla_guard.core.source import SourceFile
from sqla_guard.report.style import PLAIN, Style

Load = Callable[[str], SourceFile]


class RulePage(NamedTuple):
    """A rule as formats describe it.

    Attributes:
        code: Such as ``SG101``.
        name: Such as ``reserved-attribute``.
        severity: ``error`` or ``warning``.
        summary: One sentence.
        page: The rule's page in Markdown, summary included.
        on_by_default: Whether it runs without being selected.
    """

    code: str
    name: str
    severity: str
    summary: str
    page: str
    on_by_default: bool


def _no_pages() -> tuple[RulePage, ...]:
    return ()


class Material(NamedTuple):
    """What a report is made from.

    Attributes:
        report: What was found.
        load: Gives the files that findings stand in.
        rules: Gives the pages of all rules, by code; asked only by formats that describe rules.
        style: How words are set off on a terminal.
    """

    report: Report
    load: Load
    rules: Callable[[], tuple[RulePage, ...]] = _no_pages
    style: Style = PLAIN
