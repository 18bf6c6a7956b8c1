"""Which files can matter, decided from their bytes."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from sqla_guard.core.look import Question, Said
from sqla_guard.core.packages import Packages
from sqla_guard.core.roles import is_test
from sqla_guard.core.table_names import TableNames
from sqla_guard.core.workspace import UnreadableFile, Workspace
from sqla_guard.facts.reserved_words import RESERVED
from sqla_guard.read.load import decode
from sqla_guard.read.python.lazy_marker import may_hold_lazy_init, may_keep_results
from sqla_guard.read.python.reserved import may_reserve
from sqla_guard.read.sql_marker import is_wide, may_give_columns, may_name, may_operate

if TYPE_CHECKING:
    from sqla_guard.core.config import Config
    from sqla_guard.core.diagnostic import NotAnalysed
    from sqla_guard.core.source import SourceFile

Mark = Callable[[bytes], bool]
"""What tells from a file's bytes whether it may hold something."""

# Up to here, syntax is checked in files that cannot matter too: it costs less than a tenth of a second.
SMALL_RUN = 1_000_000

# What goes on with a verb that creates or changes columns.
_VERBS = tuple((verb, verb + rb"(?:[\s\"'\\/*-]|_table|_column|$)") for verb in (b"create", b"alter"))

# The name of its table is put into the SQL, and may stand in another file.
_TABLE_PUT_IN = (
    rb"\btable(?:\s+if(?:\s+not)?\s+exists)?\s+(?:only\s+)?"
    rb"(?:[\"'{%]|(?:[`\[\\\"']{0,2}\w{1,99}[`\]\\\"']{0,2}\.)?[`\[\\]{0,2}[\"'{%])|sp_rename"
)

_RESERVED = tuple(sorted(name.encode() for name in RESERVED))
_NAMES = b"|".join(_RESERVED)
# What both names end in comes first, which is quick to look for.
_DECLARED = rb"olumn\((?:(?<=Column\()|(?<=mapped_column\())\s*(?:name\s*=\s*)?[\"'](?:%b)[\"']" % _NAMES
# From the last such word of a line on; a look from each of them would take long where there are many.
_NOQA = rb"(?i:noqa):(?:(?!(?i:noqa):)[^\r\n])*\bSG\d"

# The flag of ``ast``, which a clean run does not import, for "parse, do not compile".
_ONLY_AST = 0x400


class Marks:
    """What the bytes of files were asked; of a file that matters several readers want to know the same.

    Attributes:
        small: Whether so few files are read that syntax is checked everywhere.
    """

    def __init__(self) -> None:
        """Start with nothing asked."""
        self._known: dict[str, dict[Mark, bool]] = {}
        self.small = True

    def has(self, mark: Mark, path: str, data: bytes) -> bool:
        """Tell whether the file ``path``, which holds ``data``, bears ``mark``."""
        known = self._known.setdefault(path, {})
        if mark not in known:
            known[mark] = mark(data)
        return known[mark]

    def known(self, mark: Mark, path: str) -> bool | None:
        """Return what :meth:`has` said of a file; ``None`` where it was not asked."""
        return self._known.get(path, {}).get(mark)

    def forget(self, path: str) -> None:
        """Drop the answers of a file that nobody asks any more."""
        self._known.pop(path, None)


def files_that_matter(
    workspace: Workspace,
    config: Config,
    notes: list[NotAnalysed],
    marks: Marks | None = None,
    tables: TableNames | None = None,
    read: int = 0,
) -> Iterator[str]:
    """Yield the files that may hold a finding.

    Args:
        workspace: The files.
        config: Their settings.
        notes: Gets what cannot be read at all.
        marks: Keeps what the files that matter were asked.
        tables: The tables of projects.
        read: The number of bytes of files that belong to the run and have been looked at before.
    """
    others: list[str] = []
    marks = marks or Marks()
    tables = tables or TableNames(workspace, Packages(workspace, config, modules_of))
    aside = workspace.aside
    for path in workspace.reported:
        data = aside.raw(path)
        read += len(data)
        if _says_enough(path, data, config, marks) or _fits_a_model(path, data, marks, tables):
            yield path
        else:
            marks.forget(path)
            others.append(path)
            if not _is_plain(data):
                notes += _unreadable(workspace, path, data, check_syntax=False)
    marks.small = read < SMALL_RUN
    if marks.small:
        for path in others:
            notes += _unreadable(workspace, path, aside.raw(path), check_syntax=True)
    # Of a small run more is said, so that a later one has to know how large this one was.
    workspace.disk.noted(Question("more", str(read), "reported"), "", dict)


def modules_of(source: SourceFile) -> set[str]:
    """Return the modules that a file imports by their full names.

    Raises:
        UnreadableFile: It cannot be parsed.
    """
    from sqla_guard.read.python.outline import read_outline

    return read_outline(source).modules


def says_more(path: str, data: bytes, config: Config, read: int) -> Said:
    """Tell whether a file may hold a finding, or a reason not to look for any, whatever other files say.

    Args:
        path: The file.
        data: Its bytes.
        config: Its settings.
        read: The number of bytes of all files that were checked together with it.
    """
    marks = Marks()
    if _says_enough(path, data, config, marks) or _marked(path, data, marks, _of_models(path)) or not data:
        return True
    if _is_plain(data) and read >= SMALL_RUN:
        return None
    return _why_not(path, data, read < SMALL_RUN) is not None or None


def is_small(read: int) -> bool:
    """Tell whether syntax is checked everywhere in a run of so many bytes."""
    return read < SMALL_RUN


