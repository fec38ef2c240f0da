"""Whether an answer is the one that the oracle gives."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from tests.query.oracle import Near, TooLarge
from vxdata.schemas.errors import InvalidPlan, VxDataError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.query.oracle import Answer

SHOWN: Final = 3
"""Rows of a difference that are shown."""

Row = tuple[Any, ...]


def compare(got: pa.Table | VxDataError, expected: Answer) -> None:
    """Compare an answer with what it must be.

    Raises:
        AssertionError: It is another one; tells what is missing and what should not be there.
    """
    sums = [value for row in expected.rows for value in row if isinstance(value, TooLarge)]
    if expected.may_be_refused and isinstance(got, InvalidPlan):
        return
    assert not sums, f"a sum is too large, but got {got}"
    assert isinstance(got, pa.Table), f"expected {len(expected.rows)} rows, got {type(got).__name__}: {got}"
    assert tuple(got.schema.names) == expected.columns, f"expected {expected.columns}, got {got.schema.names}"
    rows, wanted = [tuple(row.values()) for row in got.to_pylist()], list(expected.rows)
    if not expected.is_ordered:
        rows, wanted = sorted(rows, key=order_of(expected)), sorted(wanted, key=order_of(expected))
    found = [
        as_wanted(row, wanted[number] if number < len(wanted) else None) for number, row in enumerate(rows)
    ]
    sought = [tuple(map(plain, row)) for row in wanted]
    assert found == sought, difference(found, sought)


def difference(found: list[Row], wanted: list[Row]) -> str:
    """Say how two lists of rows differ."""
    missing = [row for row in wanted if row not in found]
    surplus = [row for row in found if row not in wanted]
    if not missing and not surplus and len(found) == len(wanted):
        first = next(place for place, row in enumerate(found) if row != wanted[place])
        return (
            f"another order from row {first}: expected {wanted[first:][:SHOWN]}, got {found[first:][:SHOWN]}"
        )
    return (
        f"expected {len(wanted)} rows, got {len(found)}; "
        f"missing ({len(missing)}): {missing[:SHOWN]}; unexpected ({len(surplus)}): {surplus[:SHOWN]}"
    )


def order_of(expected: Answer) -> Callable[[Row], str]:
    """What brings rows whose order is free into one order: all of them, or what names their group."""
    return lambda row: repr(tuple(map(plain, row[: expected.keys])))


def as_wanted(found: Row, wanted: Row | None) -> Row:
    """A row to compare, in which what is near enough is what was wanted."""
    others = wanted or (None,) * len(found)
    return tuple(
        other if is_near(other, value) else plain(value) for value, other in zip(found, others, strict=True)
    )


def is_near(wanted: Any, found: Any) -> bool:
    """Whether a float is as wanted, but for rounding errors."""
    if not isinstance(wanted, Near) or not isinstance(found, float):
        return False
    return math.isclose(wanted.value, found, rel_tol=0, abs_tol=wanted.tolerance)


def plain(value: Any) -> Any:
    """A value that equals another only if both are the same to the last bit; entries have no order."""
    match value:
        case float():
            return repr(value)
        case [(str(), _), *_]:
            return sorted((key, plain(entry)) for key, entry in value)
        case [{"key": _, "value": _}, *_]:
            return sorted((entry["key"], plain(entry["value"])) for entry in value)
        case _:
            return value
