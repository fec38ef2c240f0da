"""Sinks: a file that holds exactly the answer, or none at all."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import polars as pl
import pyarrow.parquet as pq
import pytest
from polars.testing import assert_frame_equal

from tests.sdk.reports import ROWS, create_reports, large, stalling
from vxdata.schemas.create import BenchmarkingResultCreate
from vxdata.schemas.errors import RequestTimedOut, ServerUnavailable, UnknownField
from vxdata.sdk import Client, F
from vxdata.sdk._transport.retry import RETRY_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

    from vxdata.server.app import Server


@pytest.fixture(scope="module")
def reports(client: Client, root: str) -> str:
    """What long reports hang below."""
    create_reports(client, root)
    return root


@pytest.fixture(scope="module")
def benchmarks(client: Client, root: str) -> str:
    """What benchmarks with maps and lists, some of them empty or missing, hang below."""
    word = root.rpartition("/")[2]
    made = partial(BenchmarkingResultCreate, parent_identifier=root, license="x", eval_task="t")
    client.benchmarking_results.create(
        [
            made(identifier=f"{word}-0", summary_metrics={"auc": 0.5, "é": -0.0}),
            made(identifier=f"{word}-1", summary_metrics={}, other_data={}, benchmarked_on=[]),
            made(
                identifier=f"{word}-2",
                summary_metrics={"x": 1e300},
                other_data={"a": "s3://bucket/b", "": "s3://bucket/é"},
                benchmarked_on=["volume/1", "volume/2"],
            ),
        ]
    )
    return root


def test_read_back_it_is_what_collect_gives(client: Client, benchmarks: str, tmp_path: Path) -> None:
    query = (
        client.benchmarking_results.query().filter(F.parent_identifier == benchmarks).order_by("identifier")
    )
    query.sink_parquet(tmp_path / "x.parquet", progress=False)
    frame = query.collect()
    assert frame.height == 3
    assert_frame_equal(pl.read_parquet(tmp_path / "x.parquet"), frame)
    assert pq.read_schema(tmp_path / "x.parquet").equals(query.to_arrow().schema)


def test_an_empty_answer_has_the_whole_schema(client: Client, unique: str, tmp_path: Path) -> None:
    query = client.benchmarking_results.query().filter(F.identifier == f"benchmarking/{unique}")
    query.sink_parquet(tmp_path / "x.parquet", progress=False)
    assert_frame_equal(pl.read_parquet(tmp_path / "x.parquet"), query.collect())
    assert pq.read_schema(tmp_path / "x.parquet").equals(query.to_arrow().schema)


def test_the_snapshot(client: Client, benchmarks: str, tmp_path: Path) -> None:
    query = client.benchmarking_results.query().filter(F.parent_identifier == benchmarks).pin()
    snapshot = query.sink_parquet(tmp_path / "x.parquet", progress=False)
    assert snapshot == query.run().snapshot
    kept = pl.read_parquet_metadata(tmp_path / "x.parquet")
    assert kept["vxdata.as_of"] == snapshot.as_of.isoformat(timespec="microseconds")
    assert kept["vxdata.version"] == str(snapshot.version)


def test_a_long_answer_makes_row_groups(
    client: Client, reports: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vxdata.sdk._queries.writer.GROUP_BYTES", 20_000_000)
    query = large(client, reports).order_by("identifier")
    query.sink_parquet(tmp_path / "x.parquet", progress=False)
    assert_frame_equal(pl.read_parquet(tmp_path / "x.parquet"), query.collect())
    assert 1 < pq.read_metadata(tmp_path / "x.parquet").num_row_groups < ROWS / 100


def test_an_earlier_file_is_replaced(client: Client, benchmarks: str, tmp_path: Path) -> None:
    target = tmp_path / "x.parquet"
    target.write_text("something else")
    query = client.benchmarking_results.query().filter(F.parent_identifier == benchmarks)
    query.sink_parquet(str(target), progress=False)
    assert pl.read_parquet(target).height == 3
    assert list(tmp_path.iterdir()) == [target]


def test_on_failure_there_is_no_file(server: Server, reports: str, tmp_path: Path) -> None:
    target = tmp_path / "x.parquet"
    target.write_text("an earlier one")
    with Client(server.flight_url, timeout=2) as hurried, pytest.raises(RequestTimedOut):
        stalling(hurried, reports).sink_parquet(target, progress=False)
    assert list(tmp_path.iterdir()) == [target]
    assert target.read_text() == "an earlier one"


def test_a_server_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vxdata.sdk._transport.retry.RETRY_SECONDS", (0.0,) * len(RETRY_SECONDS))
    with Client("grpc://127.0.0.1:1") as nobodys, pytest.raises(ServerUnavailable):
        nobodys.volumes.query().sink_parquet(tmp_path / "x.parquet", progress=False)
    assert list(tmp_path.iterdir()) == []


def test_names_that_are_no_file(client: Client, tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match="takes the name of a file"):
        client.volumes.query().sink_parquet(tmp_path)
    with pytest.raises(FileNotFoundError):
        client.volumes.query().limit(1).sink_parquet(tmp_path / "nowhere" / "x.parquet", progress=False)
    assert list(tmp_path.iterdir()) == []


def test_the_bar_knows_the_total_where_counting_is_cheap(
    client: Client, reports: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    client.diagnostic_reports.query().select("identifier").offset(1).limit(ROWS - 1).sink_parquet(
        tmp_path / "some.parquet"
    )
    shown = capsys.readouterr().err
    assert "some.parquet: 100%" in shown
    assert f"{ROWS - 1}/{ROWS - 1}" in shown
    large(client, reports).sink_parquet(tmp_path / "x.parquet")
    shown = capsys.readouterr().err
    assert f"{ROWS} rows" in shown
    assert "%" not in shown


def test_without_a_bar_nothing_is_printed(
    client: Client, benchmarks: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    client.benchmarking_results.query().sink_parquet(tmp_path / "x.parquet", progress=False)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_what_is_wrong_with_a_query_is_told_before(client: Client, tmp_path: Path) -> None:
    with pytest.raises(UnknownField):
        client.volumes.query().select("nothing").sink_parquet(tmp_path / "x.parquet")
    assert list(tmp_path.iterdir()) == []
