"""What it does to a program to make a value twice: decided by what is made, resolved through the project."""

from __future__ import annotations

import re
import sys
from typing import Literal

from msgspec import Struct

from sqla_guard.core.workspace import UnreadableFile
from sqla_guard.facts.outline import Class
from sqla_guard.facts.values import (
    NONE,
    Attr,
    Awaited,
    Call,
    ClassRef,
    Dictionary,
    Display,
    Imported,
    Item,
    Name,
    OneOf,
    Value,
)
from sqla_guard.project.project import Project
from sqla_guard.project.symbols import External, ProjectClass, ProjectFunction

Kind = Literal[
    "app", "engine", "sessions", "pool", "client", "thread", "lock", "model", "identity", "state", "mapped", "work"
]


class Effect(Struct, frozen=True):
    """Why a second value matters.

    Attributes:
        kind: What sort of thing is made; ``work`` where a call is run for what it does.
        made: The call as a person would name it: ``create_app()``.
        path: The project file that the callee stands in, if it is the project's.
    """

    kind: Kind
    made: str
    path: str | None = None


_APPLICATIONS = frozenset({"app", "flask", "celery", "quart", "application"})
# Words of a callee's name, of which the last known one chooses the sentence; whether it is worth one is decided below.
_KINDS: tuple[tuple[Kind, frozenset[str]], ...] = (
    ("thread", frozenset({"thread", "timer", "process", "scheduler", "executor", "popen", "watchdog"})),
    ("app", _APPLICATIONS),
    ("sessions", frozenset({"sessionmaker", "scoped"})),
    ("engine", frozenset({"engine"})),
    ("pool", frozenset({"pool"})),
    ("lock", frozenset({"lock", "rlock", "semaphore", "condition"})),
    (
        "model",
        frozenset({"tokenizer", "pretrained", "encoder", "transformer", "model", "pipeline", "embedding", "embed"})
        | {"embedder", "embeddings", "ocr", "recognizer", "detector", "reranker", "vectorizer", "classifier"},
    ),
    ("client", frozenset({"client", "session", "redis", "connect", "connection", "url", "resource", "driver", "db"})),
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")

# A function called like this makes something new; one called ``get_...`` hands out what there is.
_MAKING = frozenset(
    {"create", "make", "build", "new", "connect", "open", "init", "initialize", "start", "launch", "spawn", "from"}
    | {"construct", "instantiate", "setup", "load", "sessionmaker", "client", "resource", "pipeline", "factory"}
    | {"session", "engine", "declarative", "automap"}
)
_DOING = frozenset(
    {"register", "start", "init", "initialize", "setup", "configure", "connect", "add", "mount", "install", "patch"}
    | {"create", "run", "serve", "subscribe", "schedule", "migrate", "seed", "instrument", "bootstrap", "submit"}
)
# Data in, data out: reading it twice gives the same.
_DATA_CALLS = frozenset({"load", "loads", "safe_load", "from_file", "from_string", "from_env", "load_dotenv"})
_DATA_MODULES = frozenset(
    {"yaml", "toml", "tomli", "orjson", "ujson", "simplejson", "dotenv", "numpy", "pandas", "regex"}
)

# The standard library: everything else in it is a value like any other.
_STANDARD: dict[str, Kind] = {
    "threading.Thread": "thread",
    "threading.Timer": "thread",
    "threading.Lock": "lock",
    "threading.RLock": "lock",
    "threading.Semaphore": "lock",
    "threading.BoundedSemaphore": "lock",
    "threading.Condition": "lock",
    "threading.Event": "state",
    "concurrent.futures.ThreadPoolExecutor": "thread",
    "concurrent.futures.ProcessPoolExecutor": "thread",
    "concurrent.futures.thread.ThreadPoolExecutor": "thread",
    "multiprocessing.Pool": "thread",
    "multiprocessing.Process": "thread",
    "multiprocessing.pool.ThreadPool": "thread",
    "multiprocessing.Manager": "thread",
    "subprocess.Popen": "thread",
    "sched.scheduler": "state",
    "queue.Queue": "state",
    "queue.PriorityQueue": "state",
    "queue.SimpleQueue": "state",
    "queue.LifoQueue": "state",
    "asyncio.new_event_loop": "state",
    "sqlite3.connect": "client",
    "socket.socket": "client",
    "socket.create_connection": "client",
    "smtplib.SMTP": "client",
    "smtplib.SMTP_SSL": "client",
    "http.client.HTTPConnection": "client",
    "http.client.HTTPSConnection": "client",
    "shelve.open": "client",
    "tempfile.mkdtemp": "identity",
    "tempfile.mkstemp": "identity",
    "tempfile.TemporaryDirectory": "identity",
    "tempfile.NamedTemporaryFile": "identity",
    "uuid.uuid1": "identity",
    "uuid.uuid4": "identity",
    "os.urandom": "identity",
}
# Factories of libraries around SQLAlchemy whose names do not tell.
_LIBRARY: dict[str, Kind] = {
    "transaction_context": "engine",
    "get_notification_transport": "client",
    "get_rpc_transport": "client",
}
_IDENTITY_MODULES = frozenset({"secrets", "random"})

_PLAIN_BASES = frozenset({"object", "ABC", "Protocol", "Generic"})
_VALUE_BASES = frozenset(
    {"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "NamedTuple", "namedtuple", "TypedDict"}
    | {"BaseModel", "BaseSettings", "Exception"}
)
_PLAIN_RETURNS = frozenset(
    {"str", "int", "float", "bool", "bytes", "dict", "list", "tuple", "set", "frozenset", "type", "complex", "object"}
)
_MAKES_SOMETHING = re.compile(
    r"(?<![\w@])(?!raise)(?:[A-Z][A-Z0-9]*[a-z]\w*(?:\.[a-z]\w*)?|(?:create|make|build|connect|init|start)_\w+)\("
)
_RAISES = re.compile(r"\braise\b[^\n]*|\bexcept\b[^\n]*|^[^\n]*\bdef\b[^\n]*|->[^\n]*", re.MULTILINE)
_ASSIGNED = re.compile(r"\.(\w+)[ \t]*(?::[^=\n]{1,200})?=(?!=)")
_TEXTS = re.compile(r"\"\"\".*?\"\"\"|'''.*?'''|#[^\n]*", re.DOTALL)


def effect_of(project: Project, path: str, value: Value) -> Effect | None:
    """Return why making ``value`` twice matters; ``None`` for plain data, look-ups, and objects without state."""
    match value:
        case OneOf(options=parts) | Display(items=parts):
            return _first(project, path, parts)
        case Dictionary(entries=entries):
            return _first(project, path, tuple(v for _, v in entries))
        case Awaited(of=of) | Item(of=of):
            return effect_of(project, path, of)
        case Call():
            return _call(project, path, value)
        case ClassRef(qualname=qualname) if "<locals>" in qualname:
            return _declared_in_function(project, path, value)
        case _:
            return None


def _declared_in_function(project: Project, path: str, value: ClassRef) -> Effect | None:
    """Return the effect of running a class statement twice: one whose base keeps a registry refuses the second."""
    symbol = project.resolve(path, value)
    if not isinstance(symbol, ProjectClass) or all(_last_name(b) in _PLAIN_BASES for b in symbol.definition.bases):
        return None
    tables = any(symbol.definition.attribute(n) for n in ("__tablename__", "__table__"))
    return Effect("mapped", f"class {symbol.definition.name}", path) if tables else None


def work_of(project: Project, path: str, value: Value) -> Effect | None:
    """Return what a call run for its own sake does twice: it registers, starts, connects something."""
    if not isinstance(value, Call):
        return None
    effect = effect_of(project, path, value)
    if effect is not None and effect.kind not in ("identity", "state"):
        return effect
    name = _last_name(value.func)
    symbol = project.resolve(path, value.func)
    if isinstance(symbol, External) and symbol.name.partition(".")[0] in sys.stdlib_module_names:
        return None
    words = _words(name)
    if words and words[0] in _DOING:
        return Effect("work", _shown(value.func), getattr(symbol, "path", None))
    return None


def _first(project: Project, path: str, values: tuple[Value, ...]) -> Effect | None:
    found = (effect_of(project, path, value) for value in values)
    return next((effect for effect in found if effect is not None), None)


def _call(project: Project, path: str, call: Call) -> Effect | None:
    symbol = project.resolve(path, call.func)
    match symbol:
        case External(name=name):
            return _external(project, path, call, name)
        case ProjectClass(path=where, definition=definition):
            effect = _named("state", call, where, definition.name)
            if effect.kind == "engine":
                # The project's own: one of rules or quotas, not of SQLAlchemy.
                effect = Effect("state", effect.made, where)
            return effect if _keeps_state(project, where, definition) else None
        case ProjectFunction():
            return _named("state", call, symbol.path, symbol.definition.name) if _makes(project, symbol) else None
        case _:
            name = _last_name(call.func)
            return _named("state", call, None) if _sounds_making(name) else None


def _external(project: Project, path: str, call: Call, name: str) -> Effect | None:
    root = name.partition(".")[0]
    if name == "typing.cast" and len(call.args) == 2:
        return effect_of(project, path, call.args[1])
    if root == "builtins":
        inner = _first(project, path, call.args)
        return inner if inner and inner.kind == "identity" else None
    if name in _STANDARD:
        return Effect(_STANDARD[name], _shown(call.func))
    if root in _IDENTITY_MODULES:
        return Effect("identity", _shown(call.func))
    if root in sys.stdlib_module_names:
        started = name.partition("()")[0]
        if _STANDARD.get(started) == "thread" and started != name:
            # ``multiprocessing.Manager().dict()`` starts a process for it.
            return Effect("thread", _shown(call.func))
        # ``hashlib.sha256(os.urandom(16)).hexdigest()``: the value is as fresh as what it is made of.
        owner = effect_of(project, path, call.func.of) if isinstance(call.func, Attr) else None
        inner = owner or _first(project, path, call.args)
        return inner if inner and inner.kind == "identity" else None
    last = name.rpartition(".")[2]
    if last in _LIBRARY:
        return Effect(_LIBRARY[last], _shown(call.func))
    if root in _DATA_MODULES or last in _DATA_CALLS:
        return None
    return _named("state", call, None, last) if _sounds_making(last) else None


def _named(default: Kind, call: Call, path: str | None, name: str = "") -> Effect:
    """Return the effect with the kind that the callee's name tells: the real one, then the written one from its end."""
    text = _shown(call.func)
    kind: Kind = default
    for part in (name, *reversed(text.removesuffix("()").split("."))):
        words = _words(part)
        # ``SchedulerReportClient`` is a client; ``scoped_session`` makes no session.
        ordered = ["scoped"] if "scoped" in words else reversed(words)
        found = next((kind for word in ordered for kind, known in _KINDS if word in known), None)
        if found == "app" and words[-1] not in _APPLICATIONS:
            break  # an `AppSettings` or a `WhatsAppService` loads no models
        if found is not None:
            kind = found
            break
    return Effect(kind, text, path)


def _keeps_state(project: Project, path: str, definition: Class, depth: int = 0) -> bool:
    """Tell whether an instance does work when made, or holds data that a second one would split."""
    if _is_own_singleton(definition):
        return False
    if any(definition.attribute(n) for n in ("__init__", "__post_init__", "__attrs_post_init__", "model_post_init")):
        return True
    if any(isinstance(a.value, Call) and a.value.keyword("default_factory") for a in definition.attributes):
        return True
    for base in definition.bases:
        last = _last_name(base)
        if last in _VALUE_BASES:
            return False
        if last in _PLAIN_BASES:
            continue
        symbol = project.resolve(path, base)
        if not isinstance(symbol, ProjectClass) or depth > 20:
            return True
        if _keeps_state(project, symbol.path, symbol.definition, depth + 1):
            return True
    return False


def singleton_effect(project: Project, path: str, qualname: str, kept_in: str) -> Effect | None:
    """Return the effect of making a class's only instance twice; ``None`` for a marker object that keeps nothing.

    Args:
        project: The project.
        path: The class's module.
        qualname: Its qualified name there.
        kept_in: The attribute that keeps the instance.
    """
    effect = Effect("state", qualname.rpartition(".")[2] + "()", path)
    outline = project.outline(path)
    definition = outline.classes.get(qualname) if outline else None
    if definition is None:
        return effect
    text = _TEXTS.sub("", project.source(path).text[definition.span.start : definition.span.end])
    assigned = {name for name in _ASSIGNED.findall(text) if name != kept_in}
    filled = any(isinstance(a.value, (Display, Dictionary, Call)) for a in definition.attributes)
    if assigned or filled or "setattr(" in text:
        return effect
    bases = [b for b in definition.bases if _last_name(b) not in _PLAIN_BASES | _VALUE_BASES]
    return effect if any(_has_state(project, path, base) for base in bases) else None


def _has_state(project: Project, path: str, base: Value) -> bool:
    symbol = project.resolve(path, base)
    return not isinstance(symbol, ProjectClass) or _keeps_state(project, symbol.path, symbol.definition)


def _is_own_singleton(definition: Class) -> bool:
    """Tell whether the class itself sees to it that there is one instance; then that is the place to look at."""
    marks = [*definition.decorators, *(value for key, value in definition.keywords if key == "metaclass")]
    return definition.attribute("__new__") is not None or any("singleton" in _last_name(m).lower() for m in marks)


def _makes(project: Project, symbol: ProjectFunction) -> bool:
    """Tell whether a function of the project makes something new that a second call would double."""
    definition = symbol.definition
    if any(_last_name(d) in ("cache", "lru_cache", "cached", "singleton") for d in definition.decorators):
        return False
    if definition.returns is not None and (
        _is_plain(definition.returns) or _is_record(project, symbol.path, definition.returns)
    ):
        return False
    try:
        text = project.source(symbol.path).text[definition.span.start : definition.span.end]
    except UnreadableFile:
        return _sounds_making(definition.name)
    words = _words(definition.name)
    if words and words[0] in _MAKING - {"load", "from", "open"}:
        return True
    if re.search(r"^[ \t\f]+global\s", text, re.MULTILINE):
        # It keeps one itself, so a second call gives the same.
        return False
    return _MAKES_SOMETHING.search(_RAISES.sub("", _TEXTS.sub("", text))) is not None


def _is_record(project: Project, path: str, annotation: Value) -> bool:
    """Tell whether an annotation is a class of the project that only holds values together."""
    symbol = project.resolve(path, annotation)
    if not isinstance(symbol, ProjectClass) or _keeps_state(project, symbol.path, symbol.definition):
        return False
    marks = {_last_name(m) for m in (*symbol.definition.decorators, *symbol.definition.bases)}
    return bool(marks & (_VALUE_BASES | {"dataclass", "define", "frozen"}))


def _is_plain(annotation: Value) -> bool:
    match annotation:
        case OneOf(options=options):
            return all(_is_plain(o) for o in options)
        case Item(of=of):
            return _last_name(of).lower() in _PLAIN_RETURNS
        case Name() | Attr() | Imported():
            return _last_name(annotation).lower() in _PLAIN_RETURNS
        case _:
            return annotation == NONE


def _sounds_making(name: str) -> bool:
    """Tell from a callee's last name whether it makes something: a class, or a verb that says so."""
    bare = name.strip("_")
    if bare[:1].isupper() and any(c.islower() for c in bare):
        return True
    words = _words(bare)
    return bool(words) and words[0] != "get" and bool(_MAKING.intersection((words[0], words[-1])))


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name)]


def _last_name(value: Value) -> str:
    match value:
        case Name(id=name) | Attr(name=name):
            return name
        case Imported(module=module, name=imported):
            return imported or module.rpartition(".")[2]
        case Call(func=of) | Item(of=of):
            return _last_name(of)
        case OneOf(options=options) if options:
            return _last_name(options[0])
        case _:
            return getattr(value, "qualname", "").rpartition(".")[2]


def _shown(func: Value) -> str:
    """Return a callee the way it is written, with ``()``."""
    names: list[str] = []
    while isinstance(func, Attr):
        names.append(func.name)
        func = func.of
    start = _last_name(func)
    if isinstance(func, Call):
        start += "(...)"
    return ".".join([*([start] if start else []), *reversed(names)]) + "()"
