"""Everything that rules of other packages need; ``docs/plugins.md`` shows how.

What is named here stays as it is within a major version. The rest of the package is internal.
"""

from __future__ import annotations

from sqla_guard.core.config import Config
from sqla_guard.core.diagnostic import Diagnostic, NotAnalysed
from sqla_guard.core.fix import Applicability, Edit, Fix, ImportNeed, Place
from sqla_guard.core.source import SourceFile, Span
from sqla_guard.facts.lazy import LazyInit
from sqla_guard.facts.operations import AddColumn, CreateTable, RenameColumn
from sqla_guard.facts.reserved import ReservedName
from sqla_guard.facts.tables import DeclaredTable
from sqla_guard.project.project import Project
from sqla_guard.rules.rule import Rule

__all__ = [
    "AddColumn",
    "Applicability",
    "Config",
    "CreateTable",
    "DeclaredTable",
    "Diagnostic",
    "Edit",
    "Fix",
    "ImportNeed",
    "LazyInit",
    "NotAnalysed",
    "Place",
    "Project",
    "RenameColumn",
    "ReservedName",
    "Rule",
    "SourceFile",
    "Span",
]
