"""Reading in parts: the same rows as in one piece, whatever is written, fails or is left meanwhile."""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import pytest

from tests.server.support import CALL, create, resources, until
from vxdata.schemas.catalog import Catalog
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.plan import Plan
from vxdata.server.call import Call
from vxdata.server.database.errors import DatabaseError, StatementCancelled
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.services.read import ReadService

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic import SecretStr

    from vxdata.server.database.monitor import CancellationMonitor
    from vxdata.server.services.write import WriteService

ROWS = 400
PLAN = Plan(relation="datasource", select=("identifier", "description"))
PARTS = 3


@pytest.fixture(autouse=True)
def _small_relations_are_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vxdata.server.database.parallel_scan.MIN_PAGES", 1)
    monkeypatch.setattr("vxdata.server.database.connection.BATCH_BYTES", 10_000)


@pytest.fixture(scope="module", autouse=True)
def written(creates: WriteService) -> None:
    rows = [{"identifier": f"datasource/{number}", "description": "x" * 900} for number in range(ROWS)]
    create(creates, resources("datasource", *rows))


@pytest.fixture
def pool(database_uri: SecretStr) -> Iterator[ConnectionPool]:
    """Connections that nobody else takes."""
    with closing(ConnectionPool(database_uri, size=PARTS, wait=30.0)) as database:
        yield database


@pytest.fixture
def in_parts(pool: ConnectionPool, monitor: CancellationMonitor) -> ReadService:
    return ReadService(pool, Catalog.from_registry(registry()), monitor, scan_connections=PARTS)


def found(service: ReadService, plan: Plan = PLAN) -> list[str]:
    batches = service.run(plan, CALL).batches
    return sorted(name for batch in batches for name in batch["identifier"].to_pylist())


def statements(database: ConnectionPool, where: str = "") -> list[str]:
    """What other connections of this database run, or did last."""
    with database.connection() as connection:
        rows = connection.rows(
            "SELECT query FROM pg_stat_activity WHERE datname = current_database() "
            f"AND pid <> pg_backend_pid() {where}"
        )
    return [row["query"] for row in rows]


def reads_a_part(query: str) -> bool:
    return '"ctid" >=' in query


def test_the_same_rows(in_parts: ReadService, reads: ReadService) -> None:
    assert found(in_parts) == found(reads)
    assert len(set(found(in_parts))) >= ROWS


def test_several_connections_read(in_parts: ReadService, database: ConnectionPool) -> None:
    batches = in_parts.run(PLAN, CALL).batches
    next(batches)
    until(lambda: sum(map(reads_a_part, statements(database))) == PARTS, "all connections read a part")
    batches.close()  # type: ignore[attr-defined]


def test_all_parts_read_the_state_of_the_first(
    in_parts: ReadService, creates: WriteService, reads: ReadService
) -> None:
    before = found(reads)
    result = in_parts.run(PLAN, CALL)
    create(creates, resources("datasource", {"identifier": "datasource/meanwhile"}))
    got = sorted(name for batch in result.batches for name in batch["identifier"].to_pylist())
    assert got == before
    assert "datasource/meanwhile" in found(in_parts)


def test_nothing_is_rewritten_while_it_is_read(in_parts: ReadService, database: ConnectionPool) -> None:
    batches = in_parts.run(PLAN, CALL).batches
    next(batches)
    with database.connection() as connection:
        connection.execute("SET lock_timeout = 100")
        with pytest.raises(DatabaseError, match="lock timeout"):
            connection.execute("VACUUM FULL vxdata.datasource")
        connection.execute("RESET lock_timeout")
    batches.close()  # type: ignore[attr-defined]
    with database.connection() as connection:
        connection.execute("VACUUM FULL vxdata.datasource")
    assert len(found(in_parts)) >= ROWS


