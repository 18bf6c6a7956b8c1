"""A new Alembic revision that renames a column, in the project's own look.

The text comes from the project's ``script.py.mako`` where that has only the usual holes, else from
the layout of the head revision. The ``Create Date`` line is left out: the result must not depend on
the clock, and any other date would be an invention. Alembic itself never reads it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from posixpath import basename

from msgspec import Struct
from msgspec.structs import replace

from sqla_guard.core.fix import Edit
from sqla_guard.core.source import Span
from sqla_guard.facts.revision import Revision, Slot
from sqla_guard.project.revisions import RevisionGraph
from sqla_guard.rename.alembic_names import file_name, message, revision_id
from sqla_guard.rename.outcome import Change, ColumnRename, Outcome, Refusal
from sqla_guard.rename.sql_text import family, rename_sql

_HOLE = re.compile(r"\$\{([^}]{0,400})\}")
_LOGIC = re.compile(r"^[ \t]*(?:%|##)|<%|</%", re.MULTILINE)
_DATE_LINE = re.compile(r"^[ \t]*Create Date:.*\n?", re.MULTILINE)
_AS_BATCH = re.compile(r"render_as_batch\s*=\s*True")
_MYSQL = re.compile(
    r"\bsqlalchemy\.dialects(?:\.mysql\b|\s+import\s[^\n]{0,400}\bmysql\b)|\bmysql_(?:engine|charset)\s*="
)
_SA = re.compile(r"^import sqlalchemy as sa[ \t]*(?:#.*)?$", re.MULTILINE)
_OP = re.compile(r"^from alembic import .*\n", re.MULTILINE)
_FEW = 4
_DEFAULT_TEMPLATE = '''"""${message}

Revision ID: ${up_revision}
Revises: ${down_revision}

