"""`/v1/previews`: files of a resource, as what a browser may take them, and how large they may be."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

import pytest

from vxdata.schemas.create import ArtefactCreate
from vxdata.server.services.blobs import MAX_PREVIEW_BYTES

if TYPE_CHECKING:
    import httpx

    from vxdata.sdk import Client

CONTENT: Final = b"\x89PNG\r\n\x1a\n, or what is said to be a picture"

FILES: Final = {
    "scan.png": "image/png",
    "photo.jpg": "image/jpeg",
    "photo 2.JPEG": "image/jpeg",
    "page.html": "application/octet-stream",
    "drawing.svg": "application/octet-stream",
    "none": "application/octet-stream",
}
"""Name of a file -> what it is sent as: pictures without scripts, and bytes."""


@pytest.fixture(scope="module")
def artefact(client: Client, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An artefact with files of one content under several names."""
    folder, name = tmp_path_factory.mktemp("files"), secrets.token_hex(6)
    for each in FILES:
        (folder / each).write_bytes(CONTENT)
    client.artefacts.create(ArtefactCreate(identifier=name))
    client.artefacts.attach_files({each: folder / each for each in FILES}, artefact_id=name)
    return f"artefact/{name}"


def preview(http: httpx.Client, artefact: str, key: str | None) -> httpx.Response:
    params = {"field": "files"} | ({} if key is None else {"key": key})
    return http.get(f"/previews/{artefact}", params=params)


@pytest.mark.parametrize("name", FILES)
def test_only_pictures_are_sent_as_what_they_are(http: httpx.Client, artefact: str, name: str) -> None:
    found = preview(http, artefact, name)
    assert found.content == CONTENT
    assert found.headers["Content-Type"] == FILES[name]
    assert found.headers["X-Content-Type-Options"] == "nosniff"
    assert found.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


@pytest.mark.parametrize("key", [None, "other"])
def test_an_entry_that_is_not_there(http: httpx.Client, artefact: str, key: str | None) -> None:
    found = preview(http, artefact, key)
    assert (found.status_code, found.json()["code"]) == (400, "INVALID_REQUEST")
    assert "names no such file" in found.json()["message"]


def test_a_file_of_the_largest_size_is_sent_and_one_byte_more_is_not(
    http: httpx.Client, artefact: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MAX_PREVIEW_BYTES == 64 * 1024 * 1024, "as docs/http.md says"
    size = len(CONTENT)
    monkeypatch.setattr("vxdata.server.services.blobs.MAX_PREVIEW_BYTES", size)
    assert preview(http, artefact, "scan.png").status_code == 200
    monkeypatch.setattr("vxdata.server.services.blobs.MAX_PREVIEW_BYTES", size - 1)
    found = preview(http, artefact, "scan.png")
    assert (found.status_code, found.json()["code"]) == (400, "INVALID_REQUEST")
    assert (found.json()["details"]["size"], found.json()["details"]["limit"]) == (size, size - 1)
