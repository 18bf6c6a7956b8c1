"""Whether a function of a migration script is run at every start of the program, from all that calls it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import basename, dirname

from sqla_guard.facts.runs import Certainty, Run
from sqla_guard.project.project import Project

# What runs a script whole: a function of such a name that nobody in sight calls is called from out of sight.
_ENTRY = re.compile(
    r"_*(?:async_)?(?:run|main|migrate|upgrade|apply|start|ensure|sync|update|setup|set_up|init|initiali[sz]e|"
    r"bootstrap|create_app|make_app|get_app|lifespan|handler|entrypoint)(?:_[a-z_]*)?|[a-z_]*_(?:migrations?|main)"
)
_DEPLOYS = re.compile(r"migrat|upgrade|deploy|serve|start")
_TEST = re.compile(r"(?:^|/)(?:tests?|testing)/|(?:^|/)(?:test_[^/]*|[^/]*_test|conftest)\.py\Z")
_DEEPEST = 8
_NEAR = 1
_ORDER: tuple[Certainty, ...] = ("always", "settings", "unproven")

Answer = tuple[Certainty, str]


def why_not_always(project: Project, path: str, function: str, method: bool) -> str:
    """Return why ``function`` may not run at each start, in words that can follow "because"; empty where it does.

    A call that settings switch off does no harm, as long as another one is certain: what the database holds decides
    about neither. One that depends on anything else may have made the table and never come back to it.
    """
    if not function:
        return ""
    certain, why = _Judge(project).answer(path, function, method, 0)
    return "" if certain == "always" else why


class _Judge:
    def __init__(self, project: Project) -> None:
        self._project = project
        self._seen: set[tuple[str, str]] = set()

    def answer(self, path: str, function: str, method: bool, depth: int) -> Answer:
        if depth > _DEEPEST or (path, function) in self._seen:
            return "settings", f"nothing in sight is certain to call `{function}`"
        self._seen.add((path, function))
        best: Answer | None = None
        for place, run in self._runs(path, function, method):
            certain, why = self._of(place, run, function, depth)
            if certain == "unproven":
                if depth <= _NEAR:
                    return certain, why
                # So far from the script nobody asks how far the database is; it only proves nothing any more.
                certain = "settings"
            elif certain == "always" and depth > _NEAR:
                return certain, why
            if best is None or _ORDER.index(certain) < _ORDER.index(best[0]):
                best = certain, why
        return best if best is not None else self._uncalled(path, function)

    def _runs(self, path: str, function: str, method: bool) -> Iterator[tuple[str, Run]]:
        for place in self._project.files_naming(path, frozenset({function}), (".py",)):
            if place == path or (not _TEST.search(place) and (method or self._may_import(place, path))):
                for run in self._runs_in(place, path, function, method):
                    # A function that calls itself has been called by something else.
                    if (place, run.inside) != (path, function):
                        yield place, run

    def _of(self, place: str, run: Run, function: str, depth: int) -> Answer:
        line = self._project.source(place).position(run.span.start)[0]
        where = f"{place}:{line}, where `{function}`"
        if run.certainty == "unproven":
            return "unproven", f"{where} {run.why}"
        if not run.inside:
            return run.certainty, f"{where} {run.why}"
        if run.standing == "odd":
            return "unproven", f"a decorator decides when `{run.inside}` runs"
        if run.standing == "start":
            return run.certainty, f"{where} {run.why}"
        if run.standing == "command":
            always = run.certainty == "always" and _DEPLOYS.search(run.inside)
            return "always" if always else "settings", f"{where} is called on demand"
        around = self.answer(place, run.inside, False, depth + 1)
        return max(around, (run.certainty, f"{where} {run.why}"), key=lambda a: _ORDER.index(a[0]))

    def _runs_in(self, place: str, path: str, function: str, method: bool) -> tuple[Run, ...]:
        read = self._project.readers.runs
        key = ("runs", place, path, function, method)
        return self._project.once(
            key, lambda: self._project.read(place, lambda source: read(source, function, path, method)) or ()
        )

    def _may_import(self, place: str, path: str) -> bool:
        """Tell from its bytes whether a file can import the module ``path``, by name or from its own package."""
        stem = basename(dirname(path) if basename(path).startswith("__init__.") else path).partition(".")[0]
        data = self._project.workspace.raw(place)
        return stem.encode() in data or b"from ." in data

    def _uncalled(self, path: str, function: str) -> Answer:
        """Judge a function that nobody in sight calls: the entry of a script, or one of a row of steps."""
        pattern = re.compile(rf"^(?:async )?def {re.escape(function)}\(", re.MULTILINE)
        beside = [p for p in self._project.files_naming(path, frozenset({function}), (".py",)) if p != path]
        beside = [p for p in beside if dirname(p) == dirname(path)]
        if any(pattern.search(self._project.source(p).text) for p in beside):
            return "unproven", f"`{function}` is one of several in {dirname(path) or basename(path)}"
        if _ENTRY.fullmatch(function):
            return "always", ""
        return "settings", f"nothing in sight is certain to call `{function}`"
