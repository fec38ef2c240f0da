"""The canonical form: queries that mean the same by plain sight have the same bytes.

Nested `and` and `or` are flattened, their terms and the values of a list are sorted and taken once, and
what is left at its default is left out. Which keys these are follows from the fields of the nodes. Works on
the plan as JSON values, so every term is met once.
"""

from __future__ import annotations

import json
from typing import Any, Final

from vxdata.schemas.plan.nodes import Plan
from vxdata.schemas.plan.predicates import Unordered
from vxdata.schemas.plan.traverse import kinds

_FIELDS: Final = tuple((name, info) for kind in kinds(Plan) for name, info in kind.model_fields.items())

UNLESS_SET: Final = frozenset(
    name for name, info in _FIELDS if not (info.is_required() or info.default is None or info.default)
)
"""Keys whose default is false, zero or empty: they are left out where their value is."""

UNORDERED: Final = frozenset(
    name for name, info in _FIELDS if any(isinstance(mark, Unordered) for mark in info.metadata)
)
"""Keys of lists that are sorted and hold each value once."""

EXACT: Final = 2**53
"""Whole numbers up to here are the same as a double."""

Json = dict[str, Any]


def canonical(content: Json) -> Json:
    """Bring a plan, or a part of it, into its canonical form.

    Args:
        content: A plan as JSON values, without nulls.

    Returns:
        The same question in its one way of writing.

    Example:
        >>> canonical({"op": "is_in", "field": "score", "values": [3, 1, 3]})
        {'op': 'is_in', 'field': 'score', 'values': [1, 3]}
    """
    kept = {key: _value(value) for key, value in content.items() if value or key not in UNLESS_SET}
    match kept:
        case {"op": "and" | "or" as op, "terms": terms}:
            return _junction(op, terms)
        case {"op": "not", "term": {"op": "not", "term": term}}:
            return dict(term)
        case _ if not UNORDERED.isdisjoint(kept):
            return {key: _set(value) if key in UNORDERED else value for key, value in kept.items()}
        case _:
            return kept


def _value(value: Any) -> Any:
    match value:
        case dict():
            return canonical(value)
        case list():
            return [_value(item) for item in value]
        case float() if value.is_integer() and abs(value) <= EXACT:
            return int(value)
        case _:
            return value


def _junction(op: str, terms: list[Json]) -> Json:
    flat = [
        part for term in terms for part in (term["terms"] if term.get("op") == op else [term])
    ]  # terms are canonical, so at most one level is left to flatten
    distinct = _set(flat)
    return dict(distinct[0]) if len(distinct) == 1 else {"op": op, "terms": distinct}


def _set(items: list[Any]) -> list[Any]:
    """The distinct items in one order, whatever their types; true is not 1 here."""
    if all(type(item) is str for item in items):  # a list of identifiers may be long
        return sorted(set(items))
    by_text = {json.dumps(item, sort_keys=True): item for item in items}
    return [by_text[text] for text in sorted(by_text)]
