"""Numbered migrations: what the database needs beyond the tables derived from the registry."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

from sqlglot.dialects import Postgres
from sqlglot.tokenizer_core import TokenType


@dataclass(frozen=True)
class Migration:
    """One numbered file.

    Args:
        number: Its place in the order, from 1.
        name: File name without the ending.
        statements: Its statements, without their semicolons.
    """

    number: int
    name: str
    statements: tuple[str, ...]


def migrations() -> tuple[Migration, ...]:
    """Read the packaged migrations.

    Returns:
        All of them, in order.

    Example:
        >>> migrations()[0].name
        '0001_commit_clock'
    """
    paths = sorted(
        (path for path in files(__name__).iterdir() if path.name.endswith(".sql")), key=lambda path: path.name
    )
    return tuple(
        Migration(
            int(path.name[:4]), path.name.removesuffix(".sql"), split_statements(path.read_text("utf-8"))
        )
        for path in paths
    )


def split_statements(text: str) -> tuple[str, ...]:
    """Split SQL text at its semicolons, not at those inside literals, comments or function bodies.

    Args:
        text: A script. PostgreSQL's extended protocol, which the driver speaks, takes one at a time.

    Returns:
        The statements as written.

    Example:
        >>> split_statements("SELECT ';'; SELECT 2;")
        ("SELECT ';'", 'SELECT 2')
    """
    ends = [token.start for token in Postgres().tokenize(text) if token.token_type == TokenType.SEMICOLON]
    starts = [0, *(end + 1 for end in ends)]
    pieces = (text[start:end].strip() for start, end in zip(starts, [*ends, len(text)], strict=True))
    return tuple(piece for piece in pieces if piece)
