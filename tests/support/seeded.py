"""Real files with a problem put into them, and the proof that its fix does no more than it should."""

from __future__ import annotations

import ast
import io
import random
import tokenize
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqla_guard.core.diagnostic import Diagnostic
from sqla_guard.core.fix import Edit
from sqla_guard.fix.edits import apply_edits, by_path
from sqla_guard.testing import check_files, fix_files

# What layout is made of; an edit that indents a block changes these around it.
_LAYOUT = {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER, tokenize.ENCODING}


@dataclass(frozen=True)
class Seed:
    """A problem to put into a file.

    Attributes:
        codes: What has to be found.
        top: Lines for the top level of a module.
        inside: Lines for the body of a class, not indented; none for most.
    """

    codes: frozenset[str]
    top: str
    inside: str = ""


SEEDS = {
    "global": Seed(
        frozenset({"SG201"}),
        "_seeded = None  # made when first asked for\n\n\ndef get_seeded():\n    global _seeded\n"
        "    # one for all\n    if _seeded is None:\n        _seeded = make_seeded()\n    return _seeded\n",
    ),
    "half made": Seed(
        frozenset({"SG204"}),
        "_seeded = None\n\n\ndef get_seeded():\n    global _seeded\n    if _seeded is None:\n"
        "        _seeded = Seeded()\n        _seeded.start()\n    return _seeded\n",
    ),
    "attribute": Seed(
        frozenset({"SG202"}),
        "class SeededHolder:\n    only = None\n\n    @classmethod\n    def get_only(cls):\n"
        "        if cls.only is None:\n"
        "            cls.only = open_seeded()\n        return cls.only\n",
    ),
    "method": Seed(
        frozenset({"SG202"}),
        "",
        "_seeded = None\n\n@classmethod\ndef get_seeded(cls):\n    if cls._seeded is None:\n"
        '        cls._seeded = make_seeded("a", """b\n  c""")\n    return cls._seeded\n',
    ),
    "model": Seed(
        frozenset({"SG101"}),
        "import sqlalchemy as seeded_sa\nfrom sqlalchemy.orm import declarative_base as seeded_base\n\n"
        "SeededBase = seeded_base()\n\n\nclass SeededEvent(SeededBase):\n    __tablename__ = 'seeded_events'\n"
        "    id = seeded_sa.Column(seeded_sa.Integer, primary_key=True)\n"
        "    metadata = seeded_sa.Column(seeded_sa.JSON)  # what came with it\n\n\n"
        "def use_seeded(event: SeededEvent):\n    event.metadata = {'a': event.metadata}\n"
        "    return SeededEvent(metadata=None), SeededEvent.metadata\n",
    ),
}


def seeded(text: str, seed: Seed, choice: random.Random) -> str | None:
    """Return ``text`` with ``seed`` at some place between its statements; ``None`` where there is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None
    lines = text.splitlines(keepends=True)
    if "\f" in text or any(len(line.splitlines()) > 1 for line in lines) or "\r" in text.replace("\r\n", ""):
        return None  # ast counts these lines otherwise
    newline = "\r\n" if "\r\n" in text else "\n"
    places = list(_places(tree, lines, seed))
    if not places:
        return None
    line, indent = choice.choice(places)
    new = [f"{indent}{n}{newline}" if n else newline for n in (seed.inside or seed.top).split("\n")]
    around = [] if seed.inside else [newline, newline]
    return "".join([*lines[:line], *new, *around, *lines[line:]])


def _places(tree: ast.Module, lines: Sequence[str], seed: Seed) -> Iterator[tuple[int, str]]:
    """Yield the lines that a seed may be put before, with the white space to indent it by."""
    # Tests make what they share in one thread.
    classes = [n.body for n in tree.body if isinstance(n, ast.ClassDef) and "Test" not in n.name]
    bodies = classes if seed.inside else [tree.body]
    for body in bodies:
        for statement in body:
            decorators = getattr(statement, "decorator_list", [])
            line = min([statement.lineno, *(d.lineno for d in decorators)]) - 1
            indent = lines[line][: len(lines[line]) - len(lines[line].lstrip(" \t"))]
            shared = line > 0 and lines[line - 1].rstrip("\r\n").endswith(("\\", ";"))
            begins = lines[line][: statement.col_offset].strip() in ("", "@") or decorators
            if begins and not shared and not _is_first(statement) and bool(indent) == bool(seed.inside):
                yield line, indent


def _is_first(statement: ast.stmt) -> bool:
    """Tell whether nothing may stand before a statement: a docstring, or what is imported from the future."""
    if isinstance(statement, ast.ImportFrom):
        return statement.module == "__future__"
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def problems(files: Mapping[str, str], seed: Seed) -> Iterator[str]:
    """Yield what a fix of ``files``, one of which has ``seed``, does that it should not."""
    found = check_files(files).diagnostics
    if not seed.codes <= {d.code for d in found}:
        yield f"{', '.join(seed.codes)} is not found"
        return
    for finding in found:
        if finding.fix is not None:
            for path, edits in by_path(finding.fix.edits).items():
                yield from touched(path, files.get(path, ""), edits)
    result = fix_files(files)
    after = {**files, **result.workspace.changed}
    yield from (f"{path} does not parse any more" for path, text in after.items() if not _parses(text))
    more = _kinds(result.after.diagnostics) - _kinds(result.before.diagnostics)
    yield from (f"{code} is new in {path}" for path, code in more)
    if any(d.code in seed.codes and d.fix is not None and _is_ours(d, after) for d in result.after.diagnostics):
        yield f"{', '.join(seed.codes)} is still found"
    again = fix_files(after)
    yield from (f"a second run would {fix.title}" for fix in again.made)
    turned = fix_files({path: files[path] for path in sorted(files, reverse=True)})
    if turned.workspace.changed != result.workspace.changed:
        yield "the files in another order are repaired otherwise"


def _is_ours(finding: Diagnostic, after: Mapping[str, str]) -> bool:
    return "seeded" in after[finding.path][finding.span.start - 200 : finding.span.end + 200].lower()


def touched(path: str, before: str, edits: Sequence[Edit]) -> Iterator[str]:
    """Yield where the tokens outside of ``edits`` are not what they were."""
    after = apply_edits(before, edits)
    old, new, shift = [], [], 0
    for edit in edits:
        old.append((edit.start, edit.end))
        new.append((edit.start + shift, edit.start + shift + len(edit.text)))
        shift += len(edit.text) - (edit.end - edit.start)
    if _tokens(before, old) != _tokens(after, new):
        yield f"tokens outside of the edits of {path} are not what they were"


def _tokens(text: str, left_out: Sequence[tuple[int, int]]) -> list[str]:
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    kept = []
    for token in tokenize.generate_tokens(io.StringIO(text, newline="").readline):
        if token.type in _LAYOUT:
            continue
        start, end = (starts[line - 1] + column for line, column in (token.start, token.end))
        if not any(a < end and start < b for a, b in left_out):
            kept.append(token.string)
    return kept


def _parses(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


def _kinds(diagnostics: Sequence[Diagnostic]) -> Counter[tuple[str, str]]:
    return Counter((d.path, d.code) for d in diagnostics)
