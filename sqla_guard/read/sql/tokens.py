"""SQL tokens with exact positions, on top of sqlglot's tokenizer (imported when first needed)."""

from __future__ import annotations

import re
from functools import cache, cached_property
from typing import Any, Literal

from msgspec import Struct

from sqla_guard.core.source import Span
from sqla_guard.read.sql.script import BREAK, HOLE

Kind = Literal["word", "quoted", "string", "heredoc", "number", "parameter", "break", "mark"]

_ONE_WORD = rf"(?:[^\W\d]|{HOLE})[\w$#{HOLE}]*"
_WORDS = re.compile(rf"{_ONE_WORD}(?:\s+{_ONE_WORD})*\Z")
_WORD = re.compile(r"\S+")
_HEREDOC = re.compile(r"\$[^\W\d]?\w*\$")
_RESTART = re.compile(
    r"[\r\n][ \t]*"
    r"(?=(?:CREATE|ALTER|DROP|INSERT|UPDATE|DELETE|SELECT|COMMENT|EXEC|COPY|GRANT|SET|WITH|BEGIN|COMMIT|DO)\b)",
    re.IGNORECASE,
)
# So much of a text tells its dialect.
_GUESSED = 200_000
# Each restart may look at the rest of the text once more; the limit keeps hostile input linear.
_RESTARTS = 40

# By dialect: one of these is part of every hint, and what the hints are.
_HINTS: tuple[tuple[str, tuple[str, ...], re.Pattern[str]], ...] = (
    (
        "postgres",
        (
            "$$",
            "json",
            "serial",
            "::",
            "timestamp",
            "bytea",
            "ilike",
            "plpgsql",
            "from stdin",
            "gen_random",
            "text[",
            "conflict",
        ),
        re.compile(
            r"\$\$|\bjsonb\b|\b(?:big|small)?serial\b|::\s*\w|\btimestamptz\b|\bbytea\b|\bilike\b|\bplpgsql\b"
            r"|\btimestamp with(?:out)? time zone\b|\bfrom stdin\b|\bgen_random_uuid\b|\btext\[\]|\bon conflict\b",
            re.IGNORECASE,
        ),
    ),
    (
        "mysql",
        ("auto_", "engine", "unsigned", "medium", "long", "tiny", "`", "/*!", "delimiter", "duplicate", "change"),
        re.compile(
            r"\bauto_increment\b|\bengine\s*=|\bunsigned\b|\b(?:medium|long|tiny)(?:text|blob|int)\b|`\w+`|/\*!\d"
            r"|^[ \t]*delimiter\b|\bon duplicate key\b|\bchange\s+(?:column\s+)?\w+\s+\w+\s+\w+",
            re.IGNORECASE | re.MULTILINE,
        ),
    ),
    (
        "tsql",
        ("nvarchar", "[", "go", "sp_rename", "identity", "datetime2", "uniqueid", "col_length", "#"),
        re.compile(
            r"\bnvarchar\b|(?<![\w\])])\[[^\W\d][\w ]*\](?!\s*(?:[,;)]\s*)?::)|^[ \t]*GO[ \t]*\r?$|\bsp_rename\b"
            r"|\bidentity\s*\(|\bdatetime2\b|\buniqueidentifier\b|\bcol_length\b|(?<!\w)#\w+",
            re.IGNORECASE | re.MULTILINE,
        ),
    ),
    (
        "sqlite",
        ("autoincrement", "without", "pragma", "fts", "insert or"),
        re.compile(r"\bautoincrement\b|\bwithout\s+rowid\b|\bpragma\b|\bfts[345]\b|\binsert or\b", re.IGNORECASE),
    ),
    (
        "oracle",
        ("varchar2", "number", "sysdate", "clob", "immediate"),
        re.compile(r"\bn?varchar2\b|\bnumber\s*\(|\bsysdate\b|\bclob\b|\bexecute immediate\b", re.IGNORECASE),
    ),
    (
        "bigquery",
        ("struct<", "int64", "array<", "`"),
        re.compile(r"\bstruct<|\bint64\b|\barray<|`[\w-]+\.[\w-]+(?:\.\w+)?`", re.IGNORECASE),
    ),
    (
        "snowflake",
        ("variant", "replace", "cluster", "timestamp_ntz"),
        re.compile(
            r"\bvariant\b|\bcreate or replace (?:transient )?table\b|\bcluster by\b|\btimestamp_ntz\b", re.IGNORECASE
        ),
    ),
)


