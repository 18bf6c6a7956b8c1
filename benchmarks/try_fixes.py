"""Try every lock fix on real code, in memory: nothing is written.

    python benchmarks/try_fixes.py CHECKOUT [CHECKOUT ...]

Each finding of the lazy-singleton rules in the folders is fixed by itself. Its file must still compile; the difference
must lie in that function, the imports, the line of the lock and the resets that take it too; a file that ``ruff
format`` found in order must stay so; and a second check must say nothing more of the place, nor anything new.
"""

from __future__ import annotations

import ast
import difflib
import os
import re
import subprocess
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click

from sqla_guard.check.engine import check
from sqla_guard.core.config import Config
from sqla_guard.core.diagnostic import Diagnostic
from sqla_guard.core.workspace import Workspace
from sqla_guard.fix.edits import apply_edits
from sqla_guard.fix.imports import with_imports
from sqla_guard.read.discover import FileDisk
from sqla_guard.read.python.imports import read_import_block
from sqla_guard.read.python.lazy_marker import may_hold_lazy_init

CODES = frozenset({"SG201", "SG202", "SG203", "SG204", "SG205", "SG206"})
FOREIGN = frozenset({".git", "node_modules", "venv", ".venv", "site-packages"})
_IMPORT = re.compile(r"\s*(?:import (?:threading|asyncio)|from threading import R?Lock)?\s*")
_LOCK = re.compile(r"\s*[\w.]+(?:\s*:[^=]+)?\s*=\s*(?:(?:\w+\.)*R?Lock\(\)|None)\s*(?:#.*)?")
_WITH = re.compile(r"\s*(?:async )?with [\w.()]+:\s*")


@dataclass
class Tally:
    """What became of the fixes.

    Attributes:
        counts: How many of each outcome, by rule.
        problems: One line for each fix that does not hold what is promised.
    """

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


def files_below(folder: Path) -> Iterator[str]:
    """Yield the Python files that may hold a lazily made object."""
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in FOREIGN)
        for name in sorted(names):
            path = Path(root, name)
            if name.endswith(".py") and path.is_file() and may_hold_lazy_init(path.read_bytes()):
                yield path.relative_to(folder).as_posix()


def findings_in(workspace: Workspace) -> list[Diagnostic]:
    """Return what the lazy-singleton rules say, those off by default too."""
    report = with_imports(check(workspace, Config(select=CODES)), workspace.load, read_import_block)
    return [d for d in report.diagnostics if d.code in CODES]


def try_folder(folder: Path, tally: Tally) -> None:
    """Try every fix of one checkout: the first of each file in one run, then the second of each, and so on."""
    os.chdir(folder)
    workspace = Workspace(tuple(files_below(folder)), FileDisk())
    by_file: dict[str, list[Diagnostic]] = {}
    for found in findings_in(workspace):
        by_file.setdefault(found.path, []).append(found)
        tally.counts[found.code, "found"] += 1
        tally.counts[found.code, found.fix.applicability.value if found.fix else "no fix"] += 1
    formatted = {path: is_formatted(path, workspace.load(path).text) for path in by_file}
    fixed = {path: [d for d in findings if d.fix] for path, findings in by_file.items()}
    for turn in range(max(map(len, fixed.values()), default=0)):
        chosen = {path: findings[turn] for path, findings in fixed.items() if len(findings) > turn}
        for found, problem in problems(workspace, chosen, by_file, formatted):
            tally.counts[found.code, problem.partition(":")[0]] += 1
            line = workspace.load(found.path).position(found.span.start)[0]
            tally.problems.append(f"{folder.name}/{found.path}:{line} {found.code} {problem}")


