"""Measure this tool beside others on the same folders in one run: ``make bench FOLDERS="one two"``.

Nothing is fetched here: what is not installed is named and left out. Every figure is of a whole process, as the
kernel accounts for it. Tools take turns, so that a machine that gets slower or faster does so for all of them.

``--scale FOLDER`` adds a table of this tool on 10,000 to 5,000,000 lines of that folder, copied as often as needed.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from threading import Timer

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
BINARIES = (Path(sys.executable).parent, ROOT / ".envs" / "bench" / "bin")
SKIPPED = {".git", ".venv", "venv", "node_modules", "__pycache__", "site-packages"}

# Lines of Python from which on a folder is large.
_LARGE = 1_000_000


@dataclass(frozen=True)
class Tool:
    """A command that checks a folder.

    Attributes:
        name: As shown.
        command: Its words; ``{folder}`` is the folder, ``{files}`` all files with ``suffix``, ``{three}`` its three
            smallest files of some length, ``{cache}`` a folder that is there for the whole run.
        suffix: What it reads.
        warm: Whether it runs once before it is measured.
        edits: Whether one file gets a line more before each run, another file each time; on a copy of the folder.
        heavy: Whether it takes minutes where others take seconds; it runs on small folders only.
    """

    name: str
    command: tuple[str, ...]
    suffix: str = ".py"
    warm: bool = False
    edits: bool = False
    heavy: bool = False


TOOLS = (
    Tool("start of click", ("python", "-c", "import click"), warm=True),
    Tool("sqla-guard, 3 files", ("sqla-guard", "check", "--no-cache", "{three}"), warm=True),
    Tool("ruff", ("ruff", "check", "--isolated", "--no-cache", "--quiet", "--select", "F", "{folder}")),
    Tool("sqla-guard", ("sqla-guard", "check", "--no-cache", "{folder}"), warm=True),
    Tool("sqla-guard fix", ("sqla-guard", "fix", "--no-cache", "{folder}")),
    Tool(
        "ruff, nothing changed",
        ("ruff", "check", "--isolated", "--cache-dir", "{cache}", "--quiet", "--select", "F", "{folder}"),
        warm=True,
    ),
    Tool("sqla-guard, nothing changed", ("sqla-guard", "check", "{folder}"), warm=True),
    Tool(
        "ruff, one file changed",
        ("ruff", "check", "--isolated", "--cache-dir", "{cache}", "--quiet", "--select", "F", "{folder}"),
        warm=True,
        edits=True,
    ),
    Tool("sqla-guard, one file changed", ("sqla-guard", "check", "{folder}"), warm=True, edits=True),
    Tool("flake8 + flake8-sqlalchemy", ("flake8", "--isolated", "{folder}"), heavy=True),
    Tool("Fixit 2", ("fixit", "--quiet", "lint", "{folder}"), heavy=True),
    Tool("pylint", ("pylint", "--rcfile", os.devnull, "--recursive=y", "--score=n", "{folder}"), heavy=True),
    Tool(
        "semgrep",
        (
            *("semgrep", "scan", "--metrics=off", "--disable-version-check", "--quiet"),
            *("--config", str(HERE / "semgrep.yaml"), "{folder}"),
        ),
        heavy=True,
    ),
    Tool("alembic-guard", ("alembic-guard", "{folder}"), heavy=True),
    # With this rule it reads every script, not only those of tables that a model maps.
    Tool(
        "sqla-guard, SG302",
        ("sqla-guard", "check", "--no-cache", "--extend-select", "SG302", "{folder}"),
        ".sql",
    ),
    Tool("squawk", ("squawk", "{files}"), ".sql", heavy=True),
    Tool("sqlfluff", ("sqlfluff", "lint", "--dialect", "postgres", "{folder}"), ".sql", heavy=True),
)


@dataclass(frozen=True)
class Run:
    """One process: seconds, mebibytes, and how it ended."""

    wall: float
    cpu: float
    peak: float
    code: int


@dataclass
class Measured:
    """All runs of one tool on one folder."""

    tool: Tool
    runs: list[Run] = field(default_factory=list)
    note: str = ""


@dataclass(frozen=True)
class Folder:
    """What is checked, with its size in files and lines by suffix; ``title`` is how it is shown."""

    path: Path
    title: str
    files: dict[str, list[Path]]
    lines: dict[str, int]


def main() -> None:
    """Measure, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", help="a folder, or TITLE=FOLDER")
    parser.add_argument("--runs", type=int, default=5, help="how often each tool runs on each folder")
    parser.add_argument("--large-runs", type=int, default=5, help="the same on folders of over a million lines")
    parser.add_argument("--scale", type=Path, help="a folder to measure growing parts of")
    parser.add_argument("--sizes", type=int, nargs="*", default=[10_000, 100_000, 1_000_000, 5_000_000])
    parser.add_argument("--limit", type=float, default=300.0, help="seconds after which a tool is given up")
    parser.add_argument("--small", nargs="*", default=[], help="folders for the tools that take long too")
    parser.add_argument("--note", default="", help="a sentence to stand above the tables")
    parser.add_argument("--tools", nargs="*", help="names to measure; all that are installed by default")
    parser.add_argument("--output", type=Path, default=HERE / "RESULTS.md")
    options = parser.parse_args()
    wanted = options.tools or [tool.name for tool in TOOLS]
    tools = [tool for tool in TOOLS if tool.name in wanted]
    text = "\n".join(_report(tools, options)) + "\n"
    options.output.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


