"""URLs that S3 cannot resolve: none gets in any more, and those that are stored harm nothing else."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.create import ArtefactCreate, VolumeCreate
from vxdata.schemas.errors import InvalidBlobUrl, StorageProblem, ValidationFailed
from vxdata.schemas.types.object_url import problem_of
from vxdata.schemas.update import VolumeUpdate
from vxdata.server.database.pool import Lane
from vxdata.server.services.sweep import Sweep
from vxdata.server.storage.blobs import BlobStore

if TYPE_CHECKING:
    from pathlib import Path

    from vxdata.sdk import Client, Storage
    from vxdata.server.app import Server
    from vxdata.server.config import Settings

REFUSED = [
    "s3://vxdata/a//x",
    "s3://vxdata/../x",
    "s3://vxdata/*",
    "s3://vxdata//",
    "s3://vxdata/a\x85b",
    "s3://vxdata/a\u2028b",
    f"s3://vxdata/{'ä' * 513}",
]
BAD = "s3://vxdata/../x"


@pytest.fixture
def good(direct: Storage, unique: str, tmp_path: Path) -> str:
    """The URL of a file that is there."""
    source = tmp_path / "good"
    source.write_text(unique)
    return direct.upload(source, group=unique)


def store(server: Server, assignment: str, identifier: str) -> None:
    """Change a stored version, as if it had been written under the rule of before."""
    table = identifier.partition("/")[0]
    with server._services.read._database.connection(Lane.WRITE) as connection:
        connection.execute(f"UPDATE {table} SET {assignment} WHERE identifier = '{identifier}'")


@pytest.fixture
def volume(client: Client, server: Server, datasource: str, unique: str, good: str) -> str:
    """A volume with one URL that is refused now."""
    fields: dict[str, Any] = {"parent_identifier": datasource, "license": "CC BY 4.0", "path_dicom": good}
    made = client.volumes.create(VolumeCreate(identifier=unique, path_nii=good, **fields))
    store(server, f"path_nii = '{BAD}'", made.identifier)
    return made.identifier


@pytest.mark.parametrize("url", REFUSED, ids=ascii)
def test_an_upload_that_states_one_is_refused(client: Client, datasource: str, unique: str, url: str) -> None:
    frame = pl.DataFrame(
        {
            "identifier": [f"{unique}-0", f"{unique}-1"],
            "parent_identifier": [datasource] * 2,
            "license": ["x"] * 2,
            "path_nii": ["s3://vxdata/a/*", url],
        }
    )
    with pytest.raises(ValidationFailed) as caught:
        client.volumes.create(frame)
    (violation,) = caught.value.violations
    assert (violation["row"], violation["field"]) == (1, "path_nii")
    assert violation["problem"] == f"is not an s3://bucket/key URL: {problem_of(url)}"


def test_a_stored_one_is_read_and_kept_by_what_does_not_state_it(client: Client, volume: str) -> None:
    assert client.volumes.retrieve(volume).path_nii == BAD
    updated = client.volumes.update(volume, VolumeUpdate(b_value=5.0))
    assert (updated.path_nii, updated.b_value) == (BAD, 5.0)
    client.volumes.delete(volume)
    assert client.volumes.restore(volume).path_nii == BAD
    versions = client.volumes.history(volume)
    assert [version.resource.model_dump()["path_nii"] for version in versions] == [BAD] * len(versions)


def test_what_states_a_stored_one_is_refused(client: Client, volume: str) -> None:
    stored = client.volumes.retrieve(volume)
    with pytest.raises(ValidationFailed, match=r"path_nii: .* its key has a part \. or \.\."):
        VolumeCreate.from_response(stored)
    with pytest.raises(ValidationFailed, match=r"path_nii: .* its key has a part \. or \.\."):
        VolumeUpdate(path_nii=stored.path_nii)
    with pytest.raises(
        ValidationFailed, match=r"path_nii: is not an s3://bucket/key URL: its key has a part"
    ):
        client.volumes.update(pl.DataFrame({"identifier": [volume], "path_nii": [BAD]}))
    assert client.volumes.update(volume, VolumeUpdate(path_nii=None)).path_nii is None


def test_the_other_files_of_a_frame_arrive(
    client: Client, storage: Storage, volume: str, good: str, unique: str, tmp_path: Path
) -> None:
    rows = client.volumes.query().collect().filter(pl.col("identifier") == volume)
    with pytest.raises(StorageProblem, match=r"part \. or \.\.") as caught:
        storage.materialize(rows, tmp_path / "out")
    assert [(each["name"], each["code"]) for each in caught.value.failures] == [(BAD, "INVALID_BLOB_URL")]
    assert (tmp_path / "out" / good.removeprefix("s3://")).read_text() == unique
    with pytest.raises(InvalidBlobUrl):  # a URL that the caller states is a mistake of the caller
        storage.download([good, BAD], tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_the_other_files_of_an_artefact_arrive(
    client: Client, server: Server, storage: Storage, unique: str, good: str, tmp_path: Path
) -> None:
    files = {"a": good, "b": good}
    made = client.artefacts.create(ArtefactCreate(identifier=unique, files=files))
    store(server, f"files = jsonb_build_object('a', '{BAD}', 'b', '{good}')", made.identifier)
    with pytest.raises(StorageProblem) as caught:
        client.artefacts.download(made.identifier, tmp_path / "out")
    assert [(each["name"], each["code"]) for each in caught.value.failures] == [(BAD, "INVALID_BLOB_URL")]
    assert (tmp_path / "out" / good.removeprefix("s3://")).read_text() == unique


def test_a_sweep_keeps_what_the_other_urls_refer_to(
    server: Server, settings: Settings, volume: str, good: str
) -> None:
    with closing(BlobStore(settings)) as blobs:
        found = Sweep(server._services.read._database, registry(), blobs).find(timedelta(0), lambda _: None)
    assert found.listed > 0
    assert good not in {str(each.url) for each in found.objects}
