"""Runs programs on the real SQLAlchemy and compares what happens with what the tool says."""

from __future__ import annotations

from collections.abc import Sequence

from scripts.reserved.measure import FINE, blame, general, run
from scripts.reserved.programs import MAPPED, NEUTRAL, Program
from sqla_guard.core.config import Config
from tests.oracle.variants import spelled
from tests.support.memory import check_files

Version = tuple[int, int]

# What the tool says of each verdict, as far as it does not quote SQLAlchemy.
PHRASES = {
    "raises": "importing this raises ",
    "raises later": "using it raises ",
    "warns": "importing this warns, SAWarning: ",
    "not mapped": "it is silently not mapped",
    "unmapped class": "the whole class is silently not mapped",
    "mangled": "Python mangles it",
}
SHADOWED = ("hides", "takes the attribute for")


def disagreements(programs: Sequence[Program], version: Version) -> list[str]:
    """Return where the tool says something else than what happens, one line each."""
    texts = [spelled(program) for program in programs]
    happened = run([(text, p.name, is_mapped(p)) for p, (text, _) in zip(programs, texts, strict=True)], version)
    plain = {(p.style, p.placement, p.kind): p for p in programs}
    controls = dict(
        zip(plain, run([(p.text(NEUTRAL), NEUTRAL, p.kind in MAPPED) for p in plain.values()], version), strict=True)
    )
    found: list[str] = []
    for program, (_, files), outcome in zip(programs, texts, happened, strict=True):
        control = controls[program.style, program.placement, program.kind]
        real = blame(outcome, control, program.name)
        said = messages(files, version)
        if not agrees(program, real, said):
            found.append(f"{program.id}: it {real[0]} {real[1][:120]!r}, the tool says {said}")
    return found


def is_mapped(program: Program) -> bool:
    """Tell whether the attribute is meant to be mapped."""
    return program.kind in MAPPED or program.placement == "in __table__"


def messages(files: dict[str, str], version: Version) -> list[str]:
    """Return what the tool says about the files."""
    report = check_files(files, config=Config(sqlalchemy_version=version))
    assert not report.failed, report.not_analysed
    return [d.message for d in report.diagnostics if d.code == "SG101"]


def agrees(program: Program, real: tuple[str, str], said: list[str]) -> bool:
    """Tell whether the message says what happens, in SQLAlchemy's own words where it has any."""
    verdict, words = real
    if real == FINE or verdict == "fine":
        return not said
    if len(said) != 1:
        return False
    if verdict == "shadowed":
        return any(phrase in said[0] for phrase in SHADOWED)
    words = general(words, program).replace("'{type}' object", "'int' object").replace("{class}", "Item")
    if program.kind == "declared_attr constant" or program.kind == "declared_attr.directive":
        words = words.replace("'int' object", "'...' object")
    return PHRASES[verdict] + words in said[0]
