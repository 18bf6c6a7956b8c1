"""A project in memory, so that tests of the pure rooms need no folder: the helpers that plugins test with, too."""

from sqla_guard.testing import (
    MemoryDisk,
    check_files,
    fix_files,
    fixed_texts,
    project,
    workspace,
)

__all__ = ["MemoryDisk", "check_files", "fix_files", "fixed_texts", "project", "workspace"]
