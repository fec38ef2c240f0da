"""Clients of a server that asks who calls: the SDK, the older client, and commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fixtures.commands import vxdata
from tests.server.support import until
from vxdata.schemas.create import DataSourceCreate
from vxdata.schemas.errors import NotAuthenticated, NotPermitted
from vxdata.schemas.identity import Role
from vxdata.schemas.identity.credentials import credentials_name
from vxdata.sdk import Client
from vxp_client import PlatformClient

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.fixtures.asking import Tokens
    from vxdata.server.app import Server


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder of credentials files, and no other token."""
    for name in ("VXDATA_TOKEN", "VXDATA_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("VXDATA_CREDENTIALS", str(tmp_path))
    return tmp_path


@pytest.fixture
def credentials_file(folder: Path, asking_server: Server) -> Path:
    """The credentials file of the server, which holds no token yet."""
    path = folder / credentials_name("127.0.0.1", int(asking_server.flight_url.rpartition(":")[2]))
    path.touch(mode=0o600)
    return path


def refusal(ask: Callable[[], object]) -> NotAuthenticated:
    with pytest.raises(NotAuthenticated) as caught:
        ask()
    return caught.value


def is_refused(server: Server, token: str) -> bool:
    with Client(server.flight_url, token=token) as client:
        try:
            client.health()
        except NotAuthenticated:
            return True
    return False


def test_a_token_opens_what_its_role_may(asking_server: Server, tokens: Tokens, unique: str) -> None:
    source = DataSourceCreate(identifier=unique, license="x")
    with Client(asking_server.flight_url, token=tokens.take(Role.READER)[1]) as reader:
        assert reader.health().status == "ok"
        assert reader.data_sources.query().limit(1).collect().height <= 1
        with pytest.raises(NotPermitted):
            reader.data_sources.create(source)
    with Client(asking_server.flight_url, token=tokens.take(Role.WRITER)[1]) as writer:
        assert writer.data_sources.create(source).identifier == f"datasource/{unique}"


def test_without_a_token_nothing_is_answered(asking_server: Server, folder: Path) -> None:
    with Client(asking_server.flight_url) as client:
        for ask in (client.health, client.patients.query().collect, client.patients.query().count):
            (note,) = refusal(ask).__notes__
            assert str(folder) in note


def test_the_credentials_file_is_found_by_every_client(
    asking_server: Server, tokens: Tokens, credentials_file: Path
) -> None:
    credentials_file.write_text(f"{tokens.take()[1]}\n")
    url = asking_server.flight_url
    for kind in (Client, PlatformClient):
        with kind(url) as client:
            assert client.health().status == "ok"


def test_commands_take_the_file_of_a_token(asking_server: Server, tokens: Tokens, tmp_path: Path) -> None:
    url = asking_server.flight_url
    file = tmp_path / "token"
    file.write_text(tokens.take()[1])
    done = vxdata("catalog", "list", "--url", url, "--token-file", file)
    assert (done.returncode, done.stderr) == (0, "The server has no catalogs.\n")
    done = vxdata("health", "--url", url, env={"VXDATA_CREDENTIALS": str(tmp_path)})
    assert done.returncode == 1
    assert done.stderr.startswith("NotAuthenticated: ")
    assert "No token was sent: there is none in VXDATA_TOKEN, VXDATA_TOKEN_FILE and " in done.stderr


def test_a_client_goes_on_where_its_token_is_rotated(
    asking_server: Server, tokens: Tokens, credentials_file: Path
) -> None:
    name, former = tokens.take(Role.WRITER)
    credentials_file.write_text(former)
    with Client(asking_server.flight_url) as client:
        client.health()
        credentials_file.write_text(tokens.store.rotate(name).get_secret_value())
        until(lambda: is_refused(asking_server, former), "the former token is refused")
        assert client.data_sources.query().limit(1).collect().height <= 1
    credentials_file.write_text(former)
    with Client(asking_server.flight_url) as late:
        assert "credentials file" not in refusal(late.health).message
