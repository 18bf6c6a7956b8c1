"""Rules of other packages, found by the entry points that a configuration names.

They may read the facts that our own rules read, and :class:`~sqla_guard.core.source.SourceFile`: a file as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING

from sqla_guard.core.config import Config, ConfigError
from sqla_guard.core.diagnostic import Diagnostic, NotAnalysed
from sqla_guard.core.source import SourceFile
from sqla_guard.core.workspace import Workspace

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from sqla_guard.check.registry import RegisteredRule
    from sqla_guard.project.project import Project
    from sqla_guard.rules.rule import Rule

GROUP = "sqla_guard.rules"


def rule_modules(name: str) -> Iterator[ModuleType]:
    """Yield the rule modules of the entry point ``name``: the module itself, or each module of a package.

    Raises:
        ConfigError: No installed package has the entry point, or it cannot be imported.
    """
    import pkgutil
    from importlib import import_module

    module = _load(_entry_point(name))
    if hasattr(module, "RULE"):
        yield module
        return
    found = False
    for info in pkgutil.iter_modules(getattr(module, "__path__", ())):
        inner = import_module(f"{module.__name__}.{info.name}")
        if hasattr(inner, "RULE"):
            found = True
            yield inner
    if not found:
        raise ConfigError(f"plugin `{name}`: {module.__name__} holds no module with a `RULE`")


def files_for_plugins(workspace: Workspace, config: Config) -> Iterator[str]:
    """Yield the files that a rule of a plugin wants to see as a whole."""
    from sqla_guard.check.registry import registered_rules
    from sqla_guard.check.selection import selected_rules

    rules = [r.rule for r in selected_rules(registered_rules(config.plugins), config) if _reads_files(r.rule)]
    for path in workspace.reported:
        data = workspace.raw(path)
        if any(_wants(rule, data) for rule in rules):
            yield path


def judged_as_a_whole(
    path: str, project: Project, rules: Iterable[RegisteredRule]
) -> Iterator[Diagnostic | NotAnalysed]:
    """Yield what the rules that read whole files say about ``path``."""
    from sqla_guard.check.judge import judge

    data = project.workspace.raw(path)
    wanted = [registered for registered in rules if _reads_files(registered.rule) and _wants(registered.rule, data)]
    source = project.read(path, lambda source: source) if wanted else None
    # What has a syntax error is said to have one; a rule need not be ready for it.
    if source is not None and (not source.is_python or project.outline(path) is not None):
        for registered in wanted:
            yield from judge(path, source, project, registered)


def _reads_files(rule: Rule) -> bool:
    return issubclass(SourceFile, rule.reads)


def _wants(rule: Rule, data: bytes) -> bool:
    return not rule.looks_for or any(word in data for word in rule.looks_for)


def _entry_point(name: str) -> EntryPoint:
    from importlib.metadata import entry_points

    found = entry_points(group=GROUP)
    for entry in found:
        if entry.name == name:
            return entry
    installed = ", ".join(sorted(entry.name for entry in found)) or "none"
    raise ConfigError(
        f"plugin `{name}`: no installed package has such an entry point in `{GROUP}`; there are: {installed}"
    )


def _load(entry: EntryPoint) -> ModuleType:
    try:
        module: ModuleType = entry.load()
    except Exception as error:
        raise ConfigError(f"plugin `{entry.name}`: {entry.value} cannot be imported: {error}") from error
    return module