def _says_enough(path: str, data: bytes, config: Config, marks: Marks) -> bool:
    """Tell whether a file matters wherever it stands."""
    return (
        config.read_everything
        or may_make_lazily(path, data, config, marks)
        or may_hold_directive(data)
        or (_asks_for_names(config) and _may_name(path, data))
        or (_asks_for_results(config) and may_keep_results(data))
        or (_asks_for_sql(config) and _marked(path, data, marks, _of_models(path)))
    )


def may_make_lazily(path: str, data: bytes, config: Config, marks: Marks) -> bool:
    """Tell whether a file can hold a lazily made object that matters: those of tests do not to any rule of ours."""
    if path.endswith(".sql") or (is_test(path) and not config.plugins):
        return False
    return marks.has(may_hold_lazy_init, path, data)


def _fits_a_model(path: str, data: bytes, marks: Marks, tables: TableNames) -> bool:
    """Tell whether a file matters in a project that maps classes, as its own does."""
    # Of one file its own bytes are asked first; of many, the project has said by then that no more need be asked.
    if tables.packages.rule_out(path):
        return False
    if _marked(path, data, marks, _of_models(path)):
        return tables.packages.may_judge(path)
    return tables.may_repeat(path, data)


def _of_models(path: str) -> tuple[Mark, ...]:
    return _OF_SQL if path.endswith(".sql") else _OF_PYTHON


def _marked(path: str, data: bytes, marks: Marks, wanted: tuple[Mark, ...]) -> bool:
    return any(marks.has(mark, path, data) for mark in wanted)


def _asks_for_names(config: Config) -> bool:
    """Tell whether a rule may run that is off by default and looks at every name."""
    return config.asks_for_more and (bool(config.plugins) or config.may_select("hidden-by-method", "SG102"))


def _asks_for_results(config: Config) -> bool:
    """Tell whether a rule may run that is off by default and looks at decorators that keep results."""
    return bool(config.plugins) or config.may_select("cached-factory", "SG207")


def _asks_for_sql(config: Config) -> bool:
    """Tell whether a rule may run that is off by default and looks at columns that no class takes."""
    return config.asks_for_more and (bool(config.plugins) or config.may_select("reserved-column-unmapped", "SG302"))


def _may_name(path: str, data: bytes) -> bool:
    """Tell whether a file can give a column any name at all, for a rule that is off by default."""
    return not path.endswith(".sql") and (b"class" in data or b"Table" in data)


def may_define(data: bytes, sql: bool = False) -> bool:
    """Tell whether SQL or Alembic operations in a file can give a column a reserved name."""
    if is_wide(data):
        return True
    lowered = data.lower()
    if not _changes_columns(lowered):
        return False
    # What says no quickly comes first; whether a name may stand in pieces takes longer than all else.
    if not (sql or may_give_columns(lowered) or may_operate(lowered)):
        return False
    return may_name(lowered, RESERVED, sql)


def _changes_columns(lowered: bytes) -> bool:
    """Tell whether a file, in lower case, has a word that creates or renames columns."""
    for verb, more in _VERBS:
        if verb in lowered and re.search(more, lowered):
            return True
    return b"add_column" in lowered or b"sp_rename" in lowered


def may_define_in_sql(data: bytes) -> bool:
    """Tell the same of an SQL script."""
    return may_define(data, sql=True)


def may_declare(data: bytes) -> bool:
    """Tell whether a Python file can declare a column of a reserved name under another attribute, or in a ``Table``."""
    return b"olumn" in data and any(name in data for name in _RESERVED) and re.search(_DECLARED, data) is not None


_OF_PYTHON: tuple[Mark, ...] = (may_reserve, may_define, may_declare)
_OF_SQL: tuple[Mark, ...] = (may_define_in_sql,)


def may_name_table(data: bytes, tables: frozenset[str]) -> bool:
    """Tell whether SQL or Alembic operations in a file can name one of ``tables``, in lower case."""
    if is_wide(data):
        return True
    lowered = data.lower()
    return may_name(lowered, tables) or re.search(_TABLE_PUT_IN, lowered) is not None


def may_hold_directive(data: bytes) -> bool:
    """Tell whether a file can hold a comment that silences one of our rules."""
    if b"sqla-guard:" in data:
        return True
    # A pattern finds two letters in half of the time that ``in`` takes.
    if re.search(rb"SG\d", data) and (b"noqa:" in data or b"NOQA:" in data) and re.search(_NOQA, data):
        return True
    return is_wide(data) and "sqla-guard:".encode("utf-16-le") in data


def _is_plain(data: bytes) -> bool:
    """Tell whether a file is text in any encoding that it may declare."""
    return data != b"" and data.isascii() and b"\0" not in data and b"coding" not in data[:1024]


def _unreadable(workspace: Workspace, path: str, data: bytes, check_syntax: bool) -> tuple[NotAnalysed, ...]:
    error = _why_not(path, data, check_syntax) if data else _why_not_empty(workspace, path)
    if error is None:
        return ()
    from sqla_guard.core.diagnostic import NotAnalysed

    workspace.raw(path)  # the note may change with anything in the file
    return (NotAnalysed(path, error.line, str(error), fatal=True),)


def _why_not_empty(workspace: Workspace, path: str) -> UnreadableFile | None:
    try:
        workspace.aside.load(path)
    except UnreadableFile as error:
        return error
    return None


def _why_not(path: str, data: bytes, check_syntax: bool) -> UnreadableFile | None:
    """Return why a file that is not empty cannot be read."""
    try:
        source = decode(path, data)
        if check_syntax and source.is_python:
            _check_syntax(source)
    except UnreadableFile as error:
        return error
    return None


def _check_syntax(source: SourceFile) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the checked code, not of this tool
            compile(source.text, source.path, "exec", _ONLY_AST, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        from sqla_guard.read.python.parse import parse

        parse(source)
