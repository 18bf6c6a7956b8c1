"""The settings of a run: the configuration files, and what the command line puts over them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sqla_guard.core.config import Config, ConfigError
from sqla_guard.read.config import config_in, load_config, place_of, read_table

if TYPE_CHECKING:
    from sqla_guard.core.keys import Key

_SELECTORS = ("select", "extend_select", "ignore")
# Options of the command line that are texts like the values in a file.
_TEXTS = frozenset({"sqlalchemy_version", "dialect", "rename_template", "singleton_style"})


class ProjectSettings:
    """The settings of each file: those of the nearest configuration above it, with the command line's put over them.

    Implements :class:`sqla_guard.core.config.Settings`.

    Attributes:
        given: Settings of the command line.
        run: The settings of the run as a whole, from the configuration nearest to all of its paths: the form of the
            output, the number of processes.
    """

    def __init__(self, paths: Sequence[str], config: str | None, given: Mapping[str, Any]) -> None:
        """Read the configuration that all of ``paths`` share; the others are read when a file asks for them.

        Args:
            paths: What is to be checked.
            config: The one file to read; empty for none at all, ``None`` for those nearest to the files.
            given: Settings of the command line.

        Raises:
            ConfigError: The configuration cannot be used.
        """
        self.given = given
        self._loaded: dict[str | None, Config] = {}
        self._nearest: dict[str, str | None] = {}
        self._folders: dict[str, Config] = {}
        self._without: set[str] = set()
        self._only = self._load(config, of_the_run=True) if config is not None else None
        self.run = self._only or self._in(_common_folder(paths))

    def of(self, path: str) -> Config:
        """Return the settings of the file ``path``.

        Raises:
            ConfigError: Its configuration cannot be used.
        """
        if self._only:
            return self._only
        folder = os.path.dirname(path)
        config = self._folders.get(folder)
        if config is None:
            around = os.path.dirname(folder) != folder
            config = self.of(folder) if around and folder in self._without else self._in(os.path.abspath(folder))
            self._folders[folder] = config
        return config

    def without(self, folder: str) -> None:
        """Know that no configuration stands in ``folder``, as shown: nobody has to look for one."""
        self._without.add(folder)

    def groups(self, paths: Sequence[str]) -> Sequence[tuple[Config, tuple[str, ...]]]:
        """Return ``paths`` by the settings that they have in common, at least one group.

        Raises:
            ConfigError: A configuration cannot be used.
        """
        groups: dict[Config, list[str]] = {}
        of_folders: dict[str, list[str]] = {}
        for path in paths:
            folder = path[: path.rfind("/") + 1]
            if folder not in of_folders:
                of_folders[folder] = groups.setdefault(self.of(path), [])
            of_folders[folder].append(path)
        return [(config, tuple(group)) for config, group in groups.items()] or [(self.run, ())]

    def _in(self, folder: str) -> Config:
        file = self._find(folder)
        if file not in self._loaded:
            self._loaded[file] = self._load(file)
        return self._loaded[file]

    def _find(self, folder: str) -> str | None:
        climbed = []
        found = None
        while folder not in self._nearest:
            climbed.append(folder)
            found = config_in(folder)
            parent = os.path.dirname(folder)
            if found or parent == folder:
                break
            folder = parent
        else:
            found = self._nearest[folder]
        self._nearest.update(dict.fromkeys(climbed, found))
        return found

    def _load(self, file: str | None, of_the_run: bool = False) -> Config:
        config = Config()
        if file:
            config = load_config(file)
            check_selectors(config, file)
        if of_the_run:  # the user named the file, so its globs start where the user is
            config = config._replace(root="")
        own = {name: value for name, value in self.given.items() if name in _SELECTORS}
        check_selectors(Config(plugins=config.plugins, **own), None)
        return config._replace(**{**self.given, "ignore": _ignored(config, own)})


def _ignored(config: Config, given: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Return what is ignored: an equally exact word of the command line wins over that of the file."""
    if "ignore" in given:
        return given["ignore"]
    ignored = config.ignore
    selected = given.get("select", frozenset())
    if ignored and selected:
        from sqla_guard.check.rule_names import names

        codes = dict(names(config.plugins))
        selected = frozenset(codes.get(selector, selector) for selector in selected)
        ignored = frozenset(selector for selector in ignored if codes.get(selector, selector) not in selected)
    return ignored


