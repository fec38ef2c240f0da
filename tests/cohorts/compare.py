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
            return sorted(items, key=lambda item: json.dumps(item, sort_keys=True, default=str))
        return items
    return answer
