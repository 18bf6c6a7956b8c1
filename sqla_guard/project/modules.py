"""Where the modules of a project stand: dotted names to files."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from sqla_guard.core.config import Config
from sqla_guard.core.words import imported_tops
from sqla_guard.core.workspace import Workspace
from sqla_guard.facts.outline import Import

# Never the project's own, even where a folder of the project has the same name (``alembic/`` holds migrations).
KNOWN_PACKAGES = frozenset(
    {
        "advanced_alchemy",
        "alembic",
        "fastapi_users_db_sqlalchemy",
        "flask_appbuilder",
        "flask_migrate",
        "flask_sqlalchemy",
        "geoalchemy2",
        "sqlalchemy",
        "sqlalchemy_utils",
        "sqlmodel",
        "threading",
        "typing",
        "typing_extensions",
    }
)


def finder(workspace: Workspace, config: Config) -> ModuleFinder:
    """Return what finds the modules of a project with the settings ``config``."""
    # The default is what the finder tries anyway, from the nearest folder that looks like a project.
    src = config.src if config.src != Config().src else ()
    return ModuleFinder(workspace, map(config.path_of, src))


def inner_imports(path: str, imports: Iterable[Import], finder: ModuleFinder) -> tuple[Import, ...]:
    """Return those of ``imports``, of the module at ``path``, that lead to a file or folder in sight."""
    return tuple(
        item for item in imports if item.level or finder.absolute(path, item.runs.partition(".")[0]) is not None
    )


def may_import_inner(path: str, data: bytes, finder: ModuleFinder) -> bool:
    """Tell whether the module at ``path``, with the bytes ``data``, may have :func:`inner_imports`."""
    tops = imported_tops(data)
    return tops is None or any(top == "." or finder.absolute(path, top) is not None for top in tops)


class ModuleFinder:
    """Finds the file behind an import, as far as the folders around the importing file tell."""

    def __init__(self, workspace: Workspace, src: Iterable[str] = ()) -> None:
        """Search in ``workspace``, in the folders ``src`` first; answers are remembered."""
        self._workspace = workspace
        self._src = [self._folder(folder) for folder in src]
        self._found: dict[tuple[str, str], str | None] = {}
        self._paths: dict[str, tuple[str, ...]] = {}

    def absolute(self, importer: str, module: str) -> str | None:
        """Return the file of ``module`` as ``importer`` sees it; a folder with a ``/`` for a namespace package."""
        if module.partition(".")[0] in KNOWN_PACKAGES:
            return None
        folder = posixpath.dirname(importer)
        key = (folder, module)
        if key not in self._found:
            relative = module.replace(".", "/")
            candidates = (self._module(posixpath.join(start, relative)) for start in self._search_path(folder))
            self._found[key] = next((c for c in candidates if c), None)
        return self._found[key]

    def relative(self, importer: str, module: str, level: int) -> str | None:
        """Return the file of ``from ..module import``, ``level`` dots, as ``importer`` sees it."""
        folder = posixpath.dirname(importer)
        for _ in range(level - 1):
            folder = self._above(folder)
        return self._module(posixpath.join(folder, module.replace(".", "/")) if module else folder or ".")

    def submodule(self, package: str, name: str) -> str | None:
        """Return the file of module ``name`` inside ``package`` (an ``__init__`` file or a folder with ``/``)."""
        if package.endswith("/"):
            return self._module(package + name)
        if posixpath.basename(package).startswith("__init__."):
            return self._module(posixpath.join(posixpath.dirname(package), name))
        return None

    def _module(self, stem: str) -> str | None:
        for suffix in (".py", "/__init__.py", ".pyi", "/__init__.pyi"):
            path = posixpath.normpath(stem + suffix)
            if self._workspace.exists(path):
                # The same file may be reached from outside of the working directory.
                return self._workspace.disk.canonical(path)
        return posixpath.normpath(stem) + "/" if self._workspace.disk.is_folder(stem) else None

    def _search_path(self, folder: str) -> tuple[str, ...]:
        """Return the folders that may be on ``sys.path``, most likely first."""
        if folder not in self._paths:
            self._paths[folder] = tuple(dict.fromkeys(self._starts(folder)))
        return self._paths[folder]

    def _folder(self, path: str) -> str:
        path = posixpath.normpath(self._workspace.disk.canonical(path))
        return "" if path == "." else path

    def _above(self, folder: str) -> str:
        """Return the folder around ``folder``; the working directory, which is empty, lies in one as well."""
        return posixpath.dirname(folder) if folder else self._workspace.disk.canonical("..")

    def _starts(self, folder: str) -> Iterator[str]:
        yield from self._src
        outermost = folder
        while self._workspace.exists(posixpath.join(outermost, "__init__.py")) and outermost != "/":
            outermost = self._above(outermost)
        yield outermost
        root = self._workspace.disk.project_root(posixpath.join(folder, "x.py"))
        root = "" if root == "." else root
        yield root
        yield posixpath.join(root, "src")
        current = outermost
        while current not in ("", "/", root):
            current = posixpath.dirname(current)
            yield current
        # A script's own folder is on the path when it is started directly.
        yield folder
        # Packages of a neighbouring project in the same repository.
        while current not in ("", "/"):
            current = posixpath.dirname(current)
            yield current
