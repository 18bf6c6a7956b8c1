"""The graph of a project's Alembic revisions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from posixpath import basename, dirname

from msgspec import Struct

from sqla_guard.facts.revision import Revision


class RevisionGraph(Struct, frozen=True):
    """All revisions of one Alembic environment.

    Attributes:
        revisions: In the order of their paths.
    """

    revisions: tuple[Revision, ...]

    @property
    def heads(self) -> tuple[Revision, ...]:
        """Revisions that no other one follows; as in Alembic, ``depends_on`` does not count."""
        followed = {parent for revision in self.revisions for parent in revision.parents}
        return tuple(r for r in self.revisions if r.id not in followed)

    @property
    def problems(self) -> tuple[str, ...]:
        """What is broken in the chain, in words that name the files."""
        found: list[str] = []
        seen: dict[str, str] = {}
        for revision in self.revisions:
            name = basename(revision.path)
            if revision.problem:
                found.append(f"in {name}, {revision.problem}")
            if revision.id in seen:
                found.append(f"{seen[revision.id]} and {name} have the same revision {revision.id}")
            seen.setdefault(revision.id, name)
        for revision in self.revisions:
            found += [
                f"{basename(revision.path)} follows {parent}, which is not there"
                for parent in revision.parents
                if parent not in seen
            ]
        if not found and len(self._sorted()) < len(self.revisions):
            found.append("the revisions follow each other in a circle")
        return tuple(found)

    def order(self) -> tuple[str, ...]:
        """Return the files in an order in which they can run.

        What a revision follows stands before it. Independent branches keep the order of their
        paths; revisions in a circle come last.
        """
        ordered = self._sorted()
        rest = [r for r in self.revisions if r not in ordered]
        return tuple(r.path for r in (*ordered, *rest))

    def _sorted(self) -> list[Revision]:
        known = {name for r in self.revisions for name in (r.id, *r.branch_labels)}
        done: dict[Revision, None] = {}
        names: set[str] = set()
        waiting = list(self.revisions)
        while waiting:
            ready = [r for r in waiting if all(n in names or n not in known for n in (*r.parents, *r.depends_on))]
            if not ready:
                break
            for revision in ready:
                done[revision] = None
                names.update((revision.id, *revision.branch_labels))
            waiting = [r for r in waiting if r not in done]
        return list(done)


def graphs(revisions: Iterable[Revision]) -> tuple[RevisionGraph, ...]:
    """Return one graph for each environment.

    Folders belong together where a revision of one follows, or depends on, a revision of another
    (several version locations); else each folder is an environment of its own.
    """
    by_folder: dict[str, list[Revision]] = {}
    for revision in sorted(revisions, key=lambda r: r.path):
        by_folder.setdefault(dirname(revision.path), []).append(revision)
    groups: list[list[Revision]] = []
    for folder in by_folder.values():
        joined = list(folder)
        for group in list(groups):
            if _wanted(group) & _names(folder) or _wanted(folder) & _names(group):
                joined += group
                groups.remove(group)
        groups.append(joined)
    ordered = (tuple(sorted(group, key=lambda r: r.path)) for group in groups)
    return tuple(sorted((RevisionGraph(g) for g in ordered), key=lambda g: g.revisions[0].path))


def _names(revisions: Iterable[Revision]) -> set[str]:
    return {name for r in revisions for name in (r.id, *r.branch_labels)}


def _wanted(revisions: Sequence[Revision]) -> set[str]:
    """Return what the revisions follow or depend on outside of themselves."""
    wanted = {name for r in revisions for name in (*r.parents, *r.depends_on)}
    return wanted - _names(revisions)
