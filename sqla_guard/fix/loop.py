"""``fix``: workspace to workspace, a pure function that proves each round by checking again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from sqla_guard.core.diagnostic import Diagnostic, NotAnalysed
from sqla_guard.core.fix import Fix, Place
from sqla_guard.core.report import Report
from sqla_guard.core.workspace import UnreadableFile, Workspace
from sqla_guard.fix.edits import apply_edits, by_path, moved
from sqla_guard.fix.plan import choose

# Nearly all needs one or two; a fix that does not prove itself costs some more.
_ROUNDS = 100
_UNUSED_IGNORE = "SG901"

Check = Callable[[Workspace], Report]


class FixResult(Struct, frozen=True):
    """What fixing came to.

    Attributes:
        workspace: The files with all fixes made.
        before: The report of the first check.
        after: The report of the last one.
        made: The fixes made, in order.
        to_look_at: Places that may need the same change, where they stand now.
        put_back: Fixes that were tried and did not prove themselves, with the reason.
    """

    workspace: Workspace
    before: Report
    after: Report
    made: tuple[Fix, ...]
    to_look_at: tuple[Place, ...]
    put_back: tuple[NotAnalysed, ...]


class _State(Struct, frozen=True):
    workspace: Workspace
    report: Report
    made: tuple[Fix, ...] = ()
    to_look_at: tuple[Place, ...] = ()


def fix(workspace: Workspace, check: Check) -> FixResult:
    """Return ``workspace`` with everything repaired that can be, checked again after each round.

    Args:
        workspace: The files.
        check: The whole check, as a function of a workspace.
    """
    first = check(workspace)
    state = _State(workspace, first)
    refused: dict[Fix, str] = {}
    seen = {_texts(workspace)}
    for _ in range(_ROUNDS):
        chosen = choose(state.report.diagnostics, frozenset(refused), state.workspace.exists)
        if not chosen:
            break
        state, failures = _round(state, chosen, check)
        refused.update(failures)
        if _texts(state.workspace) in seen and not failures:
            break
        seen.add(_texts(state.workspace))
    put_back = tuple(_note(fix, reason, workspace) for fix, reason in refused.items())
    return FixResult(state.workspace, first, state.report, state.made, state.to_look_at, put_back)


def _round(state: _State, chosen: Sequence[Fix], check: Check) -> tuple[_State, dict[Fix, str]]:
    """Make all of ``chosen`` at once; where that fails, half of them, so that a bad fix stops few others.

    Offsets hold for the text of this round only: what is not made now gets its turn in the next one.
    """
    together = _attempt(state, chosen, check)
    if isinstance(together, _State):
        return together, {}
    if len(chosen) == 1:
        return state, {chosen[0]: together}
    failures: dict[Fix, str] = {}
    half = len(chosen) // 2
    for some in (chosen[:half], chosen[half:]):
        after, refused = _round(state, some, check)
        failures.update(refused)
        if after is not state:
            return after, failures
    return state, failures


def _attempt(state: _State, fixes: Sequence[Fix], check: Check) -> _State | str:
    """Return the state with ``fixes`` made, or the reason why they cannot be."""
    grouped = by_path(edit for fix in fixes for edit in fix.edits)
    try:
        texts = {path: apply_edits(_text(state.workspace, path), grouped[path]) for path in grouped}
        changed = state.workspace.with_changes(texts)
        lost = next((reason for path in texts if (reason := _lost_in_writing(changed, path))), "")
        if lost:
            return lost
        report = check(changed)
    except UnreadableFile as error:
        return str(error)
    problem = _problem(state.report, report, fixes, texts)
    if problem:
        return problem
    places = [*state.to_look_at, *(place for fix in fixes for place in fix.to_look_at)]
    there = {moved(place, grouped.get(place.path, ())): None for place in places}
    return _State(changed, report, (*state.made, *fixes), tuple(there))


def _problem(before: Report, after: Report, fixes: Sequence[Fix], texts: Mapping[str, str]) -> str:
    """Return why the fixes did not prove themselves; empty where they did."""
    broken = [n for n in after.not_analysed if n.fatal and n.path in texts and n not in before.not_analysed]
    if broken:
        return f"{broken[0].path} could not be read afterwards: {broken[0].reason}"
    old, new = Counter(map(_identity, before.diagnostics)), Counter(map(_identity, after.diagnostics))
    for diagnostic in before.diagnostics:
        if diagnostic.fix in fixes and new[_identity(diagnostic)] >= old[_identity(diagnostic)]:
            return f"{diagnostic.code} was still reported afterwards"
    # What silenced a finding that is gone has nothing to silence: the next round takes it out.
    added = [identity for identity in new - old if identity[1] != _UNUSED_IGNORE]
    if added:
        path, code, _ = added[0]
        return f"{code} was reported in {path} afterwards"
    return ""


def _lost_in_writing(workspace: Workspace, path: str) -> str:
    """Return why the file's encoding cannot hold its new text with all other bytes as they were; empty if it can."""
    if not workspace.disk.exists(path):
        return ""
    stored = workspace.disk.load(path)
    if stored.encoding == "utf-8":
        return ""  # each text has one form in it
    try:
        stored.encode(workspace.changed[path])
        if stored.encode(stored.text) == workspace.disk.raw(path):
            return ""
        return f"{path} has bytes that {stored.encoding} writes in more than one way"
    except UnicodeError as error:
        return f"{path} cannot be written in {stored.encoding}: {error}"


def _identity(diagnostic: Diagnostic) -> tuple[str, str, str]:
    return diagnostic.path, diagnostic.code, diagnostic.message


def _text(workspace: Workspace, path: str) -> str:
    return workspace.load(path).text if workspace.exists(path) else ""


def _texts(workspace: Workspace) -> frozenset[tuple[str, str]]:
    return frozenset(workspace.changed.items())


def _note(fix: Fix, reason: str, workspace: Workspace) -> NotAnalysed:
    first = min(fix.edits)
    line = workspace.load(first.path).position(first.start)[0] if workspace.exists(first.path) else 0
    return NotAnalysed(first.path, line, f"the fix «{fix.title}» was put back: {reason}")