"""
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade():
    ${upgrades}


def downgrade():
    ${downgrades}
'''


class Environment(Struct, frozen=True):
    """What else a project has for Alembic; each text may be empty.

    Attributes:
        template: Text of ``script.py.mako``.
        ini: Text of ``alembic.ini``.
        env: Text of ``env.py``.
    """

    template: str = ""
    ini: str = ""
    env: str = ""


def alembic_rename(wish: ColumnRename, graph: RevisionGraph, environment: Environment | None = None) -> Outcome:
    """Return the new revision file that renames a column after the single head of ``graph``."""
    environment = environment or Environment()
    if graph.problems:
        return Refusal(f"the revisions are not one chain: {'; '.join(graph.problems)}")
    heads = graph.heads
    if not heads:
        return Refusal("there are no revisions to continue")
    if len(heads) > 1:
        named = ", ".join(f"{h.id} ({basename(h.path)})" for h in heads)
        return Refusal(f"there are several heads, merge them first: {named}")
    head = heads[0]
    identifier = revision_id(wish, head, {r.id for r in graph.revisions})
    title = message(wish, head)
    path = file_name(identifier, title, head, environment.ini)
    if any(r.id == identifier or r.path == path for r in graph.revisions):
        return Refusal(f"revision {identifier} exists already")
    text = _Writer(wish, graph, environment, head, identifier, title).text()
    return Change((Edit(path, 0, 0, text),))


class _Writer(Struct, frozen=True):
    wish: ColumnRename
    graph: RevisionGraph
    environment: Environment
    head: Revision
    identifier: str
    title: str

    def text(self) -> str:
        """Return the new file."""
        rendered = self._render(self.environment.template) if self.environment.template else None
        if rendered is None:
            rendered = self._like_head()
        if rendered is None:
            rendered = self._render(_DEFAULT_TEMPLATE)
        assert rendered is not None  # our own template has only the usual holes
        if not self._existing():
            return rendered
        imported = _with_sqlalchemy(rendered)
        return imported or replace(self, wish=replace(self.wish, existing=())).text()

    # -- what it does

    def _statements(self, back: bool = False) -> list[str]:
        old, new = (self.wish.new, self.wish.old) if back else (self.wish.old, self.wish.new)
        table, schema = self.wish.table.name, self.wish.table.schema
        op = self.head.layout.op
        where = f", schema={_literal(schema)}" if schema else ""
        if self._for_mysql():
            # alter_column renames with CHANGE there, which wants the whole type again.
            turned = ColumnRename(self.wish.table, old, new, "mysql")
            return [f"{op}.execute({_literal(rename_sql(turned))})"]
        more = [f"{keyword}={value}" for keyword, value in self._existing()]
        if self._batch():
            # A copied table would lose its triggers and the rows that refer to it (ON DELETE CASCADE), and could not
            # be made where a CHECK names the column. SQLite renames in place, and then everything moves along.
            return [
                f'with {op}.batch_alter_table({_literal(table)}{where}, recreate="never") as batch_op:',
                *_call("batch_op.alter_column", [_literal(old), f"new_column_name={_literal(new)}", *more], "    "),
            ]
        names = [_literal(table), _literal(old), f"new_column_name={_literal(new)}"]
        return _call(f"{op}.alter_column", [*names, *more, *([where.removeprefix(", ")] if where else [])])

    def _existing(self) -> tuple[tuple[str, str], ...]:
        """Return what MySQL wants to be told: where nothing names the database, it may be that one."""
        return () if self.wish.dialect or self._for_mysql() else self.wish.existing

    def _for_mysql(self) -> bool:
        """Tell whether MySQL or MariaDB runs it: where nothing else names the database, the revisions' own types do."""
        if self.wish.dialect:
            return family(self.wish.dialect) == "mysql"
        return any(_MYSQL.search(r.text) for r in self.graph.revisions)

    def _batch(self) -> bool:
        """Tell whether the project alters its tables in batches, as most changes need on SQLite."""
        if _AS_BATCH.search(self.environment.env):
            return True
        batch = sum(1 for r in self.graph.revisions if r.batch)
        plain = sum(1 for r in self.graph.revisions if r.plain and not r.batch)
        return batch > plain

    # -- from script.py.mako

    def _render(self, template: str) -> str | None:
        """Return the filled template, or ``None`` where it has more than the usual holes."""
        template = template.replace("\r\n", "\n")
        if _LOGIC.search(template) or "\\\n" in template:
            return None
        template = _DATE_LINE.sub("", template)
        values = self._values()
        out, at = [], 0
        for match in _HOLE.finditer(template):
            key = _plain_key(match[1])
            if key not in values:
                return None
            out.append(template[at : match.start()])
            line = template[template.rfind("\n", 0, match.start()) + 1 : match.start()]
            indent = line if not line.strip() else ""
            out.append(("\n" + indent).join(values[key].split("\n")))
            at = match.end()
        text = "".join(out) + template[at:]
        return text if "alter_column" in text or "execute" in text else None

    def _values(self) -> Mapping[str, str]:
        return {
            "message": self.title,
            "up_revision": self.identifier,
            "down_revision": self.head.id,
            "repr(up_revision)": repr(self.identifier),
            "repr(down_revision)": repr(self.head.id),
            "repr(branch_labels)": "None",
            "repr(depends_on)": "None",
            "imports": "",
            "upgrades": "\n".join(self._statements()),
            "downgrades": "\n".join(self._statements(back=True)),
        }

    # -- after the head

    def _like_head(self) -> str | None:
        """Return a file laid out like the head, or ``None`` where that is unusual."""
        layout, source = self.head.layout, self.head.text
        if layout.upgrade is None or layout.op_import is None or len(layout.values) < 2:
            return None
        values: dict[Slot, str] = {
            "revision": repr(self.identifier),
            "down_revision": repr(self.head.id),
            "branch_labels": "None",
            "depends_on": "None",
        }
        quote = _cut(source, layout.values[0][1])
        edits = [(span, _requoted(values[slot], quote)) for slot, span in layout.values]
        if layout.docstring:
            edits.append((layout.docstring, self._docstring(_cut(source, layout.docstring))))
        first = min(span.start for span, _ in edits if span != layout.docstring)
        # Up to the variables, the docstring and the imports that every revision has; the head's own
        # stay there.
        start = source.rfind("\n", 0, first) + 1
        edits += [(span, "") for span in self._foreign_imports(source, start)]
        end = max(span.end for span, _ in edits)
        head = _replaced(source[: _line_end(source, end)], edits)
        return head.rstrip() + "\n" + self._functions(source)

    def _foreign_imports(self, source: str, until: int) -> list[Span]:
        """Return the lines of imports that only the head's own statements need."""
        keep = re.compile(r"from __future__|from typing|from alembic|import sqlalchemy as sa\b|import typing")
        found = []
        for match in re.finditer(r"^(?:from|import)\b.*\n", source[:until], re.MULTILINE):
            several = "(" in match.group() or "\\" in match.group()
            if not keep.match(match.group()) and not several:
                found.append(Span(*match.span()))
        return found

    def _docstring(self, written: str) -> str:
        text = _DATE_LINE.sub("", written)
        text = re.sub(r"(?m)^([ \t]*Revision ID:[ \t]*).*$", rf"\g<1>{self.identifier}", text)
        text = re.sub(r"(?m)^([ \t]*Revises:).*$", rf"\g<1> {self.head.id}", text)
        opening = re.match(r"[A-Za-z]*(\"\"\"|'''|\"|')\s*", text)
        fields = re.search(r"(?m)^[ \t]*(?:Revision ID|Revises):", text)
        if opening is None:
            return text
        rest = text[fields.start() :].lstrip("\n") if fields else opening[1]
        return f"{opening.group()}{self.title}" + (f"\n\n{rest}" if fields else rest)

    def _functions(self, source: str) -> str:
        layout = self.head.layout
        assert layout.upgrade is not None
        heads = (layout.upgrade, layout.downgrade)
        out = ""
        for span, name, back in zip(heads, ("upgrade", "downgrade"), (False, True), strict=True):
            note = layout.notes[int(back)]
            head = _cut(source, span) if span else f"def {name}():"
            body = self._statements(back)
            told = _cut(source, note) if note else ""
            if re.fullmatch(r"\W*(?:Up|Down)grade schema\W*", told):
                body = [told, *body]
            out += f"\n\n{head}\n" + "".join(f"    {line}\n" for line in body)
        return out


