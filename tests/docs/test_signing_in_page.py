"""What `docs/security/signing-in.md` shows runs as it stands, on a server that asks who calls."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.fixtures.commands import environment
from tests.fixtures.pages import blocks, run
from tools.tree import TOP
from vxdata.schemas.identity.credentials import credentials_name

if TYPE_CHECKING:
    from tests.fixtures.asking import Tokens
    from tests.fixtures.pages import Block
    from vxdata.sdk import Client
    from vxdata.server.app import Server

PAGE = TOP / "docs/security/signing-in.md"
FAR = "data.example.org_8815"


@pytest.fixture
def surroundings(asking_server: Server, tokens: Tokens, tmp_path: Path) -> dict[str, str]:
    """Variables of a user who has a token, and whose commands come from this environment."""
    token = tokens.take()[1]
    url = asking_server.flight_url
    folder = tmp_path / "credentials"
    folder.mkdir()
    own = folder / credentials_name("127.0.0.1", int(url.rpartition(":")[2]))
    for path in (own, tmp_path / "vxdata"):
        path.write_text(f"{token}\n")
        path.chmod(0o600)
    scripts = Path(sys.executable).parent
    return environment(
        {
            "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
            "VXDATA_URL": url,
            "VXDATA_CREDENTIALS": str(folder),
            "no_proxy": "*",
        }
    )


def here(block: Block, server: Server, folder: Path) -> Block:
    """A block with the addresses and paths of this test."""
    code = block.code.replace("grpc+tls://data.example.org:8815", server.flight_url)
    code = code.replace("http://127.0.0.1:8816", server.http_url)
    return replace(block, code=code.replace("/run/secrets/vxdata", str(folder / "vxdata")))


@pytest.mark.parametrize("block", blocks(PAGE), ids=lambda block: f"line {block.line}")
def test_every_block_of_python_runs(
    block: Block,
    asking_server: Server,
    client: Client,
    surroundings: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in surroundings.items():
        monkeypatch.setenv(name, value)
    if "environ['VXDATA_TOKEN']" in block.code:
        monkeypatch.setenv("VXDATA_TOKEN", (tmp_path / "vxdata").read_text().strip())
    names: dict[str, Any] = {}
    run(here(block, asking_server, tmp_path), names)
    if "patients" in names:
        assert names["patients"].height == client.patients.query().count()


@pytest.mark.parametrize("block", blocks(PAGE, "sh"), ids=lambda block: f"line {block.line}")
def test_every_block_of_shell_runs(
    block: Block, asking_server: Server, surroundings: dict[str, str], tmp_path: Path
) -> None:
    token = (tmp_path / "vxdata").read_text()
    given = surroundings | ({"VXDATA_TOKEN": token.strip()} if "curl" in block.code else {})
    command = ["bash", "-euo", "pipefail", "-c", here(block, asking_server, tmp_path).code]
    done = subprocess.run(
        command,
        env=given,
        input=token,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    if FAR in block.code:
        kept = Path(given["VXDATA_CREDENTIALS"], FAR)
        assert (kept.read_text(), kept.stat().st_mode & 0o777) == (token, 0o600)
    else:
        assert '"status"' in done.stdout or '"count"' in done.stdout
