"""Facets: how the values of fields are distributed among the rows of a query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from vxdata.schemas.fields import Integer
from vxdata.server.services.bin_edges import bins_between
from vxdata.server.services.facet_plans import (
    COUNT,
    ROWS,
    VALUE,
    Range,
    histogram_plan,
    kind_of,
    ranges_plan,
    rows_of_question,
    times_plan,
    values_plan,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.fields import Field
    from vxdata.schemas.plan import Plan
    from vxdata.server.services.pinned import PinnedReads

MAX_FIELDS: Final = 50
MAX_TOP: Final = 1_000
MAX_BINS: Final = 500


@dataclass(frozen=True)
class Bar:
    """A bar of a histogram: the rows with `start <= value < end`."""

    start: float
    end: float
    count: int


@dataclass(frozen=True)
class Facet:
    """How the values of a field are distributed.

    Args:
        range: What is known of all values.
        values: The most frequent values and their rows; None where the values are numbers or times.
        is_whole: Whether those are all values.
        bars: The bars of a histogram; None unless the values are numbers.
        years: Rows by `year`, and by `month` where all are of one year; None unless the values are times.
    """

    range: Range
    values: list[tuple[Any, int]] | None = None
    is_whole: bool = False
    bars: list[Bar] | None = None
    years: list[dict[str, int]] | None = None


@dataclass(frozen=True)
class Facets:
    """The facets of some fields.

    Args:
        rows: Number of rows.
        by_field: Facet by field.
    """

    rows: int
    by_field: dict[str, Facet]


@dataclass(frozen=True)
class Detail:
    """How much of each facet is told.

    Args:
        top: Most values.
        bins: About how many bars, at most.
    """

    top: int
    bins: int


def facets(reads: PinnedReads, plan: Plan, fields: Sequence[Field], detail: Detail) -> Facets:
    """Find the facets of fields: a statement for all ranges, then one for each field that has values.

    Args:
        reads: Reads at one instant.
        plan: The query; its order and limit do not count.
        fields: Columns of its relation.
        detail: How much is told.

    Returns:
        The facets.

    Raises:
        InvalidRequest: The query groups its rows.
        InvalidPlan: A mean is beyond what a double can hold.
    """
    rows = rows_of_question(plan)
    row = reads.rows(ranges_plan(rows, fields))[0]
    by_field = {
        field.name: _facet(reads, rows, field, Range.of(row, number), row[ROWS], detail)
        for number, field in enumerate(fields)
    }
    return Facets(row[ROWS], by_field)


def _facet(reads: PinnedReads, rows: Plan, field: Field, found: Range, number: int, detail: Detail) -> Facet:
    is_empty = found.nulls == number
    match kind_of(field):
        case "numbers":
            return Facet(found, bars=[] if is_empty else _bars(reads, rows, field, found, detail.bins))
        case "times":
            return Facet(found, years=[] if is_empty else _years(reads, rows, field, found))
        case "values" if is_empty:
            return Facet(found, values=[], is_whole=True)
        case "values":
            read = reads.rows(values_plan(rows, field, detail.top))
            values = [(row[VALUE], row[COUNT]) for row in read if row[VALUE] is not None]
            is_whole = len(read) < detail.top + 2 and len(values) <= detail.top
            return Facet(found, values=values[: detail.top], is_whole=is_whole)


def _bars(reads: PinnedReads, rows: Plan, field: Field, found: Range, most: int) -> list[Bar]:
    is_whole = isinstance(field.type, Integer)
    bins = bins_between(float(found.least), float(found.greatest), most, whole=is_whole)
    read = reads.rows(histogram_plan(rows, field, bins))
    counts = {row[VALUE]: row[COUNT] for row in read if row[VALUE] is not None}
    first, last = (int(edge(counts)) for edge in (min, max))
    return [
        Bar(bins.edge(number), bins.edge(number + 1), counts.get(float(number), 0))
        for number in range(first, last + 1)
    ]


def _years(reads: PinnedReads, rows: Plan, field: Field, found: Range) -> list[dict[str, int]]:
    by_month = found.least.year == found.greatest.year
    read = reads.rows(times_plan(rows, field, by_month=by_month))
    names = ("year", "month") if by_month else ("year",)
    return [{name: row[name] for name in (*names, COUNT)} for row in read if row["year"] is not None]
