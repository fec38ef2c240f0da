"""Parts of messages for people."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SHOWN_IN_MESSAGE = 20
"""At most this many items are written into a message; `details` carries all of them."""


def abridged(items: Sequence[str]) -> str:
    """Join items for a message, at most `SHOWN_IN_MESSAGE` of them.

    Args:
        items: What to name.

    Returns:
        The items, and how many more there are.

    Example:
        >>> abridged(["a", "b"])
        'a, b'
    """
    shown = ", ".join(items[:SHOWN_IN_MESSAGE])
    hidden = len(items) - SHOWN_IN_MESSAGE
    return f"{shown} and {hidden:,} more" if hidden > 0 else shown


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Suggest the nearest known words, or list what there is.

    Args:
        word: What was written.
        known: What could have been meant.

    Returns:
        A sentence to append to a message.

    Example:
        >>> did_you_mean("b_valu", ["b_value", "modality"])
        'Did you mean b_value?'
    """
    names = sorted(known)
    by_folded = {name.casefold(): name for name in names}
    near = [by_folded[match] for match in difflib.get_close_matches(word.casefold(), by_folded, n=3)]
    return f"Did you mean {' or '.join(near)}?" if near else f"Known: {abridged(names)}."
