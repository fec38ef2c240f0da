"""Creates with local files: uploaded first, and left to the sweep where nothing came of it."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from tests.fixtures.special_files import make_special_files
from tests.sdk.storage.conftest import point_at
from vxdata.schemas.create import ArtefactCreate, HistoMapCreate, VolumeCreate
from vxdata.schemas.errors import (
    FieldTypeMismatch,
    InvalidBlobUrl,
    ParentNotFound,
    ResourceAlreadyExists,
    ResourceNotFound,
    ServerUnavailable,
    ValidationFailed,
)
from vxdata.schemas.update import ArtefactUpdate, VolumeUpdate
from vxdata.sdk import Client, StorageOptions
from vxdata.server.embedded.s3 import s3_client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.server.app import Server
    from vxdata.server.embedded import EmbeddedStack


@pytest.fixture
def direct(server: Server, stack: EmbeddedStack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A client with S3 credentials."""
    point_at(monkeypatch, stack)
    with Client(server.flight_url) as connected:
        yield connected


@pytest.fixture
def presigned(server: Server) -> Iterator[Client]:
    """A client without any."""
    with Client(server.flight_url, storage=StorageOptions(access="presigned")) as connected:
        yield connected


@pytest.fixture
def file(tmp_path: Path, unique: str) -> Path:
    """A file whose content no other test has."""
    path = tmp_path / f"scan {unique}.nii"
    path.write_text(unique)
    return path


def volume(identifier: str, parent: str, **fields: Any) -> VolumeCreate:
    return VolumeCreate(identifier=identifier, parent_identifier=parent, license="CC BY 4.0", **fields)


def keys(stack: EmbeddedStack, name: str) -> list[str]:
    """The objects whose keys end in a name."""
    pages = s3_client(stack.s3).get_paginator("list_objects_v2").paginate(Bucket=stack.s3.bucket)
    return [
        found["Key"] for page in pages for found in page.get("Contents", ()) if found["Key"].endswith(name)
    ]


@pytest.mark.parametrize("kind", ["direct", "presigned"])
def test_a_path_becomes_a_url(
    request: pytest.FixtureRequest, kind: str, datasource: str, unique: str, file: Path, tmp_path: Path
) -> None:
    client: Client = request.getfixturevalue(kind)

    stored = client.volumes.create(volume(unique, datasource, path_nii=file))

    assert stored.path_nii is not None
    assert stored.path_nii.startswith("s3://vxdata/files/")
    assert stored.path_nii.endswith(f"/{file.name}")
    assert client.storage.download(stored.path_nii, dest_dir=tmp_path / "down").read_text() == unique
    assert client.volumes.retrieve(unique).path_nii == stored.path_nii


def test_lists_mappings_and_several_types(
    direct: Client, datasource: str, unique: str, file: Path, tmp_path: Path, stack: EmbeddedStack
) -> None:
    other = tmp_path / "other.pdf"
    other.write_bytes(b"other" + unique.encode())
    there = direct.storage.upload(other)
    model = volume(unique, datasource, path_nii=file)

    stored = direct.resources.create(
        [
            model,
            HistoMapCreate(
                identifier=unique, parent_identifier=datasource, license="x", path_slides=[file, there, other]
            ),
            ArtefactCreate(identifier=unique, files={"mine": file, "there": there}),
        ]
    )

    url = stored[0].path_nii  # type: ignore[attr-defined] # a volume
    assert stored[1].path_slides == [url, there, there]  # type: ignore[attr-defined] # a histomap
    assert stored[2].files == {"mine": url, "there": there}  # type: ignore[attr-defined] # an artefact
    assert len(keys(stack, file.name)) == 1, "one object for one file"
    assert model.path_nii == file, "the caller's model is as it was"


