"""What fails is named, all of it; what does not is in place."""

from __future__ import annotations

import hashlib
import os
import pickle
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from vxdata.schemas.errors import (
    BlobCorrupted,
    BlobForbidden,
    BlobNotFound,
    LocalFileProblem,
    StorageProblem,
    TransferFailed,
)
from vxdata.schemas.types.object_url import ObjectUrl
from vxdata.sdk import Client, StorageOptions
from vxdata.sdk._storage.access import PART_BYTES, Source
from vxdata.sdk._storage.fetch import Fetcher
from vxdata.sdk._storage.progress import FileProgress, Progress
from vxdata.sdk._storage.transfer_pool import TRANSFER_RETRY_SECONDS, TransferPool
from vxdata.server.app import Server

if TYPE_CHECKING:
    from vxdata.sdk import Storage
    from vxdata.server.config import Settings


def parts_in(folder: Path) -> list[Path]:
    return list(folder.rglob("*.part"))


def put(s3: Any, unique: str, count: int) -> list[str]:
    for number in range(count):
        s3.put_object(Bucket="vxdata", Key=f"{unique}/{number}", Body=f"{unique} {number}".encode())
    return [f"s3://vxdata/{unique}/{number}" for number in range(count)]


def tamper(s3: Any, url: str, content: bytes) -> None:
    s3.put_object(Bucket="vxdata", Key=url.removeprefix("s3://vxdata/"), Body=content)


def test_missing_objects_are_all_named_and_the_rest_arrives(
    storage: Storage, s3: Any, unique: str, tmp_path: Path
) -> None:
    there = put(s3, unique, 5)
    missing = [f"s3://vxdata/{unique}/missing-{number}" for number in range(30)]
    with pytest.raises(BlobNotFound, match=r"there is no such object.* and 10 more\.") as caught:
        storage.download([*missing[:15], *there, *missing[15:]], tmp_path)
    assert {failure["name"] for failure in caught.value.failures} == set(missing)
    assert {failure["code"] for failure in caught.value.failures} == {"BLOB_NOT_FOUND"}
    assert caught.value.not_tried == []
    assert sorted(path.read_text() for path in tmp_path.rglob("*") if path.is_file()) == [
        f"{unique} {number}" for number in range(5)
    ]
    assert isinstance(caught.value, LookupError)
    assert pickle.loads(pickle.dumps(caught.value)).failures == caught.value.failures  # noqa: S301 - our own


def test_an_empty_prefix_is_missing(storage: Storage, unique: str, tmp_path: Path) -> None:
    with pytest.raises(BlobNotFound, match="nothing below this prefix"):
        storage.download(f"s3://vxdata/{unique}/*", tmp_path)


def test_a_missing_bucket(direct: Storage, presigned: Storage, tmp_path: Path) -> None:
    with pytest.raises(BlobNotFound):
        direct.download("s3://there-is-no-such-bucket/a", tmp_path)
    with pytest.raises(BlobForbidden, match="does not open the bucket there-is-no-such-bucket"):
        presigned.download("s3://there-is-no-such-bucket/a", tmp_path)


def test_a_bucket_that_the_server_does_not_open_fails_alone(
    presigned: Storage, s3: Any, unique: str, tmp_path: Path
) -> None:
    there = put(s3, unique, 5)
    with pytest.raises(BlobForbidden) as caught:
        presigned.download([*there[:3], "s3://foreign/a", "s3://foreign/b/*", *there[3:]], tmp_path)
    assert sorted(failure["name"] for failure in caught.value.failures) == [
        "s3://foreign/a",
        "s3://foreign/b/",
    ]
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 5


def test_a_missing_bucket_that_the_server_opens_fails_alone(
    settings: Settings, s3: Any, unique: str, tmp_path: Path
) -> None:
    there = put(s3, unique, 5)
    opened = settings.model_copy(update={"s3_buckets": ("no-such-bucket",)})
    options = StorageOptions(access="presigned")
    with (
        Server(opened) as server,
        Client(server.flight_url, storage=options) as client,
        pytest.raises(BlobNotFound) as caught,
    ):
        client.storage.download([f"s3://vxdata/{unique}/*", "s3://no-such-bucket/a/*"], tmp_path)
    assert [failure["name"] for failure in caught.value.failures] == ["s3://no-such-bucket/a/"]
    assert "there is no such bucket" in str(caught.value)
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == len(there)


@pytest.mark.parametrize("below", ["", "/*"], ids=["objects", "prefixes"])
def test_a_server_that_is_lost_leaves_the_rest_untried(
    settings: Settings, unique: str, tmp_path: Path, below: str
) -> None:
    urls = [f"s3://vxdata/{unique}/{number:03}{below}" for number in range(100)]
    options = StorageOptions(access="presigned", threads=4)
    with Server(settings) as server:
        lost = server.flight_url
    began = time.monotonic()
    with Client(lost, storage=options) as client, pytest.raises(TransferFailed) as caught:
        client.storage.download(urls, tmp_path)
    failed = [failure["name"] for failure in caught.value.failures]
    assert 1 <= len(failed) <= 4
    assert sorted(failed + caught.value.not_tried) == [url.removesuffix("*") for url in urls]
    assert time.monotonic() - began < 3 * sum(TRANSFER_RETRY_SECONDS), (
        "the threads wait for the server together"
    )


