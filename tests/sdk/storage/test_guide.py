"""The page on storage runs as it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.fixtures.pages import blocks, run
from tools.tree import TOP
from vxdata.schemas.create import VolumeCreate
from vxdata.sdk import Client

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from vxdata.server.app import Server


def test_the_page(
    server: Server, datasource: str, unique: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VXDATA_URL", server.flight_url)
    (tmp_path / "scan.nii.gz").write_text(unique)
    (tmp_path / "mask.nii.gz").write_text(f"{unique} mask")
    with Client() as client:
        url = client.storage.upload("mask.nii.gz", group=unique)
        client.volumes.create(
            VolumeCreate(
                identifier=unique,
                parent_identifier=datasource,
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
    (own,) = names["local"].filter(identifier=f"volume/{unique}")["path_nii"]
    assert own.endswith("/mask.nii.gz")
    names["client"].close()
    names["eight_at_a_time"].close()
