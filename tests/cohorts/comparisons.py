"""Section 3 of the contract, second half: which values a condition takes."""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING, Any, Final

from tests.cohorts.filters import is_number
from tests.cohorts.refusals import invalid_filter

if TYPE_CHECKING:
    from tests.cohorts.filters import Condition

ORDERS: Final = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def kind_of(value: object) -> str:
    """The kind of a value: `text`, `number` or `boolean`."""
    if isinstance(value, bool):
        return "boolean"
    return "number" if is_number(value) else "text" if isinstance(value, str) else "none of these"


def check(condition: Condition, kind: str) -> None:
    """Refuse a condition on a column of another kind.

    Raises:
        Refused: The value or the operator does not fit.
    """
    op, value = condition.op, condition.value
    if op in {"in", "not in"}:
        fits = all(kind_of(item) == kind for item in value if item is not None)
    elif op in {"like", "not like"}:
        fits = kind == "text" and kind_of(value) == "text"
    elif value is None:
        fits = op not in ORDERS
    elif op in {"is", "is not"}:
        fits = kind == "boolean"
    else:
        fits = kind_of(value) == kind and not (op in ORDERS and kind == "boolean")
    if not fits:
        raise invalid_filter()


def holds(condition: Condition, kind: str, cell: Any) -> bool:
    """Whether a condition holds for the value of a row.

    Args:
        condition: A condition that fits the kind.
        kind: Kind of the column.
        cell: The value; None for null.
    """
    op, value = condition.op, condition.value
    if value is None:
        return (cell is None) == (op in {"=", "is"})
    if op in {"is", "is not"}:
        return (cell is value) == (op == "is")
    if op in {"in", "not in"} and not value:
        return op == "not in"
    return _text_holds(op, value, cell) if kind == "text" else _other_holds(op, value, cell)


def _other_holds(op: str, value: Any, cell: Any) -> bool:
    """Numbers and booleans: null is never taken."""
    if cell is None:
        return False
    if op in ORDERS:
        return bool(ORDERS[op](cell, value))
    is_in = any(cell == item for item in (value if isinstance(value, tuple) else [value]) if item is not None)
    return is_in == (op in {"=", "in"})


def _text_holds(op: str, value: Any, cell: str | None) -> bool:
    """Texts are compared in upper case, and null as the empty text.

    Their order is that of the database: there, case counts, and null is nowhere.
    """
    if op in ORDERS:
        return cell is not None and bool(ORDERS[op](cell, value))
    text = upper(cell or "")
    if op in {"like", "not like"}:
        return bool(_pattern(upper(value)).fullmatch(text)) == (op == "like")
    items = [item for item in (value if isinstance(value, tuple) else [value]) if item is not None]
    return (text in [upper(item) for item in items]) == (op in {"=", "in"})


def upper(text: str) -> str:
    """Put a text into upper case as PostgreSQL does: letter by letter, each into one."""
    return "".join(big if len(big := letter.upper()) == 1 else letter for letter in text)


def _pattern(text: str) -> re.Pattern[str]:
    """Read `*` and `%` as any run, and `_` as any character."""
    parts = {"*": ".*", "%": ".*", "_": "."}
    return re.compile("".join(parts.get(letter, re.escape(letter)) for letter in text), re.DOTALL)