def _report(tools: Sequence[Tool], options: argparse.Namespace) -> Iterator[str]:
    found = [tool for tool in tools if _program(tool.command[0])]
    missing = [tool.name for tool in tools if tool not in found]
    yield "# Benchmarks"
    yield ""
    yield f"{time.strftime('%Y-%m-%d', time.gmtime())}, {_machine()}."
    yield from (
        f"Made by `make bench`; {options.runs} runs of each tool ({options.large_runs} on over a million lines), which",
        "took turns. Wall and CPU time in seconds, median (minimum to maximum); ratios are of medians. CPU time is",
        "that of all threads and processes of a run, peak memory that of its largest process. Where one file changed,",
        "a comment was put behind another file before each run: files at even distances in the order of their names.",
    )
    if options.note:
        yield options.note
    yield ""
    yield from (f"- {tool.name}: {_version(tool)}" for tool in found if tool.command[0] != "python")
    if missing:
        yield f"- not installed, so not measured: {', '.join(missing)}"
    for name in (*options.small, *options.folders):
        title, _, path = name.rpartition("=")
        folder = _folder(Path(path).resolve(), title)
        fit = [tool for tool in found if name in options.small or not tool.heavy]
        runs = options.runs if folder.lines[".py"] < _LARGE else options.large_runs
        yield ""
        yield from _table(folder, _measure(folder, fit, runs, options.limit))
    if options.scale is not None:
        yield ""
        yield from _growth(options.scale.resolve(), options)


def _growth(source: Path, options: argparse.Namespace) -> Iterator[str]:
    """Yield the table of this tool on folders of growing size."""
    yield "## Growing folders"
    yield ""
    yield f"The first lines of {source.name}, whole files; a folder that is larger than that holds it several times."
    yield ""
    yield "| files | lines | wall | CPU | CPU s per 100,000 lines | peak MiB |"
    yield "|---|---|---|---|---|---|"
    tools = [tool for tool in TOOLS if tool.name == "sqla-guard"]
    with tempfile.TemporaryDirectory() as parent:
        for size in options.sizes:
            part = Path(parent, str(size))
            _fill(part, _folder(source), size)
            folder = _folder(part)
            runs = _measure(folder, tools, options.runs if size < _LARGE else options.large_runs, options.limit)[0].runs
            shutil.rmtree(part)
            if not runs:
                yield f"| {len(folder.files['.py']):,} | {folder.lines['.py']:,} | given up | | | |"
                continue
            wall, cpu, lines = [run.wall for run in runs], [run.cpu for run in runs], folder.lines[".py"]
            cells = [f"{len(folder.files['.py']):,}", f"{lines:,}", _spread(wall), _spread(cpu)]
            cells += [f"{median(cpu) / lines * 100_000:.2f}", f"{max(run.peak for run in runs):.0f}"]
            yield f"| {' | '.join(cells)} |"


def _fill(target: Path, source: Folder, size: int) -> None:
    """Copy files of ``source`` until ``target`` has ``size`` lines; each copy of the whole is a project of its own."""
    left = size
    number = 0
    while left > 0:
        home = target / f"part{number}"
        number += 1
        home.mkdir(parents=True)
        (home / "pyproject.toml").touch()
        for file in source.files[".py"]:
            copy = home / file.relative_to(source.path)
            copy.parent.mkdir(parents=True, exist_ok=True)
            data = file.read_bytes()
            copy.write_bytes(data)
            left -= data.count(b"\n")
            if left <= 0:
                break


def _measure(folder: Folder, tools: Sequence[Tool], runs: int, limit: float) -> list[Measured]:
    results = [Measured(tool) for tool in tools if folder.files[tool.suffix]]
    with tempfile.TemporaryDirectory() as cache, tempfile.TemporaryDirectory() as parent:
        copies = {r.tool.name: _copied(folder, Path(parent, r.tool.name)) for r in results if r.tool.edits}
        for number in range(runs):
            for result in results:
                if result.note:
                    continue
                place = copies.get(result.tool.name, folder)
                command = _command(result.tool, place, cache)
                if number == 0 and _is_warmed(result.tool, folder):
                    _run(command, place.path, limit, cache)
                if result.tool.edits:
                    _edit(place, number, runs)
                run = _run(command, place.path, limit, cache)
                if run is None:
                    result.note = f"given up after {limit:.0f} s"
                elif run.code < 0:
                    result.note = f"ended by signal {-run.code}"
                else:
                    result.runs.append(run)
    return results


def _is_warmed(tool: Tool, folder: Folder) -> bool:
    """Tell whether ``tool`` runs once unmeasured: of a large folder, only to fill its cache."""
    return tool.warm and (folder.lines[".py"] < _LARGE or "--no-cache" not in tool.command)


