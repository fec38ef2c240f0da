"""Objects of others: whatever S3 takes as a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from vxdata.schemas.errors import InvalidBlobUrl, InvalidRequest, LocalFileProblem, TransferFailed

if TYPE_CHECKING:
    from pathlib import Path

    from vxdata.sdk import Storage

KEYS = {
    "spaces": "a folder/with spaces .nii",
    "signs": "a#b?c=d&e+f;g,h=i@j$k'l(m)!n",
    "percent": "100%/50%25.nii",
    "escaped": "%2e%2e/%2Fetc/passwd",
    "dots": "..a/b../c...d",
    "unicode": "ä/你好/😀/e\u0301.nii",
    "backslash": 'a\\b:c|d<e>f"g',
    "star": "a*/b*c*",
    "long": "/".join(["x" * 180] * 5),
    "longer": "/".join(["ä" * 120] * 4),
    "hidden": ".hidden/.vxdata-1.part",
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_keys_come_down(storage: Storage, s3: Any, unique: str, tmp_path: Path, key: str) -> None:
    content = f"{unique} {key}".encode()
    s3.put_object(Bucket="vxdata", Key=f"{unique}/{key}", Body=content)
    place = storage.download(f"s3://vxdata/{unique}/{key}", tmp_path)
    assert place.is_relative_to(tmp_path / "vxdata" / unique)
    assert place.read_bytes() == content
    folder = storage.download(f"s3://vxdata/{unique}/*", tmp_path / "again")
    assert [path.read_bytes() for path in folder.rglob("*") if path.is_file()] == [content]


@pytest.mark.parametrize("name", ["a b#c.nii", "50%.nii", "ä你😀.nii", "q?x=1&y.nii", "x" * 200])
def test_names_go_up_and_come_down(storage: Storage, unique: str, tmp_path: Path, name: str) -> None:
    source = tmp_path / name
    source.write_text(unique)
    url = storage.upload(source, group=f"{unique} #1")
    assert url.startswith(f"s3://vxdata/{unique} #1/")
    assert url.endswith(f"/{name}")
    assert storage.download(url, tmp_path / "out").read_text() == unique


@pytest.mark.parametrize("key", ["../../escape", "a/../../escape", "a//b", "./a", "a\nb"])
def test_keys_that_could_escape_are_never_asked_for(storage: Storage, tmp_path: Path, key: str) -> None:
    with pytest.raises(InvalidBlobUrl) as caught:
        storage.download(["s3://vxdata/fine", f"s3://vxdata/{key}"], tmp_path / "out")
    assert caught.value.details["urls"] == [f"s3://vxdata/{key}"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("nothing", [None, 5, b"s3://vxdata/fine"])
def test_what_is_no_text_is_refused(storage: Storage, tmp_path: Path, nothing: Any) -> None:
    with pytest.raises(InvalidRequest, match=r"at position 1 is .*give the frame to materialize"):
        storage.download(["s3://vxdata/fine", nothing], tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_prefix_with_a_key_that_is_refused(storage: Storage, s3: Any, unique: str, tmp_path: Path) -> None:
    s3.put_object(Bucket="vxdata", Key=f"{unique}/fine", Body=b"fine")
    s3.put_object(Bucket="vxdata", Key=f"{unique}/a\x7fb", Body=b"escaped")
    with pytest.raises(TransferFailed, match="control characters") as caught:
        storage.download(f"s3://vxdata/{unique}/*", tmp_path)
    assert [failure["code"] for failure in caught.value.failures] == ["INVALID_BLOB_URL"]
    assert (tmp_path / "vxdata" / unique / "fine").read_bytes() == b"fine"


def test_a_prefix_with_an_object_that_is_called_as_a_prefix(
    storage: Storage, s3: Any, unique: str, tmp_path: Path
) -> None:
    """Its URL could stand for the whole folder, which must not become a file."""
    s3.put_object(Bucket="vxdata", Key=f"{unique}/folder/fine", Body=b"fine")
    s3.put_object(Bucket="vxdata", Key=f"{unique}/folder/*", Body=b"star")
    with pytest.raises(TransferFailed, match=r"ends in /\*") as caught:
        storage.download(f"s3://vxdata/{unique}/*", tmp_path)
    assert [failure["name"] for failure in caught.value.failures] == [f"s3://vxdata/{unique}/folder/*"]
    assert (tmp_path / "vxdata" / unique / "folder" / "fine").read_bytes() == b"fine"


def test_a_prefix_leaves_out_the_objects_that_stand_for_folders(
    storage: Storage, s3: Any, unique: str, tmp_path: Path
) -> None:
    s3.put_object(Bucket="vxdata", Key=f"{unique}/folder/", Body=b"")
    s3.put_object(Bucket="vxdata", Key=f"{unique}/folder/a", Body=b"a")
    folder = storage.download(f"s3://vxdata/{unique}/", tmp_path)
    assert [path for path in folder.rglob("*") if path.is_file()] == [folder / "folder" / "a"]


def test_a_file_in_the_way_is_named(storage: Storage, s3: Any, unique: str, tmp_path: Path) -> None:
    s3.put_object(Bucket="vxdata", Key=f"{unique}/a/b", Body=b"below")
    (tmp_path / "vxdata" / unique).mkdir(parents=True)
    (tmp_path / "vxdata" / unique / "a").write_text("in the way")
    with pytest.raises(LocalFileProblem, match=f"{unique}/a/b: (Not a directory|File exists)"):
        storage.download(f"s3://vxdata/{unique}/a/b", tmp_path)
    assert (tmp_path / "vxdata" / unique / "a").read_text() == "in the way"


def test_a_prefix_of_many_pages(storage: Storage, s3: Any, unique: str, tmp_path: Path) -> None:
    sources = []
    for number in range(1_050):
        source = tmp_path / f"{number}.txt"
        source.write_text(f"{unique} {number}")
        sources.append(source)
    storage.upload(sources, group=unique)
    folder = storage.download(f"s3://vxdata/{unique}/*", tmp_path / "out")
    found = {path.name: path.read_text() for path in folder.rglob("*.txt")}
    assert found == {source.name: source.read_text() for source in sources}
