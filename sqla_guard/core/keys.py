"""Every key of the configuration, in one table.

The loader, the JSON Schema, ``sqla-guard config`` and the page of the documentation are made from it. The defaults
stand in :class:`~sqla_guard.core.config.Config`. Loaded only where there is a configuration.
"""

from __future__ import annotations

from typing import get_args

from sqla_guard.core.config import Config, OutputFormat, RenameStrategy, SingletonStyle
from sqla_guard.core.kinds import GLOB, Kind, choice, count, flag, many, one_or_per_path, per_path, text

DIALECTS = (
    "postgresql",
    "mysql",
    "mariadb",
    "sqlite",
    "mssql",
    "oracle",
    "snowflake",
    "bigquery",
    "redshift",
    "databricks",
    "duckdb",
    "postgres",
    "tsql",
)


class Key:
    """One key.

    Attributes:
        name: As written in TOML.
        kind: What its value can be.
        help: What it does, for the documentation; the first sentence stands alone in short lists.
        example: A line or two of TOML.
    """

    __slots__ = ("example", "help", "kind", "name")

    def __init__(self, name: str, kind: Kind, help: str, example: str) -> None:
        self.name = name
        self.kind = kind
        self.help = help
        self.example = example

    @property
    def field(self) -> str:
        """The attribute of ``Config`` that holds it."""
        return self.name.replace("-", "_")

    @property
    def default(self) -> object:
        """The default, as TOML or JSON would hold it; ``None`` where the key is simply not there."""
        default = getattr(_DEFAULTS, self.field)
        return None if default is None else self.kind.plain(default)


def parse_version(text: str) -> tuple[int, int]:
    """Return ``"2.0"`` or ``"2.0.41"`` as ``(2, 0)``."""
    major, minor = text.split(".")[:2]
    return int(major), int(minor)


def _show_version(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


_RULE = text(r"^[A-Za-z][A-Za-z0-9_-]*$", "a rule's name, its code, a prefix of codes, or `ALL`")
_GLOB = text(GLOB, "a glob such as `gen/*.py`")
_FOLDER = text(r".", "a folder")
_RULES = many(_RULE, frozenset)
VERSION = text(r"^[0-9]{1,3}\.[0-9]{1,3}(\.[0-9]+)*$", 'a version such as "2.0"', parse_version, _show_version)

_DEFAULTS = Config()
KEYS: tuple[Key, ...] = (
    Key(
        "select",
        _RULES,
        "The rules to run. Empty for those that are on by default; `ALL` for all.",
        'select = ["SG1", "unguarded-lazy-global"]',
    ),
    Key(
        "extend-select",
        _RULES,
        "Rules to run besides. Rules that are off by default are turned on here.",
        'extend-select = ["cached-factory"]',
    ),
    Key(
        "ignore",
        _RULES,
        "Rules not to run. Where a rule is both selected and ignored, the longer selector decides: "
        '`select = ["SG2"]` with `ignore = ["SG201"]` runs all of SG2 but SG201.',
        'ignore = ["SG110"]',
    ),
    Key(
        "per-file-ignores",
        per_path(_RULES),
        "Rules not to report in files that a glob matches. With `!` in front, in all files that it does not match.",
        'per-file-ignores = { "tests/**" = ["SG2"], "legacy.py" = ["ALL"] }',
    ),
    Key(
        "exclude",
        many(_GLOB),
        "Files and folders in which nothing is reported. They still belong to the project: their classes, tables and "
        "migrations count for what is found elsewhere, and a rename follows its uses there. Replaces the default list; "
        "hidden folders, virtual environments, caches and `node_modules` are never looked into.",
        'exclude = ["generated/", "*_pb2.py"]',
    ),
    Key(
        "extend-exclude",
        many(_GLOB),
        "The same, besides what `exclude` has.",
        'extend-exclude = ["vendor/"]',
    ),
    Key(
        "src",
        many(_FOLDER),
        "Folders that imports start from, relative to the configuration file. The folders around the importing file "
        "are tried too.",
        'src = ["backend", "libs/shared"]',
    ),
    Key(
        "sqlalchemy-version",
        VERSION,
        "The version of SQLAlchemy that the project runs on. Without it, the project's requirements and lock files "
        "tell.",
        'sqlalchemy-version = "2.0"',
    ),
    Key(
        "dialect",
        one_or_per_path(choice(DIALECTS)),
        "The database that SQL is written for, as SQLAlchemy or sqlglot calls it. A table gives each glob its own; the "
        "last that matches counts. Without it, URLs and the SQL itself tell.",
        'dialect = "postgresql"',
    ),
    Key(
        "declarative-bases",
        many(text(r"^[^\s.]+(\.[^\s.]+)*$", "a dotted name"), frozenset),
        "Dotted names of declarative bases that cannot be found out, such as one that a function of another package "
        "returns.",
        'declarative-bases = ["company.db.Base"]',
    ),
    Key(
        "rename",
        choice(get_args(RenameStrategy)),
        "What the repair of a reserved attribute renames. `attribute`: the Python attribute alone; `column`: the "
        "column too; `auto`: whichever of the two suits the table's DDL.",
        'rename = "attribute"',
    ),
    Key(
        "rename-template",
        text(
            r"^([A-Za-z_]|\{(name|table|class)\})([A-Za-z0-9_]|\{(name|table|class)\})*$",
            "a name with `{name}`, `{table}` or `{class}` in it",
        ),
        "The new name of a reserved attribute. `{name}` is the old name, `{table}` the table's, `{class}` the class's "
        "in snake case. Where the outcome is no free name, `{name}_` is taken. Without it, the name is the class's "
        "last word and the old name: `SecurityEvent.metadata` becomes `event_metadata`.",
        'rename-template = "{name}_"',
    ),
    Key(
        "singleton-style",
        choice(get_args(SingletonStyle)),
        "How an unguarded lazy global is repaired. `lock`: made under a lock, at first use; `module`: made at import, "
        "where that is possible.",
        'singleton-style = "module"',
    ),
    Key(
        "migrations",
        many(_GLOB),
        "Folders that hold the history of the database. What is in them has already run and is never edited. Without "
        "it, Alembic's revisions and numbered SQL files are recognised.",
        'migrations = ["db/changes"]',
    ),
    Key(
        "baseline",
        text(r".", "a file"),
        "A file of known findings, which are not reported again. Relative to the configuration file.",
        'baseline = ".sqla-guard-baseline.json"',
    ),
    Key(
        "require-reason",
        flag(),
        "Whether a suppression must say why. One without a reason is then a finding itself.",
        "require-reason = true",
    ),
    Key(
        "jobs",
        count(),
        "How many processes a large run may use at once. `auto` for as many as there are processors.",
        "jobs = 2",
    ),
    Key(
        "output-format",
        choice(get_args(OutputFormat)),
        "How the report is written.",
        'output-format = "concise"',
    ),
    Key(
        "plugins",
        many(text(r"^[A-Za-z0-9_.-]+$", "the name of an entry point")),
        "Rules of other packages: names of entry points in the group `sqla_guard.rules`. Only what is named here is "
        "loaded, and only from installed packages.",
        'plugins = ["acme"]',
    ),
)
BY_NAME = {key.name: key for key in KEYS}
