"""The next file of a folder of numbered SQL migrations, as each tool writes it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from posixpath import dirname, join

from sqla_guard.core.fix import Edit
from sqla_guard.project.sql_history import NumberedFile, apply_order, numbered
from sqla_guard.rename.outcome import Change, ColumnRename, Outcome, Refusal
from sqla_guard.rename.sql_text import family, rename_sql, version_note

_GOOSE = re.compile(r"^[ \t]*--[ \t]*\+goose[ \t]+Up", re.IGNORECASE | re.MULTILINE)
_DBMATE = re.compile(r"^[ \t]*--[ \t]*migrate:up", re.IGNORECASE | re.MULTILINE)
_SQL_MIGRATE = re.compile(r"^[ \t]*--[ \t]*\+migrate[ \t]+Up", re.IGNORECASE | re.MULTILINE)
_OTHER_SECTIONS = re.compile(
    r"^[ \t]*--[ \t]*(?:\+(?!goose|migrate)\w+\s+Up|changeset\s|liquibase formatted|Deploy\s)",
    re.IGNORECASE | re.MULTILINE,
)
_LIQUIBASE = re.compile(r"\s*--\s*liquibase formatted sql", re.IGNORECASE)
_YOYO_HEADER = re.compile(r"^--\s*depends\s*:", re.IGNORECASE | re.MULTILINE)
_STAMP = re.compile(r"(?:19|20)\d{12}|(?:19|20)\d{10}|(?:19|20)\d{6}")
_STAMP_FORMATS = {14: "%Y%m%d%H%M%S", 12: "%Y%m%d%H%M", 8: "%Y%m%d"}
_STEPS = {14: timedelta(seconds=1), 12: timedelta(minutes=1), 8: timedelta(days=1)}


def sql_rename(wish: ColumnRename, folder: str, files: Mapping[str, str], version: tuple[int, ...] = ()) -> Outcome:
    """Return the migration file (or files) that rename a column, as the next of ``folder``.

    Args:
        wish: What to rename.
        folder: The folder of the migrations.
        files: Texts of its SQL files, by path.
        version: Of the database, where it is known.
    """
    changelog = _changelog(folder, files)
    if changelog:
        return Change((_changeset(wish, changelog, files[changelog]),))
    here = [f for f in map(numbered, sorted(files)) if f and dirname(f.path) == folder]
    ups = [f for f in here if not f.down]
    if not ups:
        return Refusal(f"{folder} has no numbered SQL files to continue")
    last = max(ups, key=lambda f: f.order)
    problem = _unable(wish, version) or _unclear(ups, last, files[last.path])
    if problem:
        return Refusal(problem)
    number = next_number(last, [f for f in here if f.naming == last.naming])
    if number is None:
        return Refusal(f"the number of {last.path} has no successor")
    back = ColumnRename(wish.table, wish.new, wish.old, wish.dialect)
    pairs = _files(last, here, number, wish, files)
    up, down = (_statement(w, files[last.path]) for w in (wish, back))
    edits = [Edit(join(folder, name), 0, 0, _fill(text, up, down)) for name, text in pairs]
    if any(edit.path in files for edit in edits):
        return Refusal(f"{edits[0].path} exists already")
    return Change(tuple(edits))


def _changelog(folder: str, files: Mapping[str, str]) -> str:
    """Return the last of Liquibase's formatted SQL files; empty where the folder does not hold them alone."""
    mine = {path: text for path, text in files.items() if dirname(path) == folder}
    if not mine or not all(_LIQUIBASE.match(text) for text in mine.values()):
        return ""
    if len(mine) > 1 and not all(numbered(path) for path in mine):
        return ""  # which of them runs last, a master changelog says
    return apply_order(mine)[-1]


def _changeset(wish: ColumnRename, path: str, text: str) -> Edit:
    """Return a changeset behind those of a file, each of which Liquibase keeps a checksum of, not of the file."""
    back = ColumnRename(wish.table, wish.new, wish.old, wish.dialect)
    name = re.sub(r"\W+", "-", f"rename-{wish.table.name}-{wish.old}")
    change = f"--changeset sqla-guard:{name}\n{rename_sql(wish)};\n--rollback {rename_sql(back)};\n"
    gap = "\n" if text.endswith("\n") else "\n\n"
    newline = "\r\n" if "\r\n" in text else "\n"
    return Edit(path, len(text), len(text), (gap + change).replace("\n", newline))


