"""Groups: aggregates that agree with Polars on the same rows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from vxdata.schemas.errors import FieldTypeMismatch, InvalidPlan, UnknownField
from vxdata.sdk import (
    Client,
    F,
    FieldRef,
    GroupedQuery,
    MemoryTransport,
    Predicate,
    Query,
    count,
    has_ancestor,
)

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


@pytest.mark.parametrize(
    ("condition", "same"),
    [
        (F.count > 12, pl.col("count") > 12),
        (F.volume_type == "T2", pl.col("volume_type") == "T2"),
        (F.volume_type.is_null() | (F.top >= 10), pl.col("volume_type").is_null() | (pl.col("top") >= 10)),
        (~(F.top >= 10), ~(pl.col("top") >= 10)),
        (F["the mean"].between(0, 1.5), pl.col("the mean").is_between(0, 1.5)),
        (F.volume_type.startswith("t", ignore_case=True), pl.col("volume_type").str.starts_with("T")),
        (F.count.is_in([]), pl.lit(value=False)),
    ],
)
def test_groups_are_filtered_by_their_columns(
    query: Query, volumes: pl.DataFrame, condition: Predicate, same: pl.Expr
) -> None:
    asked = query.group_by("volume_type").agg(
        count(), F.series_number.mean().alias("the mean"), top=F.b_value.max()
    )
    every = asked.collect()
    assert every.height == volumes["volume_type"].n_unique()
    kept = asked.filter(condition).order_by("volume_type")
    expected = every.filter(same).sort("volume_type", nulls_last=True)
    assert kept.collect().equals(expected)
    assert kept.count() == expected.height
    assert kept.exists() is (expected.height > 0)
    assert kept.limit(1).collect().equals(expected.head(1))
    assert kept.lazy().filter(pl.col("count") > 1).collect().equals(expected.filter(pl.col("count") > 1))


def test_rows_are_filtered_before_groups(query: Query, volumes: pl.DataFrame) -> None:
    asked = query.filter(F.b_value > 1).group_by("volume_type").agg(count()).filter(F.count > 5)
    found = volumes.filter(pl.col("b_value") > 1).group_by("volume_type").len("count")
    expected = found.filter(pl.col("count") > 5).sort("volume_type", nulls_last=True)
    assert asked.order_by("volume_type").collect().equals(expected.cast({"count": pl.Int64}))


def test_filters_of_groups_add_up(nowhere: Query) -> None:
    groups = nowhere.group_by("volume_type").agg(count())
    one_by_one = groups.filter(F.count > 1).filter(F.count < 5)
    assert one_by_one.plan == groups.filter((F.count > 1) & (F.count < 5)).plan
    assert one_by_one.plan.where is None


@pytest.mark.parametrize(
    ("condition", "error", "message"),
    [
        (F.b_value > 1, UnknownField, "grouped volume has no field b_value"),
        (F.count == "many", FieldTypeMismatch, "count is of type integer"),
        (F.count.contains("1"), FieldTypeMismatch, "needs a text field"),
        (has_ancestor("patient/1"), InvalidPlan, "grouped volume has no lineage"),
    ],
)
def test_a_condition_on_groups_names_their_columns(
    nowhere: Query, condition: Predicate, error: type[Exception], message: str
) -> None:
    groups = nowhere.group_by("volume_type").agg(count())
    with pytest.raises(error, match=message):
        groups.filter(condition)
    with pytest.raises(InvalidPlan, match="Write filter before limit"):
        groups.limit(3).filter(F.count > 1)


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


@pytest.fixture(scope="module")
def studies(client: Client, root: str) -> pl.DataFrame:
    """Studies over some years, with lists of every length, and nulls."""
    numbers = range(ROWS)
    frame = pl.DataFrame(
        {
            "identifier": [f"{root.rpartition('-')[2]}-s{number:02}" for number in numbers],
            "parent_identifier": root,
            "license": "x",
            "study_date": [
                date(2019 + number % 4, 1 + number % 12, 28) if number % 7 else None for number in numbers
            ],
            "study_datetime": [
                datetime(2020, 1, 1, tzinfo=UTC) + timedelta(microseconds=number - 30) for number in numbers
            ],
            "modalities": [
                [None, [], ["MR"], ["CT", "MR"], ["CT", "CT", "PT"]][number % 5] for number in numbers
            ],
        },
        schema_overrides={"modalities": pl.List(pl.String)},
    )
    client.imaging_studies.create(frame)
    return client.imaging_studies.query().filter(F.datasource_id == root).collect()


@pytest.fixture
def of_studies(client: Client, root: str, studies: pl.DataFrame) -> Query:
    return client.imaging_studies.query().filter(F.datasource_id == root)


PARTS = {
    "year": (F.study_date.year(), pl.col("study_date").dt.year(), "study_date_year"),
    "month": (F.study_date.month(), pl.col("study_date").dt.month(), "study_date_month"),
    "year of an instant": (
        F.study_datetime.year(),
        pl.col("study_datetime").dt.year(),
        "study_datetime_year",
    ),
    "items": (F.modalities.n_items(), pl.col("modalities").list.len(), "modalities_n_items"),
}


@pytest.mark.parametrize(("part", "same", "name"), PARTS.values(), ids=PARTS)
class TestParts:
    def test_they_make_groups(
        self, of_studies: Query, studies: pl.DataFrame, part: FieldRef, same: pl.Expr, name: str
    ) -> None:
        expected = studies.group_by(same.cast(pl.Int64).alias(name)).len("count").sort(name, nulls_last=True)
        found = of_studies.group_by(part).agg(count()).order_by(name)
        assert found.collect().equals(expected.cast({"count": pl.Int64}))
        assert found.schema == {name: pl.Int64, "count": pl.Int64}
        assert found.count() == expected.height
        named = of_studies.group_by(part=part).agg(count()).order_by("part").collect()
        assert named.equals(found.collect().rename({name: "part"}))

    def test_they_are_compared(
        self, of_studies: Query, studies: pl.DataFrame, part: FieldRef, same: pl.Expr, name: str
    ) -> None:
        assert name == repr(part)[2:].replace(".", "_").removesuffix("()")
        middle = studies.select(same.max()).item()
        for condition, expected in (
            (part == middle, same == middle),
            (~(part < middle), ~(same < middle)),
            (part.is_null(), same.is_null()),
            (part.is_in([middle, 2.5]), same == middle),
        ):
            found = of_studies.filter(condition).collect().sort("identifier")
            assert found.equals(studies.filter(expected).sort("identifier"))

    def test_they_order_and_are_aggregated(
        self, of_studies: Query, studies: pl.DataFrame, part: FieldRef, same: pl.Expr, name: str
    ) -> None:
        found = of_studies.order_by(part.desc(), "identifier").collect()
        assert found.equals(studies.sort(same, "identifier", descending=[True, False], nulls_last=True))
        found = of_studies.group_by().agg(part.max(), part.n_unique()).collect()
        expected = studies.select(
            same.max().cast(pl.Int64).alias(f"{name}_max"),
            same.drop_nulls().n_unique().cast(pl.Int64).alias(f"{name}_n_unique"),
        )
        assert found.equals(expected)


def test_a_resource_counts_once_for_each_item(of_studies: Query, studies: pl.DataFrame) -> None:
    items = studies.explode("modalities").drop_nulls("modalities")
    expected = items.group_by(modalities_item="modalities").len("count").sort("modalities_item")
    found = of_studies.group_by(F.modalities.each_item()).agg(count()).order_by("modalities_item")
    assert found.collect().equals(expected.cast({"count": pl.Int64}))
    several = of_studies.group_by(F.study_date.year(), modality=F.modalities.each_item()).agg(count())
    frequent = several.filter(F.count > 2, F.modality != "PT").collect()
    by_both = items.group_by(pl.col("study_date").dt.year(), "modalities").len()
    assert frequent.height == by_both.filter(pl.col("len") > 2, pl.col("modalities") != "PT").height


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        (
            lambda query: query.group_by(F.b_value.year()),
            FieldTypeMismatch,
            "year needs a date or a timestamp",
        ),
        (lambda query: query.filter(F.volume_type.n_items() > 1), FieldTypeMismatch, "n_items needs a list"),
        (
            lambda query: query.filter(F.derived_from.each_item() == "a"),
            FieldTypeMismatch,
            "use has, contains_any",
        ),
        (
            lambda query: query.order_by(F.derived_from.each_item()),
            FieldTypeMismatch,
            "make groups, in group_by",
        ),
        (
            lambda query: query.group_by().agg(F.derived_from.each_item().max()),
            FieldTypeMismatch,
            "make groups",
        ),
        (
            lambda query: query.group_by(a=F.derived_from.each_item(), b=F.derived_from.each_item()),
            InvalidPlan,
            "the items of one list, not of several: derived_from, derived_from",
        ),
        (
            lambda query: query.select(F.series_date.year()),
            FieldTypeMismatch,
            "select takes fields as they are",
        ),
        (lambda query: query.group_by(F.series_dat.year()), UnknownField, "mean series_date"),
        (lambda _: F.series_date.year().month(), FieldTypeMismatch, "has no parts itself"),
        (lambda _: F.series_date.year()["a"], FieldTypeMismatch, "no entries itself"),
        (
            lambda query: query.group_by("b_value", b_value="series_number").agg(),
            InvalidPlan,
            "one name: b_value",
        ),
    ],
)
def test_parts_that_there_are_not(
    nowhere: Query, ask: Callable[[Query], object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        ask(nowhere)
