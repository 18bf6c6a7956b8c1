"""Measure the rules on labelled places of real projects.

    python benchmarks/score_labels.py LABELS CHECKOUTS [--verbose] [--only DIR ...] [--jobs N]

``LABELS`` has one JSON object a line with ``dir`` (the checkout's folder below ``CHECKOUTS``), ``file``, ``line`` and
``label``. A place is found when a finding of the rule family stands on its line, or, for a labelled function, on the
line of its assignment. Several labels of one function are met by one finding. Each checkout is judged as a whole and
takes up to some minutes; what has been read so far is said on standard error.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from sqla_guard.check.engine import check
from sqla_guard.check.registry import registered_rules
from sqla_guard.core.config import Config
from sqla_guard.core.workspace import Workspace
from sqla_guard.read.discover import FileDisk

Label = dict[str, Any]
Finding = tuple[str, int]  # code, line

# What is asked for, what must stay quiet; labels in neither are counted apart.
POSITIVE = frozenset({"TP", "racy-lazy-init", "async-racy"})
NEGATIVE = frozenset({"TN", "guarded", "not-lazy-init", "async-safe"})
FAMILIES = {"r1": ("SG1",), "r2": ("SG201", "SG202", "SG203", "SG204", "SG205", "SG206"), "r3": ("SG3",)}


@dataclass
class Score:
    """Counts of one set of rules."""

    found: list[Label] = field(default_factory=list)
    missed: list[Label] = field(default_factory=list)
    wrong: list[Label] = field(default_factory=list)
    quiet: list[Label] = field(default_factory=list)

    @property
    def precision(self) -> str:
        """The share of findings that are right."""
        return share(self.found, self.wrong)

    def recall(self, severity: str = "") -> str:
        """Return the share of positives found, of one severity if one is given."""
        return share(*([x for x in some if severity in ("", x.get("severity"))] for some in (self.found, self.missed)))


def share(right: list[Label], wrong: list[Label]) -> str:
    """Return the share of ``right`` in both, as it is printed; a dash where there is nothing to measure."""
    return f"{len(right) / (len(right) + len(wrong)):.3f}" if right or wrong else "-"


def family_of(labels: list[Label]) -> tuple[str, ...]:
    """Return the codes of the rules that labels of this shape are about."""
    if any(x["label"] in ("racy-lazy-init", "guarded") for x in labels):
        return FAMILIES["r2"]
    return FAMILIES["r3"] if any("table" in x or "sql" in x for x in labels) else FAMILIES["r1"]


def findings_in(folder: Path, files: set[str], codes: tuple[str, ...]) -> dict[str, list[Finding]]:
    """Return the findings in ``files`` of one checkout, judged with the whole of it around them."""
    here = Path.cwd()
    os.chdir(folder)
    try:
        disk = FileDisk()
        config = Config(select=frozenset(r.rule.code for r in registered_rules() if r.rule.code.startswith(codes)))
        report = check(Workspace(tuple(sorted(f for f in files if Path(f).exists())), disk), config)
        found: dict[str, list[Finding]] = defaultdict(list)
        for item in report.diagnostics:
            if item.code == "SG900":
                raise click.ClickException(f"{folder}: {item.message}")
            found[item.path].append((item.code, disk.load(item.path).position(item.span.start)[0]))
    finally:
        os.chdir(here)
    return found


def findings(
    checkouts: Path, files: dict[str, set[str]], codes: tuple[str, ...], jobs: int
) -> dict[tuple[str, str], list[Finding]]:
    """Return the findings in ``files`` by checkout and file, ``jobs`` checkouts at a time."""
    found: dict[tuple[str, str], list[Finding]] = {}
    start = time.monotonic()
    with ProcessPoolExecutor(jobs) as pool:
        asked = {pool.submit(findings_in, checkouts / folder, files[folder], codes): folder for folder in sorted(files)}
        for count, done in enumerate(as_completed(asked), 1):
            folder = asked[done]
            found |= {(folder, path): items for path, items in done.result().items()}
            click.echo(f"{time.monotonic() - start:6.0f} s  {count} of {len(asked)}: {folder}", err=True)
    return found


def stands_at(label: Label, findings: list[Finding]) -> bool:
    """Tell whether one of ``findings`` is about the labelled place."""
    lines = {label["line"], label.get("assign_line")}
    return any(line in lines for _, line in findings)


def in_function(label: Label, findings: list[Finding]) -> bool:
    """Tell whether one of ``findings`` stands between the labelled function's head and its assignment."""
    first, last = label.get("func_line"), max(label["line"] or 0, label.get("assign_line") or 0)
    return first is not None and any(first <= line <= last for _, line in findings)


