"""`make demo`: a broken app becomes a running one, on a copy, with nothing left behind."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from scripts import sample_app

ROOT = Path(__file__).resolve().parent.parent
APP = "security_desk"
PYTHON = ROOT / ".envs" / "sqlalchemy-2.0" / "bin" / "python"
IMPORT_MODELS = ("python", "-c", "import desk.models")


class StepFailed(Exception):
    """A step of the demo did not go as it should."""


class Demo:
    """The steps, each printed as a person would type it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.app = folder / APP
        self.env = sample_app.variables(PYTHON, {"DESK_SPOOL": str(folder / "spool.db")})

    def play(self) -> None:
        """Go through the story from the broken app to the running one."""
        shutil.copytree(
            ROOT / "fixtures" / "projects" / APP,
            self.app,
            ignore=shutil.ignore_patterns("__pycache__", "*.db"),
        )

        heading("1. The app cannot start: SQLAlchemy refuses to import its models")
        self.run(IMPORT_MODELS, expected=1, saying="InvalidRequestError", tail=1)

        heading("2. sqla-guard says why, without running anything")
        self.sqla_guard("check", expected=1, saying="reserved-attribute")

        heading("3. What it would change")
        self.sqla_guard("fix", expected=1, saying="\n+++ ")

        heading("4. Let it")
        self.sqla_guard("fix", "--write", expected=0)

        heading("5. Nothing is left to find")
        self.sqla_guard("check", expected=0)

        heading("6. The models import, and an empty database migrates")
        self.run(IMPORT_MODELS, expected=0)
        self.run(("python", "-m", "desk.migrate"), expected=0, saying="steps applied", tail=3)

        heading("7. The real server answers")
        self.serve()

    def sqla_guard(self, *arguments: str, expected: int, saying: str = "") -> None:
        """Run the tool beside the app, so that its paths read as they would at home."""
        tool = Path(sys.executable).with_name("sqla-guard")
        command = ("sqla-guard", *arguments, APP)
        show(command)
        output = finish([str(tool), *command[1:]], self.folder, None, expected, saying)
        print(output, end="", flush=True)

    def run(self, command: Sequence[str], *, expected: int, saying: str = "", tail: int = 0) -> None:
        """Run one of the app's own commands inside it; `tail` shows only its last lines."""
        show(command)
        output = finish([str(PYTHON), *command[1:]], self.app, self.env, expected, saying)
        lines = output.splitlines()
        if tail and len(lines) > tail:
            lines = ["[…]", *lines[-tail:]]
        for line in lines:
            print(line, flush=True)

    def serve(self) -> None:
        """Start the app's own start script, ask it for its health, and stop it."""
        command = ["./start.sh"]
        show(command)
        log = self.folder / "server.log"
        with sample_app.serving(command, cwd=self.app, env=self.env, log=log) as address:
            print(f"serving on {address}")
            show(["curl", f"{address}/healthz"])
            status, body = sample_app.get(f"{address}/healthz")
            print(body)
        if (status, body.strip()) != (200, "ok"):
            raise StepFailed(f"/healthz answered {status}:\n{log.read_text()}")
        print("(stopped)")


def heading(text: str) -> None:
    """Print the title of a step."""
    print(f"\n{text}\n{'-' * len(text)}")


def show(command: Sequence[str]) -> None:
    """Print a command as it would be typed."""
    print(f"$ {shlex.join(command)}", flush=True)


def finish(command: Sequence[str], cwd: Path, env: dict[str, str] | None, expected: int, saying: str) -> str:
    """Run a command and return its output; insist on its exit code and on what it must say.

    The code alone would not do: a crash of the tool ends with 1 too, as findings do.
    """
    done = subprocess.run(
        command,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    if done.returncode != expected or saying not in done.stdout:
        wanted = f"exit code {expected}" + (f" and {saying.strip()!r}" if saying else "")
        raise StepFailed(f"{shlex.join(command)}: exit code {done.returncode}, wanted {wanted}\n{done.stdout}")
    return done.stdout


def main() -> int:
    """Play the demo; 0 only when every step went as it should."""
    with tempfile.TemporaryDirectory(prefix="sqla-guard-demo-") as folder:
        try:
            Demo(Path(folder)).play()
        except (StepFailed, RuntimeError, OSError, subprocess.TimeoutExpired) as problem:
            print(f"\nThe demo failed: {problem}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
