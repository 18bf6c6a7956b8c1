"""Measures what SQLAlchemy does with every name and writes it to ``sqla_guard/project/names``.

    python -m scripts.reserved.measure [VERSION ...]

Each version needs its environment ``.envs/sqlalchemy-VERSION``; ``make tables`` makes them all and measures.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from scripts.reserved.programs import MAPPED, NEUTRAL, PATTERNS, Program, programs

ROOT = Path(__file__).parents[2]
NAMES = ROOT / "sqla_guard" / "project" / "names"

Outcome = tuple[str, str]
FINE: Outcome = ("fine", "")


def run(texts: Sequence[tuple[str, str, bool]], version: tuple[int, int]) -> list[Outcome]:
    """Run programs on a version: text, name of the attribute, whether it is to be mapped."""
    python = ROOT / ".envs" / f"sqlalchemy-{version[0]}.{version[1]}" / "bin" / "python"
    done = subprocess.run(
        [str(python), str(Path(__file__).with_name("run.py"))],
        input=json.dumps([{"text": text, "name": name, "mapped": mapped} for text, name, mapped in texts]),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return [(verdict, words) for verdict, words in json.loads(done.stdout)]


def outcomes(wanted: Sequence[Program], version: tuple[int, int]) -> dict[Program, Outcome]:
    """Return what the name does in each program: what a name that nobody reserved does is not its doing."""
    plain = {(p.style, p.placement, p.kind): p for p in wanted}
    controls = dict(
        zip(plain, run([(p.text(NEUTRAL), NEUTRAL, p.kind in MAPPED) for p in plain.values()], version), strict=True)
    )
    found = run([(p.text(), p.name, p.kind in MAPPED or p.placement == "in __table__") for p in wanted], version)
    return {
        program: blame(outcome, controls[program.style, program.placement, program.kind], program.name)
        for program, outcome in zip(wanted, found, strict=True)
    }


def blame(outcome: Outcome, control: Outcome, name: str) -> Outcome:
    """Return what is the name's doing, given what happens with a name that nobody reserved."""
    verdict, words = outcome
    if control != FINE and f"'{name}' is reserved" not in words and "left reserved" not in words:
        return FINE
    return verdict, words if verdict in ("raises", "raises later", "warns") else ""


def table(measured: dict[Program, Outcome]) -> dict[str, dict[str, dict[str, dict[str, str]]]]:
    """Return outcomes by name, placement, kind and style; ``*`` is what most styles do, and fine is left out."""
    cells: dict[tuple[str, str, str], dict[str, str]] = {}
    patterns = {name: pattern for pattern, name in PATTERNS.items()}
    for p, (verdict, words) in measured.items():
        name = patterns.get(p.name, p.name)
        text = general(words, p)
        cells.setdefault((name, p.placement, p.kind), {})[p.style] = f"{verdict}: {text}".removesuffix(": ")
    result: dict[str, dict[str, dict[str, dict[str, str]]]] = {}
    for (name, placement, kind), by_style in cells.items():
        most = Counter(by_style.values()).most_common(1)[0][0]
        rows = {"*": most, **{style: o for style, o in sorted(by_style.items()) if o != most}}
        if rows != {"*": "fine"}:
            result.setdefault(name, {}).setdefault(placement, {})[kind] = rows
    return result


def general(words: str, program: Program) -> str:
    """Return SQLAlchemy's words without what is peculiar to the program."""
    words = words.partition("\n")[0].partition(" (Background on")[0].strip()
    words = re.sub(r" at 0x[0-9a-f]+", "", words)
    if "constant" in program.kind or program.kind == "declared_attr.directive":
        words = words.replace("'int' object", "'{type}' object")
    words = words.replace("program.", "").replace("_Item__", "_{class}__")
    return re.sub(r"\bItem\b", "{class}", words)


def as_text(names: dict[str, dict[str, dict[str, dict[str, str]]]]) -> str:
    """Return the table as it is stored: one line a cell."""
    lines = ["{"]
    for name, places in sorted(names.items()):
        lines.append(f"{json.dumps(name)}: {{")
        for placement, kinds in places.items():
            lines.append(f" {json.dumps(placement)}: {{")
            lines += [f"  {json.dumps(kind)}: {json.dumps(rows)}," for kind, rows in kinds.items()]
            lines[-1] = lines[-1].removesuffix(",")
            lines.append(" },")
        lines[-1] = " }"
        lines.append("},")
    lines[-1] = "}"
    return "\n".join([*lines, "}", ""])


def measured_text(version: tuple[int, int]) -> str:
    """Measure a version."""
    return as_text(table(outcomes(list(programs(version)), version)))


def hidden_text(version: tuple[int, int], names: Sequence[str] = ()) -> str:
    """Measure which names of columns are hidden by methods and the like; of all names if none is given."""
    python = ROOT / ".envs" / f"sqlalchemy-{version[0]}.{version[1]}" / "bin" / "python"
    done = subprocess.run(
        [str(python), "-W", "ignore", str(Path(__file__).with_name("run_hidden.py"))],
        input=json.dumps(names),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    places: dict[str, list[str]] = json.loads(done.stdout)
    lines = [f" {json.dumps(name)}: {json.dumps(found)}" for name, found in sorted(places.items()) if found]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main(versions: Iterable[str]) -> None:
    """Write the tables of the versions given, or of all."""
    for version in versions:
        major, minor = map(int, version.split("."))
        path = NAMES / f"{version}.json"
        for path, text in (
            (NAMES / f"{version}-hidden.json", hidden_text((major, minor))),
            (NAMES / f"{version}.json", measured_text((major, minor))),
        ):
            path.write_text(text, encoding="utf-8")
            print(f"{path.relative_to(ROOT)}: {len(text.splitlines())} lines")


if __name__ == "__main__":
    main(sys.argv[1:] or ("1.3", "1.4", "2.0", "2.1"))
