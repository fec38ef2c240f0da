"""Streams: the rows of `collect` in frames, in bounded memory, ended on the server however they end here."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.sdk.reports import ROWS, large, running, slow, stalling
from tests.server.support import scalar, until
from tests.store.relay import Relay
from vxdata.schemas.errors import InvalidRequest, RequestTimedOut, ServerUnavailable
from vxdata.sdk import Client, F
from vxdata.sdk._queries.stream import _resized

if TYPE_CHECKING:
    from vxdata.server.app import Server
    from vxdata.server.database.pool import ConnectionPool


def test_the_rows_of_collect(client: Client, reports: str) -> None:
    query = large(client, reports).order_by("identifier")
    with query.iter_batches() as frames:
        parts = list(frames)
    assert len(parts) > 1
    assert_frame_equal(pl.concat(parts), query.collect())


def test_the_snapshot_is_that_of_the_rows(client: Client, root: str) -> None:
    query = client.diagnostic_reports.query().filter(F.parent_identifier == root)
    pinned = query.pin()
    with pinned.iter_batches() as frames:
        assert frames.snapshot.as_of == pinned.plan.as_of
        assert frames.snapshot == pinned.run().snapshot


def test_an_empty_answer_is_one_empty_frame(client: Client, unique: str) -> None:
    query = client.artefacts.query().filter(F.identifier == f"artefact/{unique}")
    (frame,) = query.iter_batches()
    assert frame.is_empty()
    assert frame.schema == query.schema
    (frame,) = query.iter_batches(batch_rows=7)
    assert frame.schema == query.schema


def test_frames_of_a_size(client: Client, reports: str) -> None:
    query = large(client, reports).order_by("identifier")
    parts = list(query.iter_batches(batch_rows=130))
    assert [part.height for part in parts] == [130] * (ROWS // 130) + [ROWS % 130]
    assert_frame_equal(pl.concat(parts), query.collect())


@given(st.lists(st.integers(1, 7), min_size=1, max_size=9), st.integers(1, 20))
def test_any_batches_are_cut_to_any_size(heights: list[int], rows: int) -> None:
    whole = pl.DataFrame({"row": range(sum(heights))})
    ends = [sum(heights[: place + 1]) for place in range(len(heights))]
    batches = (whole[end - height : end] for height, end in zip(heights, ends, strict=True))
    parts = list(_resized(batches, rows))
    assert [part.height for part in parts[:-1]] == [rows] * (len(parts) - 1)
    assert 0 < parts[-1].height <= rows
    assert_frame_equal(pl.concat(parts), whole)


@pytest.mark.parametrize("rows", [0, -1, True, 2.5, "x"])
def test_no_number_of_rows(alone: Client, rows: int) -> None:
    with pytest.raises(InvalidRequest, match="batch_rows takes a number of rows"):
        alone.volumes.query().iter_batches(rows)


def test_a_slow_reader_holds_the_server_back(client: Client, database: ConnectionPool, reports: str) -> None:
    """Memory stays flat: what the reader has not taken, PostgreSQL has not sent."""
    waiting = (
        "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event = 'ClientWrite' "
        f"AND query LIKE 'COPY%{reports}%'"
    )
    with large(client, reports).iter_batches() as frames:
        next(frames)
        until(lambda: scalar(database, waiting), "PostgreSQL waits for the reader")
        assert sum(frame.height for frame in frames) < ROWS


def test_left_early(client: Client, database: ConnectionPool, reports: str) -> None:
    with stalling(client, reports).iter_batches() as frames:
        assert not next(frames).is_empty()
        assert running(database, reports) == 1
    until(lambda: not running(database, reports), "the query is cancelled")
    assert next(frames, None) is None


def test_dropped(client: Client, database: ConnectionPool, reports: str) -> None:
    frames = stalling(client, reports).iter_batches(batch_rows=5)
    next(frames)
    assert running(database, reports) == 1
    del frames
    until(lambda: not running(database, reports), "the query is cancelled")


def test_dropped_before_its_first_frame(client: Client, database: ConnectionPool, reports: str) -> None:
    stalling(client, reports).iter_batches()
    until(lambda: not running(database, reports), "the query is cancelled")


def test_read_to_the_end_twice(client: Client, reports: str) -> None:
    frames = large(client, reports).iter_batches()
    assert sum(frame.height for frame in frames) == ROWS
    assert list(frames) == []
    frames.close()


def test_the_timeout_holds_for_the_first_rows(server: Server, database: ConnectionPool, reports: str) -> None:
    with Client(server.flight_url, timeout=0.5) as hurried:
        with pytest.raises(RequestTimedOut):
            slow(hurried, reports).collect()
        until(lambda: not running(database, reports), "the query is cancelled")
        assert hurried.health().status == "ok"


def test_the_timeout_holds_for_the_whole_stream(
    server: Server, database: ConnectionPool, reports: str
) -> None:
    with Client(server.flight_url, timeout=2) as hurried:
        frames = stalling(hurried, reports).iter_batches()
        with pytest.raises(RequestTimedOut):
            list(frames)
        until(lambda: not running(database, reports), "the query is cancelled")


def test_a_stream_that_breaks_off_says_how_to_go_on(server: Server, client: Client, reports: str) -> None:
    query = large(client, reports).order_by("identifier")
    with Relay(server.flight_url) as relay, Client(relay.url) as far:
        frames = large(far, reports).order_by("identifier").iter_batches()
        seen = [next(frames)]
        relay.cut()
        with pytest.raises(ServerUnavailable, match="broke off after") as raised:
            seen.extend(frames)
    details = raised.value.details
    assert details["rows"] == sum(frame.height for frame in seen) < ROWS
    assert details["as_of"] == frames.snapshot.as_of.isoformat()
    again = query.as_of(details["as_of"]).collect()
    assert_frame_equal(pl.concat(seen), again[: details["rows"]])


@pytest.mark.parametrize("way", ["collect", "iter_batches"])
def test_begun_again_when_the_connection_breaks(
    server: Server, client: Client, database: ConnectionPool, reports: str, way: str
) -> None:
    """Before the first row nobody has seen anything, so a read is done again."""
    waiting = (
        "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%60000%'"
    )
    expected = large(client, reports).collect()
    with Relay(server.flight_url) as relay, Client(relay.url) as far, ThreadPoolExecutor(1) as threads:
        query = large(far, reports).limit(60_000)
        far.health()
        with database.connection() as connection, connection.transaction("BEGIN"):
            connection.execute("LOCK TABLE vxdata.diagnosticreport IN ACCESS EXCLUSIVE MODE")
            answer = threads.submit(
                query.collect if way == "collect" else lambda: pl.concat(query.iter_batches())
            )
            until(lambda: scalar(database, waiting), "the read waits for the lock")
            relay.cut()
            until(lambda: relay._sockets, "the client connects again")
        assert_frame_equal(answer.result(), expected, check_row_order=False)
    assert relay.cuts == 2, "once by the test, and once at the end"
