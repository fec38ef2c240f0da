"""Small pieces of HTML, for what notebooks show of our objects; every text in them is escaped."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SHOWN_ITEMS: Final = 5
"""At most this many items of a list or mapping are shown."""

SHOWN_CHARACTERS: Final = 200
"""At most this many characters of a text are shown."""

CELL: Final = 'style="text-align: left; vertical-align: top"'


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Write a table.

    Args:
        head: Names of the columns; none for a table without a head.
        rows: The cells of each row.

    Returns:
        HTML.

    Example:
        >>> table([], [["a", "<b>"]]).count("&lt;b&gt;")
        1
    """
    names = "".join(f"<th {CELL}>{escape(name)}</th>" for name in head)
    top = f"<thead><tr>{names}</tr></thead>" if head else ""
    body = "".join(
        f"<tr>{''.join(f'<td {CELL}>{escape(shown(cell))}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table>{top}<tbody>{body}</tbody></table>"


def card(title: str, note: str, *parts: str) -> str:
    """Write a title, a sentence, and what stands below them.

    Args:
        title: Text that is shown as code.
        note: Text; empty for none.
        *parts: HTML.

    Returns:
        HTML.
    """
    sentence = f"<p>{escape(note)}</p>" if note else ""
    return f"<div><p><strong><code>{escape(title)}</code></strong></p>{sentence}{''.join(parts)}</div>"


def shown(value: object) -> str:
    """Write a value as text; long ones are cut short.

    Args:
        value: Any value of a field.

    Returns:
        Text, not escaped.

    Example:
        >>> shown(["a", "b"]), shown({"auc": 0.5}), shown(list(range(1_000)))
        ('a, b', 'auc: 0.5', '0, 1, 2, 3, 4 and 995 more')
    """
    match value:
        case None:
            return ""
        case Mapping():
            return _abridged([f"{shown(key)}: {shown(value[key])}" for key in _first(value)], len(value))
        case list() | tuple():
            return _abridged([shown(item) for item in _first(value)], len(value))
        case _:
            text = str(value)
            return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"


def _first(items: Iterable[object]) -> list[object]:
    return [item for item, _ in zip(items, range(SHOWN_ITEMS), strict=False)]


def _abridged(texts: Sequence[str], total: int) -> str:
    hidden = total - len(texts)
    return f"{', '.join(texts)} and {hidden:,} more" if hidden else ", ".join(texts)