def test_fail_fast_stops_at_the_first(server: Any, s3: Any, unique: str, tmp_path: Path) -> None:
    urls = [f"s3://vxdata/{unique}/missing", *put(s3, unique, 20)]
    options = StorageOptions(access="presigned", threads=1)
    with Client(server.flight_url, storage=options) as client, pytest.raises(BlobNotFound) as caught:
        client.storage.download(urls, tmp_path, fail_fast=True)
    assert [failure["name"] for failure in caught.value.failures] == urls[:1]
    assert caught.value.not_tried == sorted(urls[1:])
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


def test_different_failures_are_one_error(storage: Storage, s3: Any, unique: str, tmp_path: Path) -> None:
    (in_the_way,) = put(s3, unique, 1)
    (tmp_path / "vxdata" / unique / "0").mkdir(parents=True)
    missing = f"s3://vxdata/{unique}/missing"
    with pytest.raises(TransferFailed) as caught:
        storage.download([in_the_way, missing], tmp_path)
    assert {failure["name"]: failure["code"] for failure in caught.value.failures} == {
        in_the_way: "LOCAL_FILE_PROBLEM",
        missing: "BLOB_NOT_FOUND",
    }


class TestCorruptedObjects:
    @pytest.mark.parametrize("content", [b"tampered_data", b"longer than before", b""])
    def test_are_known_by_the_hash_in_their_key(
        self, storage: Storage, s3: Any, unique: str, tmp_path: Path, content: bytes
    ) -> None:
        sources = [tmp_path / name for name in ("good", "bad")]
        for source in sources:
            source.write_text(f"{unique}!")
        good, bad = storage.upload(sources, group=unique)
        tamper(s3, bad, content)
        with pytest.raises(BlobCorrupted, match="its sha256 is") as caught:
            storage.download([good, bad], tmp_path / "out")
        assert [failure["name"] for failure in caught.value.failures] == [bad]
        assert [path.name for path in (tmp_path / "out").rglob("*") if path.is_file()] == ["good"]

    def test_are_known_by_the_hash_that_is_stored_with_them(
        self, storage: Storage, s3: Any, unique: str, tmp_path: Path
    ) -> None:
        for name, content in (("good", b"content"), ("bad", b"changed")):
            s3.put_object(
                Bucket="vxdata",
                Key=f"{unique}/{name}",
                Body=content,
                Metadata={"sha256": hashlib.sha256(b"content").hexdigest()},
            )
        with pytest.raises(BlobCorrupted) as caught:
            storage.download([f"s3://vxdata/{unique}/{name}" for name in ("good", "bad")], tmp_path)
        assert [failure["name"] for failure in caught.value.failures] == [f"s3://vxdata/{unique}/bad"]
        assert (tmp_path / "vxdata" / unique / "good").read_bytes() == b"content"
        assert not (tmp_path / "vxdata" / unique / "bad").exists()
        assert parts_in(tmp_path) == []

    def test_of_data_frames(self, storage: Storage, s3: Any, unique: str, tmp_path: Path) -> None:
        source = tmp_path / "a.parquet"
        source.write_text(unique)
        url = storage.upload(source, group=unique)
        tamper(s3, url, b"PAR1")
        with pytest.raises(BlobCorrupted):
            storage.download_dataframes({"a": url})


class TestFilesThatChangeWhileTheyAreSent:
    """Nobody may find content under the hash of another, not even for a moment."""

    @pytest.mark.parametrize("size", [1_000, PART_BYTES + 1_000], ids=["small", "large"])
    def test_are_not_stored(self, storage: Storage, s3: Any, unique: str, tmp_path: Path, size: int) -> None:
        """Written to after it was hashed; its time tells, where S3 has no hash to compare with."""
        source, url = hashed(tmp_path, unique, size)
        changed = replace(source, modified=source.modified - (size > PART_BYTES))
        source.path.write_bytes(b"y" * size)
        os.utime(source.path, ns=(source.modified, source.modified))
        with pytest.raises(LocalFileProblem, match="changed while it was uploaded"):
            storage._backend.access.put(url, changed, silent())
        assert s3.list_objects_v2(Bucket="vxdata", Prefix=unique)["KeyCount"] == 0
        assert s3.list_multipart_uploads(Bucket="vxdata", Prefix=unique).get("Uploads", []) == []

    def test_do_not_keep_s3_waiting(self, storage: Storage, s3: Any, unique: str, tmp_path: Path) -> None:
        source, url = hashed(tmp_path, unique, 1_000)
        source.path.write_bytes(b"x" * 500)
        with pytest.raises(TransferFailed, match="the file ends too early"):
            storage._backend.access.put(url, source, silent())
        assert s3.list_objects_v2(Bucket="vxdata", Prefix=unique)["KeyCount"] == 0


