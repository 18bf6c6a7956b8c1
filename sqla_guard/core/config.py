"""Settings of a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

RenameStrategy = Literal["auto", "attribute", "column"]
SingletonStyle = Literal["lock", "module"]
OutputFormat = Literal["text", "concise", "json", "sarif", "github", "gitlab", "junit", "rdjson"]


class ConfigError(Exception):
    """The configuration cannot be used; the message names the file, the key and what would be right."""


class Settings(Protocol):
    """The settings of each file of a run; a :class:`Config` alone is the same for all files."""

    def groups(self, paths: Sequence[str]) -> Sequence[tuple[Config, tuple[str, ...]]]:
        """Return ``paths`` by the settings that they have in common, at least one group."""

    def of(self, path: str) -> Config:
        """Return the settings of the file ``path``."""

    def without(self, folder: str) -> None:
        """Know that no configuration stands in ``folder``, as shown."""

    @property
    def run(self) -> Config:
        """The settings of the run as a whole."""


class Config(NamedTuple):
    """Settings of a run.

    Each attribute but the last three is a key of the configuration file: ``extend_select`` is ``extend-select``.
    :mod:`sqla_guard.core.keys` says how each is written; the defaults stand here.

    Attributes:
        select: Names, codes or prefixes of codes of the rules to run; empty for those that are on by default.
        extend_select: Rules to run besides.
        ignore: Rules not to run; the most exact selector decides.
        per_file_ignores: Pairs of a glob and the rules not to report in files that it matches.
        exclude: Globs of files and folders that are not checked; virtual environments and caches never are.
        extend_exclude: Globs that are not checked besides.
        src: Folders, below :attr:`root`, that imports start from.
        sqlalchemy_version: Major and minor version of SQLAlchemy; ``None`` to take it from the project.
        dialect: The database that SQL is written for, as SQLAlchemy or sqlglot calls it; pairs of a glob and a
            dialect where it depends on the file (the last that matches counts; see :meth:`dialect_for`); ``None``
            to find out.
        declarative_bases: Dotted names of further declarative bases.
        rename: How a reserved attribute is renamed: the Python attribute only, attribute and column, or
            whichever of the two suits the table's DDL.
        rename_template: The new name of a reserved attribute, with ``{name}``, ``{table}`` and ``{class}``; ``None``
            for the class's last word and the name.
        singleton_style: How an unguarded lazy global is repaired: with a lock, or made at import.
        migrations: Globs of the folders that hold the history of the database; empty to find out.
        baseline: A file of known findings, below :attr:`root`, or ``None``.
        require_reason: Whether a suppression must say why.
        jobs: Processes that a large run may use; 0 for as many as there are processors.
        output_format: How the report is written.
        plugins: Names of entry points in the group ``sqla_guard.rules`` whose rules are loaded.
        root: Folder that globs and paths start from, absolute with ``/``; empty for the working directory.
        file: The configuration file as shown to users; empty where there is none.
        read_everything: Skip all prefilters and read every file closely; for tests, the result is the same.
    """

    select: frozenset[str] = frozenset()
    extend_select: frozenset[str] = frozenset()
    ignore: frozenset[str] = frozenset()
    per_file_ignores: tuple[tuple[str, frozenset[str]], ...] = ()
    exclude: tuple[str, ...] = ("_build", "build", "buck-out", "dist", "venv")
    extend_exclude: tuple[str, ...] = ()
    src: tuple[str, ...] = (".", "src")
    sqlalchemy_version: tuple[int, int] | None = None
    dialect: str | tuple[tuple[str, str], ...] | None = None
    declarative_bases: frozenset[str] = frozenset()
    rename: RenameStrategy = "auto"
    rename_template: str | None = None
    singleton_style: SingletonStyle = "lock"
    migrations: tuple[str, ...] = ()
    baseline: str | None = None
    require_reason: bool = False
    jobs: int = 0
    output_format: OutputFormat = "text"
    plugins: tuple[str, ...] = ()
    root: str = ""
    file: str = ""
    read_everything: bool = False

    @property
    def asks_for_more(self) -> bool:
        """Whether rules may run that are off by default."""
        return bool(self.select or self.extend_select)

    def may_select(self, name: str, code: str) -> bool:
        """Tell whether a rule that is off by default may run."""
        return any(s in (name, "ALL") or (s and code.startswith(s)) for s in (*self.select, *self.extend_select))

    def groups(self, paths: Sequence[str]) -> Sequence[tuple[Config, tuple[str, ...]]]:
        """Return all of ``paths`` as one group."""
        return ((self, tuple(paths)),)

    def of(self, path: str) -> Config:
        """Return these settings, whatever the file."""
        return self

    def without(self, folder: str) -> None:
        """Go on: no configuration is ever looked for."""

    @property
    def run(self) -> Config:
        """These settings, which are those of the whole run."""
        return self

    def dialect_for(self, path: str) -> str | None:
        """Return the dialect of SQL in ``path`` as the configuration names it; ``None`` where it does not say."""
        if not isinstance(self.dialect, tuple):
            return self.dialect
        from sqla_guard.core.globs import matches

        return next((name for glob, name in reversed(self.dialect) if matches(self.root, glob, path)), None)

    def ignored_in(self, path: str) -> frozenset[str]:
        """Return the selectors of rules that ``per-file-ignores`` turns off in ``path``."""
        if not self.per_file_ignores:
            return frozenset()
        from sqla_guard.core.globs import matches

        return frozenset().union(*(rules for glob, rules in self.per_file_ignores if matches(self.root, glob, path)))

    def is_migration(self, path: str) -> bool:
        """Tell whether ``path`` lies in a folder that the configuration names as history of the database."""
        if not self.migrations:
            return False
        from sqla_guard.core.globs import matches

        return any(matches(self.root, glob, path) for glob in self.migrations)

    def path_of(self, name: str) -> str:
        """Return a path of the configuration (:attr:`baseline`, an item of :attr:`src`) as it can be opened."""
        return f"{self.root}/{name}" if self.root and not name.startswith("/") else name
