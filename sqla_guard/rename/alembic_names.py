"""What a new Alembic revision and its file are called, after the project's own habit."""

from __future__ import annotations

import hashlib
import re
from configparser import ConfigParser, Error
from datetime import datetime, timedelta
from posixpath import basename, dirname, join

from sqla_guard.facts.revision import Revision
from sqla_guard.rename.outcome import ColumnRename

_SLUG_LENGTH = 40  # Alembic's own default
_ID_LENGTH = 32  # what the table alembic_version has room for
_DATED = re.compile(r"(?P<stamp>\d{4}([-_]?)\d{2}\2\d{2}(?:[-_T]?\d{2}[-_]?\d{2}(?:[-_]?\d{2})?)?)(?=[-_])")
_FALLBACK_DATE = datetime(2000, 1, 1)


def revision_id(wish: ColumnRename, head: Revision, taken: set[str]) -> str:
    """Return the identifier of the revision after ``head``.

    Random ones would differ at each run, so it is computed from what the revision does and where it
    stands. Projects that count their revisions get the next number.
    """
    stem = basename(head.path).removesuffix(".py")
    slug = f"rename_{wish.table.name}_{wish.old}"
    match = re.match(r"(\d{2,5})(?=$|[-_])", head.id)
    if match and (head.id == match[1] or head.id == stem):
        number = str(int(match[1]) + 1).zfill(len(match[1]))
        rest = head.id[match.end() :]
        return f"{number}{rest[0]}{_short(slug, _ID_LENGTH - len(number) - 1)}" if rest else number
    content = "\0".join((wish.table.schema or "", wish.table.name, wish.old, wish.new, head.id))
    digest = hashlib.sha256(content.encode()).hexdigest()
    length = 12
    while digest[:length] in taken:
        length += 1
    return digest[:length]


def message(wish: ColumnRename, head: Revision) -> str:
    """Return the docstring's first line, with a capital where the project writes one."""
    told = f"rename {wish.table.name}.{wish.old} to {wish.new}"
    return told[0].upper() + told[1:] if head.message[:1].isupper() else told


def file_name(identifier: str, title: str, head: Revision, ini: str) -> str:
    """Return the path of the new file.

    Args:
        identifier: The new revision.
        title: Its message.
        head: The revision that it follows; the file stands beside it.
        ini: Text of ``alembic.ini``, for ``file_template``; may be empty.
    """
    template, length = _settings(ini)
    slug = _slug(title, length)
    stem = basename(head.path).removesuffix(".py")
    if stem == head.id:
        name = identifier
    elif template:
        name = _filled(template, identifier, slug, _next_moment(head))
    else:
        name = _like(stem, head.id, identifier, slug)
    return join(dirname(head.path), f"{name}.py")


def _settings(ini: str) -> tuple[str, int]:
    parser = ConfigParser(interpolation=None)
    try:
        parser.read_string(ini)
        template = parser.get("alembic", "file_template", fallback="")
        length = parser.getint("alembic", "truncate_slug_length", fallback=_SLUG_LENGTH)
    except (Error, ValueError):
        return "", _SLUG_LENGTH
    return template.replace("%%", "%"), length


def _slug(title: str, length: int) -> str:
    slug = "_".join(re.findall(r"\w+", title)).lower()
    if len(slug) > length:
        slug = slug[:length].rsplit("_", 1)[0] + "_"
    return slug


def _short(slug: str, length: int) -> str:
    return slug if len(slug) <= length else slug[: length + 1].rpartition("_")[0]


def _next_moment(head: Revision) -> datetime:
    """Return a moment just after the head's, so that dated names sort in the order of the chain.

    Not the clock: a second run has to give the same file.
    """
    for text in (head.create_date, basename(head.path)):
        digits = re.sub(r"\D", "", text.split("+")[0].split(".")[0])[:14]
        for form, length in (("%Y%m%d%H%M%S", 14), ("%Y%m%d%H%M", 12), ("%Y%m%d", 8)):
            try:
                return datetime.strptime(digits[:length], form) + timedelta(minutes=1)
            except ValueError:
                continue
    return _FALLBACK_DATE


def _filled(template: str, identifier: str, slug: str, moment: datetime) -> str:
    fields: dict[str, object] = {
        "rev": identifier,
        "slug": slug,
        "epoch": int((moment - datetime(1970, 1, 1)).total_seconds()),
    }
    for field in ("year", "month", "day", "hour", "minute", "second"):
        fields[field] = getattr(moment, field)
    try:
        return template % fields
    except (KeyError, ValueError, TypeError):
        return f"{identifier}_{slug}"


def _like(stem: str, head_id: str, identifier: str, slug: str) -> str:
    """Return a name of the head's pattern: what stands around its identifier shows it."""
    if stem.startswith(head_id) and stem[len(head_id) :][:1] in ("_", "-", "."):
        return f"{identifier}{stem[len(head_id)]}{slug}"
    at = stem.find(head_id)
    if at > 0:
        return _counted(stem[:at]) + identifier + _tail(stem[at + len(head_id) :], slug)
    return f"{identifier}_{slug}"


def _tail(rest: str, slug: str) -> str:
    return f"{rest[0]}{slug}" if rest else ""


def _counted(prefix: str) -> str:
    """Return what follows ``prefix``: the next number, or the next date."""
    dated = _DATED.match(prefix)
    if dated:
        return prefix  # the same day; the chain, not the name, gives the order
    match = re.match(r"(\d+)(.*)", prefix, re.DOTALL)
    return str(int(match[1]) + 1).zfill(len(match[1])) + match[2] if match else ""
