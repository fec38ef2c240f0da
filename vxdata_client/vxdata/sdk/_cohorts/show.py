"""Conditions and cohorts as Python writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.cohorts import CohortCondition

MAX_SHOWN: Final = 5
"""Values of a list that are shown."""

_OPERATORS: Final = {"=": "==", "is": "==", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_NULLS: Final = {"=": "some_is_null", "!=": "is_not_null", "is": "is_null", "is not": "is_not_null"}
_CLOSED: Final = {(">=", "<="): "both", (">=", "<"): "left", (">", "<="): "right", (">", "<"): "none"}
_METHODS: Final = {"like": "like", "in": "is_in"}
_SOME_NOT: Final = {"!=": "some_is_not", "not like": "some_is_not_like", "not in": "some_is_not_in"}
_BARE: Final = {"not like": "not_like", "not in": "not_in"}
_NONE: Final = {"=": "none_is", "like": "none_is_like", "in": "none_is_in"}


def show_column(name: str) -> str:
    """Write a reference to a column.

    Example:
        >>> show_column("sex"), show_column("data at")
        ('C.sex', "C['data at']")
    """
    return f"C.{name}" if name.isidentifier() and not name.startswith("_") else f"C[{name!r}]"


def show_condition(node: CohortCondition, *, is_bare: bool = False) -> str:
    """Write a condition.

    Args:
        node: The condition.
        is_bare: Whether a negation is written without saying which rows count.

    Returns:
        Python that makes it.
    """
    column, op = show_column(node.column), node.op
    if node.quantifier == "none":
        if op in _NONE and node.value is not None and node.also is None:
            return f"{column}.{_NONE[op]}({_value(node)})"
        return f"({show_condition(node.model_copy(update={'quantifier': 'some'}))}).in_no_row()"
    if node.value is None:
        return f"{column}.{_NULLS[op]}()"
    if node.also is not None:
        return f"{column}.between({_range(node)})"
    names = (_BARE if is_bare else _SOME_NOT) | _METHODS
    if op in names:
        return f"{column}.{names[op]}({_value(node)})"
    sign = _OPERATORS.get(op, "!=")
    return f"{column} {sign} {_value(node)}"


def _range(node: CohortCondition) -> str:
    assert node.also is not None  # noqa: S101 - the caller has looked
    closed = _CLOSED[node.op, node.also.op]
    ends = f"{node.value!r}, {node.also.value!r}"
    return ends if closed == "both" else f"{ends}, closed={closed!r}"


def _value(node: CohortCondition) -> str:
    if not isinstance(node.value, tuple):
        return repr(node.value)
    return _listed(node.value)


def _listed(values: Sequence[object]) -> str:
    shown = ", ".join(map(repr, values[:MAX_SHOWN]))
    hidden = len(values) - MAX_SHOWN
    return f"[{shown}, … {hidden:,} more]" if hidden > 0 else f"[{shown}]"