def settings(paths: Sequence[str], config: str | None = None, isolated: bool = False, **given: Any) -> ProjectSettings:
    """Return the settings for a run on ``paths``.

    Args:
        paths: What is to be checked.
        config: A configuration file to take instead of those nearest to the files.
        isolated: Whether no configuration file is read at all.
        given: Settings of the command line, which win; empty ones count as not given.

    Raises:
        ConfigError: The configuration cannot be used.
    """
    changes = {name: value for name, value in given.items() if value not in (None, (), False)}
    changes.update({name: _selectors(changes[name]) for name in _SELECTORS if name in changes})
    for name in _TEXTS & changes.keys():
        changes[name] = _converted(name, changes[name])
    return ProjectSettings(paths, "" if isolated else config, changes)


def _selectors(given: Iterable[str]) -> frozenset[str]:
    """Return the selectors of an option, which may be repeated or hold several with commas between them."""
    return frozenset(word.strip() for words in given for word in words.split(",") if word.strip())


class Effective(NamedTuple):
    """One setting as it counts.

    Attributes:
        key: What is set.
        value: Its value, as TOML or JSON would hold it; ``None`` where it is not set and has no default.
        origin: ``default``, ``command line``, or the file with the line that sets it.
    """

    key: Key
    value: object
    origin: str


def effective(settings: ProjectSettings, path: str) -> tuple[str | None, list[Effective]]:
    """Return the configuration file that counts for ``path``, a file or folder, and every setting with its origin.

    Raises:
        ConfigError: The configuration cannot be used.
    """
    from sqla_guard.core.keys import KEYS

    config = settings.of(os.path.join(path, "x") if os.path.isdir(path) else path)
    table = read_table(config.file) if config.file else {}
    found = []
    for key in KEYS:
        held = getattr(config, key.field)
        if key.field in settings.given:
            origin = "command line"
        else:
            origin = place_of(config.file, key.name) if key.name in table else "default"
        found.append(Effective(key, None if held is None else key.kind.plain(held), origin))
    return config.file or None, found


def _common_folder(paths: Sequence[str]) -> str:
    folders = [path if os.path.isdir(path) else os.path.dirname(path) or "." for path in paths] or ["."]
    try:
        return os.path.commonpath([os.path.abspath(folder) for folder in folders])
    except ValueError:  # on different drives
        return os.path.abspath(".")


def _converted(field: str, text: object) -> object:
    from sqla_guard.core.keys import BY_NAME

    key = BY_NAME[field.replace("_", "-")]
    try:
        return key.kind.convert(text)
    except ValueError as error:
        raise ConfigError(f"--{key.name} {error}") from error


def check_values(config: Config) -> None:
    """Find out whether settings that a program made would also be right in a configuration file.

    Raises:
        ConfigError: One would not; the message names it.
    """
    from sqla_guard.core.keys import KEYS

    if not isinstance(config, Config):
        raise ConfigError(f"the configuration is a {type(config).__name__}; it must be a `sqla_guard.Config`")
    for key in KEYS:
        held = getattr(config, key.field)
        if held is None and Config._field_defaults[key.field] is None:
            continue
        try:
            if isinstance(held, str) and isinstance(key.default, list):  # it would pass for a list of its letters
                raise ValueError(f"is {held!r}; it must be a collection of strings")
            key.kind.convert(key.kind.plain(held))
        except (TypeError, ValueError) as error:
            words = error if isinstance(error, ValueError) else f"is {held!r}"
            raise ConfigError(f"`{key.field}` {words}; in a file it would be: {key.example}") from error
    check_selectors(config, None, "`{}`")


def check_selectors(config: Config, file: str | None, shown: str = "--{}") -> None:
    """Find out whether every selector of ``config`` means a rule.

    Args:
        config: The settings.
        file: Where they come from; ``None`` where they stand in no file.
        shown: How messages name a key that stands in no file; an option of the command line if not given.

    Raises:
        ConfigError: One does not.
    """
    given = [("select", config.select), ("extend-select", config.extend_select), ("ignore", config.ignore)]
    given += [("per-file-ignores", selectors) for _, selectors in config.per_file_ignores]
    if not any(selectors for _, selectors in given):
        return
    from sqla_guard.check.rule_names import meant_by, unknown

    for key, selectors in given:
        wrong = unknown(selectors, config.plugins)
        if wrong:
            meant = meant_by(wrong[0], config.plugins)
            hint = f"; did you mean `{meant}`?" if meant else "; `sqla-guard rules` lists them"
            where = f"{place_of(file, key)}: `{key}`" if file else shown.format(key)
            raise ConfigError(f"{where}: there is no rule `{wrong[0]}`{hint}")