class Token(Struct, frozen=True):
    """One token.

    Attributes:
        kind: ``mark`` is punctuation, ``parameter`` a bind parameter or variable with its name, ``break`` the forced
            end of a statement.
        upper: The text in upper case for words and marks, empty for all else.
        text: As written, quotes included.
        start: Offset of its first character.
        end: Offset behind its last character.
        raw: Index of the sqlglot token it comes from.
    """

    kind: Kind
    upper: str
    text: str
    start: int
    end: int
    raw: int

    @property
    def name(self) -> str:
        """The name it stands for, quotes taken off and unquoted words folded to lower case."""
        if self.kind == "word":
            return self.text.lower()
        return self.text[self.lead : -1] if self.kind in ("quoted", "string") else self.text

    @property
    def lead(self) -> int:
        """Characters before the content: an opening quote with its prefix."""
        if self.kind == "string":
            return next((i + 1 for i, c in enumerate(self.text) if c in "'\""), 0)
        return 1 if self.kind == "quoted" else 0

    @property
    def content(self) -> Span:
        """The characters without quotes."""
        if self.kind in ("quoted", "string"):
            return Span(self.start + self.lead, self.end - 1)
        return Span(self.start, self.end)

    @property
    def has_hole(self) -> bool:
        """Whether a part of it is not known."""
        return HOLE in self.text


class Lexed(Struct, frozen=True, dict=True):
    """A text as tokens.

    Attributes:
        tokens: All tokens that could be read.
        raw: sqlglot's own tokens, for its parser.
        lost: Ranges that could not be tokenised.
        dialect: The dialect that was used.
    """

    tokens: tuple[Token, ...]
    raw: tuple[Any, ...]
    lost: tuple[Span, ...]
    dialect: str | None

    @cached_property
    def places(self) -> dict[str, list[int]]:
        """Where in :attr:`tokens` each name stands, in lower case."""
        found: dict[str, list[int]] = {}
        for index, token in enumerate(self.tokens):
            found.setdefault(token.name.lower(), []).append(index)
        return found


def guess_dialect(text: str) -> str | None:
    """Return the dialect that ``text`` looks like, ``None`` where nothing tells."""
    best, most = None, 0
    lowered = text[:_GUESSED].lower()
    for name, parts, pattern in _HINTS:
        if not any(part in lowered for part in parts):
            continue
        hits = len({match.group().lower() for match in pattern.finditer(text, 0, _GUESSED)})
        if hits > most:
            best, most = name, hits
    return best


def tokenize(text: str, dialect: str | None) -> Lexed:
    """Return the tokens of masked SQL; what cannot be tokenised is skipped and listed.

    Args:
        text: SQL as :func:`~sqla_guard.read.sql.script.mask` returns it.
        dialect: A name sqlglot knows; ``None`` for the generic one.
    """
    raw: list[tuple[Any, int]] = []
    lost: list[Span] = []
    start = 0
    for _ in range(_RESTARTS):
        piece = text[start:] if start else text
        tokens, complete = _scan(piece, dialect)
        raw += [(token, start) for token in tokens]
        if complete:
            start = len(text)
            break
        failed = start + (tokens[-1].end + 1 if tokens else 0)
        restart = _RESTART.search(text, failed)
        lost.append(Span(failed, restart.end() if restart else len(text)))
        start = lost[-1].end
        if restart is None:
            break
    if start < len(text):
        lost.append(Span(start, len(text)))
    return Lexed(_join(text, raw), tuple(token for token, _ in raw), tuple(lost), dialect)


