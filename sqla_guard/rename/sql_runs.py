"""How a project runs its SQL files, as far as its Python says."""

from __future__ import annotations

import re
from posixpath import basename

from sqla_guard.project.project import Project
from sqla_guard.rename.elsewhere import function_around
from sqla_guard.rename.runs import why_not_always

_TEST = re.compile(r"(?:^|/)(?:tests?|testing)/|(?:^|/)(?:test_[^/]*|[^/]*_test|conftest)\.py\Z")
_DEFINED = re.compile(r"(?:async\s+)?def\b")
_BRANCH = re.compile(r"(?:if|elif|else|for|while|except|match|case)\b")
_CUTS = re.compile(r"\.split\(\s*[\"'];(?:\\n)?[\"']\s*\)")


def runs_sql_file(project: Project, path: str) -> bool:
    """Tell whether Python of the project that runs at each start names the SQL file ``path``."""
    name = basename(path)
    for place, text in _python(project, path, name.partition(".")[0]):
        for match in re.finditer(rf"(?<![\w.-]){re.escape(name)}[\"']", text):
            function = function_around(text, match.start())
            if not _is_conditional(text, match.start()) and not why_not_always(project, place, function, False):
                return True
    return False


def _is_conditional(text: str, at: int) -> bool:
    """Tell whether a line that may not be reached stands around the character ``at``, inside of its function."""
    lines = text[: text.find("\n", at)].splitlines()
    depth = len(lines[-1]) - len(lines[-1].lstrip())
    for line in reversed(lines[:-1]):
        inner = line.lstrip()
        if not inner or len(line) - len(inner) >= depth:
            continue
        depth = len(line) - len(inner)
        if _DEFINED.match(inner):
            return False
        if _BRANCH.match(inner) and "__name__" not in inner:
            return True
    return bool(_BRANCH.match(lines[-1].lstrip()))


def cuts_statements(project: Project, path: str) -> str:
    """Return a Python file that cuts SQL at semicolons, wherever they stand; empty where none does."""
    return next((place for place, text in _python(project, path, "split") if _CUTS.search(text)), "")


def _python(project: Project, near: str, word: str) -> list[tuple[str, str]]:
    paths = [p for p in project.files_naming(near, frozenset({word}), (".py",)) if not _TEST.search(p)]
    sources = [project.read(path, lambda found: found) for path in paths]
    return [(source.path, source.text) for source in sources if source is not None]
