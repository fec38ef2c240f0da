"""The page on storage runs as it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.fixtures.pages import blocks, run
from tests.server.databases import admin, database_uri, new_database
from tools.tree import TOP
from vxdata.schemas.create import DataSourceCreate, VolumeCreate
from vxdata.sdk import Client
from vxdata.server.app import Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pydantic import SecretStr

    from vxdata.server.config import Settings

__all__ = ["admin", "database_uri", "new_database"]


@pytest.fixture
def own(settings: Settings, database_uri: SecretStr) -> Iterator[Server]:
    """A server without the volumes of other tests: the page downloads all that it finds."""
    with Server(settings.model_copy(update={"database_uri": database_uri, "cache_dir": None})) as running:
        yield running


def test_the_page(own: Server, unique: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VXDATA_URL", own.flight_url)
    (tmp_path / "scan.nii.gz").write_text(unique)
    (tmp_path / "mask.nii.gz").write_text(f"{unique} mask")
    with Client() as client:
        datasource = client.data_sources.create(DataSourceCreate(identifier=unique, license="CC BY 4.0"))
        url = client.storage.upload("mask.nii.gz", group=unique)
        client.volumes.create(
            VolumeCreate(
                identifier=unique,
                parent_identifier=datasource.identifier,
                license="CC BY 4.0",
                volume_type="T2",
                path_nii=url,
            )
        )
    names: dict[str, Any] = {}
    for block in blocks(TOP / "docs" / "storage.md"):
        run(block, names)
    assert [path.read_text() for path in names["paths"]] == [unique, f"{unique} mask"]
    assert names["path"].read_text() == unique
    assert names["frames"]["scores"].equals(names["scores"])
    assert [failure["code"] for failure in names["failed"]] == ["BLOB_NOT_FOUND"]
    (path,) = names["local"].filter(identifier=f"volume/{unique}")["path_nii"]
    assert path.endswith("/mask.nii.gz")
    names["client"].close()
    names["eight_at_a_time"].close()
