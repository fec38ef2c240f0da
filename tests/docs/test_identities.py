"""What the page about identities shows can be run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.fixtures.commands import in_shell
from tests.fixtures.pages import Block, blocks, run
from tools.tree import TOP
from vxdata.server.app import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from vxdata.server.config import Settings

PAGE = TOP / "docs/security/identities.md"


@pytest.fixture
def shell(settings: Settings, tmp_path: Path) -> Callable[..., str]:
    """Runs code in a shell that finds our commands, and the database of the tests."""
    assert settings.database_uri is not None
    uri = settings.database_uri.get_secret_value()

    def run_here(code: str, **more: str) -> str:
        return in_shell(code, tmp_path, {"VXDATA_DATABASE_URI": uri, **more})

    return run_here


@pytest.fixture
def asking(settings: Settings) -> Iterator[Server]:
    """A server that asks who calls."""
    changes = {"authentication": "required", "cache_dir": None}
    with Server(settings.model_copy(update=changes)) as running:
        yield running


def test_tokens_are_made_shown_and_revoked(
    shell: Callable[..., str], asking: Server, unique: str, tmp_path: Path
) -> None:
    make, change, ask = (block.code.replace("ann", unique) for block in blocks(PAGE, "sh"))
    printed = shell(make)
    assert f"name: {unique}\n" in printed
    assert '"write":["datasource/a"]' in printed
    file = tmp_path / f"{unique}.token"
    assert file.stat().st_mode & 0o777 == 0o600
    code = ask.replace("http://localhost:8816", asking.http_url)
    assert f'"name":"{unique}","role":"writer"' in shell(code, VXDATA_TOKEN=file.read_text().strip())

    shell(change)
    assert "state: revoked" in shell(f"vxdata token show {unique}")


def test_user_and_password_are_exchanged(
    shell: Callable[..., str], asking: Server, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VXDATA_TOKEN", shell(f"vxdata token create {unique}").strip())
    (block,) = blocks(PAGE)
    code = block.code.replace("grpc://localhost:8815", asking.flight_url).replace("bea", unique)
    names: dict[str, Any] = {}
    run(Block(block.heading, block.line, code), names)
    assert [b"volume"] in names["types"]