def test_what_is_missing_is_named_before_anything_is_sent(
    direct: Client, datasource: str, unique: str, file: Path, tmp_path: Path, stack: EmbeddedStack
) -> None:
    models = [
        volume(f"{unique}-a", datasource, path_nii=file),
        volume(f"{unique}-b", datasource, path_nii=tmp_path / "nowhere.nii"),
        volume(f"{unique}-c", datasource, path_nii=tmp_path),
    ]

    with pytest.raises(ValidationFailed, match=r"path_nii: there is no file .*nowhere\.nii") as caught:
        direct.volumes.create(models)

    assert [(found["row"], found["identifier"], found["field"]) for found in caught.value.violations] == [
        (1, f"volume/{unique}-b", "path_nii"),
        (2, f"volume/{unique}-c", "path_nii"),
    ]
    assert "is a folder" in caught.value.violations[1]["problem"]
    assert keys(stack, file.name) == []
    with pytest.raises(ResourceNotFound):
        direct.volumes.retrieve(f"{unique}-a")


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("x" * 300, "cannot be reached: File name too long"),
        ("loop", "cannot be reached: Too many levels of symbolic links"),
        ("file/below", "there is no file"),
        ("null\x00", "there is no file"),
    ],
)
def test_what_cannot_be_looked_at_is_named_too(
    direct: Client, datasource: str, unique: str, tmp_path: Path, name: str, problem: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")

    with pytest.raises(ValidationFailed, match=problem) as caught:
        direct.volumes.create([volume(unique, datasource, path_nii=tmp_path / name)])

    ((row, field),) = [(found["row"], found["field"]) for found in caught.value.violations]
    assert (row, field) == (0, "path_nii")


def test_what_is_no_file_is_named_and_not_waited_for(
    direct: Client, datasource: str, unique: str, tmp_path: Path
) -> None:
    special = make_special_files(tmp_path)
    models = [
        volume(f"{unique}-{row}", datasource, path_nii=path) for row, path in enumerate([*special, tmp_path])
    ]
    with pytest.raises(ValidationFailed, match="only files can be uploaded") as caught:
        direct.volumes.create(models)
    assert [found["problem"] for found in caught.value.violations] == [
        *(f"{path} is {kind}, and only files can be uploaded" for path, kind in special.items()),
        f"{tmp_path} is a folder; name its files one by one",
    ]


def test_a_tilde_is_the_home_folder(
    direct: Client, datasource: str, unique: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(file.parent))
    stored = direct.volumes.create(volume(unique, datasource, path_nii=Path("~") / file.name))
    assert str(stored.path_nii).endswith(f"/{file.name}")
    with pytest.raises(ValidationFailed, match=r"there is no file ~/nowhere"):
        direct.volumes.create(volume(unique, datasource, path_nii=Path("~/nowhere")))


@pytest.mark.skipif(os.geteuid() == 0, reason="root enters every folder")
def test_a_folder_that_may_not_be_entered(
    direct: Client, datasource: str, unique: str, tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)

    with pytest.raises(ValidationFailed, match="cannot be reached: Permission denied"):
        direct.volumes.create(volume(unique, datasource, path_nii=closed / "a.nii"))


@pytest.mark.parametrize("kind", ["direct", "presigned"])
def test_a_refused_create_leaves_no_row_and_an_object_to_sweep(
    request: pytest.FixtureRequest, kind: str, datasource: str, unique: str, file: Path, stack: EmbeddedStack
) -> None:
    client: Client = request.getfixturevalue(kind)
    models = [
        volume(f"{unique}-a", datasource, path_nii=file),
        volume(f"{unique}-b", "patient/nobody", path_nii=file),
    ]

    with pytest.raises(ParentNotFound):
        client.volumes.create(models)

    with pytest.raises(ResourceNotFound):
        client.volumes.retrieve(f"{unique}-a")
    assert len(keys(stack, file.name)) == 1, "somebody else may have come to rely on it"


def test_a_second_run_of_a_load_does_not_harm_the_first(
    direct: Client, datasource: str, unique: str, file: Path, tmp_path: Path
) -> None:
    def attempt(barrier: threading.Barrier) -> str:
        barrier.wait()
        try:
            return str(direct.volumes.create(volume(unique, datasource, path_nii=file)).path_nii)
        except ResourceAlreadyExists:
            return "refused"

    barrier = threading.Barrier(6)
    with ThreadPoolExecutor(6) as threads:
        outcomes = [made.result() for made in [threads.submit(attempt, barrier) for _ in range(6)]]

    (url,) = [outcome for outcome in outcomes if outcome != "refused"]
    assert direct.storage.download(url, dest_dir=tmp_path / "down").read_text() == unique


def test_where_the_outcome_is_unknown_nothing_is_removed(
    direct: Client, datasource: str, unique: str, file: Path, stack: EmbeddedStack
) -> None:
    assert direct.health().status == "ok"  # S3 is there, and so are its credentials in the environment
    with Client("grpc://127.0.0.1:1") as nowhere, pytest.raises(ServerUnavailable):
        nowhere.volumes.create(volume(unique, datasource, path_nii=file))

    assert len(keys(stack, file.name)) == 1


def test_an_upload_that_fails_creates_nothing(
    direct: Client, datasource: str, unique: str, tmp_path: Path
) -> None:
    unnameable = tmp_path / "two\nlines.nii"
    unnameable.write_bytes(b"x")

    with pytest.raises(InvalidBlobUrl, match="control characters"):
        direct.volumes.create(volume(unique, datasource, path_nii=unnameable))
    with pytest.raises(ResourceNotFound):
        direct.volumes.retrieve(unique)


def test_an_update_says_to_upload_first(file: Path) -> None:
    with pytest.raises(ValidationFailed, match=r"path_nii: only create uploads .* client\.storage\.upload"):
        VolumeUpdate(path_nii=file)  # type: ignore[arg-type] # the subject
    with pytest.raises(ValidationFailed, match=r"files: at \['a'\]: only create uploads"):
        ArtefactUpdate(files={"a": file})  # type: ignore[dict-item] # the subject


def test_an_update_takes_what_upload_gives(direct: Client, datasource: str, unique: str, file: Path) -> None:
    direct.volumes.create(volume(unique, datasource))
    url = direct.storage.upload(file)
    assert direct.volumes.update(unique, VolumeUpdate(path_nii=url)).path_nii == url


def test_a_frame_says_to_upload_first(direct: Client, datasource: str, unique: str, file: Path) -> None:
    columns = {"identifier": [unique], "parent_identifier": [datasource], "license": ["x"]}
    paths = pl.Series([file], dtype=pl.Object)
    with pytest.raises(FieldTypeMismatch, match=r"Only models take local files: client\.storage\.upload"):
        direct.volumes.create(pl.DataFrame({**columns, "path_nii": paths}))
    with pytest.raises(ValidationFailed, match="is not an s3://bucket/key URL"):
        direct.volumes.create(pl.DataFrame({**columns, "path_nii": [str(file)]}))


def test_a_path_stays_itself_until_it_is_uploaded(file: Path) -> None:
    model = ArtefactCreate(identifier="a", files={"a": file, "b": "s3://bucket/key"})

    assert model.files == {"a": file, "b": "s3://bucket/key"}
    assert model.model_dump()["files"]["a"] == file
    assert f'"a":"{file}"' in model.model_dump_json()
    with pytest.raises(ValidationFailed, match="String should match"):
        ArtefactCreate.model_validate_json('{"identifier": "a", "files": {"a": "/etc/passwd"}}')
    with pytest.raises(ValidationFailed, match="String should match"):
        ArtefactCreate(identifier="a", files={"a": str(file)})
