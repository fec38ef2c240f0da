"""The owner of `vxdata up` is let in without ceremony, and over restarts; other users are not."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from tests.conftest import TOP
from tests.fixtures.commands import DEADLINE
from vxdata.cli.commands.token import commands
from vxdata.schemas.errors import NotAuthenticated
from vxdata.schemas.identity import EVERYTHING, Right, Role
from vxdata.schemas.identity.credentials import credentials_name
from vxdata.sdk import Client
from vxdata.server.call import Principal
from vxdata.server.identities.authenticator import Presented
from vxdata.server.identities.doors import DOORS
from vxdata.server.identities.known_tokens import KnownTokens
from vxdata.server.identities.owner import FILE, OWNER, keep_owner, put_credentials, remove_credentials
from vxdata.server.identities.token_store import TokenStore
from vxdata.server.identities.tokens import id_of, new_token

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pydantic import SecretStr
    from typer.testing import Result

    from tests.fixtures.commands import Running
    from vxdata.server.database.monitor import CancellationMonitor
    from vxdata.server.database.pool import ConnectionPool

STRANGER = 4719
IS_ROOT = os.geteuid() == 0


class TestToken:
    def test_it_is_made_once_for_an_administrator(
        self,
        database_uri: SecretStr,
        database: ConnectionPool,
        monitor: CancellationMonitor,
        tmp_path: Path,
    ) -> None:
        token = keep_owner(database_uri, tmp_path)
        path = tmp_path / FILE
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.read_text() == f"{token.get_secret_value()}\n"
        assert keep_owner(database_uri, tmp_path) == token
        with closing(KnownTokens(database, monitor)) as known:
            principal = known.identify(Presented(f"Bearer {token.get_secret_value()}"))
        token_id = id_of(token.get_secret_value()) or ""
        assert principal == Principal(OWNER, Role.ADMINISTRATOR, EVERYTHING, "token", token_id)

    @pytest.mark.parametrize("what", ["gone", "seen", "damaged", "folder"])
    def test_it_is_made_anew_where_the_file_cannot_be_trusted(
        self, what: str, database_uri: SecretStr, database: ConnectionPool, tmp_path: Path
    ) -> None:
        token = keep_owner(database_uri, tmp_path)
        path = tmp_path / FILE
        match what:
            case "gone":
                path.unlink()
            case "seen":
                path.chmod(0o640)
            case "damaged":
                path.write_text("vxd_")
            case _:
                path.unlink()
                path.mkdir(mode=0o700)
        if what == "folder":
            with pytest.raises(OSError, match="directory"):
                keep_owner(database_uri, tmp_path)
            return
        made = keep_owner(database_uri, tmp_path)
        assert made != token
        assert TokenStore(database).find(OWNER).id == id_of(made.get_secret_value())
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_credentials_are_for_their_owner_alone(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("VXDATA_CREDENTIALS", str(tmp_path / "a" / "b"))
        token, other = new_token(), new_token()
        path = put_credentials(token, "127.0.0.1", 8815)
        assert path == tmp_path / "a" / "b" / credentials_name("localhost", 8815)
        assert [stat.S_IMODE(each.stat().st_mode) for each in (path.parent, path)] == [0o700, 0o600]
        remove_credentials(path, other)
        assert path.read_text() == f"{token.get_secret_value()}\n"
        remove_credentials(path, token)
        assert not path.exists()

    def test_without_a_place_for_them_the_server_goes_on(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "file").touch()
        monkeypatch.setenv("VXDATA_CREDENTIALS", str(tmp_path / "file" / "folder"))
        assert put_credentials(new_token(), "127.0.0.1", 8815) is None


@pytest.mark.slow
class TestUp:
    def test_the_owner_is_let_in_and_nobody_else_over_a_restart(
        self,
        start: Callable[..., Running],
        data_dir: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("VXDATA_CREDENTIALS", str(tmp_path / "credentials"))
        env = {"VXDATA_AUTHENTICATION": "required", "VXDATA_CREDENTIALS": str(tmp_path / "credentials")}
        running = start("up", "--data-dir", data_dir, "--port", "0", "--http-port", "0", env=env)
        (credentials,) = (tmp_path / "credentials").iterdir()
        token = credentials.read_text()
        assert token == (data_dir / FILE).read_text()
        assert str(data_dir / FILE) in running.log.read_text()
        assert token.strip() not in running.log.read_text()
        assert asked(running.flight_url) == "ok"
        with pytest.raises(NotAuthenticated):
            asked(running.flight_url, new_token().get_secret_value())

        made = administer("create", "ann", "--role", "writer", "--read", "a", "--data-dir", str(data_dir))
        of_ann = made.stdout.strip()
        assert id_of(of_ann), made.output
        assert asked(running.flight_url, of_ann) == "ok"
        refused = administer("revoke", OWNER, "--data-dir", str(data_dir))
        assert (refused.exit_code, "start it again" in " ".join(refused.output.split())) == (2, True)

        if IS_ROOT:
            assert_closed(running, [data_dir, tmp_path / "credentials"])
        assert running.stop() == (0, "")
        assert not credentials.exists()

        port = running.flight_url.rpartition(":")[2]
        again = start("up", "--data-dir", data_dir, "--port", port, "--http-port", "0", env=env)
        assert (credentials.read_text(), (data_dir / FILE).read_text()) == (token, token)
        assert (asked(again.flight_url), asked(again.flight_url, of_ann)) == ("ok", "ok")
        assert again.stop() == (0, "")
        assert credentials.read_text() == token


def asked(url: str, token: str | None = None) -> str:
    """Ask a server how it is, with a token or with what the credentials file holds."""
    with Client(url, token=token) as client:
        return client.health().status


def administer(*arguments: str) -> Result:
    """Run `vxdata token` in this process."""
    return CliRunner().invoke(commands, arguments, env={"COLUMNS": "200"})


def assert_closed(running: Running, folders: list[Path]) -> None:
    """Attack a running server as another user, and look at what that brings."""
    paths = [path for folder in folders for path in (folder, *folder.rglob("*"))]
    goal = {
        "uid": STRANGER,
        "flight_url": running.flight_url,
        "http_url": running.http_url,
        "doors": [
            door for door, right in DOORS.items() if right is not Right.NOTHING and "{catalog}" not in door
        ],
        "paths": [str(path) for path in paths],
        "pids": [running.process.pid, *(child.pid for child in running.children())],
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.server.identities.stranger"],
        input=json.dumps(goal),
        cwd=TOP,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["doors"], found["changed"], found["processes"], found["listed"]) == ([], [], [], [])
    # Files without content: the room that is kept free, and what processes lock.
    assert {path.rpartition("/")[2] for path in found["read"]} <= {"reserve", "lock"}
