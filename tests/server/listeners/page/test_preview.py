"""Previews of files: a volume and an image, drawn in a browser."""

from __future__ import annotations

import gzip
import re
import secrets
import struct
from typing import TYPE_CHECKING

import httpx
import pytest
from PIL import Image
from playwright.sync_api import expect

from vxdata.schemas.create import ArtefactCreate, DataSourceCreate, VolumeCreate

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.browser import QueryPage
    from vxdata.sdk import Client
    from vxdata.server.app import Server

SIDE = 16
"""Voxels of the volume along each axis, and rows of the picture."""

WIDTH = 24
"""Columns of the picture."""


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


@pytest.fixture(scope="module")
def artefact(client: Client, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Identifier of an artefact with a picture in two formats, and a file that is none."""
    folder, name = tmp_path_factory.mktemp("pictures"), secrets.token_hex(6)
    picture = Image.new("RGB", (WIDTH, SIDE), "red")
    for each in ("scan.png", "scan.jpg"):
        picture.save(folder / each)
    (folder / "notes.txt").write_text("none")
    client.artefacts.create(ArtefactCreate(identifier=name))
    client.artefacts.attach_files({path.name: path for path in folder.iterdir()}, artefact_id=name)
    return f"artefact/{name}"


@pytest.mark.parametrize("name", ["scan.png", "scan.jpg"])
def test_an_image_is_shown_when_asked_for(query_page: QueryPage, artefact: str, name: str) -> None:
    page = query_page.show(resource=artefact)
    files = page.get_by_role("region", name="Files")
    expect(files.get_by_role("link")).to_have_count(3)
    expect(files.get_by_role("button", name=re.compile("^Show"))).to_have_count(2)
    files.get_by_role("button", name=f"Show {name}").click()
    picture = files.get_by_role("img", name=name)
    expect(picture).to_be_visible()
    assert picture.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [WIDTH, SIDE]
    assert query_page.violations() == []


def test_a_file_that_is_too_large_to_be_shown_is_told_of(
    query_page: QueryPage, artefact: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vxdata.server.services.blobs.MAX_PREVIEW_BYTES", 1)
    files = query_page.show(resource=artefact).get_by_role("region", name="Files")
    files.get_by_role("button", name="Show scan.png").click()
    expect(files.get_by_role("alert")).to_contain_text("download it")
    expect(files.get_by_role("link", name="Download scan.png")).to_be_visible()


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
