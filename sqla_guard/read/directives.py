"""Directives that silence rules: ``sqla-guard: ignore[...]`` in comments of Python and SQL, and ``noqa``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from sqla_guard.core.source import SourceFile, Span
from sqla_guard.facts.ignores import Directive, DirectiveKind, Selector

_WORD = re.compile(r"\s*sqla-guard:\s*(?P<verb>[A-Za-z][\w-]*)")
_NOQA = re.compile(r"\s*noqa:\s*(?P<codes>[A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+)*)", re.IGNORECASE)
_OURS = re.compile(r"SG[0-9]+")
_NAMES = re.compile(r"\s*\[(?P<names>[^\][]*)\]")
_NAME = re.compile(r"[^\s,]+")
_UNTIL = re.compile(r"\s+until=(?P<until>[^\s]*)")
_REASON = re.compile(r"(?:\s*--(?P<reason>.*)|\s*)\Z", re.DOTALL)
_NOQA_REASON = re.compile(r"\s*--\s*(.*)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d\Z")

# Where another remark begins in the same comment: a word with a colon behind the sign, but not `see #12`.
_NEXT_PYTHON = re.compile(r"(?<=\s)#(?=\s*[A-Za-z][\w-]*:)")
_NEXT_SQL = re.compile(r"(?<=\s)--(?=\s*(?:sqla-guard|noqa):)", re.IGNORECASE)
_BLANK = re.compile(r"\s*")
_OPENS_SQL = re.compile(r"--|/\*")
_LINE_END = re.compile(r"[\r\n]|\Z")
# In a Python literal a line of SQL may also end in an escape.
_LINE_END_IN_STRING = re.compile(r"[\r\n]|\\[nr]|\Z")

_VERBS: dict[str, DirectiveKind] = {"ignore": "statement", "ignore-file": "file"}
# What users of other tools write first.
_MEANT = ("disable", "noqa", "nolint", "off", "skip", "suppress", "allow", "disable-next-line")


class Comment(Struct, frozen=True):
    """A comment, or the part of one that another remark does not share.

    Attributes:
        span: All of it, with the signs that open and close it.
        body: What stands between them.
    """

    span: Span
    body: Span


def read_directives(source: SourceFile) -> tuple[Directive, ...]:
    """Return the directives of a Python or SQL file, in order; a file that is no Python has none."""
    if source.is_sql:
        return tuple(_found(source, _comments_of_script(source), None))
    from sqla_guard.read.python.comments import comments_and_strings

    comments, strings = comments_and_strings(source)
    found = list(_found(source, (c for span in comments for c in _parts(source.text, span, _NEXT_PYTHON, 1)), None))
    for string in strings:
        if "sqla-guard" in source.text[string.start : string.end]:
            inner = _comments_in(source.text, string, _LINE_END_IN_STRING)
            found += [d for d in _found(source, inner, string) if d.kind == "statement"]
    return tuple(sorted(found, key=lambda d: d.span.start))


def keeps_checksums(source: SourceFile) -> bool:
    """Tell whether ``source`` is an SQL script whose bytes a migration tool may remember: none may change."""
    if not source.is_sql:
        return False
    from sqla_guard.read.sql_files import is_history

    return is_history(source)


def _comments_of_script(source: SourceFile) -> Iterator[Comment]:
    from sqla_guard.read.sql.reader import literal_spans

    literals = literal_spans(source.text)
    for comment in _comments_in(source.text, Span(0, len(source.text)), _LINE_END):
        if not any(literal.start <= comment.span.start < literal.end for literal in literals):
            yield comment


def _comments_in(text: str, within: Span, line_end: re.Pattern[str]) -> Iterator[Comment]:
    """Yield the comments of SQL in a range of ``text`` that begin with the word of a directive."""
    at, is_open = within.start, False
    while (match := _OPENS_SQL.search(text, at, within.end)) is not None:
        at = body = match.end()
        if not (_WORD.match(text, body, within.end) or _NOQA.match(text, body, within.end)):
            continue
        if match.group() == "--":
            end = line_end.search(text, body, within.end)
            span = Span(match.start(), end.start() if end else within.end)
            yield from _parts(text, span, _NEXT_SQL, 2)
            at = span.end  # the other remarks of the line are among its parts
        elif not is_open:
            closing = text.find("*/", body, within.end)
            is_open = closing < 0
            if not is_open:
                yield Comment(Span(match.start(), closing + 2), Span(body, closing))


def _parts(text: str, span: Span, separator: re.Pattern[str], sign: int) -> Iterator[Comment]:
    """Yield the remarks of a comment up to the line's end, each opened by a sign of ``sign`` characters."""
    starts = [span.start, *(m.start() for m in separator.finditer(text, span.start + sign, span.end))]
    for start, end in zip(starts, [*starts[1:], span.end], strict=True):
        kept = start + len(text[start:end].rstrip())
        yield Comment(Span(start, kept), Span(start + sign, kept))


