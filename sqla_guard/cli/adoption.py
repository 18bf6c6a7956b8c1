"""Options for projects that have findings already: baseline, comparison with a branch, directives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from sqla_guard.cli.output import complain, out

if TYPE_CHECKING:
    from sqla_guard.adoption import Baseline
    from sqla_guard.cli.options import Request
    from sqla_guard.core.config import Settings
    from sqla_guard.core.report import Report
    from sqla_guard.core.workspace import Workspace
    from sqla_guard.run import Checked, Narrow

_Command = TypeVar("_Command", bound=Callable[..., Any])

_BASELINE = (
    click.option("--baseline", metavar="FILE", help="Leave out the findings that FILE knows."),
    click.option("--no-baseline", is_flag=True, help="Leave out nothing, whatever the configuration says."),
)
_CHECK_ONLY = (
    click.option("--write-baseline", metavar="FILE", help="Write the findings to FILE; one that exists only shrinks."),
    click.option("--add-to-baseline", is_flag=True, help="With --write-baseline: add findings that are new, too."),
    click.option("--diff-base", metavar="REF", help="Report only what is new since the branch left REF."),
    click.option("--add-ignores", metavar="REASON", help="Write a directive with REASON at each finding."),
)


class Adoption(NamedTuple):
    """What the options ask for; each is ``None`` or ``False`` where it was not given."""

    baseline: str | None = None
    no_baseline: bool = False
    write_baseline: str | None = None
    add_to_baseline: bool = False
    diff_base: str | None = None
    add_ignores: str | None = None


def adoption_options(command: _Command) -> _Command:
    """Add the options of ``check``."""
    return _with(command, (*_BASELINE, *_CHECK_ONLY))


def baseline_options(command: _Command) -> _Command:
    """Add those that ``fix`` has as well."""
    return _with(command, _BASELINE)


def _with(command: _Command, options: Sequence[Callable[[_Command], _Command]]) -> _Command:
    for option in reversed(options):
        command = option(command)
    return command


def adoption_of(options: dict[str, Any]) -> Adoption:
    """Take the options out of all that were given."""
    given = Adoption(**{name: options.pop(name) for name in Adoption._fields if name in options})
    if given.add_to_baseline and given.write_baseline is None:
        raise click.UsageError("--add-to-baseline needs --write-baseline FILE")
    writing = [name for name in ("write_baseline", "diff_base", "add_ignores") if getattr(given, name) is not None]
    if len(writing) > 1:
        raise click.UsageError(" and ".join(f"--{name.replace('_', '-')}" for name in writing) + " exclude each other")
    if given.add_ignores is not None and not given.add_ignores.strip():
        raise click.UsageError("--add-ignores needs a reason, which each directive will give")
    if given.baseline is not None and given.no_baseline:
        raise click.UsageError("--baseline and --no-baseline exclude each other")
    return given


def narrowed(checked: Checked, request: Request, given: Adoption) -> Checked:
    """Return what remains of ``checked``. Baselines are read and written here, and what is stale in them is said.

    Raises:
        AdoptionError: A baseline cannot be used, or git cannot say what was before.
    """
    settings = request.settings
    baselines = _baselines(checked.workspace.reported, settings, given)
    if not baselines and given.write_baseline is None and given.diff_base is None:
        return checked  # without loading anything
    from sqla_guard import adoption

    if given.write_baseline is not None:
        written = adoption.write_baseline(given.write_baseline, checked, settings, given.add_to_baseline)
        count = sum(written.known.values())
        complain(f"{written.file} holds {count} known {'finding' if count == 1 else 'findings'} now", word="note")
        return checked._replace(report=written.rest(checked.report))
    whole = checked
    for baseline in baselines:
        stale = adoption.stale_entries(baseline, whole, settings)
        for entry in stale:
            complain(f"{baseline.file} knows what nobody finds any more: {entry}", word="warning")
        if stale:
            complain(f"`sqla-guard check --write-baseline {baseline.file}` drops it", word="hint")
        checked = checked._replace(report=baseline.rest(checked.report))
    if given.diff_base is not None:
        checked = adoption.added_since(given.diff_base, checked, settings, request.paths)
    return checked


def without_baseline(settings: Settings, given: Adoption) -> Narrow | None:
    """Return what leaves the findings of baselines out of a fix; ``None`` where all are to be repaired."""
    if given.no_baseline:
        return None
    from sqla_guard.adoption import unknown_to_baselines

    return unknown_to_baselines(settings, given.baseline)


def _baselines(paths: tuple[str, ...], settings: Settings, given: Adoption) -> tuple[Baseline, ...]:
    if given.no_baseline or given.write_baseline is not None:
        return ()
    if given.baseline is None and not any(config.baseline for config, _ in settings.groups(paths)):
        return ()  # without loading anything
    from sqla_guard.adoption import baselines_of, read_baseline

    return (read_baseline(given.baseline),) if given.baseline is not None else baselines_of(paths, settings)


def add_ignores(request: Request, given: Adoption) -> Checked:
    """Write a directive at each finding that the baseline does not know, and return what remains to be said."""
    from sqla_guard.adoption import ignoring_all
    from sqla_guard.cli.fix import settle_or_exit, write_or_exit
    from sqla_guard.report.sanitize import printable
    from sqla_guard.run import Checked, run_fix

    assert given.add_ignores is not None
    if request.asked.given:
        raise click.UsageError("--add-ignores has no file to change where standard input is read")
    rest, ignoring = without_baseline(request.settings, given), ignoring_all(given.add_ignores)

    def narrow(report: Report, workspace: Workspace) -> Report:
        return ignoring(rest(report, workspace) if rest is not None else report, workspace)

    settle_or_exit(request.paths)
    fixed = run_fix(request.paths, request.settings, asked=request.asked, narrow=narrow)
    write_or_exit(fixed)
    for path in fixed.changes:
        out(f"wrote directives to {printable(path)}\n", err=True)
    return Checked(fixed.after, fixed.empty, fixed.workspace)
