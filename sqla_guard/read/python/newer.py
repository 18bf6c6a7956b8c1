"""Python syntax newer than the running interpreter, masked so that ``ast`` can still read the rest.

The mask has the same length and lines as the original, so every position stays true: ``type X = int`` becomes an
assignment, type parameters become blanks, f-strings of the newer kind become plain text.
"""

from __future__ import annotations

import libcst as cst
from libcst.metadata import CodePosition, MetadataWrapper, PositionProvider

from sqla_guard.core.source import SourceFile
from sqla_guard.read.python.newer_text import blank_in_statement, mask_of


def mask_newer_syntax(source: SourceFile) -> str | None:
    """Return ``source.text`` with newer syntax masked, or ``None`` where it is no Python for libcst either."""
    try:
        wrapper = MetadataWrapper(cst.parse_module(source.text), unsafe_skip_copy=True)
        masker = _Masker(source)
        wrapper.visit(masker)
    except Exception:  # libcst raises errors of many kinds; each means that it does not know the text either
        return None
    text = source.text
    for start, end, replacement in sorted(masker.masks, reverse=True):
        text = text[:start] + replacement + text[end:]
    return text


class _Masker(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, source: SourceFile) -> None:
        super().__init__()
        self.source = source
        self.masks: list[tuple[int, int, str]] = []

    def visit_FormattedString(self, node: cst.FormattedString) -> bool:
        self._mask_string(node, len(node.start), len(node.end))
        return False

    def visit_TemplatedString(self, node: cst.TemplatedString) -> bool:
        self._mask_string(node, len(node.start), len(node.end))
        return False

    def visit_TypeAlias(self, node: cst.TypeAlias) -> bool:
        start, _ = self._span(node)
        name_start, name_end = self._span(node.name)
        head_end = self._span(node.type_parameters)[1] if node.type_parameters else name_end
        equals = self.source.text.index("=", head_end)
        # ``type X[T] = int`` -> ``X         = int``
        name = self.source.text[name_start:name_end]
        self.masks.append((start, equals, name + blank_in_statement(self.source.text[start + len(name) : equals])))
        return False

    def visit_TypeParameters(self, node: cst.TypeParameters) -> bool:
        start, end = self._span(node)
        self.masks.append((start, end, blank_in_statement(self.source.text[start:end])))
        return False

    def visit_ExceptStarHandler(self, node: cst.ExceptStarHandler) -> None:
        start, _ = self._span(node)
        star = self.source.text.index("*", start)
        self.masks.append((star, star + 1, " "))

    def _mask_string(self, node: cst.CSTNode, opening: int, closing: int) -> None:
        start, end = self._span(node)
        self.masks.append((start, end, mask_of(self.source.text[start:end], opening, closing)))

    def _span(self, node: cst.CSTNode) -> tuple[int, int]:
        position = self.get_metadata(PositionProvider, node)
        return self._offset(position.start), self._offset(position.end)

    def _offset(self, position: CodePosition) -> int:
        return self.source.line_starts[position.line - 1] + position.column
