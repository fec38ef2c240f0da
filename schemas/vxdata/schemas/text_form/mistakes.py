"""Mistakes in texts, and where they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vxdata.schemas.errors import QuerySyntaxError

if TYPE_CHECKING:
    import ast

    from vxdata.schemas.errors import VxDataError


@dataclass(frozen=True)
class Place:
    """Where in a text something is.

    Args:
        line: From 1.
        column: In characters, from 1.
    """

    line: int = 1
    column: int = 1


@dataclass(frozen=True)
class Source:
    """A text, and the lines that stand before it where it is parsed.

    Args:
        lines: Its lines.
        before: Lines that were put before them.
    """

    lines: tuple[str, ...]
    before: int = 0

    @classmethod
    def of(cls, text: str, before: int = 0) -> Source:
        """Divide a text into lines as Python does."""
        return cls(tuple(text.replace("\r\n", "\n").replace("\r", "\n").split("\n")), before)

    def place(self, node: ast.expr) -> Place:
        """Tell where a node of the parsed text begins; Python counts bytes, people count characters."""
        line = node.lineno - self.before
        start = self.lines[line - 1].encode()[: node.col_offset] if 1 <= line <= len(self.lines) else b""
        return self.near(line, len(start.decode(errors="ignore")) + 1)

    def near(self, line: int, column: int) -> Place:
        """Take a place into the text, where it lies beyond."""
        if line < 1:
            return Place()
        if line > len(self.lines):
            return Place(len(self.lines), len(self.lines[-1]) + 1)
        return Place(line, max(1, min(column, len(self.lines[line - 1]) + 1)))


def mistake(what: str, place: Place, hint: str = "") -> QuerySyntaxError:
    """Describe what cannot be read.

    Args:
        what: What is wrong, without a full stop.
        place: Where.
        hint: What to write instead, as a sentence; empty if nothing can be said.

    Returns:
        The error.

    Example:
        >>> mistake("G is not known", Place(1, 3), "Fields are written F.name.").message
        'The query cannot be read at line 1, column 3: G is not known. Fields are written F.name.'
    """
    end = "" if what.endswith("?") else "."
    told = f"The query cannot be read at line {place.line}, column {place.column}: {what}{end}"
    message = f"{told} {hint}" if hint else told
    return QuerySyntaxError(message, line=place.line, column=place.column, hint=hint)


def placed(error: VxDataError, place: Place) -> None:
    """Say in an error that a step has raised where that step stands; what is stated already stays.

    Args:
        error: The error.
        place: Where the step is.
    """
    for name, value in (("line", place.line), ("column", place.column), ("hint", "")):
        error.details.setdefault(name, value)
