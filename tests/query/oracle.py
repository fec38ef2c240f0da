"""The answer that a plan must have, worked out by Polars from the dump alone."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from tests.query.conditions import Conditions, keys_of, operand, unsigned
from tests.query.data import DTYPES
from tests.query.state import State
from vxdata.schemas.catalog.builtin import DELETED
from vxdata.schemas.fields import Integer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from tests.query.data import Dump
    from vxdata.schemas.catalog import Catalog
    from vxdata.schemas.plan import Aggregate, FirstPer, OrderBy, Plan, Predicate

LARGEST: Final = Fraction(1.7976931348623157e308)
TOLERANCE: Final = Fraction(1, 10**12)
SUBNORMAL: Final = 1e-320
"""Rounding errors of the smallest floats are no share of them."""

BIGINT: Final = range(-(2**63), 2**63)

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Near:
    """A float that may be off by a rounding error: processors differ in how often they round."""

    value: float
    tolerance: float


@dataclass(frozen=True)
class TooLarge:
    """A value that its type cannot hold."""


@dataclass(frozen=True)
class Answer:
    """What a plan must return.

    Args:
        columns: Names of the columns.
        rows: The rows.
        is_ordered: Whether their order is told by the plan.
        keys: How many columns at the front tell the rows of a group apart; None where rows are no groups.
        may_be_refused: Whether some sum is too large, be it of a group that is not returned.
    """

    columns: tuple[str, ...]
    rows: list[Row]
    is_ordered: bool
    keys: int | None = None
    may_be_refused: bool = False


class Oracle:
    """Answers plans.

    Args:
        dump: All that was ever written.
        catalog: Names and types of fields.
    """

    def __init__(self, dump: Dump, catalog: Catalog) -> None:
        """Begin with no instant looked at."""
        self._dump = dump
        self._catalog = catalog
        self._states: dict[Any, State] = {}

    def state(self, as_of: datetime | None) -> State:
        """The store at an instant."""
        return self._states.setdefault(as_of, State(self._dump, as_of))

    def answer(self, plan: Plan) -> Answer:
        """Work out an answer."""
        answer, conditions = self._answer(plan)
        return replace(answer, may_be_refused=True) if conditions.too_large else answer

    def _answer(self, plan: Plan) -> tuple[Answer, Conditions]:
        state = self.state(plan.as_of)
        relation = self._catalog.relation(plan.relation)
        conditions = Conditions(relation.with_history() if plan.history else relation, state, self._catalog)
        rows = state.rows(plan.relation, history=plan.history)
        if plan.where is not None:
            rows = rows.filter(conditions.holds(plan.where))
        if plan.first_per is not None:
            rows = _first(plan.first_per, rows, conditions)
        if plan.group_by is not None:
            return _grouped(plan, rows, conditions), conditions
        columns = plan.select or tuple(column.name for column in conditions.relation.columns)
        assert plan.history or DELETED.name not in columns
        if plan.distinct:
            return _distinct(plan, rows.select(columns)), conditions
        is_part = plan.limit is not None or plan.offset > 0
        if plan.order_by or is_part:
            rows = conditions.ordered(rows, plan.order_by).slice(plan.offset, plan.limit)
        is_ordered = bool(plan.order_by) or is_part
        return Answer(columns, rows.select(columns).rows(), is_ordered), conditions


def _first(first: FirstPer, rows: pl.DataFrame, conditions: Conditions) -> pl.DataFrame:
    """Of rows in order, the first with each combination of values."""
    floats = _floats(rows)
    keys = {f"group {name}": pl.col(name) for name in first.fields}
    keys |= {f"group {name}": unsigned(pl.col(name)) for name in first.fields if name in floats}
    numbered = conditions.ordered(rows, first.order_by).with_columns(
        key.alias(name) for name, key in keys.items()
    )
    return numbered.unique(list(keys), keep="first", maintain_order=True).drop(keys)


def _distinct(plan: Plan, rows: pl.DataFrame) -> Answer:
    columns = tuple(rows.columns)
    rows = rows.with_columns(unsigned(pl.col(name)) for name in _floats(rows)).unique()
    is_ordered = bool(plan.order_by) or plan.limit is not None or plan.offset > 0
    if is_ordered:
        ties = [name for name in columns if name not in {order.field for order in plan.order_by}]
        rows = _sorted(rows, plan.order_by, ties).slice(plan.offset, plan.limit)
    return Answer(columns, rows.rows(), is_ordered)


def _grouped(plan: Plan, rows: pl.DataFrame, conditions: Conditions) -> Answer:
    places = dict(keys_of(plan))
    keys = tuple(places)
    columns = (*keys, *(aggregate.name for aggregate in plan.aggregates))
    values = rows.select(
        *(operand(place).alias(f"key {name}") for name, place in places.items()),
        *(_of(aggregate).alias(f"of {number}") for number, aggregate in enumerate(plan.aggregates)),
    )
    for name in (f"key {name}" for name, place in places.items() if place.part == "item"):
        if isinstance(values.schema[name], pl.List) and values.schema[name] != pl.List(pl.String):
            values = values.with_columns(pl.col(name).list.eval(pl.element().struct.field("key")))
        values = values.explode(name).drop_nulls(name)
    values = values.with_columns(
        unsigned(pl.col(name)) for name in _floats(values) if name.startswith("key ")
    )
    groups = values.group_by([f"key {name}" for name in keys]).agg(pl.all()) if keys else _one_group(values)
    found = []
    for row in groups.iter_rows(named=True):
        aggregated = [
            _aggregate(aggregate, row[f"of {number}"], conditions)
            for number, aggregate in enumerate(plan.aggregates)
        ]
        found.append((*(row[f"key {name}"] for name in keys), *aggregated))
    may_be_refused = any(isinstance(value, TooLarge) for row in found for value in row)
    if plan.having is not None:
        found = _kept(plan.having, found, conditions.of_groups(plan))
    is_ordered = bool(plan.order_by) or plan.limit is not None or plan.offset > 0
    if is_ordered:
        found = _sorted_rows(found, columns, plan.order_by, keys)
        found = found[plan.offset :][: plan.limit]
    return Answer(columns, found, is_ordered, len(keys), may_be_refused=may_be_refused)


def _kept(having: Predicate, rows: list[Row], conditions: Conditions) -> list[Row]:
    """The groups of which a condition is true; what is too large is refused, whatever is asked of it."""
    columns = conditions.relation.columns
    values = [[_stated(value) for value in row] for row in rows]
    frame = pl.DataFrame(
        values, {column.name: DTYPES[type(column.type).__name__] for column in columns}, orient="row"
    )
    holds = frame.with_columns(conditions.holds(having).alias("is kept"))["is kept"].to_list()
    return [row for row, is_kept in zip(rows, holds, strict=True) if is_kept]


def _stated(value: Any) -> Any:
    match value:
        case TooLarge():
            return None
        case Near(value=near):
            return near
        case _:
            return value


def _one_group(values: pl.DataFrame) -> pl.DataFrame:
    """All rows as one group, also where there are none."""
    return values.select(pl.all().implode())


def _of(aggregate: Aggregate) -> pl.Expr:
    return pl.repeat(1, pl.len()) if aggregate.field is None else operand(aggregate)


def _aggregate(aggregate: Aggregate, values: list[Any], conditions: Conditions) -> Any:
    present = [value for value in values if value is not None]
    if aggregate.function in {"count", "n_unique"}:
        return len(present if aggregate.function == "count" else set(present))
    if not present:
        return None
    if aggregate.function in {"min", "max"}:
        extreme = min(present) if aggregate.function == "min" else max(present)
        return extreme + 0.0 if isinstance(extreme, float) else extreme
    if aggregate.function == "quantile":
        return _quantile(sorted(present), aggregate.quantile or 0.0)
    if aggregate.function == "mean":
        return _mean(present)
    is_integer = isinstance(conditions.type_at(aggregate), Integer)
    return _sum_of_integers(present) if is_integer else _sum_of_floats(present)


def _sum_of_integers(values: list[int]) -> int | TooLarge:
    return sum(values) if sum(values) in BIGINT else TooLarge()


def _sum_of_floats(values: Sequence[float]) -> float | TooLarge:
    """The float nearest to the exact sum."""
    try:
        return float(sum(map(Fraction, values), Fraction(0)))
    except OverflowError:
        return TooLarge()


def _mean(values: Sequence[float]) -> float | TooLarge:
    total = _sum_of_floats(values)
    return total if isinstance(total, TooLarge) else total / len(values)


def _quantile(values: list[Any], quantile: float) -> Near | TooLarge:
    reach = Fraction(values[-1]) - Fraction(values[0])
    if isinstance(values[0], float) and reach > LARGEST:
        return TooLarge()
    place = quantile * (len(values) - 1)
    low, high = Fraction(values[math.floor(place)]), Fraction(values[math.ceil(place)])
    value = low + (Fraction(place) - math.floor(place)) * (high - low)
    return Near(float(value), float(max(abs(low), abs(high)) * TOLERANCE) + SUBNORMAL)


def _floats(rows: pl.DataFrame) -> list[str]:
    return [name for name, dtype in rows.schema.items() if dtype == pl.Float64()]


def _sorted(rows: pl.DataFrame, order_by: Sequence[OrderBy], ties: Sequence[str]) -> pl.DataFrame:
    return rows.sort(
        *(order.field for order in order_by),
        *ties,
        descending=[*(order.descending for order in order_by), *(False for _ in ties)],
        nulls_last=[*(not order.nulls_first for order in order_by), *(True for _ in ties)],
    )


def _sorted_rows(
    rows: list[Row], columns: Sequence[str], order_by: Sequence[OrderBy], keys: Sequence[str]
) -> list[Row]:
    """Sort by the least important term first: Python's sort keeps the order of equal rows."""
    named = {order.field for order in order_by}
    terms = [(order.field, order.descending, order.nulls_first) for order in order_by]
    terms += [(name, False, False) for name in keys if name not in named]
    for name, descending, nulls_first in reversed(terms):
        at = columns.index(name)
        nulls = [row for row in rows if row[at] is None]
        others = sorted((row for row in rows if row[at] is not None), key=_value_at(at), reverse=descending)
        rows = nulls + others if nulls_first else others + nulls
    return rows


def _value_at(place: int) -> Callable[[Row], Any]:
    def value(row: Row) -> Any:
        return row[place].value if isinstance(row[place], Near) else row[place]

    return value
