"""Answers without what the contract leaves open: the order of objects in a list."""

from __future__ import annotations

import json
from typing import Any


def without_order(answer: Any) -> Any:
    """Put lists of objects into one order; lists of plain values keep theirs.

    Args:
        answer: Any part of an answer.
    """
    if isinstance(answer, dict):
        return {key: without_order(value) for key, value in answer.items()}
    if isinstance(answer, list):
        items = [without_order(item) for item in answer]
        if items and all(isinstance(item, dict) for item in items):
            return sorted(items, key=_key)
        return items
    return answer


def _key(item: Any) -> str:
    """A text for each object; 0 and 0.0 have the same one, as they are equal."""
    return json.dumps(_numbers_alike(item), sort_keys=True, default=str)


def _numbers_alike(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _numbers_alike(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_numbers_alike(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
