"""The plans of facets: what tells how the values of fields are distributed among the rows of a query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from vxdata.schemas.errors import InvalidRequest
from vxdata.schemas.fields import Date, Float, Integer, Nested, Timestamp
from vxdata.schemas.plan import Aggregate, GroupKey, OrderBy, Plan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vxdata.schemas.fields import Field
    from vxdata.schemas.plan import AggregateFunction, Part
    from vxdata.server.services.bin_edges import Bins

ROWS: Final = "rows"
COUNT: Final = "n"
VALUE: Final = "value"

FacetKind = Literal["values", "numbers", "times"]


def kind_of(field: Field) -> FacetKind:
    """Tell how the values of a field are shown.

    Args:
        field: The field.

    Returns:
        As numbers, as times, or by the most frequent values: of lists the items, of mappings the keys.
    """
    match field.type:
        case Integer() | Float():
            return "numbers"
        case Date() | Timestamp():
            return "times"
        case _:
            return "values"


def rows_of_question(plan: Plan) -> Plan:
    """Make the plan of all rows that a query finds, whatever their order or number.

    Args:
        plan: The query.

    Returns:
        The plan, without what its answer looks like.

    Raises:
        InvalidRequest: The query groups its rows.
    """
    if plan.group_by is not None or plan.distinct:
        msg = "The rows of the query are groups already; facets are of rows as they are."
        raise InvalidRequest(msg)
    return plan.model_copy(update={"select": None, "order_by": (), "limit": None, "offset": 0})


def ranges_plan(rows: Plan, fields: Sequence[Field]) -> Plan:
    """Make the plan that counts rows and values, and finds the range of numbers and times: one statement.

    Args:
        rows: The rows.
        fields: The fields.

    Returns:
        The plan; `Range.of` reads its one row.
    """
    counted = (Aggregate(function="count", name=ROWS), *_aggregates(fields))
    return rows.model_copy(update={"group_by": (), "aggregates": counted})


def _aggregates(fields: Sequence[Field]) -> Iterator[Aggregate]:
    functions: dict[FacetKind, tuple[AggregateFunction, ...]] = {
        "values": ("count",),
        "times": ("count", "min", "max"),
        "numbers": ("count", "min", "max", "mean"),
    }
    for number, field in enumerate(fields):
        for function in functions[kind_of(field)]:
            yield Aggregate(function=function, field=field.name, name=f"{function} {number}")


@dataclass(frozen=True)
class Range:
    """What one statement tells of a field.

    Args:
        nulls: Rows without a value.
        least: The least value, of numbers and times.
        greatest: The greatest value.
        mean: The mean, of numbers.
    """

    nulls: int
    least: Any
    greatest: Any
    mean: float | None

    @classmethod
    def of(cls, row: Mapping[str, Any], number: int) -> Range:
        """Read it from the row of `ranges_plan`.

        Args:
            row: The row.
            number: Which field.
        """
        values = (row.get(f"{function} {number}") for function in ("min", "max", "mean"))
        return cls(row[ROWS] - row[f"count {number}"], *values)


def values_plan(rows: Plan, field: Field, top: int) -> Plan:
    """Make the plan of the most frequent values of a field.

    Args:
        rows: The rows.
        field: The field; of a list the items count, of a mapping the keys.
        top: How many values.

    Returns:
        The plan; nulls are a value, and one value more tells whether these are all.
    """
    key = GroupKey(field=field.name, part="item" if isinstance(field.type, Nested) else None, name=VALUE)
    order = (OrderBy(field=COUNT, descending=True), OrderBy(field=VALUE))
    return _counted(rows, key).model_copy(update={"order_by": order, "limit": top + 2})


def histogram_plan(rows: Plan, field: Field, bins: Bins) -> Plan:
    """Make the plan of a histogram.

    Args:
        rows: The rows.
        field: A field of numbers.
        bins: What they are divided into.

    Returns:
        The plan: numbers of bins, and their rows.
    """
    return _counted(rows, GroupKey(field=field.name, width=bins.width, origin=bins.origin, name=VALUE))


def times_plan(rows: Plan, field: Field, *, by_month: bool) -> Plan:
    """Make the plan of rows by year, or by year and month.

    Args:
        rows: The rows.
        field: A field of dates or instants.
        by_month: Whether months are told apart.

    Returns:
        The plan.
    """
    parts: tuple[Part, ...] = ("year", "month") if by_month else ("year",)
    keys = [GroupKey(field=field.name, part=part, name=part) for part in parts]
    by_time = tuple(OrderBy(field=part) for part in parts)
    return _counted(rows, *keys).model_copy(update={"order_by": by_time})


def _counted(rows: Plan, *keys: GroupKey) -> Plan:
    counting = Aggregate(function="count", name=COUNT)
    return rows.model_copy(update={"group_by": keys, "aggregates": (counting,)})
