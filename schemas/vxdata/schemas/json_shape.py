"""The shape of JSON that strangers send: how much there is of it, before anything is made of it.

Reading JSON takes time and memory for each object, list and item, and telling what is wrong with them takes a
multiple of both. So they are counted first: brackets in the bytes, which costs next to nothing, then objects,
keys and items in what was parsed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

MAX_BRACKETS: Final = 500_000
"""Most opening brackets, those in text included: a parsed object or list takes 60 bytes and more."""

MAX_KEYS: Final = 100
"""Most keys of one object; no message has half as many."""


@dataclass(frozen=True)
class Shape:
    """How much JSON there is.

    Args:
        objects: Number of objects.
        items: Number of items of all lists together.
        keys: Number of keys of the object that has most of them.
    """

    objects: int
    items: int
    keys: int


def brackets(data: bytes) -> int:
    """Count the opening brackets of JSON that is not parsed yet, without regard to text.

    Args:
        data: JSON.

    Returns:
        At least the number of its objects and lists.

    Example:
        >>> brackets(b'{"values": [1, "["]}')
        3
    """
    return data.count(b"{") + data.count(b"[")


def shape_of(content: Any) -> Shape:
    """Count the parts of parsed JSON, without recursion.

    Args:
        content: Parsed JSON.

    Returns:
        Its shape.

    Example:
        >>> shape_of({"terms": [{"op": "x", "field": "y"}, {}]})
        Shape(objects=3, items=2, keys=2)
    """
    objects = items = keys = 0
    waiting = [content]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            objects += 1
            keys = max(keys, len(part))
            waiting += [value for value in part.values() if isinstance(value, dict | list)]
        elif isinstance(part, list):
            items += len(part)
            waiting += [value for value in part if isinstance(value, dict | list)]
    return Shape(objects, items, keys)