def _call(function: str, given: list[str], indent: str = "") -> list[str]:
    """Return the lines of a call, one for each argument where they are many."""
    if len(given) <= _FEW:
        return [f"{indent}{function}({', '.join(given)})"]
    return [f"{indent}{function}(", *(f"{indent}    {argument}," for argument in given), f"{indent})"]


def _with_sqlalchemy(text: str) -> str:
    """Return a revision that imports ``sqlalchemy`` as ``sa``; empty where there is no place for that."""
    if _SA.search(text):
        return text
    again, number = _OP.subn(lambda match: f"{match.group()}import sqlalchemy as sa\n", text, count=1)
    return again if number else ""


def _plain_key(expression: str) -> str:
    """Return what a hole asks for, without filters and without words for an empty value."""
    key = expression.split("|")[0].strip()
    match = re.fullmatch(r"(\w+) if \1 else (?:\"\"|''|\"pass\"|'pass')", key)
    return match[1] if match else key


def _literal(value: str) -> str:
    return repr(value) if '"' in value else f'"{value}"'


def _requoted(value: str, neighbour: str) -> str:
    return value.replace("'", '"') if neighbour.startswith('"') else value


def _cut(text: str, span: Span) -> str:
    return text[span.start : span.end]


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _replaced(text: str, edits: list[tuple[Span, str]]) -> str:
    for span, new in sorted(edits, reverse=True):
        text = text[: span.start] + new + text[span.end :]
    return text
