"""Files go up and come down byte for byte, whichever way and whatever their size."""

from __future__ import annotations

import hashlib
import os
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from tests.fixtures.special_files import make_special_files
from tests.sdk.storage.conftest import point_at
from tests.store.relay import Relay
from vxdata.schemas.errors import BlobCorrupted, InvalidBlobUrl, InvalidRequest, LocalFileProblem
from vxdata.sdk import Client, StorageOptions
from vxdata.sdk._storage.access import PART_BYTES
from vxdata.sdk._storage.upload import LOOK_FIRST_BYTES

if TYPE_CHECKING:
    from vxdata.sdk import Storage
    from vxdata.server.app import Server
    from vxdata.server.embedded import EmbeddedStack

SMALL_OBJECTS = 500
LARGE_OBJECT = int(os.environ.get("LARGE_OBJECT", str(24 * PART_BYTES + 1)))
"""Bytes of a large object: more parts than are under way at once, and a last one of a single byte."""


def real_files() -> list[Path]:
    """The DICOM files of pydicom and the NIfTI files of nibabel."""
    dicom = Path(str(files("pydicom.data").joinpath("test_files")))
    nifti = Path(str(files("nibabel").joinpath("tests/data")))
    return [*sorted(dicom.rglob("*.dcm")), *sorted(nifti.glob("*.nii*"))]


def write_random(path: Path, size: int, seed: int = 1) -> None:
    random = Random(seed)
    with path.open("wb") as file:
        while file.tell() < size:
            file.write(random.randbytes(min(2**24, size - file.tell())))


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def test_real_images(storage: Storage, unique: str, tmp_path: Path) -> None:
    originals = real_files()
    assert len(originals) > 70
    urls = storage.upload(originals, group=unique)
    assert all(url.startswith(f"s3://vxdata/{unique}/") for url in urls)
    places = storage.download(urls, tmp_path)
    for original, url, place in zip(originals, urls, places, strict=True):
        assert url.endswith(f"/{digest(original)}/{original.name}")
        assert place.name == original.name
        assert place.read_bytes() == original.read_bytes()


def test_one_file_gives_one_url_and_one_path(storage: Storage, unique: str, tmp_path: Path) -> None:
    source = tmp_path / "scan.nii"
    source.write_text(unique)
    url = storage.upload(source)
    assert url == f"s3://vxdata/files/{digest(source)}/scan.nii"
    place = storage.download(url, str(tmp_path / "out"))
    assert place == tmp_path / "out" / "vxdata" / "files" / digest(source) / "scan.nii"
    assert place.read_text() == unique


def test_files_of_equal_name_stay_apart(storage: Storage, unique: str, tmp_path: Path) -> None:
    sources = [tmp_path / folder / "scan.nii" for folder in "ab"]
    for source in sources:
        source.parent.mkdir()
        source.write_text(f"{unique} {source}")
    first, second = storage.download(storage.upload(sources, group=unique), tmp_path / "out")
    assert first != second
    assert [first.read_text(), second.read_text()] == [source.read_text() for source in sources]


@pytest.mark.slow
def test_many_small_objects(storage: Storage, unique: str, tmp_path: Path) -> None:
    sources = [tmp_path / f"{number}.bin" for number in range(SMALL_OBJECTS)]
    for number, source in enumerate(sources):
        write_random(source, 16 * 1024, number)
    urls = storage.upload(sources, group=unique, progress=False)
    assert len(set(urls)) == SMALL_OBJECTS
    places = storage.download(urls, tmp_path / "out", progress=False)
    assert [place.read_bytes() for place in places] == [source.read_bytes() for source in sources]


@pytest.mark.slow
def test_a_large_object(storage: Storage, unique: str, tmp_path: Path) -> None:
    source = tmp_path / "large.bin"
    write_random(source, LARGE_OBJECT)
    url = storage.upload(source, group=unique)
    place = storage.download(url, tmp_path / "out")
    assert place.stat().st_size == LARGE_OBJECT
    assert digest(place) == digest(source)
    for path in (place, source):  # pytest would keep what is there for three runs
        path.unlink()


