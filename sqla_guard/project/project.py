"""One picture of the project around the files of a run, made on demand and remembered."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property, partial
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from sqla_guard.core.config import Config
from sqla_guard.core.diagnostic import NotAnalysed
from sqla_guard.core.haystack import Haystacks
from sqla_guard.core.look import Question, brief, true_of
from sqla_guard.core.memo import Memo, Uses
from sqla_guard.core.packages import Packages, is_evident
from sqla_guard.core.source import SourceFile, Span
from sqla_guard.core.table_names import TableNames
from sqla_guard.core.words import FEW, Heir, bases_in, gives, unzeroed
from sqla_guard.core.workspace import UnreadableFile, Workspace
from sqla_guard.facts.reserved_words import RESERVED
from sqla_guard.project.modules import ModuleFinder, finder, inner_imports, may_import_inner
from sqla_guard.project.resolve import Resolver
from sqla_guard.project.symbols import Symbol

if TYPE_CHECKING:
    from sqla_guard.core.look import Said
    from sqla_guard.facts.hidden import NamedAttribute, NamedColumn
    from sqla_guard.facts.lazy import CachedFactory, LazyInit
    from sqla_guard.facts.loose import Loose, Telling
    from sqla_guard.facts.operations import (
        AddColumn,
        ColumnReference,
        CreateTable,
        Operation,
        RenameColumn,
        SqlFact,
        TableName,
    )
    from sqla_guard.facts.outline import Class, Import, Outline
    from sqla_guard.facts.passed_on import Across, Helper, PassedOn
    from sqla_guard.facts.references import Reference
    from sqla_guard.facts.requirements import Requirement
    from sqla_guard.facts.reserved import ReservedName
    from sqla_guard.facts.revision import Revision
    from sqla_guard.facts.runs import Run
    from sqla_guard.facts.script import ScriptManner
    from sqla_guard.facts.summaries import Summary
    from sqla_guard.facts.tables import DeclaredTable
    from sqla_guard.facts.values import Value

    Chain = tuple[str, ...]
    DefiningOperation = CreateTable | AddColumn | RenameColumn

_Fact = TypeVar("_Fact")

# Parts of an outline that take about as long to read as all of it.
_MOST_PARTS = 30


class Readers(Struct, frozen=True):
    """How the project gets its facts; the read room provides them.

    Each may raise :class:`~sqla_guard.core.workspace.UnreadableFile`.
    """

    outline: Callable[[SourceFile], Outline]
    outline_of: Callable[[SourceFile, str], Outline | None]
    classes_called: Callable[[SourceFile, frozenset[str]], tuple[Class, ...]]
    references: Callable[[SourceFile, frozenset[str]], tuple[Reference, ...]]
    attributes: Callable[[SourceFile, frozenset[str]], tuple[Reference, ...]]
    summary: Callable[[SourceFile, str], Summary]
    may_reserve: Callable[[bytes], bool]
    may_break_models: Callable[[bytes], bool]
    reserving: Callable[[SourceFile], Mapping[str, Class]]
    reserved: Callable[[SourceFile, Collection[Class]], tuple[ReservedName, ...]]
    named: Callable[[SourceFile, Outline], tuple[NamedAttribute | NamedColumn, ...]]
    lazy: Callable[[SourceFile], tuple[LazyInit, ...]]
    cached: Callable[[SourceFile], tuple[CachedFactory, ...]]
    may_hold_sql: Callable[[bytes, frozenset[str], bool, Callable[[], bool]], bool]
    may_speak_sql: Callable[[SourceFile, frozenset[str], Callable[[], bool]], bool]
    may_keep: Callable[[SourceFile, frozenset[str]], bool]
    sql: Callable[[SourceFile, frozenset[str], str | None, str | None, Across], tuple[SqlFact, ...]]
    passed_on: Callable[[SourceFile, tuple[Helper, ...]], PassedOn]
    helpers: Callable[[SourceFile, tuple[Helper, ...]], tuple[Helper, ...]]
    called: Callable[[SourceFile], tuple[str, ...]]
    handed: Callable[[SourceFile], tuple[str, ...]]
    passing: Callable[[SourceFile], tuple[str, ...]]
    kept_sql: Callable[[SourceFile], tuple[str, ...]]
    embedded: Callable[[SourceFile], tuple[tuple[str, ...], ...]]
    loose_sql: Callable[
        [SourceFile, Telling, tuple[str | None, str | None], Callable[[Sequence[Chain]], Mapping[str, str]]],
        tuple[Loose, ...],
    ]
    dialect: Callable[[SourceFile], str]
    generated_name: Callable[[SourceFile, Span, str, str], str]
    existing: Callable[[SourceFile, Span], tuple[tuple[str, str], ...]]
    revision: Callable[[SourceFile], Revision | None]
    manner: Callable[[SourceFile, DefiningOperation, Sequence[Operation]], ScriptManner]
    runs: Callable[[SourceFile, str, str, bool], tuple[Run, ...]]
    column_words: Callable[[SourceFile, TableName, str, frozenset[str]], tuple[ColumnReference, ...]]
    tables: Callable[[SourceFile, Outline], tuple[DeclaredTable, ...]]
    requirements: Callable[[str, bytes], tuple[Requirement, ...]]


class Project:
    """The project as the rules see it.

    Attributes:
        config: Settings of the run.
        workspace: The files.
        readers: Where facts come from.
        binding: Which files may bind a reserved name, as far as their bytes were asked.
        not_analysed: What could not be read so far.
    """

    def __init__(
        self,
        workspace: Workspace,
        config: Config,
        readers: Readers,
        binding: Mapping[str, bool | None] = MappingProxyType({}),
        uses: Uses | None = None,
    ) -> None:
        """Remember where facts come from; nothing is read yet. What is used is told to ``uses``."""
        self.workspace = workspace
        self.config = config
        self.readers = readers
        self.binding = binding
        self.not_analysed: set[NotAnalysed] = set()
        self._uses = uses or Uses()
        self._memo = Memo(self._uses)
        self._outlines: dict[str, Outline | None] = {}
        self._parts: defaultdict[str, set[str]] = defaultdict(set)
        self._searched: Counter[str] = Counter()

    def source(self, path: str) -> SourceFile:
        """Return the file at ``path``.

        Raises:
            UnreadableFile: It cannot be opened or decoded.
        """
        return self.workspace.load(path)

    def outline(self, path: str) -> Outline | None:
        """Return the outline of a Python module; ``None``, with a note in :attr:`not_analysed`, if it has none."""
        return self.once(("outline", path), lambda: self._outline(path))

    def _outline(self, path: str) -> Outline | None:
        if path in self._outlines:
            self.workspace.raw(path)  # it was looked at for its imports; now all of it counts
        else:
            self._outlines[path] = None if path.endswith("/") else self.read(path, self.readers.outline)
        return self._outlines[path]

    def outline_of(self, path: str, name: str) -> Outline | None:
        """Return an outline with whatever binds ``name`` at the top of a Python module; see :meth:`outline`.

        It has what those statements tell that say ``name``. Other ones may be missing.
        """
        asked = self._parts[path]
        if name not in asked:
            asked.add(name)
            if len(asked) == _MOST_PARTS:
                self._read_aside(path)
        # What cannot be read as a whole is read in parts, however many: none may depend on which others are.
        if self._outlines.get(path) is not None or path.endswith("/"):
            return self.outline(path)
        part = self.once(("outline", path, name), lambda: self.read(path, lambda s: self.readers.outline_of(s, name)))
        return part or self.outline(path)

    def classes_called(self, path: str, names: frozenset[str]) -> tuple[Class, ...]:
        """Return the classes of a Python module that are called like one of ``names``, wherever they stand."""
        if self._outlines.get(path) is not None:
            outline = self.outline(path)
            return tuple(c for c in outline.classes.values() if c.name in names) if outline else ()
        key = ("classes called", path, names)
        return self.once(key, lambda: self.read(path, lambda s: self.readers.classes_called(s, names)) or ())

    def all_imports(self, near: str) -> list[tuple[str, tuple[Import, ...]]]:
        """Return the Python files of the project of ``near``, with what they import of what can be found."""
        files = [path for path in self.workspace.project_files(near) if path.endswith(".py")]
        found = [(path, inner_imports(path, self._imports(path), self.modules)) for path in files]
        self.workspace.disk.noted(Question("imports", ""), near, lambda: {p: brief(i) for p, i in found if i})
        return found

    def may_import_inner(self, path: str) -> bool:
        """Tell whether a Python file may import something that can be found."""
        return self.once(("imports", path), lambda: may_import_inner(path, self.workspace.raw(path), self.modules))

    def _imports(self, path: str) -> tuple[Import, ...]:
        self._read_aside(path)
        outline = self._outlines.get(path) or self.outline(path)
        return outline.imports if outline is not None else ()

    def _read_aside(self, path: str) -> None:
        """Read all of a module if it can be read, which is said where it is needed."""
        if path not in self._outlines and not path.endswith("/"):
            with suppress(UnreadableFile):
                self._outlines[path] = self.readers.outline(self.workspace.aside.load(path))

    def read(self, path: str, reader: Callable[[SourceFile], _Fact]) -> _Fact | None:
        """Return what ``reader`` makes of ``path``; ``None``, with a note, where the file defeats it."""
        try:
            return reader(self.source(path))
        except UnreadableFile as error:
            note = NotAnalysed(path, error.line, str(error), fatal=True)
            self.not_analysed.add(note)
            self._uses.use(note)
        return None

    @cached_property
    def resolver(self) -> Resolver:
        """The name resolution of this project."""
        return Resolver(self.modules, self.outline_of, self._memo)

    @cached_property
    def modules(self) -> ModuleFinder:
        """Where the modules of this project stand."""
        return finder(self.workspace, self.config)

    def resolve(self, path: str, value: Value) -> Symbol:
        """Return what ``value``, an expression of module ``path``, stands for."""
        return self.resolver.resolve(path, value)

    def once(self, key: object, make: Callable[[], _Fact], in_ring: Callable[[], _Fact] | None = None) -> _Fact:
        """Return ``make()`` as it was when first asked for under ``key``; ``in_ring()`` where it asks for itself.

        Whatever is remembered of other files has to be remembered here: see :mod:`sqla_guard.core.memo`.
        """
        return self._memo.of(key, make, in_ring)

    def has(self, key: object) -> bool:
        """Tell whether :meth:`once` knows the answer under ``key`` already."""
        return self._memo.has(key)

    def cut(self) -> None:
        """Note that what is being found stops where it could go on, as it came a long way."""
        self._memo.cut()

    def reserved_names(self, path: str) -> tuple[ReservedName, ...]:
        """Return the reserved names bound in class bodies of a Python file."""
        return self.once(("reserved", path), lambda: self._reserved_names(path))

    def _reserved_names(self, path: str) -> tuple[ReservedName, ...]:
        may_bind = self.binding.get(path)
        if may_bind is False:
            return ()
        data = self.workspace.raw(path)
        # A class that nothing maps is judged by what it looks like.
        if not (may_bind or self.readers.may_reserve(data)) or not (is_evident(data) or self.packages.may_map(path)):
            return ()
        classes = self.reserving(path).values()
        return self.read(path, lambda source: self.readers.reserved(source, classes)) or ()

    def reserving(self, path: str) -> Mapping[str, Class]:
        """Return the classes of a Python file that bind reserved names, by qualified name."""
        return self.once(("reserving", path), lambda: self.read(path, self.readers.reserving) or {})

    def named(self, path: str) -> tuple[NamedAttribute | NamedColumn, ...]:
        """Return the attributes of classes and the columns of tables in a Python file, by name."""
        outline = self.outline(path)
        return () if outline is None else self.read(path, lambda s: self.readers.named(s, outline)) or ()

    def declared_tables(self, path: str) -> tuple[DeclaredTable, ...]:
        """Return the tables that importing a Python file always declares."""
        outline = self.outline(path)
        if outline is None:
            return ()
        return self.once(("tables", path), lambda: self.read(path, lambda s: self.readers.tables(s, outline)) or ())

    def files_declaring(self, near: str, table: str) -> Iterable[str]:
        """Return the Python files of the project of ``near`` that may declare ``table`` when imported, sorted."""
        if self.config.read_everything:
            return (path for path in self.workspace.project_files(near) if path.endswith(".py"))
        return self.table_names.files_declaring(near, table)

    @property
    def table_names(self) -> TableNames:
        """What bytes tell of the tables of this project."""
        return self.once(TableNames, lambda: TableNames(self.workspace, self.packages, self._uses))

    @property
    def packages(self) -> Packages:
        """Which projects import what maps classes."""
        return self.once(Packages, self._packages)

    def _packages(self) -> Packages:
        return Packages(self.workspace, self.config, lambda source: self.readers.outline(source).modules, self._uses)

    def python_files_that_reserve(self, near: str) -> Iterator[str]:
        """Yield the Python files of the project of ``near`` that may bind a reserved name in a class."""
        return self.files_naming(near, RESERVED, (".py",))

    def python_files_that_break(self, near: str) -> list[str]:
        """Return the Python files of the project of ``near`` that may give a class a name that breaks models."""
        return self.files_answering(Question("breaking", ""), near, self.readers.may_break_models, self._may_reserve)

    def _may_reserve(self, path: str) -> bool:
        return self.binding.get(path) is not False

    def files_giving(self, near: str, keyword: str) -> list[str]:
        """Return the Python files of the project of ``near`` in which :func:`gives` finds ``keyword``, sorted."""
        return self.files_answering(Question("given", keyword), near, partial(gives, keyword=keyword))

    def files_answering(
        self,
        question: Question,
        near: str,
        says: Callable[[bytes], bool],
        may_say: Callable[[str], bool] = bool,
    ) -> list[str]:
        """Return the Python files of the project of ``near`` that answer ``question`` with yes, sorted.

        Args:
            question: The question.
            near: A file of the project.
            says: The answer of a file's bytes, which is that of the look that the question names.
            may_say: Tells of a path whether the file need be asked.
        """

        def said() -> Mapping[str, Said]:
            raw, paths = self.workspace.aside.raw, self.workspace.project_files(near)
            return true_of(path for path in paths if path.endswith(".py") and may_say(path) and says(raw(path)))

        key = ("answering", question, self.workspace.disk.project_root(near))
        return sorted(self.once(key, lambda: self.workspace.disk.noted(question, near, said)))

    def lazy_inits(self, path: str) -> tuple[LazyInit, ...]:
        """Return the lazy initialisations of a Python file."""
        return self.once(("lazy", path), lambda: self.read(path, self.readers.lazy) or ())

    def cached_factories(self, path: str) -> tuple[CachedFactory, ...]:
        """Return the functions of a Python file whose results a decorator keeps."""
        return self.read(path, self.readers.cached) or ()

    def references(self, path: str, names: frozenset[str]) -> tuple[Reference, ...]:
        """Return the places of a Python file that name one of ``names`` as an attribute."""
        return self.once(
            ("references", path, names), lambda: self.read(path, lambda s: self.readers.references(s, names)) or ()
        )

    def sql_facts(self, path: str) -> tuple[SqlFact, ...]:
        """Return what the SQL of a file does, with references to reserved names."""
        return self.once(("sql", path), lambda: self._sql_facts(path))

    def _sql_facts(self, path: str) -> tuple[SqlFact, ...]:
        from sqla_guard.project.across import may_hold_sql, sql_across
        from sqla_guard.project.dialects import configured_dialect, likely_dialect

        if not may_hold_sql(self, path):
            return ()

        dialect = configured_dialect(self, path)
        likely = None if dialect else likely_dialect(self, path)
        across = sql_across(self, path)
        facts = self.read(path, lambda source: self.readers.sql(source, RESERVED, dialect, likely, across)) or ()
        if not self.config.is_migration(path):
            return facts
        # What the configuration calls history has run, whatever it looks like.
        return tuple(replace(fact, carrier=replace(fact.carrier, rerunnable=False)) for fact in facts)

    def heirs(self, near: str, name: str) -> dict[str, list[Heir]]:
        """Return the classes of the project of ``near`` that may have a base called ``name``, by file, sorted."""
        root = self.workspace.disk.project_root(near)
        made = partial(self.once, ("heirs", root, name), lambda: self._heirs(near, root, name))
        found = self.workspace.disk.noted(Question("base", name), near, made)
        return {path: found[path] for path in sorted(found)}

    def _heirs(self, near: str, root: str, name: str) -> dict[str, list[Heir]]:
        self._searched[root] += 1
        # A few names are looked for sooner than the bases of all classes; other letters than ASCII's end words.
        is_word = name.isascii() and self._searched[root] <= FEW
        paths = self.files_naming(near, frozenset({name}), (".py",)) if is_word else self.workspace.project_files(near)
        return {path: heirs for path in paths if (heirs := self._bases(path).get(name))}

    def _bases(self, path: str) -> dict[str, list[Heir]]:
        if not path.endswith(".py"):
            return {}
        return self.once(("bases", path), lambda: bases_in(self.workspace.aside.raw(path)))

    def _haystacks(self, near: str) -> Haystacks:
        root = self.workspace.disk.project_root(near)
        paths = self.workspace.project_files(near)
        return self.once(("haystacks", root), lambda: Haystacks(paths, self.workspace.aside.raw))

    def files_naming(self, near: str, words: frozenset[str], suffixes: tuple[str, ...]) -> Iterator[str]:
        """Yield the files of the project of ``near`` that hold one of ``words`` as a whole word."""
        # Questions share words, so each word is looked for once, and those of one question in one pass.
        root = self.workspace.disk.project_root(near)
        missing = [word for word in sorted(words) if not self._memo.has(("naming", root, word))]
        named: dict[str, set[str]] = {}

        def said(word: str) -> Mapping[str, Said]:
            if not named:
                named.update(self._holding(near, missing))
            return true_of(named[word])

        found: set[str] = set()
        for word in sorted(words):
            found |= self.once(("naming", root, word), partial(self._naming, near, word, partial(said, word)))
        for path in self.workspace.project_files(near):
            if path in found and path.endswith(suffixes):
                yield path

    def _naming(self, near: str, word: str, said: Callable[[], Mapping[str, Said]]) -> set[str]:
        return set(self.workspace.disk.noted(Question("word", word), near, said))

    def _holding(self, near: str, words: Collection[str]) -> dict[str, set[str]]:
        """Return the files of a project that hold each of ``words``."""
        found: dict[str, set[str]] = {word: set() for word in words}
        wanted: dict[bytes, list[str]] = {}
        for word in words:
            wanted.setdefault(word.lower().encode(), []).append(word)
        for files in self._haystacks(near):
            for held, path in files.holding(wanted):
                for asked in wanted[held]:
                    found[asked].add(path)
        return found

    def each_naming(self, near: str, word: str, suffix: str) -> Iterator[str]:
        """Yield the same of one word, and look for each file when it is asked for.

        A search that is not gone through is not noted: what ends it has to be read in the last of the files.
        """
        key = ("naming", self.workspace.disk.project_root(near), word)
        if self.has(key):
            yield from self.files_naming(near, frozenset({word}), (suffix,))
            return
        if self.has(("haystacks", key[1])):
            found: set[str] = set()
            for files in self._haystacks(near):
                named = [path for _, path in files.holding((word.lower().encode(),))]
                found.update(named)
                yield from (path for path in named if path.endswith(suffix))
        else:
            # The first search most often ends before it has paid to make one text of all files.
            exact = word.encode()
            for path in self.workspace.project_files(near):
                if path.endswith(suffix) and exact in unzeroed(self.workspace.aside.raw(path)):
                    yield path
            found = self._holding(near, (word,))[word]
        self.once(key, partial(self._naming, near, word, partial(true_of, found)))
