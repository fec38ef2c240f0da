"""Artefacts: files attached once, and read back."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from vxdata.schemas.create import ArtefactCreate
from vxdata.schemas.errors import (
    BlobNotFound,
    FieldTypeMismatch,
    InvalidRequest,
    LocalFileProblem,
    ResourceNotFound,
    StateConflict,
    UnexpectedPayload,
    ValidationFailed,
)
from vxdata.schemas.update import ArtefactUpdate
from vxdata.sdk import Client, StorageOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.server.app import Server

FRAME = pl.DataFrame({"patient": ["a", "b", None], "score": [0.25, None, 1.0]})


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[Client]:
    """A client without S3 credentials."""
    with Client(server.flight_url, storage=StorageOptions(access="presigned")) as connected:
        yield connected


@pytest.fixture
def run_id(client: Client, unique: str) -> str:
    """Bare identifier of an artefact without files."""
    client.artefacts.create(ArtefactCreate(identifier=unique, name="before"))
    return unique


def test_one_frame_comes_back_as_a_frame(client: Client, run_id: str) -> None:
    stored = client.artefacts.attach_files({"results": FRAME}, artefact_id=run_id)

    assert stored.files is not None
    assert list(stored.files) == ["results"]
    assert stored.files["results"].startswith(f"s3://vxdata/artefact/{run_id}/")
    assert stored.name == "before", "all else is kept"
    found = client.artefacts.download(run_id)
    assert isinstance(found, pl.DataFrame)
    assert_frame_equal(found, FRAME)
    assert_frame_equal(client.artefacts.download(f"artefacts/{run_id}"), found)  # type: ignore[arg-type] # a frame


@pytest.mark.parametrize("part", ["a//b", "a/./b", "a/../b", "a b#%25?", "*/b"])
def test_identifiers_that_are_no_folders(client: Client, unique: str, part: str) -> None:
    client.artefacts.create(ArtefactCreate(identifier=f"{unique}/{part}"))

    client.artefacts.attach_files({"results": FRAME}, artefact_id=f"{unique}/{part}")

    assert_frame_equal(client.artefacts.download(f"{unique}/{part}"), FRAME)  # type: ignore[arg-type] # a frame


def test_several_come_back_by_name(client: Client, run_id: str, tmp_path: Path) -> None:
    report = tmp_path / "report.pdf"
    report.write_bytes(b"%PDF")
    other = FRAME.head(1)
    client.artefacts.attach_files({"all": FRAME, "first": other, "report": str(report)}, artefact_id=run_id)

    with pytest.raises(InvalidRequest, match=r"Not all files are Parquet frames: report\. Give dest_dir"):
        client.artefacts.download(run_id)
    found = client.artefacts.download(run_id, dest_dir=tmp_path / "down")

    assert isinstance(found, dict)
    assert set(found) == {"all", "first", "report"}
    assert_frame_equal(found["all"], FRAME)  # type: ignore[arg-type] # a frame
    assert_frame_equal(found["first"], other)  # type: ignore[arg-type] # a frame
    assert found["report"].read_bytes() == b"%PDF"  # type: ignore[union-attr] # a path


def test_one_other_file_comes_back_as_a_path(client: Client, run_id: str, tmp_path: Path) -> None:
    model = tmp_path / "model.onnx"
    model.write_bytes(b"weights")
    client.artefacts.attach_files({"model": model}, artefact_id=run_id)

    found = client.artefacts.download(run_id, tmp_path / "down")

    assert found.read_bytes() == b"weights"  # type: ignore[union-attr] # a path


def test_frames_and_files_that_are_missing_are_named_together(
    client: Client, unique: str, tmp_path: Path
) -> None:
    files = {"a": f"s3://vxdata/{unique}/a.parquet", "b": f"s3://vxdata/{unique}/b.bin"}
    client.artefacts.create(ArtefactCreate(identifier=unique, files=files))

    with pytest.raises(BlobNotFound) as caught:
        client.artefacts.download(unique, tmp_path)

    assert {failure["name"] for failure in caught.value.failures} == set(files.values())


def test_an_empty_mapping_is_no_files(client: Client, unique: str) -> None:
    client.artefacts.create(ArtefactCreate(identifier=unique, files={}))
    with pytest.raises(ResourceNotFound, match="has no files"):
        client.artefacts.download(unique)

    client.artefacts.attach_files({"results": FRAME}, artefact_id=unique)

    assert_frame_equal(client.artefacts.download(unique), FRAME)  # type: ignore[arg-type] # a frame


def test_files_are_attached_once(client: Client, run_id: str) -> None:
    client.artefacts.attach_files({"results": FRAME}, artefact_id=run_id)

    with pytest.raises(StateConflict, match=f"artefact/{run_id} has files already: results") as caught:
        client.artefacts.attach_files({"more": FRAME}, artefact_id=run_id)

    assert caught.value.details["identifiers"] == [f"artefact/{run_id}"]
    assert_frame_equal(client.artefacts.download(run_id), FRAME)  # type: ignore[arg-type] # a frame


def test_of_racing_callers_one_wins(client: Client, run_id: str) -> None:
    barrier = threading.Barrier(6)

    def attach(number: int) -> str:
        barrier.wait()
        try:
            client.artefacts.attach_files({"winner": pl.DataFrame({"number": [number]})}, artefact_id=run_id)
        except StateConflict as error:
            return error.message
        return "won"

    with ThreadPoolExecutor(6) as threads:
        outcomes = list(threads.map(attach, range(6)))

    assert outcomes.count("won") == 1
    assert set(outcomes) == {"won", f"artefact/{run_id} has files already: winner."}
    found = client.artefacts.download(run_id)
    assert_frame_equal(found, pl.DataFrame({"number": [outcomes.index("won")]}))  # type: ignore[arg-type] # a frame
    assert len(client.artefacts.history(run_id)) == 2


def test_a_change_of_something_else_does_not_hinder(
    client: Client, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = client.storage.upload_dataframes

    def disturbed(*arguments: Any, **options: Any) -> dict[str, str]:
        client.artefacts.update(run_id, ArtefactUpdate(name="changed meanwhile"))
        return upload(*arguments, **options)

    monkeypatch.setattr(client.storage, "upload_dataframes", disturbed)
    stored = client.artefacts.attach_files({"results": FRAME}, artefact_id=run_id)

    assert stored.name == "changed meanwhile"
    assert stored.files is not None
    assert len(client.artefacts.history(run_id)) == 3


def test_a_client_of_the_past_attaches_to_the_present(client: Client, server: Server, run_id: str) -> None:
    before = client.now()
    client.artefacts.attach_files({"results": FRAME}, artefact_id=run_id)

    with (
        Client(server.flight_url, timestamp=before) as past,
        pytest.raises(StateConflict, match="has files already"),
    ):
        past.artefacts.attach_files({"results": FRAME}, artefact_id=run_id)
    with pytest.raises(ResourceNotFound, match="has no files"):
        client.artefacts.download(run_id, as_of=before)


def test_who_is_not_there(client: Client, unique: str) -> None:
    with pytest.raises(ResourceNotFound, match=unique):
        client.artefacts.attach_files({"results": FRAME}, artefact_id=unique)
    with pytest.raises(ResourceNotFound, match=unique):
        client.artefacts.download(unique)
    with pytest.raises(UnexpectedPayload):
        client.artefacts.download(f"volume/{unique}")


@pytest.mark.parametrize(
    ("files", "error", "words"),
    [
        ({}, InvalidRequest, "with at least one"),
        (FRAME, InvalidRequest, "a dictionary of frames or paths"),
        ({"a": FRAME.lazy()}, FieldTypeMismatch, r"not LazyFrame\. Call collect"),
        ({"a": b"bytes"}, FieldTypeMismatch, "'a' must be a Polars DataFrame or a path, not bytes"),
        ({"a": "/nowhere/at/all"}, LocalFileProblem, "/nowhere/at/all"),
    ],
)
def test_what_cannot_be_attached(
    client: Client, run_id: str, files: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        client.artefacts.attach_files(files, artefact_id=run_id)
    assert client.artefacts.retrieve(run_id).files is None


def test_a_name_that_no_mapping_takes(client: Client, run_id: str, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"a")

    with pytest.raises(ValidationFailed, match="control characters"):
        client.artefacts.attach_files({"a\x00": path}, artefact_id=run_id)


def test_a_tilde_is_the_home_folder(
    client: Client, run_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "model.bin").write_text(run_id)
    with pytest.raises(LocalFileProblem) as caught:
        client.artefacts.attach_files({"model": "~/missing"}, artefact_id=run_id)
    assert [failure["name"] for failure in caught.value.failures] == ["~/missing"]
    client.artefacts.attach_files({"model": "~/model.bin"}, artefact_id=run_id)
    found = client.artefacts.download(run_id, dest_dir="~/down")
    assert isinstance(found, Path)
    assert found.is_relative_to(tmp_path / "down")
    assert found.read_text() == run_id
