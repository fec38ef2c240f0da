"""Groups: aggregates that agree with Polars on the same rows."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from vxdata.schemas.errors import FieldTypeMismatch, InvalidPlan, UnknownField
from vxdata.sdk import Client, F, GroupedQuery, MemoryTransport, Query, count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROWS = 60


@pytest.fixture(scope="module")
def volumes(client: Client, root: str) -> pl.DataFrame:
    """Volumes with groups of several sizes, one of them of nulls alone."""
    numbers = range(ROWS)
    frame = pl.DataFrame(
        {
            "identifier": [f"{root.rpartition('-')[2]}-{number:02}" for number in numbers],
            "parent_identifier": root,
            "license": "x",
            "volume_type": [["T2", "ADC", None, "DWI"][number % 7 % 4] for number in numbers],
            "b_value": [None if number % 7 == 3 or number % 5 == 0 else number * 0.25 for number in numbers],
            "series_number": [None if number % 4 == 0 else number - 20 for number in numbers],
            "series_date": [date(2024, 1, 1 + number % 9) if number % 2 else None for number in numbers],
            "series_description": [["z", "Ä", "a", None][number % 4] for number in numbers],
        },
        schema_overrides={"b_value": pl.Float64},
    )
    client.volumes.create(frame)
    return client.volumes.query().filter(F.datasource_id == root).collect()


@pytest.fixture
def query(client: Client, root: str, volumes: pl.DataFrame) -> Query:
    return client.volumes.query().filter(F.datasource_id == root)


@pytest.fixture
def nowhere() -> Iterator[Query]:
    """A query of a client that would fail if it made a call."""
    with Client(transport=MemoryTransport()) as client:
        yield client.volumes.query()


AGGREGATES = {
    "rows": (count(), pl.len().cast(pl.Int64)),
    "values": (F.b_value.count(), pl.col("b_value").count().cast(pl.Int64)),
    "kinds": (
        F.series_description.n_unique(),
        pl.col("series_description").drop_nulls().n_unique().cast(pl.Int64),
    ),
    "least": (F.b_value.min(), pl.col("b_value").min()),
    "most": (F.series_number.max(), pl.col("series_number").max()),
    "first": (F.series_date.min(), pl.col("series_date").min()),
    "last": (F.series_description.max(), pl.col("series_description").max()),
    "mean": (F.series_number.mean(), pl.col("series_number").mean()),
    "sum": (
        F.series_number.sum(),
        pl.when(pl.col("series_number").count() > 0).then(pl.col("series_number").sum()),
    ),
    "median": (F.b_value.quantile(0.5), pl.col("b_value").quantile(0.5, "linear")),
    "ninth": (F.series_number.quantile(0.9), pl.col("series_number").quantile(0.9, "linear")),
}


@pytest.mark.parametrize("name", AGGREGATES)
@pytest.mark.parametrize("keys", [(), ("volume_type",), ("volume_type", "series_date")])
def test_an_aggregate_is_that_of_polars(
    query: Query, volumes: pl.DataFrame, name: str, keys: tuple[str, ...]
) -> None:
    ours, theirs = AGGREGATES[name]
    found = query.group_by(*keys).agg(ours.alias(name)).collect().sort(keys or name)
    grouped = volumes.group_by(keys).agg(theirs.alias(name)) if keys else volumes.select(theirs.alias(name))
    assert found.columns == [*keys, name]
    assert found.height == grouped.height
    values = pl.DataFrame({"ours": found[name], "theirs": grouped.sort(keys or name)[name]})
    if values.schema["ours"] == pl.Float64:
        close = (values["ours"] - values["theirs"]).abs() < 1e-9
        assert (close | (values["ours"].is_null() & values["theirs"].is_null())).all()
    else:
        assert values["ours"].equals(values["theirs"], check_names=False)


def test_groups_are_ordered_and_limited_by_their_columns(query: Query, volumes: pl.DataFrame) -> None:
    asked = query.group_by("volume_type").agg(count(), top=F.b_value.max()).order_by(F.count.desc(), "top")
    sizes = volumes.group_by("volume_type").len().sort("len", descending=True)["len"].to_list()
    assert asked.collect()["count"].to_list() == sizes
    assert asked.offset(1).limit(2).collect().equals(asked.collect()[1:3])


def test_without_aggregates_the_keys_are_left(query: Query, volumes: pl.DataFrame) -> None:
    found = query.group_by("volume_type").agg().collect()
    assert set(found["volume_type"]) == set(volumes["volume_type"])
    assert found.height == volumes["volume_type"].n_unique()


def test_an_entry_of_a_mapping_is_aggregated(client: Client, root: str) -> None:
    frame = pl.DataFrame({"identifier": [f"{root.rpartition('-')[2]}-m"], "parent_identifier": root})
    metrics = pl.Series("summary_metrics", [[{"key": "auc", "value": 0.5}]])
    client.benchmarking_results.create(frame.with_columns(metrics, eval_task=pl.lit("x")))
    asked = client.benchmarking_results.query().filter(F.parent_identifier == root)
    assert asked.group_by().agg(F.summary_metrics["auc"].mean()).collect().item() == 0.5


def test_columns_are_named_by_their_user(nowhere: Query) -> None:
    asked = nowhere.group_by("patient_id").agg(F.b_value.max(), n=count(), median=F.b_value.quantile(0.5))
    assert asked.schema == {
        "patient_id": pl.String,
        "b_value_max": pl.Float64,
        "n": pl.Int64,
        "median": pl.Float64,
    }


def test_shown_as_it_is_written(nowhere: Query) -> None:
    grouped = nowhere.filter(F.b_value > 1).group_by("volume_type", F.patient_id)
    assert type(grouped) is GroupedQuery
    assert repr(grouped) == (
        "client.volumes.query().filter(F.b_value > 1).group_by('volume_type', 'patient_id')"
    )


@pytest.mark.parametrize("broken", ["b_value", F.b_value, pl.len(), None, 3])
def test_agg_takes_aggregates_only(nowhere: Query, broken: Any) -> None:
    groups = nowhere.group_by("volume_type")
    with pytest.raises(TypeError, match=r"agg takes aggregates such as count\(\) or F.b_value.mean\(\)"):
        groups.agg(broken)
    with pytest.raises(TypeError, match="agg takes aggregates"):
        groups.agg(x=broken)


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        (lambda query: query.group_by("volume_type").agg(F.b_valu.max()), UnknownField, "mean b_value"),
        (lambda query: query.group_by().agg(F.volume_type.mean()), FieldTypeMismatch, "has no mean"),
        (lambda query: query.group_by("derived_from").agg(count()), FieldTypeMismatch, "a list or a mapping"),
        (lambda query: query.group_by("b_value").agg(b_value=count()), InvalidPlan, "one name: b_value"),
        (lambda query: query.group_by().agg(count(), count()), InvalidPlan, "one name: count"),
        (lambda query: query.group_by().agg(), InvalidPlan, "a field to group by, or an aggregate"),
        (lambda query: query.select("b_value").group_by().agg(count()), InvalidPlan, "no select"),
        (lambda query: query.limit(3).group_by("b_value"), InvalidPlan, "group_by before limit"),
        (
            lambda query: query.order_by("b_value").group_by().agg(count()),
            InvalidPlan,
            "column of its result",
        ),
        (
            lambda query: query.group_by("volume_type").agg(count()).order_by("b_value"),
            InvalidPlan,
            r"column of its result \(volume_type, count\)",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_before_any_call(
    nowhere: Query, ask: Callable[[Query], object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        ask(nowhere)
