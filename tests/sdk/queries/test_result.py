"""Answers: frames, models, tables and numbers of the same rows, each at an instant that it can tell."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING, Any, Literal

import polars as pl
import pytest

from vxdata.schemas.create import PatientCreate
from vxdata.schemas.errors import AsOfInFuture, InvalidPlan, ServerUnavailable
from vxdata.schemas.response import PatientResponse
from vxdata.schemas.update import PatientUpdate
from vxdata.sdk import Client, Explanation, F, Query, Snapshot, count
from vxdata.server.app import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from vxdata.server.config import Settings

ROWS = 30
SEXES: tuple[Literal["M", "F"] | None, ...] = ("M", "F", None)
YEARS = [1950, 1940, None, 1950, 1961]


@pytest.fixture(scope="module")
def patients(client: Client, root: str) -> pl.DataFrame:
    """Patients with ties and nulls, in identifier order."""
    stem = root.rpartition("-")[2]
    client.patients.create(
        PatientCreate(
            identifier=f"{stem}-{number:02}",
            parent_identifier=root,
            license="x",
            sex=SEXES[number % 3],
            birth_year=YEARS[number % 5],
        )
        for number in range(ROWS)
    )
    return client.patients.query().filter(F.datasource_id == root).collect().sort("identifier")


@pytest.fixture
def query(client: Client, root: str, patients: pl.DataFrame) -> Query[PatientResponse]:
    return client.patients.query().filter(F.datasource_id == root)


SHAPES: dict[str, Callable[[Query], Query]] = {
    "all": lambda query: query,
    "none": lambda query: query.filter(F.sex == "O"),
    "limited": lambda query: query.limit(7),
    "limited to nothing": lambda query: query.limit(0),
    "limited to more": lambda query: query.limit(ROWS + 1),
    "after some": lambda query: query.offset(25),
    "after some, limited": lambda query: query.order_by("birth_year").offset(25).limit(10),
    "after all": lambda query: query.offset(ROWS).limit(3),
    "selected": lambda query: query.select("sex").limit(8),
    "distinct": lambda query: query.distinct("sex", "birth_year"),
    "distinct, limited": lambda query: query.distinct("sex").order_by("sex").offset(1).limit(5),
    "groups": lambda query: query.group_by("sex").agg(count()),
    "groups, limited": lambda query: query.group_by("sex").agg(n=count()).order_by("n").limit(2),
    "groups by keys alone": lambda query: query.group_by("birth_year").agg(),
    "one group": lambda query: query.group_by().agg(count()),
    "one group of nothing": lambda query: query.filter(F.sex == "O").group_by().agg(count()),
    "one group, limited to nothing": lambda query: query.group_by().agg(count()).limit(0),
    "no group": lambda query: query.filter(F.sex == "O").group_by("sex").agg(count()),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_way_of_asking_agrees(query: Query, shape: str, tmp_path: Path) -> None:
    asked = SHAPES[shape](query)
    frame = asked.collect()
    assert asked.count() == frame.height
    assert asked.exists() == (frame.height > 0)
    assert asked.schema == frame.schema
    assert asked.to_arrow().num_rows == frame.height
    assert pl.concat(asked.iter_batches()).sort(frame.columns).equals(frame.sort(frame.columns))
    assert asked.lazy().collect().sort(frame.columns).equals(frame.sort(frame.columns))
    asked.sink_parquet(tmp_path / "rows.parquet", progress=False)
    assert pl.read_parquet(tmp_path / "rows.parquet").sort(frame.columns).equals(frame.sort(frame.columns))
    plans = asked.explain()
    assert type(plans) is Explanation
    assert all(part in str(plans) for part in (plans.plan, plans.sql, plans.postgresql))


class TestOrder:
    @pytest.mark.parametrize("descending", [False, True])
    @pytest.mark.parametrize("nulls_first", [False, True])
    def test_it_is_that_of_polars_with_ties_by_identifier(
        self, query: Query, patients: pl.DataFrame, *, descending: bool, nulls_first: bool
    ) -> None:
        order = (F.birth_year.desc if descending else F.birth_year.asc)(nulls_first=nulls_first)
        wanted = patients.sort(
            "birth_year", descending=descending, nulls_last=not nulls_first, maintain_order=True
        )
        assert query.order_by(order).collect().equals(wanted)
        assert query.order_by(order).offset(4).limit(9).collect().equals(wanted[4:13])

    def test_a_part_without_order_is_by_identifier(self, query: Query, patients: pl.DataFrame) -> None:
        assert query.offset(3).limit(5).collect().equals(patients[3:8])
        assert query.offset(28).select("identifier").collect().equals(patients[28:].select("identifier"))

    def test_distinct_values_are_those_of_polars(self, query: Query, patients: pl.DataFrame) -> None:
        found = query.distinct("sex", "birth_year").order_by("birth_year", "sex").collect()
        wanted = patients.select("sex", "birth_year").unique().sort("birth_year", "sex", nulls_last=True)
        assert found.equals(wanted)


class TestModels:
    def test_they_are_responses_in_the_order_of_the_rows(
        self, client: Client, query: Query[PatientResponse], patients: pl.DataFrame
    ) -> None:
        models = query.order_by("identifier", descending=True).limit(3).collect_as_pydantic()
        assert [type(model) for model in models] == [PatientResponse] * 3
        wanted = patients["identifier"].to_list()[:-4:-1]
        assert [model.identifier for model in models] == wanted
        assert models == [
            found.model_copy(update={"children": None}) for found in client.patients.retrieve(wanted)
        ]

    def test_of_nothing_there_are_none(self, query: Query) -> None:
        assert query.filter(F.sex == "O").collect_as_pydantic() == []

    @pytest.mark.parametrize("shape", ["selected", "distinct", "groups", "one group"])
    def test_part_of_a_resource_has_no_model(self, alone: Client, shape: str) -> None:
        with pytest.raises(InvalidPlan, match="makes whole resources; after select, distinct or agg use"):
            SHAPES[shape](alone.patients.query()).collect_as_pydantic()

    def test_rows_of_several_types_have_no_model(self, alone: Client) -> None:
        for asked in (alone.resources.query(), alone.commits()):
            with pytest.raises(InvalidPlan, match="no resources of one type"):
                asked.collect_as_pydantic()


class TestInstants:
    def test_every_answer_tells_its_snapshot(self, client: Client, query: Query) -> None:
        snapshot = client.now()
        result = query.run()
        assert result.snapshot == snapshot == Snapshot(result.as_of, result.version)
        assert query.to_arrow().schema.metadata == {
            b"vxdata.as_of": snapshot.as_of.isoformat(timespec="microseconds").encode(),
            b"vxdata.version": str(snapshot.version).encode(),
        }
        assert query.iter_batches().snapshot == snapshot

    def test_a_pinned_query_stays(self, client: Client, query: Query, root: str, unique: str) -> None:
        pinned = query.pin()
        before = pinned.collect()
        client.patients.create(PatientCreate(identifier=unique, parent_identifier=root, license="x"))
        assert pinned.collect().sort("identifier").equals(before.sort("identifier"))
        assert pinned.count() == query.count() - 1
        assert pinned.pin().plan == pinned.plan
        client.patients.delete(unique)

    def test_a_pin_keeps_the_instant_of_the_client(self, client: Client, query: Query, root: str) -> None:
        snapshot = client.now()
        with Client(client.base_url, timestamp=snapshot) as past:
            asked = past.patients.query().filter(F.datasource_id == root)
            assert asked.pin().plan.as_of == snapshot.as_of
            assert asked.plan.as_of == snapshot.as_of
            assert repr(asked) == repr(query)

    def test_the_future_cannot_be_pinned(self, query: Query) -> None:
        with pytest.raises(AsOfInFuture):
            query.as_of("2999-01-01T00:00Z").pin()

    def test_queries_inside_read_at_the_instant_of_the_one_around(
        self, client: Client, datasource: str, unique: str
    ) -> None:
        man = PatientCreate(identifier=f"{unique}-1", parent_identifier=datasource, license=unique, sex="M")
        woman = PatientCreate(identifier=f"{unique}-2", parent_identifier=datasource, license=unique, sex="F")
        client.patients.create([man, woman])
        snapshot = client.now()
        client.patients.update(f"{unique}-2", PatientUpdate(sex="M"))
        men = client.patients.query().filter(F.license == unique, F.sex == "M").select("identifier")
        asked = client.patients.query().filter(F.identifier.is_in(men))
        assert (asked.count(), asked.as_of(snapshot).count()) == (2, 1)
        with Client(client.base_url, timestamp=snapshot) as past:
            theirs = past.patients.query().filter(F.license == unique, F.sex == "M").select("identifier")
            assert past.patients.query().filter(F.identifier.is_in(theirs)).count() == 1
            for outer, inner in ((past, men), (client, theirs)):
                with pytest.raises(InvalidPlan, match="use one client"):
                    outer.patients.query().filter(F.identifier.is_in(inner))


@pytest.fixture
def restarting(settings: Settings) -> Iterator[Callable[[], Server]]:
    """Starts servers that listen on one port, one after the other."""
    started = []
    port = 0

    def start() -> Server:
        nonlocal port
        server = Server(settings.model_copy(update={"port": port}))
        started.append(server)
        server.__enter__()
        port = int(server.flight_url.rpartition(":")[2])
        return server

    yield start
    for server in started:
        server.__exit__(None, None, None)


def test_reads_wait_for_a_server_that_is_started_again(
    restarting: Callable[[], Server], root: str, patients: pl.DataFrame
) -> None:
    first = restarting()
    asks: list[Callable[[Query], Any]] = [
        lambda query: query.collect().height,
        lambda query: query.count(),
        lambda query: query.distinct("identifier").count(),
        lambda query: len(query.explain().sql) > 0 and ROWS,
    ]
    with Client(first.flight_url) as client:
        query = client.patients.query().filter(F.datasource_id == root)
        assert query.count() == ROWS
        first.__exit__(None, None, None)
        with pytest.raises(ServerUnavailable):
            client.health()
        again = Thread(target=restarting)
        again.start()
        assert [ask(query) for ask in asks] == [ROWS] * len(asks)
        again.join()
