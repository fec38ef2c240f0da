"""Frames go up as Parquet and come down equal."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from vxdata.schemas.errors import BlobNotFound, InvalidBlobUrl, InvalidRequest, LocalFileProblem

if TYPE_CHECKING:
    from vxdata.sdk import Storage

FRAME = pl.DataFrame(
    {
        "patient": ["a", None, "ü"],
        "score": [0.5, float("inf"), None],
        "day": [date(2024, 1, 1), None, date(1, 1, 1)],
        "at": [datetime(2024, 1, 1, tzinfo=UTC), None, datetime(2025, 1, 1, tzinfo=UTC)],
        "labels": [["x"], [], None],
        "nested": [{"n": 1, "m": [1, 2]}, {"n": None, "m": []}, {"n": 3, "m": None}],
        "raw": [b"\x00", b"", None],
    }
)


def test_frames_come_back_equal(storage: Storage, unique: str) -> None:
    frames = {
        "results": FRAME,
        "empty": FRAME.head(0),
        "no columns": pl.DataFrame(),
        "a b#%.x": FRAME.head(1),
    }
    urls = storage.upload_dataframes(frames, group=f"benchmarking/{unique}")
    assert list(urls) == list(frames)
    assert urls["results"].startswith(f"s3://vxdata/benchmarking/{unique}/")
    assert urls["results"].endswith("/results.parquet")
    again = storage.download_dataframes(urls)
    assert list(again) == list(frames)
    for name, frame in frames.items():
        assert_frame_equal(again[name], frame)


def test_equal_frames_are_stored_once(storage: Storage, s3: Any, unique: str) -> None:
    first = storage.upload_dataframes({"a": FRAME}, group=unique)
    assert storage.upload_dataframes({"a": FRAME.clone()}, group=unique) == first
    assert s3.list_objects_v2(Bucket="vxdata", Prefix=unique)["KeyCount"] == 1


def test_other_tools_read_them(storage: Storage, unique: str, tmp_path: Path) -> None:
    urls = storage.upload_dataframes({"a": FRAME}, group=unique)
    assert_frame_equal(pl.read_parquet(storage.download(urls["a"], tmp_path)), FRAME)


def test_nothing_at_all(storage: Storage) -> None:
    assert storage.upload_dataframes({}) == {}
    assert storage.download_dataframes({}) == {}


def test_what_is_no_frame_is_refused(storage: Storage) -> None:
    lazy: Any = FRAME.lazy()
    with pytest.raises(InvalidRequest, match=r"'a' is no polars.DataFrame but LazyFrame; collect"):
        storage.upload_dataframes({"a": lazy})


@pytest.mark.parametrize("nothing", [None, [FRAME], FRAME])
def test_frames_have_names(storage: Storage, nothing: Any) -> None:
    """A result without frames has None for them."""
    with pytest.raises(InvalidRequest, match="upload_dataframes takes a dictionary of frames by name, not"):
        storage.upload_dataframes(nothing)
    with pytest.raises(InvalidRequest, match="download_dataframes takes a dictionary of URLs by name, not"):
        storage.download_dataframes(nothing)


def test_what_parquet_cannot_hold_is_refused(storage: Storage) -> None:
    with pytest.raises(InvalidRequest, match=r"'a' cannot be stored as Parquet: .*Object"):
        storage.upload_dataframes({"a": pl.DataFrame({"a": [object()]})})


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no disk that is always full")
def test_a_frame_for_which_the_disk_has_no_room(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that answers as a full disk does, at the place of the file that is written."""

    def write_to_a_full_disk(frame: pl.DataFrame, path: Path) -> None:
        path.symlink_to("/dev/full")
        written(frame, path)

    written = pl.DataFrame.write_parquet
    monkeypatch.setattr(pl.DataFrame, "write_parquet", write_to_a_full_disk)
    with pytest.raises(LocalFileProblem, match=r"^scores: No space left on device"):
        storage.upload_dataframes({"scores": FRAME})


@pytest.mark.parametrize("name", ["", "a\nb", "../a"])
def test_names_that_are_no_keys_are_refused(storage: Storage, name: str) -> None:
    if name:
        with pytest.raises(InvalidBlobUrl):
            storage.upload_dataframes({name: FRAME})
    else:
        assert storage.upload_dataframes({name: FRAME})[name].endswith("/.parquet")


def test_objects_that_are_no_frames_are_named(storage: Storage, unique: str, tmp_path: Path) -> None:
    source = tmp_path / "a.txt"
    source.write_text(unique)
    url = storage.upload(source)
    with pytest.raises(InvalidRequest, match="is no Parquet file") as caught:
        storage.download_dataframes({"a": url})
    assert caught.value.details["url"] == url
    with pytest.raises(BlobNotFound):
        storage.download_dataframes({"a": f"s3://vxdata/{unique}/missing.parquet"})
