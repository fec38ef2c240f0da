"""Certificates for trials, and a server that uses them."""

from __future__ import annotations

import json
import re
import shlex
import stat
from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.fixtures.certificates import openssl
from tests.fixtures.commands import launch, vxdata
from vxdata.cli.commands.certs import dev
from vxdata.cli.foreseen import describe
from vxdata.sdk import TLS, Client
from vxdata.server.config import Settings

READY = re.compile(r"vxdata ready (grpc\+tls://127\.0\.0\.1:\d+) (https://127\.0\.0\.1:\d+)\n")


def exported(printed: str) -> dict[str, str]:
    """Read the commands of a shell that a command has printed."""
    words = [word for line in printed.splitlines() for word in shlex.split(line.removeprefix("export "))]
    return dict(word.split("=", 1) for word in words)


def test_a_server_speaks_tls_with_what_is_made(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dev(tmp_path / "certificates for trials")
    variables = exported(capsys.readouterr().out)
    assert settings.database_uri is not None
    uri = settings.database_uri.get_secret_value()
    served = {"VXDATA_DATABASE_URI": uri, "VXDATA_AUTHENTICATION": "off", **variables}
    running = launch(tmp_path / "log", "serve", "--port", "0", "--http-port", "0", env=served)
    try:
        assert running.process.stdout is not None
        ready = READY.fullmatch(running.process.stdout.readline())
        assert ready, running.log.read_text()
        health = vxdata("health", "--url", ready[1], env={"VXDATA_CA_FILE": variables["VXDATA_CA_FILE"]})
        assert json.loads(health.stdout)["status"] == "ok", health.stderr
        for name in ("127.0.0.1", "localhost"):
            url = ready[1].replace("127.0.0.1", name)
            with Client(url, tls=TLS(ca=variables["VXDATA_CA_FILE"])) as client:
                assert client.health().status == "ok"
    finally:
        running.stop()


def test_the_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "certs"
    dev(folder, ["data.example.org"], "ada", 30)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert sorted(path.name for path in folder.iterdir()) == [
        *("ca.pem", "client.key", "client.pem", "server.key", "server.pem")
    ]
    client, server = folder / "client.pem", folder / "server.pem"
    openssl("verify", "-CAfile", folder / "ca.pem", client, server)
    assert "CN = ada" in openssl("x509", "-in", client, "-noout", "-subject")
    assert "DNS:data.example.org" in openssl("x509", "-in", server, "-noout", "-text")


def test_files_that_are_there_stay_and_are_told_of_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dev(tmp_path, client="ada")
    before, told = {path: path.read_bytes() for path in tmp_path.iterdir()}, capsys.readouterr()
    dev(tmp_path)
    again = capsys.readouterr()
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert again.out == told.out
    assert again.err.endswith(told.err)
    assert '{"ada": "reader"}' in again.err
    assert "which are kept" in again.err


def test_a_file_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("of another program", encoding="utf-8")
    with pytest.raises(FileExistsError):
        dev(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["ca.pem"]
    assert (tmp_path / "ca.pem").read_text(encoding="utf-8") == "of another program"


def test_other_machines_are_not_listened_to_unless_it_is_said() -> None:
    env = {"VXDATA_DATABASE_URI": "postgresql://nobody@127.0.0.1:1/none", "VXDATA_AUTHENTICATION": "off"}
    arguments = ("serve", "--host", "0.0.0.0", "--port", "0", "--http-port", "0")  # noqa: S104
    refused = vxdata(*arguments, env=env)
    assert refused.returncode == 1
    assert "InsecureListener: Other machines would reach 0.0.0.0, without encryption and " in refused.stderr
    said = vxdata(*arguments, "--insecure", env=env)
    assert "InsecureListener" not in said.stderr
    assert "listens_unprotected" in said.stderr
    assert "ServerUnavailable" in said.stderr


def test_settings_that_belong_together_are_named() -> None:
    with pytest.raises(ValidationError) as caught:
        Settings(tls_key=Path("server.key"))
    name, said = describe(caught.value)
    assert name == "InvalidSettings"
    assert said.startswith("VXDATA_*: tls_certificate")
    assert "tls_certificate and tls_key belong together" in said
