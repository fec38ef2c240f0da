"""What of a Polars filter becomes part of the plan; the filter comes from Polars, as a source gets it."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

import polars as pl
import pytest
from polars.io.plugins import register_io_source

from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.notation.show import show
from vxdata.schemas.plan.predicates import MAX_VALUES
from vxdata.schemas.types.arrow import arrow_type
from vxdata.sdk._queries.pushdown import MAX_PUSHED_NESTING, pushed_down

if TYPE_CHECKING:
    from collections.abc import Iterator

VOLUME = default_catalog().relation("volume")
SCHEMA = pl.DataFrame(
    schema={
        column.name: pl.from_arrow(
            pl.Series([], dtype=pl.Null).to_arrow().cast(arrow_type(column.type))
        ).dtype  # type: ignore[union-attr]
        for column in VOLUME.columns
    }
).schema

number = pl.col("series_number")
size = pl.col("size_mb")
text = pl.col("series_description")
kind = pl.col("volume_type")
day = pl.col("series_date")
instant = pl.col("acquisition_datetime")
flag = pl.col("is_contrast_enhanced")
NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)


def handed_over(condition: pl.Expr) -> pl.Expr | None:
    """The filter as Polars hands it to a source with the columns of volumes."""
    seen: list[pl.Expr | None] = []

    def source(
        columns: list[str] | None, predicate: pl.Expr | None, _rows: int | None, _size: int | None
    ) -> Iterator[pl.DataFrame]:
        seen.append(predicate)
        yield pl.DataFrame(schema=SCHEMA).select(columns or pl.all())

    register_io_source(source, schema=SCHEMA).filter(condition).collect()
    return seen[0]


def pushed(condition: pl.Expr) -> str | None:
    """What becomes of a filter, as a query is written."""
    handed = handed_over(condition)
    assert handed is not None
    predicate = pushed_down(default_catalog(), handed, VOLUME)
    return None if predicate is None else show(predicate)


TRANSLATED: list[tuple[pl.Expr, str]] = [
    (number > 3, "F.series_number > 3"),
    (pl.lit(3) < number, "F.series_number > 3"),
    (number != 1 + pl.lit(1), "F.series_number != 2"),
    (number == pl.lit(3, dtype=pl.Int8), "F.series_number == 3"),
    (number <= -(2**63), "F.series_number <= -9223372036854775808"),
    (size >= 0.1, "F.size_mb >= 0.1"),
    (size == 2, "F.size_mb == 2.0"),
    (size < 5e-324, "F.size_mb < 5e-324"),
    (text == "a'b\"%_\\", "F.series_description == 'a\\'b\"%_\\\\'"),
    (text < "é", "F.series_description < 'é'"),
    (kind == "T2", "F.volume_type == 'T2'"),
    (flag, "F.is_contrast_enhanced == True"),
    (~flag, "~(F.is_contrast_enhanced == True)"),
    (flag == True, "F.is_contrast_enhanced == True"),  # noqa: E712 - how Polars is written
    (day > date(2024, 2, 29), "F.series_date > '2024-02-29'"),
    (day == date.min, "F.series_date == '0001-01-01'"),
    (instant >= NOON, "F.acquisition_datetime >= '2024-02-29T12:00:00+00:00'"),
    (
        instant < NOON.astimezone(timezone(timedelta(hours=2))) + timedelta(microseconds=1),
        "F.acquisition_datetime < '2024-02-29T12:00:00.000001+00:00'",
    ),
    (text.is_null(), "F.series_description.is_null()"),
    (pl.col("derived_from").is_not_null(), "F.derived_from.is_not_null()"),
    (number.is_in([1]), "F.series_number.is_in([1])"),
    (number.is_in([1, None]), "F.series_number.is_in([1])"),
    (number.is_in(pl.Series([2, 1]).implode()), "F.series_number.is_in([2, 1])"),
    (~text.is_in(["x"]), "~F.series_description.is_in(['x'])"),
    (day.is_in([date(2024, 1, 1)]), "F.series_date.is_in(['2024-01-01'])"),
    (instant.is_in([NOON]), "F.acquisition_datetime.is_in(['2024-02-29T12:00:00+00:00'])"),
    (text.is_in([]), "F.identifier.is_in([])"),
    (number.is_between(1, 3), "F.series_number.between(1, 3)"),
    (size.is_between(1, 3, closed="right"), "(F.size_mb > 1.0) & (F.size_mb <= 3.0)"),
    (size.is_between(1, 3, closed="left"), "(F.size_mb >= 1.0) & (F.size_mb < 3.0)"),
    (day.is_between(date(2024, 1, 1), NOON.date(), closed="none"), "F.series_date > '2024-01-01'"),
    (text.str.contains("a.b", literal=True), "F.series_description.contains('a.b')"),
    (text.str.contains("T2 é_%"), "F.series_description.contains('T2 é_%')"),
    (text.str.starts_with("^"), "F.series_description.startswith('^')"),
    (kind.str.ends_with("2"), "F.volume_type.endswith('2')"),
    ((number > 1) & (text == "x") & flag, "F.series_number > 1"),
    ((number > 1) | (text == "x") | flag, "F.series_number > 1"),
    (~((number > 1) & text.is_null()), "F.series_description.is_not_null()"),
]
"""A filter -> the plan's condition, or a part of it."""


