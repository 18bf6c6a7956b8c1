"""Open buffers to findings: the same check as on the command line, with unsaved texts in place of the files."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from sqla_guard.adoption import unknown_to_baselines
from sqla_guard.core.diagnostic import Diagnostic
from sqla_guard.core.report import Report
from sqla_guard.core.workspace import Workspace
from sqla_guard.fix.loop import fix
from sqla_guard.read.discover import FileDisk
from sqla_guard.read.paths import shown
from sqla_guard.run import report_on
from sqla_guard.settings import settings


class Buffer(Struct, frozen=True):
    """A document that is open in the editor.

    Attributes:
        uri: As the editor names it.
        version: Its version there.
        text: What it holds now.
    """

    uri: str
    version: int | None
    text: str


class Analysis(Struct, frozen=True):
    """What is known of the open buffers.

    Attributes:
        buffers: The buffers that were checked, by path.
        report: The findings in them.
        workspace: The project with the buffers' texts.
    """

    buffers: Mapping[str, Buffer]
    report: Report
    workspace: Workspace

    def in_file(self, path: str) -> tuple[Diagnostic, ...]:
        """Return the findings in one buffer."""
        return tuple(d for d in self.report.diagnostics if d.path == path)


def analyse(buffers: Mapping[str, Buffer]) -> Analysis:
    """Check all open buffers; what is not open is read from the disk, afresh each time.

    Raises:
        ConfigError: The settings cannot be used.
    """
    paths = tuple(sorted(buffers))
    config = settings(paths)
    workspace = Workspace(paths, FileDisk(config), {path: buffer.text for path, buffer in buffers.items()})
    report = unknown_to_baselines(config)(report_on(workspace, config), workspace)
    return Analysis(buffers, report, workspace)


def repaired(analysis: Analysis) -> Mapping[str, str]:
    """Return the texts of all files that change when everything in the open buffers is repaired, by path."""
    workspace = analysis.workspace
    config = settings(workspace.reported)
    narrow = unknown_to_baselines(config)
    result = fix(workspace, lambda changed: narrow(report_on(changed, config), changed))
    return {
        path: text
        for path, text in sorted(result.workspace.changed.items())
        if not workspace.exists(path) or workspace.load(path).text != text
    }


def path_of(file: str) -> str:
    """Return the name that a file goes by in findings."""
    return shown(file)