def _scan(text: str, dialect: str | None) -> tuple[list[Any], bool]:
    """Return sqlglot's tokens up to the first error, and whether there was none."""
    tokenizer = _tokenizer(dialect)
    try:
        return list(tokenizer.tokenize(text)), True
    except Exception:
        # Whatever it raises, the tokens before it stand.
        core = getattr(tokenizer, "_core", tokenizer)
        return list(getattr(core, "tokens", ())), False


def _tokenizer(dialect: str | None) -> Any:
    kind, owner = _tokenizer_class(dialect)
    return kind(dialect=owner)


@cache
def _tokenizer_class(dialect: str | None) -> tuple[Any, Any]:
    from sqlglot.dialects.dialect import Dialect

    owner = Dialect.get_or_raise(dialect or "postgres")
    base: Any = owner.tokenizer_class
    # Commands would swallow the rest of the statement as one text.
    members: dict[str, Any] = {"COMMANDS": set()}
    if dialect is None:
        members["IDENTIFIERS"] = ['"', "`"]
    return type("SqlTokenizer", (base,), members), owner


def sqlglot_dialect(dialect: str | None) -> Any:
    """Return sqlglot's dialect object for ``dialect``."""
    return _tokenizer_class(dialect)[1]


def _join(text: str, raw: list[tuple[Any, int]]) -> tuple[Token, ...]:
    """Return our own tokens: multi-word keywords cut, bind parameters put together."""
    tokens: list[Token] = []
    for index, (token, shift) in enumerate(raw):
        start, end = token.start + shift, token.end + shift + 1
        tokens += _cut(text[start:end], start, index, token)
    return tuple(_with_parameters(tokens))


def _cut(written: str, start: int, index: int, token: Any) -> list[Token]:
    kind = _kind(written, token.token_type.name)
    if kind != "word":
        upper = written if kind == "mark" else ""
        return [Token(kind, upper, written, start, start + len(written), index)]
    return [
        Token(kind, match.group().upper(), match.group(), start + match.start(), start + match.end(), index)
        for match in _WORD.finditer(written)
    ]


def _kind(written: str, sort: str) -> Kind:
    if BREAK in written:
        return "break"
    if sort == "IDENTIFIER" and written[0] in '"`[':
        return "quoted"
    if "STRING" in sort:
        return "heredoc" if _HEREDOC.match(written) else "string"
    if sort == "NUMBER":
        return "number"
    return "word" if _WORDS.match(written) else "mark"


def _with_parameters(tokens: list[Token]) -> list[Token]:
    out: list[Token] = []
    skip_to = 0
    for index, token in enumerate(tokens):
        if index < skip_to:
            continue
        count = _parameter_length(tokens, index)
        if not count:
            out.append(token)
            continue
        last = tokens[index + count - 1]
        text = "".join(t.text for t in tokens[index : index + count])
        out.append(Token("parameter", "", text, token.start, last.end, token.raw))
        skip_to = index + count
    return out


def _parameter_length(tokens: list[Token], index: int) -> int:
    """Return how many tokens from ``index`` make up a bind parameter, 0 for none."""
    token = tokens[index]
    if token.kind != "mark" or index + 1 >= len(tokens):
        return 0
    following = tokens[index + 1]
    if following.start != token.end:
        return 0
    if token.upper in (":", "@", "@@", "$") and following.kind in ("word", "number"):
        before = tokens[index - 1] if index else None
        # ``a:b`` is a path into a document (Snowflake), no parameter; both ways ``b`` is no column.
        return 2 if before is None or before.upper != ":" else 0
    if token.upper == "%" and following.upper in ("S", "D"):
        return 2
    named = tokens[index + 1 : index + 5]
    if token.upper == "%" and [t.upper for t in named[:3:2]] == ["(", ")"] and named[-1].upper in ("S", "D"):
        return 5
    return 0
