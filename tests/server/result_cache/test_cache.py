"""Cached results over PostgreSQL: one run for all who ask the same, and never a stale row."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from tests.server.databases import admin, creates, database, database_uri, monitor, new_database
from tests.server.support import CALL, batch, create, resources, until
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.catalog.builtin import COMMIT
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.errors import ServerUnavailable
from vxdata.schemas.plan import Comparison, IsIn, Plan
from vxdata.schemas.wire import WriteCommand
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.result_cache.cache import ResultCache
from vxdata.server.result_cache.store import CacheStore
from vxdata.server.services.read import ReadService
from vxdata.server.services.write import Section, WriteService

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from pydantic import SecretStr

    from vxdata.server.database.connection import Connection
    from vxdata.server.database.monitor import CancellationMonitor

__all__ = ["admin", "creates", "database", "database_uri", "monitor", "new_database"]

ARTEFACTS = Plan(relation="artefact", select=("identifier", "description"))
PATIENTS = Plan(relation="patient", select=("identifier",))


class CountingDatabase(ConnectionPool):
    """A pool that counts the queries that PostgreSQL streams."""

    streams = 0

    @contextmanager
    def connection(self, *arguments: Any, **options: Any) -> Iterator[Connection]:
        with super().connection(*arguments, **options) as connection:
            stream = connection.stream

            def counted(sql: str, **options: bool) -> AbstractContextManager[Iterator[pa.RecordBatch]]:
                self.streams += 1
                return stream(sql, **options)

            connection.stream = counted  # type: ignore[method-assign, assignment]
            try:
                yield connection
            finally:
                del connection.stream


@pytest.fixture
def counting(database_uri: SecretStr) -> Iterator[CountingDatabase]:
    with closing(CountingDatabase(database_uri, size=32)) as pool:
        yield pool


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CacheStore]:
    with closing(CacheStore(tmp_path / "result-cache", 1024**3)) as empty:
        yield empty


@pytest.fixture
def result_cache(store: CacheStore) -> ResultCache:
    return ResultCache(store, asks=1)


@pytest.fixture
def reads(counting: CountingDatabase, monitor: CancellationMonitor, result_cache: ResultCache) -> ReadService:
    return ReadService(counting, default_catalog(), monitor, result_cache)


@pytest.fixture(scope="module")
def names() -> Iterator[str]:
    """Identifiers that nobody else uses."""
    return (f"n{number}" for number in range(10**9))


def table(reads: ReadService, plan: Plan) -> pa.Table:
    result = reads.run(plan, CALL)
    return pa.Table.from_batches(result.batches, schema=result.arrow_schema)


def identifiers(reads: ReadService, plan: Plan) -> set[str]:
    return set(table(reads, plan)["identifier"].to_pylist())


def add(creates: WriteService, resource_type: str, name: str, **values: str) -> str:
    identifier = f"{resource_type}/{name}"
    create(creates, resources(resource_type, {"identifier": identifier, **values}))
    return identifier


@pytest.fixture(params=["in memory", "on disk"])
def rows(request: pytest.FixtureRequest, creates: WriteService, names: Iterator[str]) -> None:
    """Artefacts, few or so many that their answer goes to a file."""
    add(creates, "artefact", next(names))
    if request.param == "on disk":
        long = [{"identifier": f"artefact/{next(names)}", "description": "x" * 65_000} for _ in range(400)]
        create(creates, resources("artefact", *long))


@pytest.mark.usefixtures("rows")
class TestOneRun:
    def test_the_second_time_nothing_is_asked(self, reads: ReadService, counting: CountingDatabase) -> None:
        first = table(reads, ARTEFACTS)
        assert counting.streams == 1
        assert table(reads, ARTEFACTS).equals(first)
        assert counting.streams == 1

    def test_sixteen_at_once(self, reads: ReadService, counting: CountingDatabase) -> None:
        together = threading.Barrier(16)

        def ask(_: int) -> pa.Table:
            together.wait(30)
            return table(reads, ARTEFACTS)

        with ThreadPoolExecutor(16) as pool:
            first, *others = pool.map(ask, range(16))
        assert counting.streams == 1
        assert first.num_rows > 0
        assert all(other.equals(first) for other in others)

    def test_an_equal_plan_that_is_written_otherwise(
        self, reads: ReadService, counting: CountingDatabase
    ) -> None:
        one = IsIn(field="identifier", values=("artefact/a", "artefact/b"))
        table(reads, ARTEFACTS.model_copy(update={"where": one}))
        other = IsIn(field="identifier", values=("artefact/b", "artefact/a", "artefact/b"))
        table(reads, ARTEFACTS.model_copy(update={"where": other}))
        table(reads, ARTEFACTS.model_copy(update={"where": one}))
        assert counting.streams <= 2


class TestNeverStale:
    def test_a_commit_of_the_type_is_seen(
        self, reads: ReadService, creates: WriteService, names: Iterator[str]
    ) -> None:
        before = identifiers(reads, ARTEFACTS)
        added = add(creates, "artefact", next(names))
        assert identifiers(reads, ARTEFACTS) == before | {added}

    def test_a_commit_of_another_type_changes_the_token_alone(
        self, reads: ReadService, creates: WriteService, counting: CountingDatabase, names: Iterator[str]
    ) -> None:
        before = table(reads, ARTEFACTS)
        add(creates, "datasource", next(names))
        after = table(reads, ARTEFACTS)
        assert after.equals(before)
        assert after.schema.metadata != before.schema.metadata
        assert counting.streams == 1

    def test_each_instant_has_its_own_answer(
        self, reads: ReadService, creates: WriteService, names: Iterator[str]
    ) -> None:
        instants = []
        for _ in range(3):
            added = add(creates, "artefact", next(names))
            instants.append((instant(reads), added))
        for again in range(2):
            for position, (as_of, added) in enumerate(instants):
                found = identifiers(reads, ARTEFACTS.model_copy(update={"as_of": as_of}))
                assert added in found, again
                assert not {submit for _, submit in instants[position + 1 :]} & found

    def test_the_commit_log_changes_with_every_commit(
        self, reads: ReadService, creates: WriteService, names: Iterator[str]
    ) -> None:
        log = Plan(relation=COMMIT, select=("version",))
        before = table(reads, log).num_rows
        add(creates, "datasource", next(names))
        assert table(reads, log).num_rows == before + 1
        assert table(reads, log).num_rows == before + 1

    def test_what_is_read_below_another_type_counts(
        self, reads: ReadService, creates: WriteService, names: Iterator[str]
    ) -> None:
        source = add(creates, "datasource", next(names))
        plan = Plan(
            relation="resource",
            select=("identifier",),
            where=Comparison(field="parent_identifier", op="==", value=source),
        )
        assert identifiers(reads, plan) == set()
        patient = add(creates, "patient", next(names), parent_identifier=source)
        assert identifiers(reads, plan) == {patient}


class TestReadersThatLeave:
    def test_one_that_leaves_does_not_end_the_others(
        self, reads: ReadService, creates: WriteService, names: Iterator[str], counting: CountingDatabase
    ) -> None:
        long = [{"identifier": f"artefact/{next(names)}", "description": "x" * 65_000} for _ in range(400)]
        create(creates, resources("artefact", *long))
        first, second = reads.run(ARTEFACTS, CALL), reads.run(ARTEFACTS, CALL)
        next(first.batches)
        del first
        whole = pa.Table.from_batches(second.batches, schema=second.arrow_schema)
        assert counting.streams == 1
        assert whole.num_rows >= 400

    def test_when_all_have_left_the_next_begins_anew(
        self, reads: ReadService, creates: WriteService, names: Iterator[str]
    ) -> None:
        added = add(creates, "artefact", next(names))
        for _ in range(40):  # more than there are connections
            result = reads.run(ARTEFACTS, CALL)
            next(result.batches)
            del result
        assert added in identifiers(reads, ARTEFACTS)


def test_a_purge_leaves_nothing_on_the_disk(
    database: ConnectionPool,
    creates: WriteService,
    reads: ReadService,
    result_cache: ResultCache,
    monitor: CancellationMonitor,
    names: Iterator[str],
    tmp_path: Path,
) -> None:
    doomed = [{"identifier": f"artefact/{next(names)}", "description": "secret" * 10_000} for _ in range(50)]
    create(creates, resources("artefact", *doomed))
    as_of = instant(reads)
    before = identifiers(reads, ARTEFACTS.model_copy(update={"as_of": as_of}))
    kept = tmp_path / "result-cache"
    until(lambda: any(kept.glob("*.result")), "the answer is kept")
    purges = WriteService(database, registry(), monitor, allow_purge=True, on_purge=result_cache.note_purges)
    rows = batch("artefact", [{"identifier": row["identifier"]} for row in doomed])
    purges.write(WriteCommand(verb="purge"), iter([Section("artefact", rows), 50]), CALL)
    assert not any(kept.glob("*.result"))
    after = identifiers(reads, ARTEFACTS.model_copy(update={"as_of": as_of}))
    assert after == before - {row["identifier"] for row in doomed}


def instant(reads: ReadService) -> datetime:
    plan, _ = reads.describe(PATIENTS, CALL)
    assert plan.as_of is not None
    return plan.as_of


def test_a_purge_that_is_sent_again_changes_nothing(
    counting: CountingDatabase,
    creates: WriteService,
    reads: ReadService,
    result_cache: ResultCache,
    monitor: CancellationMonitor,
    names: Iterator[str],
) -> None:
    doomed = add(creates, "artefact", next(names))
    purges = WriteService(counting, registry(), monitor, allow_purge=True, on_purge=result_cache.note_purges)
    command = WriteCommand(verb="purge", idempotency_key=next(names))
    for _ in range(2):
        rows = Section("artefact", batch("artefact", [{"identifier": doomed}]))
        purges.write(command, iter([rows, 1]), CALL)
    before = counting.streams
    for _ in range(3):
        assert doomed not in identifiers(reads, ARTEFACTS)
    assert counting.streams == before + 1


def test_a_server_that_stops_ends_the_readers_of_kept_answers(
    reads: ReadService, result_cache: ResultCache, creates: WriteService, names: Iterator[str]
) -> None:
    added = add(creates, "artefact", next(names))
    where = Comparison(field="identifier", op="==", value=added)
    one = ARTEFACTS.model_copy(update={"where": where, "limit": 1})  # a short read would not be kept
    assert identifiers(reads, one) == {added}
    result = reads.run(one, CALL)
    result_cache.close()
    with pytest.raises(ServerUnavailable, match="shutting down"):
        list(result.batches)
