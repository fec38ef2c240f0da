"""Sinks: a file that holds exactly the answer, or none at all."""

from __future__ import annotations

import os
import stat
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pyarrow.parquet as pq
import pytest
from polars.testing import assert_frame_equal

from tests.fixtures.special_files import make_special_files, modes
from tests.sdk.reports import ROWS, create_reports, large, stalling
from vxdata.schemas.create import BenchmarkingResultCreate
from vxdata.schemas.errors import LocalFileProblem, RequestTimedOut, ServerUnavailable, UnknownField
from vxdata.sdk import Client, F
from vxdata.sdk._transport.retry import RETRY_SECONDS

if TYPE_CHECKING:
    from vxdata.sdk import Query
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


@pytest.fixture
def three(client: Client, benchmarks: str) -> Query:
    """A query of three rows."""
    return client.benchmarking_results.query().filter(F.parent_identifier == benchmarks)


def test_a_link_stays_and_a_file_keeps_its_mode(three: Query, tmp_path: Path) -> None:
    target, link = tmp_path / "far.parquet", tmp_path / "near.parquet"
    target.write_text("an earlier one")
    target.chmod(0o640)
    link.symlink_to(target.name)
    three.sink_parquet(link, progress=False)
    assert link.is_symlink()
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert pl.read_parquet(target).height == 3


def test_what_is_no_file_is_refused_before_anything_is_asked(alone: Client, tmp_path: Path) -> None:
    special = make_special_files(tmp_path)
    before = modes(special)
    for path, kind in special.items():
        with pytest.raises(FileExistsError, match=f"There is {kind}") as caught:
            alone.volumes.query().sink_parquet(path)
        assert caught.value.filename == str(path)
    assert modes(special) == before


@pytest.mark.parametrize("name", ["x" * 247 + ".parquet", "ä" * 123 + ".parquet"])
def test_the_longest_names(three: Query, tmp_path: Path, name: str) -> None:
    three.sink_parquet(tmp_path / name, progress=False)
    assert pl.read_parquet(tmp_path / name).height == 3


def test_errors_name_the_path_as_it_was_given(
    three: Query, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    missing: list[tuple[str | Path, type[OSError]]] = [
        ("~/nowhere/x.parquet", FileNotFoundError),
        ("./nowhere/x.parquet", FileNotFoundError),
        (Path("~/file/x.parquet"), NotADirectoryError),
        ("~", IsADirectoryError),
    ]
    for given, error in missing:
        with pytest.raises(error) as caught:
            three.sink_parquet(given, progress=False)
        assert caught.value.filename == os.fspath(given)
    for unfit in ("~/" + "x" * 256, "~/a\0b"):
        with pytest.raises(LocalFileProblem, match=r"^~/(x{256}|a.0b): ") as refused:
            three.sink_parquet(unfit, progress=False)
        assert refused.value.failures[0]["code"] == "LOCAL_FILE_PROBLEM"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_tilde_is_the_home_folder(three: Query, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    three.sink_parquet("~/x.parquet", progress=False)
    assert pl.read_parquet(tmp_path / "x.parquet").height == 3


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
    assert capsys.readouterr().err == "", "standard output has the log of the server in this process"


def test_what_is_wrong_with_a_query_is_told_before(client: Client, tmp_path: Path) -> None:
    with pytest.raises(UnknownField):
        client.volumes.query().select("nothing").sink_parquet(tmp_path / "x.parquet")
    assert list(tmp_path.iterdir()) == []
