"""Previews of files: a volume and an image, drawn in a browser."""

from __future__ import annotations

import gzip
import secrets
import struct
from typing import TYPE_CHECKING

import httpx
import pytest
from playwright.sync_api import expect

from vxdata.schemas.create import DataSourceCreate, VolumeCreate

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.browser import QueryPage
    from vxdata.sdk import Client
    from vxdata.server.app import Server

SIDE = 16
"""Voxels of the volume along each axis."""


def _nifti() -> bytes:
    """A volume in NIfTI-1: a cube that grows brighter along its first axis."""
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, SIDE, SIDE, SIDE, 1, 1, 1, 1)
    struct.pack_into("<2h", header, 70, 2, 8)  # unsigned bytes
    struct.pack_into("<8f", header, 76, 1, 1, 1, 1, 1, 0, 0, 0)
    struct.pack_into("<3f", header, 108, 352, 1, 0)
    struct.pack_into("<2h", header, 252, 0, 1)
    struct.pack_into("<12f", header, 280, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0)
    header[344:348] = b"n+1\0"
    return bytes(header) + bytes(16 * (index % SIDE) for index in range(SIDE**3))


@pytest.fixture(scope="module")
def volume(client: Client, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Identifier of a volume with a NIfTI file."""
    key = secrets.token_hex(6)
    source = client.data_sources.create(DataSourceCreate(identifier=key, license="CC0")).identifier
    path: Path = tmp_path_factory.mktemp("volume") / "volume.nii.gz"
    path.write_bytes(gzip.compress(_nifti()))
    made = VolumeCreate(identifier=key, parent_identifier=source, license="CC0", path_nii=path)
    return client.volumes.create(made).identifier


def test_a_volume_is_shown_when_asked_for(query_page: QueryPage, volume: str) -> None:
    asked: list[str] = []
    query_page.page.on("request", lambda request: asked.append(request.url))
    page = query_page.show(resource=volume)
    files = page.get_by_role("region", name="Files")
    button = files.get_by_role("button", name="Show")
    expect(button).to_be_visible()
    assert not [url for url in asked if "niivue" in url or "previews" in url]
    button.click()
    picture = files.get_by_role("img", name="Sections through")
    expect(picture).to_be_visible(timeout=20_000)
    picture.scroll_into_view_if_needed()
    assert len(picture.screenshot()) > 2_000  # a black box has less
    query_page.keep("preview")


def test_previews_are_what_the_file_holds(server: Server, volume: str) -> None:
    with httpx.Client(base_url=f"{server.http_url}/v1", trust_env=False) as http:
        found = http.get(f"/previews/{volume}", params={"field": "path_nii"})
        assert gzip.decompress(found.content) == _nifti()
        assert found.headers["content-type"] == "application/octet-stream"
        assert "sandbox" in found.headers["content-security-policy"]
        for path, code in (
            (f"/previews/{volume}?field=license", "INVALID_REQUEST"),
            (f"/previews/{volume}?field=path_nii&key=other", "INVALID_REQUEST"),
            ("/previews/volume/no-such-volume?field=path_nii", "RESOURCE_NOT_FOUND"),
        ):
            assert http.get(path).json()["code"] == code, path
