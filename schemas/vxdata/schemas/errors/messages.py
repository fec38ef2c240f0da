"""Parts of messages for people."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SHOWN_IN_MESSAGE = 20
"""At most this many items are written into a message; `details` carries all of them."""

MAX_SUGGESTIONS: Final = 3
"""Words of one error for which near ones are sought, at most."""

MAX_NAME_LENGTH: Final = 200
"""Characters of the longest text that may be a name: the search for near ones is quadratic in them."""


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


def abridged_name(text: str) -> str:
    """Show what was given as a name, at most `MAX_NAME_LENGTH` characters of it.

    Args:
        text: What was written, of any length.

    Returns:
        The text, or its beginning with the number of characters left out.

    Example:
        >>> abridged_name("volume")
        'volume'
        >>> abridged_name("x" * 1_000).removeprefix("x" * 200)
        '… (800 more characters)'
    """
    hidden = len(text) - MAX_NAME_LENGTH
    return f"{text[:MAX_NAME_LENGTH]}… ({hidden:,} more characters)" if hidden > 0 else text


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Suggest the nearest known words, or list what there is; near a word that is no name lies none.

    Args:
        word: What was written.
        known: What could have been meant; or a mapping of what is written to what it means.

    Returns:
        A sentence to append to a message.

    Example:
        >>> did_you_mean("b_valu", ["b_value", "modality"])
        'Did you mean b_value?'
        >>> did_you_mean("axial", {"sagittal": "sagittal", "axial": "transversal"})
        'Did you mean transversal?'
    """
    meanings = dict(known) if isinstance(known, Mapping) else {name: name for name in known}
    near = _near(word, meanings)
    return (
        f"Did you mean {' or '.join(near)}?"
        if near
        else f"Known: {abridged(sorted(set(meanings.values())))}."
    )


def suggestions(words: Sequence[str], known: Iterable[str]) -> dict[str, list[str]]:
    """Find the nearest known words as data, for the first few of what was written.

    Args:
        words: What was written.
        known: What could have been meant.

    Returns:
        What was written -> the nearest words, for those that have such.

    Example:
        >>> suggestions(["b_valu", "?"], ["b_value", "modality"])
        {'b_valu': ['b_value']}
    """
    meanings = {name: name for name in known}
    found = {word: _near(word, meanings) for word in words[:MAX_SUGGESTIONS]}
    return {word: near for word, near in found.items() if near}


def _near(word: str, meanings: Mapping[str, str]) -> list[str]:
    """What the nearest of some words mean, the nearest first; near a word that is no name lies none."""
    if len(word) > MAX_NAME_LENGTH:
        return []
    by_folded = {name.casefold(): meanings[name] for name in sorted(meanings)}
    folded = word.casefold()
    written = [folded] if folded in by_folded else difflib.get_close_matches(folded, by_folded, n=3)
    return list(dict.fromkeys(by_folded[match] for match in written))
