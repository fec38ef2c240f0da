"""Conditions and cohorts as Python writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vxdata.schemas.notation.show_names import is_python_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.cohorts import CohortCondition

MAX_SHOWN: Final = 5
"""Values of a list that are shown."""

MAX_LISTED: Final = 20
"""Conditions and other arguments that are shown; a notebook should survive a cohort of a million."""

_OPERATORS: Final = {"=": "==", "is": "=="}
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
    return f"C.{name}" if is_python_name(name) and not name.startswith("_") else f"C[{name!r}]"


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
    if node.value is None and op in _NULLS:
        return f"{column}.{_NULLS[op]}()"
    if node.also is not None:
        return _range(column, node)
    names = (_BARE if is_bare else _SOME_NOT) | _METHODS
    if op in names:
        return f"{column}.{names[op]}({_value(node)})"
    return f"{column} {_OPERATORS.get(op, op)} {_value(node)}"


def _range(column: str, node: CohortCondition) -> str:
    """A range, whichever end stands first; texts may also have two comparisons in one direction."""
    assert node.also is not None  # noqa: S101 - the caller has looked
    ends = sorted([(node.op, node.value), (node.also.op, node.also.value)], key=lambda end: end[0] < ">")
    (first, low), (second, high) = ends
    closed = _CLOSED.get((first, second))
    if closed is None:
        return f"({column} {first} {low!r}) & ({column} {second} {high!r})"
    return f"{column}.between({low!r}, {high!r}{'' if closed == 'both' else f', closed={closed!r}'})"


def show_arguments(shown: Sequence[str], total: int, sign: str = ", ") -> str:
    """Write arguments, of which there may be very many.

    Args:
        shown: The first of them; `MAX_LISTED` are enough.
        total: How many there are.
        sign: What stands between them.

    Example:
        >>> show_arguments(["C.a", "C.b"], 9)
        'C.a, C.b, … 7 more'
    """
    hidden = total - len(shown)
    return sign.join((*shown, f"… {hidden:,} more") if hidden else shown)


def _value(node: CohortCondition) -> str:
    if not isinstance(node.value, tuple):
        return repr(node.value)
    return _listed(node.value)


def _listed(values: Sequence[object]) -> str:
    shown = ", ".join(map(repr, values[:MAX_SHOWN]))
    hidden = len(values) - MAX_SHOWN
    return f"[{shown}, … {hidden:,} more]" if hidden > 0 else f"[{shown}]"
