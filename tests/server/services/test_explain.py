"""Explaining: what is told is what runs, whichever way a plan is read."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests.server.support import CALL, create, never, resources
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.plan import Comparison, IsIn, Plan
from vxdata.schemas.wire import Explanation
from vxdata.server.database.connection import Connection
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.database.prepared import PreparedStatements
from vxdata.server.result_cache.shared_query import SharedQuery
from vxdata.server.services.prepared_stream import PreparedStream
from vxdata.server.services.read import ReadService

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import SecretStr

    from vxdata.server.database.monitor import CancellationMonitor
    from vxdata.server.services.write import WriteService

NAMES = ("datasource/a", "datasource/b")
WHOLE = Plan(relation="datasource", select=("identifier",))


@pytest.fixture(scope="module", autouse=True)
def written(creates: WriteService) -> None:
    rows = [{"identifier": f"datasource/{number}", "description": "x" * 900} for number in range(100)]
    create(creates, resources("datasource", *rows))


@pytest.fixture
def pool(database_uri: SecretStr) -> Iterator[ConnectionPool]:
    """Connections that nobody else takes."""
    with closing(ConnectionPool(database_uri, size=2, wait=30.0)) as database:
        yield database


@pytest.fixture
def service(pool: ConnectionPool, monitor: CancellationMonitor) -> ReadService:
    return ReadService(pool, default_catalog(), monitor)


@pytest.fixture
def streamed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that are streamed."""
    seen: list[str] = []
    stream = Connection.stream

    def noting(self: Connection, sql: str, **options: bool) -> Any:
        seen.append(sql)
        return stream(self, sql, **options)

    monkeypatch.setattr(Connection, "stream", noting)
    return seen


@pytest.mark.parametrize(
    ("asked", "parameters"),
    [
        ({"where": Comparison(op="==", field="identifier", value=NAMES[0])}, ("'datasource/a'",)),
        (
            {"where": IsIn(field="identifier", values=NAMES)},
            ('CAST(\'{"datasource/a","datasource/b"}\' AS TEXT[])',),
        ),
        ({"limit": 10}, ()),
    ],
)
def test_a_point_lookup_is_shown_as_it_is_prepared(
    service: ReadService,
    asked: dict[str, Any],
    parameters: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan = Plan(relation="datasource", **asked)
    told = service.explain(plan, CALL)
    assert (told.method, told.parameters, told.engine) == ("point lookup", parameters, "postgresql")
    assert "commit_clock" in told.sql
    assert ("$1" in told.sql) == bool(parameters)
    assert "commit_clock" in told.postgresql
    seen = []
    run = PreparedStatements.table

    def noting(self: PreparedStatements, sql: str, literals: Any) -> Any:
        seen.append((sql, tuple(literals)))
        return run(self, sql, literals)

    monkeypatch.setattr(PreparedStatements, "table", noting)
    list(service.run(plan, CALL).batches)
    assert seen == [(told.sql, parameters)]


@pytest.mark.parametrize(
    "asked",
    [
        {"where": Comparison(op="==", field="description", value="$1 it's")},
        {"limit": 200, "offset": 3},
        {"history": True},
    ],
    ids="-".join,
)
def test_a_stream_is_shown_as_it_runs(
    service: ReadService, streamed: list[str], asked: dict[str, Any]
) -> None:
    plan = Plan(relation="datasource", **asked)
    told = service.explain(plan, CALL)
    assert (told.method, told.parameters, told.engine) == ("stream", (), "postgresql")
    list(service.run(plan, CALL).batches)
    assert streamed == [told.sql]
    assert "Scan" in told.postgresql


def test_what_an_earlier_server_tells_is_still_read() -> None:
    told = Explanation.model_validate_json('{"plan": "p", "sql": "s", "postgresql": "e"}')
    assert (told.method, told.parameters, told.reason) == ("", (), "")
    assert str(told) == "plan\np\n\nsql\ns\n\nengine\npostgresql\n\npostgresql\ne"


def test_it_takes_no_connection_for_longer(service: ReadService) -> None:
    for _ in range(5):  # more than there are
        service.explain(WHOLE, CALL)
        service.explain(Plan(relation="datasource", limit=1), CALL)


class TestPreparedStream:
    def opened(self, pool: ConnectionPool, monitor: CancellationMonitor) -> PreparedStream:
        bound = ReadService(pool, default_catalog(), monitor)._bound(WHOLE, CALL)
        return PreparedStream(bound, pool, monitor, SharedQuery(never), CALL)

    def is_free(self, pool: ConnectionPool) -> bool:
        """Whether both connections can be had, and are in no transaction."""
        idle = (
            "SELECT count(*) AS n FROM pg_stat_activity WHERE state <> 'idle' "
            "AND datname = current_database() AND pid <> pg_backend_pid()"
        )
        with pool.connection(wait=0) as one, pool.connection(wait=0) as other:
            return [each.rows(idle) for each in (one, other)] == [[{"n": 0}]] * 2

    def test_the_schema_comes_before_the_batches(
        self, pool: ConnectionPool, monitor: CancellationMonitor
    ) -> None:
        with closing(self.opened(pool, monitor)) as stream:
            assert stream.schema.names == ["identifier"]
            assert stream.snapshot.instant.version >= 1
            assert all(batch.schema.equals(stream.schema, check_metadata=True) for batch in stream)

    @pytest.mark.parametrize("taken", [0, 1, 1000])
    def test_closing_releases_all_at_any_moment(
        self, pool: ConnectionPool, monitor: CancellationMonitor, taken: int
    ) -> None:
        stream = self.opened(pool, monitor)
        for _ in range(taken):
            if next(stream, None) is None:
                break
        stream.close()
        stream.close()
        assert self.is_free(pool)
        assert list(stream) == []

    def test_a_failure_releases_all(
        self, pool: ConnectionPool, monitor: CancellationMonitor, monkeypatch: Any
    ) -> None:
        def broken(*_: object) -> None:
            msg = "columns have drifted apart"
            raise TypeError(msg)

        stream = self.opened(pool, monitor)
        monkeypatch.setattr("vxdata.server.services.result_schema.ResultSchema.conform", broken)
        with pytest.raises(TypeError, match="drifted apart"):
            next(stream)
        assert self.is_free(pool)

    def test_one_that_cannot_be_opened_holds_nothing(
        self, pool: ConnectionPool, monitor: CancellationMonitor, monkeypatch: Any
    ) -> None:
        def broken(*_: object, **__: object) -> None:
            msg = "no clock"
            raise OSError(msg)

        monkeypatch.setattr("vxdata.server.services.prepared_stream.resolve_snapshot", broken)
        with pytest.raises(OSError, match="no clock"):
            self.opened(pool, monitor)
        assert self.is_free(pool)

    def test_a_cache_that_fails_ends_it(
        self, service: ReadService, pool: ConnectionPool, monkeypatch: Any
    ) -> None:
        def broken(*_: object) -> None:
            msg = "the disk is gone"
            raise OSError(msg)

        monkeypatch.setattr(service._result_cache, "get_or_run", broken)
        with pytest.raises(OSError, match="the disk is gone"):
            service.run(WHOLE, CALL)
        assert self.is_free(pool)

    def test_it_is_closed_from_another_thread(
        self, pool: ConnectionPool, monitor: CancellationMonitor
    ) -> None:
        stream = self.opened(pool, monitor)
        next(stream)
        closing_thread = threading.Thread(target=stream.close)
        closing_thread.start()
        closing_thread.join(30)
        assert self.is_free(pool)