def hashed(folder: Path, unique: str, size: int) -> tuple[Source, ObjectUrl]:
    """A file as an upload knows it, and the object that it is to become."""
    path = folder / "file.bin"
    path.write_bytes(b"x" * size)
    digest = hashlib.sha256(b"x" * size).hexdigest()
    source = Source(path, size, path.stat().st_mtime_ns, digest)
    return source, ObjectUrl("vxdata", f"{unique}/{digest}/file.bin")


def silent() -> FileProgress:
    """Counts for nobody."""
    return FileProgress(Progress("", 0, shown=False), lambda: None)


def test_wrong_credentials(server: Any, stack: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VXDATA_S3_URL", stack.s3.url)
    monkeypatch.setenv("VXDATA_S3_REGION", stack.s3.region)
    monkeypatch.setenv("VXDATA_S3_ACCESS_KEY", stack.s3.access_key)
    monkeypatch.setenv("VXDATA_S3_SECRET_KEY", "wrong")
    source = tmp_path / "a"
    source.write_text("a")
    with Client(server.flight_url) as client:
        with pytest.raises(BlobForbidden, match=r"S3 refuses it \(") as caught:
            client.storage.upload(source)
        assert [failure["name"] for failure in caught.value.failures] == [str(source)]
        with pytest.raises(BlobForbidden, match=r"^scores: S3 refuses it \("):
            client.storage.upload_dataframes({"scores": pl.DataFrame({"a": [1]})})
        with pytest.raises(PermissionError):
            client.storage.download("s3://vxdata/a", tmp_path / "out")


def test_a_folder_that_may_not_be_written(storage: Storage, s3: Any, unique: str) -> None:
    (url,) = put(s3, unique, 1)
    with pytest.raises(LocalFileProblem, match=r"/proc/vxdata") as caught:
        storage.download(url, "/proc/vxdata")
    assert isinstance(caught.value, OSError)
    assert isinstance(caught.value, StorageProblem)


def test_local_errors_name_the_place_below_the_folder_that_was_given(
    storage: Storage, s3: Any, unique: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (url,) = put(s3, unique, 1)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LocalFileProblem) as caught:
        storage.download(url, "~/file")
    problem = caught.value.failures[0]["problem"]
    assert problem.endswith(f" (~/file/vxdata/{unique}/0)"), problem


def test_a_path_that_is_too_long_for_the_system_is_named(
    storage: Storage, s3: Any, unique: str, tmp_path: Path
) -> None:
    (url,) = put(s3, unique, 1)
    deep = tmp_path.joinpath(*["x" * 200] * 20)
    with pytest.raises(LocalFileProblem, match="the file system cannot hold this name: File name too long"):
        storage.download(url, deep)


def test_what_is_no_file_is_not_replaced(storage: Storage, s3: Any, unique: str, tmp_path: Path) -> None:
    (url,) = put(s3, unique, 1)
    place = tmp_path / "vxdata" / unique / "0"
    place.parent.mkdir(parents=True)
    os.mkfifo(place)
    with pytest.raises(LocalFileProblem, match="There is a named pipe, and only files are replaced"):
        storage.download(url, tmp_path)
    assert place.is_fifo()


def test_s3_that_is_not_there(server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first files find out, and the others are not tried for minutes each."""
    monkeypatch.setattr("vxdata.sdk._storage.transfer_pool.TRANSFER_RETRY_SECONDS", (0.1, 0.2, 0.3, 0.4))
    monkeypatch.setenv("VXDATA_S3_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("VXDATA_S3_REGION", "us-east-1")
    monkeypatch.setenv("VXDATA_S3_ACCESS_KEY", "key")
    monkeypatch.setenv("VXDATA_S3_SECRET_KEY", "secret")
    urls = [f"s3://vxdata/{number:04}" for number in range(1_000)]
    with (
        Client(server.flight_url, storage=StorageOptions(threads=4)) as client,
        pytest.raises(TransferFailed, match="S3 did not answer or broke off") as caught,
    ):
        client.storage.download(urls, tmp_path)
    failed = [failure["name"] for failure in caught.value.failures]
    assert 1 <= len(failed) <= 4
    assert sorted(failed + caught.value.not_tried) == urls
    assert caught.value.retryable
    assert parts_in(tmp_path) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no disk that is always full")
def test_a_full_disk(storage: Storage, s3: Any, unique: str) -> None:
    """A device that answers as a full disk does, at the place of the file that is written."""
    urls = [ObjectUrl.parse(url) for url in put(s3, unique, 20)]
    pool = TransferPool(1)
    with Fetcher(storage._backend.access, threads=1) as fetcher:
        pool.run(
            urls,
            lambda url, file_progress: fetcher.fetch(url, Path(os.devnull).with_name("full"), file_progress),
        )
    with pytest.raises(LocalFileProblem, match="No space left on device") as caught:
        pool.finish()
    assert [failure["name"] for failure in caught.value.failures] == [str(urls[0])]
    assert len(caught.value.not_tried) == 19