@pytest.mark.parametrize("size", [0, 1, 8 * 1024**2, 8 * 1024**2 + 1])
def test_sizes_at_the_limits(storage: Storage, unique: str, tmp_path: Path, size: int) -> None:
    source = tmp_path / "limit.bin"
    write_random(source, size)
    place = storage.download(storage.upload(source, group=unique), tmp_path / "out")
    assert place.read_bytes() == source.read_bytes()


class TestWhatIsThere:
    @pytest.mark.parametrize("size", [1_000, 9 * 1024**2])
    def test_is_not_uploaded_again(
        self, storage: Storage, s3: Any, unique: str, tmp_path: Path, size: int
    ) -> None:
        source = tmp_path / "a.bin"
        write_random(source, size)
        url = storage.upload(source, group=unique)
        key = url.removeprefix("s3://vxdata/")
        stored = s3.head_object(Bucket="vxdata", Key=key)
        assert storage.upload(source, group=unique) == url
        assert s3.head_object(Bucket="vxdata", Key=key)["LastModified"] == stored["LastModified"]

    def test_is_looked_for_before_it_is_sent(
        self,
        server: Server,
        stack: EmbeddedStack,
        unique: str,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        source = tmp_path / "a.bin"
        write_random(source, LOOK_FIRST_BYTES)
        point_at(monkeypatch, stack)
        with Relay(stack.s3.url.removeprefix("http://")) as relay:
            monkeypatch.setenv("VXDATA_S3_URL", relay.url.replace("grpc://", "http://"))
            with Client(server.flight_url, storage=StorageOptions(access="direct")) as client:
                url = client.storage.upload(source, group=unique)
                sent = relay.carried
                assert client.storage.upload(source, group=unique) == url
        assert sent > LOOK_FIRST_BYTES > 10 * (relay.carried - sent)

    def test_is_stored_once_for_files_that_are_equal(
        self, storage: Storage, s3: Any, unique: str, tmp_path: Path
    ) -> None:
        sources = [tmp_path / folder / "same.bin" for folder in "ab"]
        for source in sources:
            source.parent.mkdir()
            source.write_text(unique)
        first, second = storage.upload(sources, group=unique)
        assert first == second
        assert s3.list_objects_v2(Bucket="vxdata", Prefix=unique)["KeyCount"] == 1

    def test_is_not_overwritten_and_named_if_it_is_wrong(
        self, storage: Storage, s3: Any, unique: str, tmp_path: Path
    ) -> None:
        source = tmp_path / "a.bin"
        source.write_text(unique)
        key = f"{unique}/{digest(source)}/a.bin"
        s3.put_object(Bucket="vxdata", Key=key, Body=b"something else")
        with pytest.raises(
            BlobCorrupted, match=f"14 bytes under the hash of a file of 12, at .*{key}"
        ) as caught:
            storage.upload(source, group=unique)
        assert [failure["name"] for failure in caught.value.failures] == [str(source)]
        assert s3.get_object(Bucket="vxdata", Key=key)["Body"].read() == b"something else"

    def test_is_not_downloaded_again(self, storage: Storage, unique: str, tmp_path: Path) -> None:
        source = tmp_path / "a.bin"
        source.write_text(unique)
        url = storage.upload(source, group=unique)
        place = storage.download(url, tmp_path)
        before = place.stat()
        assert storage.download([url, f"s3://vxdata/{unique}/*"], tmp_path)[0] == place
        assert (place.stat().st_ino, place.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)

    def test_is_mended_if_its_size_is_wrong(self, storage: Storage, unique: str, tmp_path: Path) -> None:
        source = tmp_path / "a.bin"
        source.write_text(unique)
        url = storage.upload(source, group=unique)
        place = storage.download(url, tmp_path)
        for again in (url, f"s3://vxdata/{unique}/"):
            place.write_text("shorter")
            storage.download(again, tmp_path)
            assert place.read_text() == unique

    def test_is_hashed_on_demand(self, storage: Storage, unique: str, tmp_path: Path) -> None:
        source = tmp_path / "a.bin"
        source.write_text(unique)
        url = storage.upload(source, group=unique)
        place = storage.download(url, tmp_path)
        place.write_text(unique[::-1])
        storage.download(url, tmp_path)
        assert place.read_text() == unique[::-1]
        storage.download(url, tmp_path, verify=True)
        assert place.read_text() == unique


class TestUploadRefuses:
    def test_a_directory(self, storage: Storage, tmp_path: Path) -> None:
        with pytest.raises(InvalidRequest, match=r"is a directory.*rglob") as caught:
            storage.upload([tmp_path])
        assert caught.value.details == {"paths": [str(tmp_path)]}

    def test_what_is_no_file_and_would_never_end(
        self, storage: Storage, s3: Any, unique: str, tmp_path: Path
    ) -> None:
        special = make_special_files(tmp_path)
        there = tmp_path / "there"
        there.write_text(unique)
        for path, kind in special.items():
            with pytest.raises(InvalidRequest, match=f"{path} is {kind}; upload takes files") as caught:
                storage.upload([there, path], group=unique)
            assert caught.value.details == {"paths": [str(path)]}
        with pytest.raises(InvalidRequest) as caught:
            storage.upload([*special, there, tmp_path], group=unique)
        assert caught.value.details == {"paths": [*map(str, special), str(tmp_path)]}
        with pytest.raises(InvalidRequest, match="a name that no file can have"):
            storage.upload([there, f"{tmp_path}/a\0b"], group=unique)
        assert s3.list_objects_v2(Bucket="vxdata", Prefix=unique)["KeyCount"] == 0

    def test_what_is_not_there_and_uploads_the_rest(
        self, storage: Storage, s3: Any, unique: str, tmp_path: Path
    ) -> None:
        there, missing = tmp_path / "there", tmp_path / "missing"
        there.write_text(unique)
        with pytest.raises(LocalFileProblem, match="No such file") as caught:
            storage.upload([missing, there], group=unique)
        assert [failure["name"] for failure in caught.value.failures] == [str(missing)]
        assert s3.list_objects_v2(Bucket="vxdata", Prefix=unique)["KeyCount"] == 1

    @pytest.mark.parametrize("group", ["../up", "a//b", "a/./b", "a\nb", "x" * 1_000])
    def test_groups_that_are_no_folders(self, storage: Storage, tmp_path: Path, group: str) -> None:
        source = tmp_path / "a"
        source.write_text("a")
        with pytest.raises(InvalidBlobUrl):
            storage.upload(source, group=group)

    @pytest.mark.parametrize("name", ["*", "a\nb", "a\x7fb"])
    def test_names_that_are_no_keys(self, storage: Storage, tmp_path: Path, name: str) -> None:
        source = tmp_path / name
        source.write_text("a")
        with pytest.raises(InvalidBlobUrl):
            storage.upload(source)


def test_a_tilde_is_the_home_folder(
    storage: Storage, unique: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "a.bin").write_text(unique)
    url = storage.upload("~/a.bin", group=unique)
    assert storage.upload([Path("~/a.bin"), tmp_path / "a.bin"], group=unique) == [url, url]
    place = storage.download(url, "~/out")
    assert place.is_relative_to(tmp_path / "out")
    assert place.read_text() == unique
    local = storage.materialize(pl.DataFrame({"path_nii": [url]}), "~/out")
    assert local["path_nii"].to_list() == [str(place)]
    with pytest.raises(LocalFileProblem) as caught:
        storage.upload(["~/missing", "~/a.bin"], group=unique)
    assert caught.value.failures == [
        {
            "name": "~/missing",
            "code": "LOCAL_FILE_PROBLEM",
            "problem": "No such file or directory (~/missing)",
        }
    ]


def test_nothing_at_all(storage: Storage, tmp_path: Path) -> None:
    assert storage.upload([]) == []
    assert storage.download([], tmp_path) == []
