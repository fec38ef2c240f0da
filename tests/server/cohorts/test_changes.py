"""What happens to answers when data, tables or the server itself change while it serves."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.cohorts.example import EXAMPLE
from tests.server.support import CALL, until
from vxdata.schemas.cohorts import CohortPlan
from vxdata.schemas.identity import EVERYTHING
from vxdata.schemas.plan import Plan
from vxdata.schemas.wire import RELEASE_KEY
from vxdata.server.app import Server
from vxdata.server.catalog_settings import CatalogSettings
from vxdata.server.config import Settings
from vxdata.server.database.pool import ConnectionPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pydantic import SecretStr

ADDED = "INSERT INTO cda.subject VALUES (9, 'S9', 'cat', NULL, false, false)"


@pytest.fixture
def pool(new_database: Callable[[], SecretStr]) -> Iterator[ConnectionPool]:
    uri = new_database()
    with closing(ConnectionPool(uri, size=2)) as pool:
        with pool.connection() as connection:
            connection.execute(*EXAMPLE.statements("cda"))
        pool.uri = uri  # type: ignore[attr-defined]
        yield pool


def served(pool: ConnectionPool, tmp_path: Path, **settings: Any) -> Server:
    uri: SecretStr = pool.uri  # type: ignore[attr-defined]
    catalogs = {"cda": CatalogSettings(uri=uri, schema_name="cda", **settings.pop("catalog", {}))}
    given: dict[str, Any] = {"cache_dir": tmp_path / "answers", "grace": 5, **settings}
    return Server(Settings(port=0, http_port=0, catalogs=catalogs, **given))


def change(pool: ConnectionPool, *statements: str) -> None:
    with pool.connection() as connection:
        connection.execute(*statements)


def total(server: Server, **body: Any) -> int:
    url = f"{server.http_url}/cda/data/subject"
    return int(httpx.post(url, json=body, trust_env=False, timeout=30).json()["total_row_count"])


def rows(server: Server, plan: CohortPlan) -> int:
    return sum(batch.num_rows for batch in server._services.cohorts.frame(plan, CALL).batches)


COHORT = CohortPlan(catalog="cda", endpoint="subject")


class TestKeptAnswers:
    def test_an_answer_is_kept_until_the_release_changes(self, pool: ConnectionPool, tmp_path: Path) -> None:
        with served(pool, tmp_path) as server:
            assert (total(server), rows(server, COHORT)) == (4, 4)
            change(pool, ADDED)
            assert (total(server), rows(server, COHORT)) == (4, 4)
            change(pool, "INSERT INTO cda.release_metadata VALUES ('subject', 'species', 'PDC')")
            assert (total(server), rows(server, COHORT)) == (5, 5)

    def test_nothing_is_kept_without_a_release(self, pool: ConnectionPool, tmp_path: Path) -> None:
        change(pool, "DELETE FROM cda.release_metadata")
        with served(pool, tmp_path) as server:
            assert (total(server), rows(server, COHORT)) == (4, 4)
            change(pool, ADDED)
            assert (total(server), rows(server, COHORT)) == (5, 5)
            plan = Plan(relation="subject")
            schema = server._services.tables.run("cda", plan, CALL).arrow_schema
            assert RELEASE_KEY not in schema.metadata

    def test_plain_tables_are_kept_alike(self, pool: ConnectionPool, tmp_path: Path) -> None:
        change(pool, "CREATE TABLE cda.told AS SELECT 'R1' AS release")
        statement = {"release": "SELECT release FROM cda.told"}
        with served(pool, tmp_path, catalog=statement) as server:

            def read() -> tuple[int, bytes]:
                result = server._services.tables.run("cda", Plan(relation="subject"), CALL)
                count = sum(batch.num_rows for batch in result.batches)
                return count, result.arrow_schema.metadata[RELEASE_KEY]

            assert read() == (4, b"R1")
            change(pool, ADDED)
            assert read() == (4, b"R1")
            change(pool, "UPDATE cda.told SET release = 'R2'")
            assert read() == (5, b"R2")
            until(
                lambda: server._services.catalogs.seen_by(EVERYTHING)["cda"].loaded.release == "R2",
                "it is read anew",
            )


class TestChangedTables:
    def test_a_column_that_has_gone_is_noticed(self, pool: ConnectionPool, tmp_path: Path) -> None:
        with served(pool, tmp_path) as server:
            assert total(server, ADD_COLUMNS=["sex"]) == 4
            change(pool, "ALTER TABLE cda.subject RENAME COLUMN species TO kind")
            url = f"{server.http_url}/cda/data/subject"
            body = {"MATCH_ALL": ["species = human"]}
            answer = httpx.post(url, json=body, trust_env=False, timeout=30)
            assert (answer.status_code, answer.json()["error_type"]) == (503, "DatabaseConnectionDrop")
            assert "have just changed" in answer.json()["message"]
            catalog = server._services.catalogs.seen_by(EVERYTHING)["cda"]
            until(lambda: "kind" in catalog.loaded.cohorts.columns, "the catalog is read anew")
            assert httpx.post(url, json=body, trust_env=False).json()["error_type"] == "ColumnNotFound"
            assert total(server, MATCH_ALL=["kind = human"]) == 2


class TestStopping:
    def many(self, pool: ConnectionPool) -> None:
        change(
            pool,
            "INSERT INTO cda.subject SELECT n, 'T' || n, repeat('x', 200), 1900, true, false "
            "FROM generate_series(10, 60009) n",
        )

    def test_an_answer_that_is_under_way_ends_before_the_server(
        self, pool: ConnectionPool, tmp_path: Path
    ) -> None:
        self.many(pool)
        server = served(pool, tmp_path)
        stopping = threading.Thread(target=server.stop)
        url = f"{server.http_url}/cda/data/subject?limit=100000"
        with httpx.stream("POST", url, json={}, trust_env=False, timeout=30) as answer:
            pieces = answer.iter_raw()
            content = [next(pieces)]
            stopping.start()
            until(lambda: not server._ready.is_set(), "it stops")
            content += pieces
        stopping.join()
        assert b"".join(content).endswith(b'"total_row_count":60004,"next_url":""}')

    def test_a_call_that_waits_is_ended_with_the_server(self, pool: ConnectionPool, tmp_path: Path) -> None:
        server = served(pool, tmp_path, grace=0)
        failures: list[Exception] = []

        def ask() -> None:
            try:
                total(server)
            except (httpx.HTTPError, KeyError) as error:
                failures.append(error)

        asking = threading.Thread(target=ask)
        with pool.connection() as locking, pool.connection() as watching:
            locking.execute("BEGIN", "LOCK TABLE cda.subject")
            waiting = "SELECT count(*) AS n FROM pg_locks WHERE NOT granted"
            asking.start()
            until(lambda: watching.rows(waiting)[0]["n"] == 1, "the statement waits")
            server.stop()
            until(lambda: watching.rows(waiting)[0]["n"] == 0, "the statement is cancelled")
            locking.rollback()
        asking.join()
        assert len(failures) == 1