def _copied(folder: Folder, target: Path) -> Folder:
    """Return a copy of ``folder`` that may be changed."""
    shutil.copytree(folder.path, target, symlinks=True, ignore=shutil.ignore_patterns(*SKIPPED, ".*_cache", "*.so"))
    for repository in folder.path.glob("*/.git"):  # what is a project of its own stays one
        (target / repository.relative_to(folder.path)).mkdir()
    # What has just been written is not believed to be unchanged for some seconds.
    time.sleep(4)
    return _folder(target)


def _edit(folder: Folder, number: int, runs: int) -> None:
    """Put a comment behind the ``number``-th of ``runs`` files that stand at even distances."""
    files = folder.files[".py"]
    with files[len(files) * (2 * number + 1) // (2 * runs)].open("ab") as stream:
        stream.write(b"\n# One line more.\n")


def _command(tool: Tool, folder: Folder, cache: str) -> list[str]:
    program = _program(tool.command[0])
    assert program is not None
    words = [str(program)]
    for word in tool.command[1:]:
        if word == "{files}":
            words += map(str, folder.files[tool.suffix])
        elif word == "{three}":
            long_enough = [file for file in folder.files[tool.suffix] if file.stat().st_size > 500]
            words += map(str, sorted(long_enough, key=lambda file: (file.stat().st_size, file))[:3])
        else:
            words.append(word.replace("{folder}", str(folder.path)).replace("{cache}", cache))
    return words


def _run(command: Sequence[str], folder: Path, limit: float, cache: str) -> Run | None:
    """Run ``command`` and return what it took; ``None`` where it took longer than ``limit``."""
    # As users have it: compiled modules are kept, and nothing else is there from before.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment["SQLA_GUARD_CACHE_DIR"] = cache
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    # Whoever looks again and again whether it has ended takes a processor from those that use all of them.
    killer = Timer(limit, os.killpg, (process.pid, signal.SIGKILL))  # with the processes that it started
    killer.start()
    # The kernel's account of this child alone; processes that it waited for are part of it.
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    killer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    if wall >= limit:
        return None
    peak = usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
    return Run(wall, usage.ru_utime + usage.ru_stime, peak, process.returncode)


def _table(folder: Folder, results: Sequence[Measured]) -> Iterator[str]:
    counts = ", ".join(f"{len(folder.files[s]):,} `{s}` files with {folder.lines[s]:,} lines" for s in (".py", ".sql"))
    yield f"## {folder.title}"
    yield ""
    yield f"{counts}."
    yield ""
    yield "| tool | wall | CPU | peak MiB | files/s | lines/s | wall, of ruff's | CPU, of ruff's | exit |"
    yield "|---|---|---|---|---|---|---|---|---|"
    base = next((r for r in results if r.tool.name == "ruff" and r.runs), None)
    for result in results:
        if result.note or not result.runs:
            yield f"| {result.tool.name} | {result.note} | | | | | | | |"
            continue
        wall, cpu = [run.wall for run in result.runs], [run.cpu for run in result.runs]
        files, lines = len(folder.files[result.tool.suffix]), folder.lines[result.tool.suffix]
        checks = result.tool.command[0] != "python"
        cells = [
            result.tool.name,
            _spread(wall),
            _spread(cpu),
            f"{max(run.peak for run in result.runs):.0f}",
            f"{files / median(wall):,.0f}" if checks else "",
            f"{lines / median(wall):,.0f}" if checks else "",
            f"{median(wall) / median([r.wall for r in base.runs]):.1f} x" if base else "",
            f"{median(cpu) / median([r.cpu for r in base.runs]):.1f} x" if base else "",
            ", ".join(sorted({str(run.code) for run in result.runs})),
        ]
        yield f"| {' | '.join(cells)} |"


def _spread(values: Sequence[float]) -> str:
    return f"{median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def _folder(path: Path, title: str = "") -> Folder:
    files: dict[str, list[Path]] = {".py": [], ".sql": []}
    for current, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if name not in SKIPPED and not name.startswith("."))
        for name in sorted(names):
            suffix = Path(name).suffix
            if suffix in files:
                files[suffix].append(Path(current, name))
    lines = {suffix: sum(file.read_bytes().count(b"\n") for file in found) for suffix, found in files.items()}
    return Folder(path, title or path.name, files, lines)


def _program(name: str) -> Path | None:
    for folder in BINARIES:
        if (folder / name).is_file():
            return folder / name
    found = shutil.which(name)
    return Path(found) if found else None


def _version(tool: Tool) -> str:
    command = [str(_program(tool.command[0])), "--version"]
    # Out of reach of the network some look for a newer version until they give up.
    quiet = {**os.environ, "SEMGREP_ENABLE_VERSION_CHECK": "0"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=quiet, timeout=60)
    except subprocess.TimeoutExpired:
        return "version unknown"
    return " ".join((done.stdout or done.stderr).split("\n")[0].split()) or "version unknown"


def _machine() -> str:
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), model)
    except OSError:
        pass
    return f"{os.cpu_count()} x {model}, {platform.system()} {platform.release()}, Python {platform.python_version()}"


if __name__ == "__main__":
    main()