def test_who_leaves_early_leaves_no_statement_and_no_connection_behind(
    in_parts: ReadService, pool: ConnectionPool, database: ConnectionPool
) -> None:
    for _ in range(5):
        batches = in_parts.run(PLAN, CALL).batches
        next(batches)
        batches.close()  # type: ignore[attr-defined]
        assert not [query for query in statements(database, "AND state <> 'idle'") if reads_a_part(query)]
    with ExitStack() as stack:
        for _ in range(PARTS):
            connection = stack.enter_context(pool.connection(wait=0))
            assert connection.rows("SELECT 1 AS one") == [{"one": 1}]
    assert len(found(in_parts)) >= ROWS


def test_where_no_other_connection_is_free_one_reads_it_all(
    in_parts: ReadService, pool: ConnectionPool
) -> None:
    with ExitStack() as stack:
        for _ in range(PARTS - 1):
            stack.enter_context(pool.connection())
        assert len(found(in_parts)) >= ROWS


def test_answers_share_the_further_connections(
    database_uri: SecretStr, monitor: CancellationMonitor, database: ConnectionPool
) -> None:
    with closing(ConnectionPool(database_uri, size=8)) as many:
        service = ReadService(many, Catalog.from_registry(registry()), monitor, scan_connections=2)
        first = service.run(PLAN, CALL).batches
        next(first)
        second = service.run(PLAN, CALL).batches
        rows = next(second).num_rows
        until(lambda: sum(map(reads_a_part, statements(database))) == 2, "the first one reads in parts")
        assert rows + sum(batch.num_rows for batch in second) >= ROWS
        first.close()  # type: ignore[attr-defined]


def test_a_caller_that_has_gone_ends_all_parts(in_parts: ReadService, database: ConnectionPool) -> None:
    has_gone = False
    batches = in_parts.run(PLAN, Call("test", lambda: has_gone)).batches
    next(batches)
    has_gone = True
    until(
        lambda: not [query for query in statements(database, "AND state <> 'idle'") if reads_a_part(query)],
        "no part is read any more",
    )
    with pytest.raises(StatementCancelled):
        list(batches)


def test_a_part_that_fails_fails_the_answer(
    in_parts: ReadService, admin: ConnectionPool, pool: ConnectionPool
) -> None:
    batches = in_parts.run(PLAN, CALL).batches
    next(batches)
    with admin.connection() as connection:
        ended = connection.rows(
            "SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity "
            "WHERE query LIKE '%\"ctid\" >=%' AND pid <> pg_backend_pid() AND state <> 'idle' "
            "AND backend_start = (SELECT max(backend_start) FROM pg_stat_activity "
            "WHERE query LIKE '%\"ctid\" >=%' AND pid <> pg_backend_pid() AND state <> 'idle')"
        )
    assert ended == [{"ended": True}]
    with pytest.raises(DatabaseError):
        list(batches)
    assert len(found(in_parts)) >= ROWS


@pytest.mark.parametrize("plan", [Plan(relation="resource"), Plan(relation="datasource", history=True)])
def test_every_kind_of_whole_relation(in_parts: ReadService, reads: ReadService, plan: Plan) -> None:
    assert found(in_parts, plan) == found(reads, plan)


def test_the_past(in_parts: ReadService, reads: ReadService, creates: WriteService) -> None:
    receipt = create(creates, resources("datasource", {"identifier": "datasource/then"}))
    create(creates, resources("datasource", {"identifier": "datasource/later"}))
    then = PLAN.model_copy(update={"as_of": receipt.as_of})
    assert found(in_parts, then) == found(reads, then)
    assert "datasource/later" not in found(in_parts, then)


def test_it_is_never_divided_where_one_connection_is_allowed(
    pool: ConnectionPool,
    monitor: CancellationMonitor,
    database: ConnectionPool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = ReadService(pool, Catalog.from_registry(registry()), monitor, scan_connections=1)
    asked: list[str] = []
    monkeypatch.setattr("vxdata.sql.query.scan.count_pages", _noting(asked))
    assert len(found(service)) >= ROWS
    assert not asked


def _noting(asked: list[str]) -> Callable[[list[str]], str]:
    def count_pages(tables: list[str]) -> str:
        asked.extend(tables)
        return "SELECT 1"

    return count_pages