def next_number(last: NumberedFile, all_files: Sequence[NumberedFile]) -> str | None:
    """Return the number after that of ``last``, in the same format.

    A timestamp becomes the next instant that its format can write: the result depends on the files
    alone, so that a second run gives the same name.
    """
    digits = last.number
    if re.search(r"[._]", digits):
        cut = max(digits.rfind("."), digits.rfind("_")) + 1
        if cut and len({f.number.count(".") + f.number.count("_") for f in all_files}) > 1:
            # 1.2 beside 2: the next whole number cannot collide with either habit.
            return str(last.order[0] + 1)
        return digits[:cut] + str(int(digits[cut:]) + 1).zfill(len(digits) - cut)
    if _STAMP.fullmatch(digits):
        form = _STAMP_FORMATS[len(digits)]
        try:
            return (datetime.strptime(digits, form) + _STEPS[len(digits)]).strftime(form)
        except (ValueError, OverflowError):
            pass  # a number that only looks like a date
    following = str(int(digits) + _stride(all_files))
    return following.zfill(len(digits)) if len(digits) > 1 else following


def _stride(files: Collection[NumberedFile]) -> int:
    """Return 10 for 10, 20, 30, and 1 for what most people do."""
    numbers = {f.order[0] for f in files}
    return 10 if len(numbers) > 1 and all(n % 10 == 0 for n in numbers) else 1


def _unable(wish: ColumnRename, version: tuple[int, ...]) -> str:
    dialect = wish.dialect.lower()
    oldest = {"mysql": (8, 0), "mariadb": (10, 5, 2), "sqlite": (3, 25)}.get(dialect)
    if oldest and version and version < oldest:
        written = ".".join(map(str, oldest))
        return f"{dialect} before {written} needs the column's whole type to rename it"
    return ""


def _unclear(ups: Sequence[NumberedFile], last: NumberedFile, text: str) -> str:
    same = [f for f in ups if f.order == last.order and f.naming == last.naming]
    kinds = {f.prefix for f in same}
    if len(same) > 1 and not kinds >= {"V", "B"}:
        return f"several files have the highest number, {last.number}"
    if len({f.naming for f in ups}) > 1:
        return "the folder mixes several ways of naming migrations"
    if _OTHER_SECTIONS.search(text):
        return f"{last.path} is written for a tool whose sections are not known here"
    return ""


def _statement(wish: ColumnRename, model: str) -> str:
    ends = ";" if family(wish.dialect) != "tsql" or ";" in model else ""
    return version_note(wish.dialect) + rename_sql(wish) + ends


def _fill(text: str, up: str, down: str) -> str:
    return text.replace("{up}", up).replace("{down}", down)


def _files(
    last: NumberedFile,
    here: Sequence[NumberedFile],
    number: str,
    wish: ColumnRename,
    files: Mapping[str, str],
) -> list[tuple[str, str]]:
    """Return names and texts of the new files; ``{up}`` and ``{down}`` stand for the statements."""
    words = ["rename", wish.table.name, wish.old]
    slug = re.sub(r"\W+", "_", _joint(last).join(words))
    if _joint(last) == "-":
        slug = "-".join(words)
    text = files[last.path]
    if last.naming == "flyway":
        undone = any(f.prefix == "U" for f in here)
        made = [(f"V{number}__{slug}.sql", "{up}\n")]
        return [*made, (f"U{number}__{slug}.sql", "{down}\n")] if undone else made
    name = f"{last.prefix}{number}{last.separator or '_'}{slug}"
    if last.naming == "migrate":
        made = [(f"{name}.up.sql", "{up}\n")]
        both = any(f.naming == "migrate" and f.down for f in here)
        return [*made, (f"{name}.down.sql", "{down}\n")] if both else made
    if _GOOSE.search(text):
        return [(f"{name}.sql", "-- +goose Up\n{up}\n\n-- +goose Down\n{down}\n")]
    if _SQL_MIGRATE.search(text):
        return [(f"{name}.sql", "-- +migrate Up\n{up}\n\n-- +migrate Down\n{down}\n")]
    if _DBMATE.search(text):
        return [(f"{name}.sql", "-- migrate:up\n{up}\n\n-- migrate:down\n{down}\n")]
    if any(f.naming == "yoyo" for f in here) or _YOYO_HEADER.search(text):
        stem = last.path.rsplit("/", 1)[-1].removesuffix(".sql")
        rollback = [(f"{name}.rollback.sql", "{down}\n")]
        return [(f"{name}.sql", f"-- depends: {stem}\n\n{{up}}\n"), *rollback]
    return [(f"{name}.sql", "{up}\n")]


def _joint(last: NumberedFile) -> str:
    return "-" if "-" in last.slug and "_" not in last.slug else "_"
