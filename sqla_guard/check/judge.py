"""One rule asked about one fact."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from sqla_guard.check.registry import RegisteredRule
from sqla_guard.core.diagnostic import Diagnostic, NotAnalysed
from sqla_guard.core.workspace import UnreadableFile
from sqla_guard.project.project import Project


def judge(path: str, fact: object, project: Project, registered: RegisteredRule) -> Iterator[Diagnostic | NotAnalysed]:
    """Yield what the rule says about ``fact``; a rule that raises yields a finding that says so."""
    try:
        for item in registered.check(fact, project):
            yield _with_symbol(item, fact) if isinstance(item, Diagnostic) else item
    except UnreadableFile as error:  # what a fact reads of its file when it is judged
        yield NotAnalysed(path, error.line, str(error), fatal=True)
    except Exception as error:  # one rule's defect must not hide what the others found
        from sqla_guard.check.internal_error import internal_error

        yield internal_error(path, registered.rule, fact, error)


def _with_symbol(found: Diagnostic, fact: object) -> Diagnostic:
    """Return ``found`` with the symbol of its fact, unless its rule gave a more exact one."""
    return found if found.symbol else replace(found, symbol=getattr(fact, "symbol", ""))