def problems(
    workspace: Workspace,
    chosen: dict[str, Diagnostic],
    by_file: dict[str, list[Diagnostic]],
    formatted: dict[str, bool],
) -> Iterator[tuple[Diagnostic, str]]:
    """Yield what is wrong once the fixes of ``chosen``, one a file, are applied.

    Args:
        workspace: The files as they are.
        chosen: The finding to fix in each file.
        by_file: All findings.
        formatted: Whether each file is in order before.
    """
    texts: dict[str, str] = {}
    for path, found in chosen.items():
        before, fix = workspace.load(path).text, found.fix
        assert fix is not None
        after = apply_edits(before, [e for e in fix.edits if e.path == path])
        try:
            ast.parse(after)
        except SyntaxError as error:
            yield found, f"does not compile: {error}"
            continue
        texts[path] = after
        if any(e.path != path for e in fix.edits):
            yield found, "touches another file"
        places = [d.span.start for d in by_file[path] if d.fix == fix]
        yield from ((found, hunk) for hunk in wide_hunks(before, after, places))
        if formatted[path] and not is_formatted(path, after):
            yield found, "no longer formatted"
    again: dict[str, Counter[tuple[str, str]]] = {path: Counter() for path in texts}
    for said in findings_in(Workspace(tuple(sorted(texts)), workspace.disk, texts)):
        again[said.path][said.code, said.message] += 1
    for path, messages in again.items():
        known = Counter((d.code, d.message) for d in by_file[path])
        known[chosen[path].code, chosen[path].message] -= 1
        yield from ((chosen[path], f"not silent: {code} {message}") for code, message in messages - known)


def wide_hunks(before: str, after: str, places: list[int]) -> Iterator[str]:
    """Yield the changed lines that are neither the functions', nor an import, nor a lock, nor a reset under it.

    Args:
        before: The file before the fix.
        after: The file after it.
        places: The findings that the fix repairs: mostly one.
    """
    old, new = before.splitlines(), after.splitlines()
    functions = [function_lines(before, before.count("\n", 0, place) + 1) for place in places]
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal" or any(first <= a + 1 and b <= last for first, last in functions):
            continue
        gone, added = old[a:b], new[c:d]
        if all(_IMPORT.fullmatch(x) or _LOCK.fullmatch(x) for x in (*gone, *added)):
            continue
        kept = {x.strip() for x in gone}
        if all(_WITH.fullmatch(x) or x.strip() in kept for x in added):
            continue
        yield f"too wide: line {a + 1} {added[:2]}"


def function_lines(text: str, line: int) -> tuple[int, int]:
    """Return the lines of the innermost function around ``line``."""
    spans = [
        (min([n.lineno, *(d.lineno for d in n.decorator_list)]), n.end_lineno or n.lineno)
        for n in ast.walk(ast.parse(text))
        if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    return max(s for s in spans if s[0] <= line <= s[1])


def is_formatted(path: str, text: str) -> bool:
    """Tell whether ``ruff format`` with the project's own settings would leave ``text`` as it is."""
    ruff = Path(sys.executable).with_name("ruff")
    command = [str(ruff), "format", "--check", "--quiet", "--stdin-filename", path, "-"]
    return subprocess.run(command, input=text.encode("utf-8", "replace"), capture_output=True).returncode == 0


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
def main(folders: tuple[Path, ...]) -> None:
    """Fix every lazily made object below FOLDERS in memory, one at a time, and count what holds."""
    warnings.simplefilter("ignore", SyntaxWarning)
    tally = Tally()
    for folder in (f.resolve() for f in folders):
        try_folder(folder, tally)
    for code in sorted({code for code, _ in tally.counts}):
        counts = {what: n for (of, what), n in tally.counts.items() if of == code}
        click.echo(f"{code}: " + ", ".join(f"{what} {n}" for what, n in sorted(counts.items())))
    click.echo("\n".join(tally.problems))
    total = sum(n for (_, what), n in tally.counts.items() if what in ("safe", "unsafe"))
    click.echo(f"{total} fixes tried, {len(tally.problems)} problems")


if __name__ == "__main__":
    main()