def _found(source: SourceFile, comments: Iterator[Comment], string: Span | None) -> Iterator[Directive]:
    for comment in comments:
        directive = _read(source, comment, string)
        if directive is not None:
            yield directive


def _read(source: SourceFile, comment: Comment, string: Span | None) -> Directive | None:
    ours = _WORD.match(source.text, comment.body.start, comment.body.end)
    if ours is not None:
        return _ours(source, comment, ours, string)
    noqa = _NOQA.match(source.text, comment.body.start, comment.body.end)
    return _noqa(source, comment, noqa, string) if noqa is not None else None


def _ours(source: SourceFile, comment: Comment, word: re.Match[str], string: Span | None) -> Directive | None:
    verb, at, end = word["verb"], word.end(), comment.body.end
    plain = _plain(source, comment, _VERBS.get(verb, "statement"), string)
    if verb not in _VERBS:
        meant = _meant(verb)
        return replace(plain, fault=f"`{verb}` is no directive; did you mean `{meant}[...]`?") if meant else None
    names = _NAMES.match(source.text, at, end)
    if names is None or not names["names"].strip():
        return replace(plain, fault=f"`{verb}` names no rule; write which, as in `{verb}[reserved-attribute]`")
    selectors = tuple(
        Selector(m.group(), Span(m.start(), m.end()))
        for m in _NAME.finditer(source.text, names.start("names"), names.end("names"))
    )
    return _with_rest(replace(plain, selectors=selectors), source.text, names.end(), end)


def _with_rest(directive: Directive, text: str, at: int, end: int) -> Directive:
    """Return ``directive`` with what stands behind its brackets."""
    until = _UNTIL.match(text, at, end)
    day = until["until"] if until else ""
    at = until.end() if until else at
    if until and not _is_day(day):
        return replace(directive, fault=f"`{day}` is no day; write one as in `until=2027-03-31`")
    rest = _REASON.match(text, at, end)
    if rest is None:
        stray = text[at:end].split()[0]
        return replace(
            directive, fault=f"`{stray}` is not understood; a last day is `until=...`, a reason follows `--`"
        )
    return replace(directive, until=day, reason=(rest["reason"] or "").strip())


def _noqa(source: SourceFile, comment: Comment, noqa: re.Match[str], string: Span | None) -> Directive | None:
    selectors = tuple(
        Selector(m.group(), Span(m.start(), m.end()), _OURS.fullmatch(m.group()) is None)
        for m in _NAME.finditer(source.text, noqa.start("codes"), noqa.end("codes"))
    )
    if all(selector.foreign for selector in selectors):
        return None
    reason = _NOQA_REASON.match(source.text, noqa.end(), comment.body.end)
    return replace(
        _plain(source, comment, "noqa", string), selectors=selectors, reason=reason[1].strip() if reason else ""
    )


def _plain(source: SourceFile, comment: Comment, kind: DirectiveKind, string: Span | None) -> Directive:
    first, last = source.position(comment.span.start)[0], source.position(comment.span.end)[0]
    # What stands before it is looked at only as far as it is blank: a line may hold a directive after the other.
    blank = _BLANK.match(source.text, source.line_starts[first - 1], comment.span.start)
    begins = blank.end() if blank else comment.span.start
    alone = begins == comment.span.start or source.text.startswith("--" if source.is_sql or string else "#", begins)
    return Directive(
        source.path, kind, comment.span, (first, last), alone, string=string, fixed=keeps_checksums(source)
    )


def _meant(verb: str) -> str:
    """Return the directive that ``verb`` is a slip of, or empty for words of a sentence."""
    import difflib

    close = difflib.get_close_matches(verb.lower(), list(_VERBS), 1, 0.7)
    return close[0] if close else "ignore" if verb.lower() in _MEANT else ""


def _is_day(text: str) -> bool:
    try:
        return bool(_DAY.match(text)) and bool(date.fromisoformat(text))
    except ValueError:
        return False
