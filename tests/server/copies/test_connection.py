"""A connection to the copies: one state, nothing but reads, and errors that tell no values."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.fixtures.disks import fill
from tests.server.copies.support import MEMORY, assert_equal, copies, followed
from vxdata.server.copies import CopiesState, CopiesUnavailable, CopyCancelled, CopyError
from vxdata.server.copies.errors import OutOfCopyMemory

if TYPE_CHECKING:
    from pathlib import Path

    from tests.server.services.verbs.support import Store
    from vxdata.server.copies import Copies

ENDLESS = "SELECT count(*) FROM range(1000000000000) AS a (n) WHERE n % 7 = 3"
MANY = "SELECT n, repeat('x', 100) AS t FROM range(10000000) AS a (n)"


@pytest.fixture(scope="module")
def opened(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Copies of the module's database, for two questions at a time."""
    with copies(store.database, tmp_path_factory.mktemp("copies"), copy_queries=2) as running:
        followed(running, store.database)
        yield running


def test_one_state(store: Store, opened: Copies, unique: str) -> None:
    with opened.connection() as connection:
        before = connection.applied(["patient", "commit", "nothing"])
        assert set(before) == {"patient", "commit"}
        store.plant({f"patient/{unique}": "datasource/a"})
        followed(opened, store.database)
        assert connection.applied(["patient", "commit"]) == before
        with connection.stream(f"SELECT 1 FROM vxdata.patient WHERE identifier = 'patient/{unique}'") as rows:
            assert list(rows) == []


def test_rows_come_in_batches_the_first_one_early(opened: Copies) -> None:
    with opened.connection() as connection, connection.stream(MANY) as batches:
        first, second = next(batches), next(batches)
        assert (first.num_rows, second.num_rows) == (2048, 32_768)
        assert second.column("n").to_pylist() == list(range(2048, 2048 + 32_768))
        assert first.schema.names == ["n", "t"]


def test_batches_of_long_texts_have_few_rows(opened: Copies) -> None:
    texts = "SELECT repeat('x', 60000) AS t FROM range(10000)"
    with opened.connection() as connection, connection.stream(texts) as batches:
        found = [(batch.num_rows, batch.nbytes < 130_000_000) for batch in batches]
    assert found == [(2048, True)] * 4 + [(10_000 - 4 * 2048, True)]


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO vxdata.about VALUES ('a', 'b')",
        "DROP TABLE vxdata.about",
        "SELECT * FROM read_csv('/etc/passwd')",
        "COPY vxdata.about TO '/tmp/secret.csv'",
        "ATTACH '/tmp/other.duckdb'",
        "INSTALL httpfs",
        "SET threads = 1",
        "SELECT * FROM vxdata.secret_table",
        "SELECT CAST('secret' AS BIGINT)",
    ],
)
def test_all_else_is_refused_without_a_value(opened: Copies, sql: str) -> None:
    with opened.connection() as connection, pytest.raises(CopyError) as caught:  # noqa: SIM117
        with connection.stream(sql) as batches:
            list(batches)
    assert "secret" not in str(caught.value).lower()
    assert caught.value.__cause__ is None


def test_an_error_within_a_stream(opened: Copies) -> None:
    late = "SELECT CASE WHEN n = 3000000 THEN error('secret') ELSE 'x' END AS t FROM range(4000000) AS a (n)"
    with opened.connection() as connection, connection.stream(late) as batches:
        with pytest.raises(CopyError) as caught:
            list(batches)
        assert caught.value.kind == "InvalidInput"


@pytest.mark.parametrize("sql", [ENDLESS, MANY])
def test_a_statement_that_is_cancelled(opened: Copies, sql: str) -> None:
    with opened.connection() as connection:
        ended = threading.Event()

        def cancel() -> None:
            while not ended.wait(0.05):
                connection.cancel()

        canceller = threading.Thread(target=cancel)
        canceller.start()
        try:
            with pytest.raises(CopyCancelled), connection.stream(sql) as batches:  # noqa: PT012 - by chance
                for _ in batches:
                    time.sleep(0.01)
        finally:
            ended.set()
            canceller.join()


def test_a_stream_that_is_left(opened: Copies) -> None:
    with opened.connection() as connection:
        with connection.stream(MANY) as batches:
            next(batches)
        with connection.stream("SELECT 1 AS one") as batches:
            assert next(batches).to_pydict() == {"one": [1]}


def test_a_statement_that_needs_too_much_memory(opened: Copies) -> None:
    huge = "SELECT list(n) FROM range(100000000) AS a (n) GROUP BY n % 2"
    with opened.connection() as connection, pytest.raises(OutOfCopyMemory):  # noqa: SIM117
        with connection.stream(huge) as batches:
            list(batches)


def test_a_disk_that_is_full_is_no_damage(store: Store, small_disk: Path) -> None:
    """What a question cannot write beside the file says nothing of the file; DuckDB takes it for memory."""
    sorted_by_hash = "SELECT n FROM range(20000000) AS a (n) ORDER BY hash(n)"
    with copies(store.database, small_disk, copy_memory_bytes=MEMORY // 2) as opened:
        followed(opened, store.database)
        filler = fill(small_disk, leave=2 * 1024**2)
        with opened.connection() as connection, pytest.raises(OutOfCopyMemory):  # noqa: SIM117
            with connection.stream(sorted_by_hash) as batches:
                list(batches)
        filler.unlink()
        assert opened.is_trusted
        assert_equal(opened, store.database)
        assert opened.status().state is CopiesState.READY


def test_an_explanation_of_what_cannot_run(opened: Copies) -> None:
    with opened.connection() as connection, pytest.raises(CopyError) as caught:
        connection.explain("SELECT * FROM vxdata.secret_table")
    assert "secret" not in str(caught.value)


def test_an_explanation(opened: Copies) -> None:
    with opened.connection() as connection:
        assert "FILTER" in connection.explain("SELECT count(*) FROM range(10) AS a (n) WHERE hash(n) > 3")


def test_so_many_at_a_time(opened: Copies) -> None:
    with opened.connection(), opened.connection():
        assert not opened.has_waiters
        with pytest.raises(CopiesUnavailable, match="too many questions"), opened.connection(wait=0.05):
            pass