def score(labels: list[Label], found: dict[tuple[str, str], list[Finding]], codes: tuple[str, ...]) -> Score:
    """Compare labels with the findings of ``codes``."""
    result = Score()
    for label in labels:
        here = [f for f in found.get((label["dir"], label["file"]), []) if f[0].startswith(codes)]
        if label["label"] in POSITIVE:
            (result.found if stands_at(label, here) or in_function(label, here) else result.missed).append(label)
        elif label["label"] in NEGATIVE:
            (result.wrong if stands_at(label, here) else result.quiet).append(label)
    return result


def described(label: Label, found: dict[tuple[str, str], list[Finding]]) -> str:
    """Return a label in one line."""
    here = found.get((label["dir"], label["file"]), [])
    where = f"{label['dir']}/{label['file']}:{label['line']}"
    extra = f"{label.get('severity', '')} {label.get('pattern', label.get('reason', ''))}"
    return f"{where} {label.get('func', label.get('cls', ''))} [{extra}] {label.get('note', '')} {here}"


def patterns(result: Score) -> Iterator[str]:
    """Yield one line a pattern: found of all."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for kind in ("found", "missed", "wrong", "quiet"):
        for label in getattr(result, kind):
            counts[str(label.get("pattern", label["label"]))][kind] += 1
    for pattern, count in sorted(counts.items()):
        yield f"  {pattern:45} " + "  ".join(f"{kind} {n}" for kind, n in sorted(count.items()))


def _print(name: str, result: Score, found: dict[tuple[str, str], list[Finding]], verbose: bool) -> None:
    right, missed, wrong = len(result.found), len(result.missed), len(result.wrong)
    click.echo(f"{name}: precision {result.precision}, recall {result.recall()}, ", nl=False)
    click.echo(f"of high {result.recall('high')} ({right} found, {missed} missed, {wrong} wrong)")
    click.echo("\n".join(patterns(result)))
    for kind in ("missed", "wrong") if verbose else ():
        for label in getattr(result, kind):
            click.echo(f"{kind}: {described(label, found)}")


@click.command()
@click.argument("labels", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("checkouts", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--verbose", is_flag=True, help="Name every label that is missed or wrongly reported.")
@click.option("--only", multiple=True, metavar="DIR", help="Judge this checkout only; may be given again.")
@click.option("--jobs", default=os.cpu_count() or 1, show_default=True, help="Checkouts read at a time.")
def main(labels: Path, checkouts: Path, verbose: bool, only: tuple[str, ...], jobs: int) -> None:
    """Print precision and recall of the rules on LABELS, with the projects below CHECKOUTS."""
    everything = [json.loads(line) for line in labels.read_text(encoding="utf-8").splitlines() if line.strip()]
    family = family_of(everything)
    files: dict[str, set[str]] = defaultdict(set)
    absent: set[str] = set()
    for label in everything:
        if not (checkouts / label["dir"]).is_dir():
            absent.add(label["dir"])
        elif not only or label["dir"] in only:
            files[label["dir"]].add(label["file"])
    found = findings(checkouts, files, family, jobs)
    judged = [x for x in everything if x["dir"] in files]
    default = tuple(r.rule.code for r in registered_rules() if r.rule.code.startswith(family) and r.rule.on_by_default)
    for name, codes in (("all rules", family), ("default rules", default)):
        _print(name, score(judged, found, codes), found, verbose)
    if absent:
        click.echo(f"not there: {', '.join(sorted(absent))}")


if __name__ == "__main__":
    main()
