"""Reads from the copies: which engine answers, why, and that nobody can tell it by the answer."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from tests.server.copies.support import SECONDS, copies, followed
from tests.server.support import CALL, create, resources, until
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.errors import LimitExceeded, RequestCancelled
from vxdata.schemas.plan import Aggregate, Comparison, HasAncestor, Plan, TextTest
from vxdata.server.call import ANONYMOUS, Call
from vxdata.server.database.monitor import POLL_SECONDS
from vxdata.server.database.pool import ConnectionPool, Lane
from vxdata.server.listeners.errors import translate
from vxdata.server.services.copy_reads import CopyReads
from vxdata.server.services.read import ReadService

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from pydantic import SecretStr

    from vxdata.server.copies import Copies
    from vxdata.server.database.monitor import CancellationMonitor
    from vxdata.server.services.write import WriteService

ROWS = 150_000
"""So many that DuckDB has not run ahead to the end when the first batch is there."""

LARGEST = 2**63 - 1
ALL = Plan(relation="artefact", select=("identifier", "description"))


@pytest.fixture(scope="module", autouse=True)
def written(creates: WriteService) -> None:
    artefacts = [
        {"identifier": f"artefact/{number:06}", "description": "x" * 100, "kind": "table"}
        for number in range(ROWS)
    ]
    sources = [
        {"identifier": f"datasource/{name}", "planned_patient_count": LARGEST, "description": name}
        for name in "ab"
    ]
    create(creates, resources("artefact", *artefacts))
    create(creates, resources("datasource", *sources))


@pytest.fixture(scope="module")
def pool(database_uri: SecretStr) -> Iterator[ConnectionPool]:
    with closing(ConnectionPool(database_uri, size=4, wait=SECONDS)) as database:
        yield database


@pytest.fixture(scope="module")
def opened(
    written: None,
    pool: ConnectionPool,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Copies]:
    with copies(pool, tmp_path_factory.mktemp("copies")) as made:
        yield made


@pytest.fixture
def service(opened: Copies, pool: ConnectionPool, monitor: CancellationMonitor) -> ReadService:
    followed(opened, pool)
    return reading(opened, pool, monitor)


def reading(
    opened: Copies | None, pool: ConnectionPool, monitor: CancellationMonitor, **limits: float
) -> ReadService:
    copy_reads = CopyReads(opened, pool, monitor, **limits)
    return ReadService(pool, default_catalog(), monitor, copy_reads=copy_reads)


def answer(service: ReadService, plan: Plan) -> pa.Table:
    result = service.run(plan, CALL)
    return pa.Table.from_batches(list(result.batches), schema=result.arrow_schema)


COUNT = Aggregate(function="count", name="n")
IS_TABLE = Comparison(op="==", field="kind", value="table")
BELOW = HasAncestor(identifier="datasource/a")
ENDS_IN_E = TextTest(op="contains", field="identifier", text="e/")


@pytest.mark.parametrize(
    "asked",
    [
        {"relation": "artefact", "select": ("identifier",)},
        {"relation": "artefact", "where": IS_TABLE, "limit": 200},
        {"relation": "datasource", "history": True},
        {"relation": "resource", "select": ("identifier",), "where": ENDS_IN_E},
        {"relation": "commit"},
        {"relation": "artefact", "group_by": ("kind",), "aggregates": (COUNT,)},
    ],
    ids="-".join,
)
def test_duckdb_answers_and_says_so(
    service: ReadService, pool: ConnectionPool, monitor: CancellationMonitor, asked: dict[str, Any]
) -> None:
    plan = Plan(**asked)
    told = service.explain(plan, CALL)
    assert (told.engine, told.method, told.postgresql) == ("duckdb", "stream", "")
    assert "copies hold" in told.reason
    assert told.duckdb
    found, wanted = answer(service, plan), answer(reading(None, pool, monitor), plan)
    assert service.answers() == {"duckdb": 1}
    assert found.schema.equals(wanted.schema, check_metadata=True)
    assert sorted(map(repr, found.to_pylist())) == sorted(map(repr, wanted.to_pylist()))


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"relation": "artefact", "limit": 5}, "found by an index"),
        ({"relation": "artefact", "where": BELOW, "limit": 200}, "ancestors"),
        (
            {"relation": "artefact", "group_by": (), "aggregates": (COUNT,)},
            "number of all resources",
        ),
    ],
)
def test_what_stays_with_postgresql(service: ReadService, asked: dict[str, Any], reason: str) -> None:
    told = service.explain(Plan(**asked), CALL)
    assert told.engine == "postgresql"
    assert reason in told.reason
    assert told.postgresql
    assert not told.duckdb
    answer(service, Plan(**asked))
    assert service.answers() == {"postgresql": 1}


def test_a_copy_that_lacks_a_commit_does_not_answer(
    service: ReadService, opened: Copies, pool: ConnectionPool, creates: WriteService
) -> None:
    plan = Plan(relation="datasource", where=Comparison(op="!=", field="description", value="?"), limit=200)
    with pool.connection(Lane.COPY):  # the copier waits for it
        create(creates, resources("datasource", {"identifier": "datasource/new", "description": "new"}))
        told = service.explain(plan, CALL)
        assert told.engine == "postgresql"
        assert "there are later ones" in told.reason
        assert "datasource/new" in answer(service, plan)["identifier"].to_pylist()
        past = service.run(plan, CALL)
        earlier = plan.model_copy(update={"as_of": last_but_one(pool)})
        assert service.explain(earlier, CALL).engine == "duckdb"
        assert "datasource/new" not in answer(service, earlier)["identifier"].to_pylist()
        past.close()
        assert service.explain(ALL, CALL).engine == "duckdb", "the commit did not touch it"
    followed(opened, pool)
    told = service.explain(plan, CALL)
    assert told.engine == "duckdb", told.reason
    assert "datasource/new" in answer(service, plan)["identifier"].to_pylist()


@pytest.mark.parametrize("last", [True, False], ids=["the last commit", "the past"])
def test_a_database_that_was_exchanged_gets_no_answer_from_copies_of_another(
    service: ReadService, opened: Copies, pool: ConnectionPool, *, last: bool
) -> None:
    """Its last commit has another stamp, as after a restore; the copier has not noticed yet."""
    plan = Plan(relation="commit", as_of=None if last else last_but_one(pool))
    told = service.explain(plan, CALL)
    assert told.engine == "duckdb", told.reason
    with pool.connection(Lane.COPY):  # the copier waits for it
        shift(pool, "+")
        try:
            told = service.explain(plan, CALL)
        finally:
            shift(pool, "-")
    assert told.engine == "postgresql"
    assert "has not the commits" in told.reason
    followed(opened, pool)
    until(lambda: service.explain(plan, CALL).engine == "duckdb", "the copies answer again")


def shift(pool: ConnectionPool, sign: str) -> None:
    """Move the stamp of the last commit by a microsecond."""
    with pool.connection() as connection:
        connection.execute(
            f"UPDATE vxdata.commit_log SET stamp = stamp {sign} interval '1 microsecond' "
            "WHERE version = (SELECT version FROM vxdata.commit_clock)"
        )


def test_what_stays_with_postgresql_does_not_wait_for_a_place(
    pool: ConnectionPool, monitor: CancellationMonitor, tmp_path: Path
) -> None:
    asked = Plan(relation="artefact", group_by=(), aggregates=(COUNT,))
    with copies(pool, tmp_path, copy_queries=1) as opened:
        followed(opened, pool)
        service = reading(opened, pool, monitor)
        with opened.connection():  # the only place
            began = time.monotonic()
            assert answer(service, asked)["n"].to_pylist() == [ROWS]
            assert time.monotonic() - began < SECONDS / 2


def last_but_one(pool: ConnectionPool) -> datetime:
    """The instant of the commit before the last one; there are always two."""
    with pool.connection() as connection:
        rows = connection.rows("SELECT stamp FROM vxdata.commit_log ORDER BY version DESC LIMIT 2")
    stamp: datetime = rows[1]["stamp"]
    return stamp


def test_whoever_has_seen_a_commit_sees_it_in_every_later_answer(
    service: ReadService, creates: WriteService
) -> None:
    plan = Plan(
        relation="patient",
        group_by=("license",),
        aggregates=(COUNT,),
    )
    for number in range(60):
        row = {"identifier": f"patient/{number}", "parent_identifier": "datasource/a"}
        create(creates, resources("patient", row))
        assert answer(service, plan)["n"].to_pylist() == [number + 1]
    assert sum(service.answers().values()) == 60


def test_what_duckdb_refuses_gets_the_error_of_postgresql(
    service: ReadService, pool: ConnectionPool, monitor: CancellationMonitor
) -> None:
    total = Aggregate(function="sum", field="planned_patient_count", name="n")
    plan = Plan(relation="datasource", group_by=("license",), aggregates=(total,))
    assert service.explain(plan, CALL).engine == "duckdb"
    told = []
    for each in (service, reading(None, pool, monitor)):
        with pytest.raises(Exception) as caught:  # noqa: PT011 - what it becomes is compared
            answer(each, plan)
        told.append(translate(caught.value))
    assert type(told[0]) is type(told[1])
    assert told[0].message == told[1].message


def test_a_statement_ends_with_its_time(
    opened: Copies, pool: ConnectionPool, monitor: CancellationMonitor
) -> None:
    followed(opened, pool)
    service = reading(opened, pool, monitor, limit=0.3)
    result = service.run(ALL, CALL)
    assert 0 < next(result.batches).num_rows < ROWS
    ends = time.monotonic() + 2 * 0.3
    until(lambda: time.monotonic() > ends, "the statement has had its time, and the monitor has seen it")
    with pytest.raises(Exception) as caught:  # noqa: PT011 - what it becomes is compared
        list(result.batches)
    assert isinstance(translate(caught.value), LimitExceeded)
    assert service.answers() == {"duckdb": 1}


def test_a_caller_that_goes_ends_its_statement(
    service: ReadService, opened: Copies, pool: ConnectionPool
) -> None:
    gone: list[bool] = []
    result = service.run(ALL, Call("test", lambda: bool(gone), ANONYMOUS))
    next(result.batches)
    gone.append(True)
    polled = time.monotonic() + 5 * POLL_SECONDS
    until(lambda: time.monotonic() > polled, "the monitor has asked for the caller")
    with pytest.raises(Exception) as caught:  # noqa: PT011 - what it becomes is compared
        list(result.batches)
    assert isinstance(translate(caught.value), RequestCancelled)
    followed(opened, pool)
    assert answer(service, ALL).num_rows == ROWS, "others go on"


def test_a_reader_that_leaves_frees_its_place(
    opened: Copies, pool: ConnectionPool, monitor: CancellationMonitor
) -> None:
    followed(opened, pool)
    service = reading(opened, pool, monitor)
    for _ in range(20):  # more than there are places
        result = service.run(ALL, CALL)
        next(result.batches)
        result.close()
    assert service.answers() == {"duckdb": 20}