@pytest.mark.parametrize(("condition", "expected"), TRANSLATED, ids=lambda value: str(value)[:60])
def test_translated(condition: pl.Expr, expected: str) -> None:
    shown = pushed(condition)
    assert shown is not None
    assert expected in shown


LEFT_TO_POLARS: list[pl.Expr] = [
    number > 1.5,  # beyond 2**53 the two differ
    number.cast(pl.Float64) == 2**53 + 1,
    number + 1 > 2,
    number > pl.col("instance_count"),
    number.eq_missing(3),
    number.is_in([1, None], nulls_equal=True),
    number.is_in(pl.Series([1, 2], dtype=pl.Int32).implode()),
    number < 2**63,
    size > math.nan,  # noqa: PLW0177 - what is tried
    size < math.inf,
    size.is_nan(),
    size.is_in([1.0, math.nan]),
    text == "a\x00b",
    text.is_in(["a", "b\x00"]),
    text.str.contains("a.b"),
    text.str.contains("(?i)x"),
    text.str.contains(text, literal=True),
    text.str.to_lowercase() == "x",
    text.cast(pl.Categorical) == "x",
    text.str.len_chars() > 3,
    day > datetime(2024, 1, 1),  # noqa: DTZ001 - without a time zone is what is tried
    instant.dt.year() == 2024,
    instant > pl.lit(NOON).dt.convert_time_zone("Europe/Berlin"),
    pl.col("derived_from").list.contains("x"),
    flag ^ (number > 1),
    flag.is_in([True]) ^ flag,
    (number > 1) | (number + 1 > 2),
    ~((number > 1) | (number + 1 > 2)) | text.str.contains("."),
    pl.when(flag).then(number > 1).otherwise(number < 1),
    pl.any_horizontal(number > 1, flag),
    size > Decimal("1.5") + size,
    number.is_in(range(MAX_VALUES + 1)),
]


@pytest.mark.parametrize("condition", LEFT_TO_POLARS, ids=lambda value: str(value)[:60])
def test_left_to_polars(condition: pl.Expr) -> None:
    assert pushed(condition) is None


def test_of_a_conjunction_what_can_be_said() -> None:
    assert pushed((number > 1) & (number + 1 > 2) & (text == "x\x00") & flag) in {
        "(F.series_number > 1) & (F.is_contrast_enhanced == True)",
        "(F.is_contrast_enhanced == True) & (F.series_number > 1)",
    }


def test_deep_nesting_is_left_to_polars() -> None:
    condition = number > 0
    for limit in range(1, 2 * MAX_PUSHED_NESTING):
        condition = (condition | (number == limit)) & (size != limit)
    assert pushed(condition) is not None, "its outermost terms are shallow"
    assert pushed(condition | flag) is None


def test_long_chains_do_not_recurse() -> None:
    shown = pushed(reduce(or_, [number == value for value in range(100)]))
    assert shown is not None
    assert shown.startswith("(F.series_number == 0) | (F.series_number == 1) | ")


def test_a_chain_that_is_too_long_for_json_is_left_to_polars() -> None:
    condition = reduce(or_, [pl.col("series_number") == value for value in range(2_000)])
    assert pushed_down(default_catalog(), condition, VOLUME) is None


def test_a_column_that_is_not_there() -> None:
    assert pushed_down(default_catalog(), pl.col("nothing") == pl.lit("x"), VOLUME) is None
    assert pushed_down(default_catalog(), pl.col("nothing"), VOLUME) is None
