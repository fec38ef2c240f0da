"""A first look at a query: its columns, its first rows, and pandas; and steps that take lists."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
import pytest

from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.types.arrow import response_schema
from vxdata.sdk import Client, F, InvalidPlan, MemoryTransport, count

if TYPE_CHECKING:
    from vxdata.schemas.payload_type import PayloadType
    from vxdata.schemas.plan import Plan
    from vxdata.sdk import Query


@pytest.fixture
def asked() -> list[Plan]:
    return []


@pytest.fixture
def offline(asked: list[Plan]) -> Client:
    def answer(plan: Plan) -> pa.Table:
        asked.append(plan)
        return pa.table(
            {"identifier": ["volume/a", "volume/b"], "b_value": pa.array([50, None], pa.float64())}
        )

    return Client(transport=MemoryTransport(read=answer))


def test_the_columns_are_those_of_the_result(offline: Client, asked: list[Plan]) -> None:
    volumes = offline.volumes.query()
    assert volumes.columns == list(volumes.schema)
    assert volumes.select("b_value", "identifier").columns == ["b_value", "identifier"]
    assert volumes.group_by("volume_type").agg(count()).columns == ["volume_type", "count"]
    assert not asked


def test_the_first_rows(offline: Client, asked: list[Plan]) -> None:
    query = offline.volumes.query().select("identifier", "b_value")
    assert query.head().height == 2
    query.head(2)
    query.limit(1).head(3)
    assert [plan.limit for plan in asked] == [5, 2, 1]
    with pytest.raises(InvalidPlan, match="whole number of rows"):
        query.head(-1)


def test_they_are_shown(offline: Client, asked: list[Plan], capsys: pytest.CaptureFixture[str]) -> None:
    assert offline.volumes.query().select("identifier", "b_value").show(7) is None  # type: ignore[func-returns-value]
    assert "volume/b" in capsys.readouterr().out
    assert asked[0].limit == 7


def test_pandas_keeps_types_and_nulls(offline: Client) -> None:
    frame = offline.volumes.query().select("identifier", "b_value").to_pandas()
    assert type(frame).__module__.partition(".")[0] == "pandas"
    assert pl.from_pandas(frame).equals(
        pl.DataFrame({"identifier": ["volume/a", "volume/b"], "b_value": [50.0, None]})
    )


def test_without_pandas_it_says_what_to_do(offline: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ModuleNotFoundError, match="pip install pandas"):
        offline.volumes.query().to_pandas()


def test_a_query_has_no_length_but_says_how_to_count(offline: Client) -> None:
    with pytest.raises(TypeError, match=r"query\.count\(\)"):
        len(offline.volumes.query())


@pytest.mark.parametrize("listed", [list, tuple, iter], ids=["list", "tuple", "iterator"])
@pytest.mark.parametrize(
    ("step", "arguments"),
    [
        ("filter", [F.b_value > 1, F.volume_type == "T2"]),
        ("select", ["identifier", F.b_value]),
        ("distinct", ["volume_type", F.b_value]),
        ("order_by", ["volume_type", F.b_value.desc()]),
        ("first_per", ["volume_type", F.patient_id]),
    ],
)
def test_steps_take_lists(offline: Client, step: str, arguments: list[Any], listed: Any) -> None:
    query: Query = offline.volumes.query()
    one_by_one, as_list = (getattr(query, step)(*given) for given in (arguments, [listed(arguments)]))
    assert as_list.plan == one_by_one.plan


def test_groups_take_lists(offline: Client) -> None:
    query = offline.volumes.query()
    listed = query.group_by(["volume_type", "image_plane"]).agg([count(), F.b_value.max()])
    assert listed.plan == query.group_by("volume_type", "image_plane").agg(count(), F.b_value.max()).plan


def test_an_empty_list_is_no_argument(offline: Client) -> None:
    query = offline.volumes.query()
    assert query.filter([]).plan == query.plan
    for step in (query.select, query.distinct, query.order_by):
        with pytest.raises(InvalidPlan, match="needs at least one field"):
            step([])


def test_what_has_no_order_is_no_list(offline: Client) -> None:
    with pytest.raises(TypeError, match="select takes names"):
        offline.volumes.query().select({"identifier", "b_value"})
    with pytest.raises(TypeError, match="filter takes predicates"):
        offline.volumes.query().filter({F.b_value > 1: "x"})


@pytest.mark.parametrize("payload_type", list(registry()), ids=lambda each: each.prefix)
def test_pandas_takes_every_type_of_column(payload_type: PayloadType) -> None:
    empty = response_schema(payload_type).empty_table()
    with Client(transport=MemoryTransport(read=lambda _: empty)) as client:
        query = client.namespace(payload_type.prefix).query()
        assert list(query.to_pandas().columns) == query.columns
