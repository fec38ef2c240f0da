"""TLS as strangers meet it, at both ports: curl, openssl's client, httpx, and clients that trust others."""

from __future__ import annotations

import re
import subprocess
import threading
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.fixtures.certificates import HOSTS, encrypted
from vxdata.schemas.errors import HandshakeFailed, ServerUnavailable
from vxdata.sdk import TLS, Client
from vxdata.server.app import Server
from vxdata.server.tls.errors import InsecureListener, UnusableTlsFile

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fixtures.certificates import Pki
    from vxdata.server.config import Settings

OLD = ("-cipher", "ALL:@SECLEVEL=0")
"""openssl's client itself refuses old versions and weak ciphers unless it is told not to."""

GREETED = re.compile(r"SSL handshake has read \d+ bytes and written [1-9]")
"""The client itself was willing."""

PORTS: dict[str, Callable[[Server], str]] = {
    "flight": lambda server: server.flight_url.rpartition("/")[2],
    "http": lambda server: server.http_url.rpartition("/")[2],
}

both_ports = pytest.mark.parametrize("place", PORTS.values(), ids=PORTS.keys())


def handshake(place: str, pki: Pki, *arguments: str) -> tuple[bool, str]:
    """Have openssl's client connect; tell whether there was a handshake, and what it said."""
    command = ["openssl", "s_client", "-connect", place, "-CAfile", str(pki.root.certificate)]
    done = subprocess.run(
        [*command, "-verify_return_error", *arguments],
        input="",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return "Cipher is (NONE)" not in done.stdout, done.stdout + done.stderr


def why(url: str, tls: TLS | None) -> str:
    """Connect in vain, and return why."""
    with Client(url, tls=tls) as client, pytest.raises(HandshakeFailed) as caught:
        client.health()
    assert not caught.value.retryable
    assert caught.value.details["base_url"] == url
    return caught.value.message


class TestWhatIsSpoken:
    @both_ports
    @pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
    def test_modern_versions(
        self, tls_server: Server, pki: Pki, place: Callable[[Server], str], version: str
    ) -> None:
        has_connected, said = handshake(place(tls_server), pki, version)
        assert has_connected, said
        assert "Verify return code: 0 (ok)" in said

    @both_ports
    @pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
    def test_no_old_versions(
        self, tls_server: Server, pki: Pki, place: Callable[[Server], str], version: str
    ) -> None:
        has_connected, said = handshake(place(tls_server), pki, version, *OLD)
        assert not has_connected
        assert GREETED.search(said), said

    @both_ports
    @pytest.mark.parametrize(
        "ciphers", ["AES128-SHA", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "aNULL", "eNULL"]
    )
    def test_no_weak_ciphers(
        self, tls_server: Server, pki: Pki, place: Callable[[Server], str], ciphers: str
    ) -> None:
        arguments = ("-tls1_2", "-cipher", f"{ciphers}:@SECLEVEL=0")
        has_connected, said = handshake(place(tls_server), pki, *arguments)
        assert not has_connected
        assert GREETED.search(said), said

    @both_ports
    def test_a_strong_one(self, tls_server: Server, pki: Pki, place: Callable[[Server], str]) -> None:
        arguments = ("-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384")
        has_connected, said = handshake(place(tls_server), pki, *arguments)
        assert has_connected, said


class TestHttp:
    def test_curl(self, tls_server: Server, pki: Pki) -> None:
        command = ["curl", "--silent", "--show-error", "--noproxy", "*", f"{tls_server.http_url}/livez"]
        trusting = [*command, "--cacert", str(pki.root.certificate)]
        done = subprocess.run(trusting, capture_output=True, text=True, timeout=60, check=True)
        assert done.stdout == '{"status":"ok"}'
        refused = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert refused.returncode == 60  # the certificate cannot be verified
        assert refused.stdout == ""

    def test_what_is_not_tls_gets_nothing(self, tls_server: Server) -> None:
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"{tls_server.http_url}/livez".replace("https", "http"), trust_env=False, timeout=60)

    def test_addresses_say_that_they_are_encrypted(self, tls_server: Server, pki: Pki) -> None:
        url = f"{tls_server.http_url}/v1/plans"
        assert url.startswith("https://127.0.0.1:")
        command = ["curl", "--fail-with-body", "--silent", "--noproxy", "*", "--cacert"]
        command += [str(pki.root.certificate), "--json", '{"type": "volume"}', url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        assert tls_server.flight_url in done.stdout
        assert f"{tls_server.http_url}/v1/query" in done.stdout


class TestClients:
    def test_who_trusts_the_authority_reads(self, tls_server: Server, pki: Pki) -> None:
        assert tls_server.flight_url.startswith("grpc+tls://127.0.0.1:")
        with Client(tls_server.flight_url, tls=TLS(ca=pki.root.certificate)) as client:
            assert client.health().unprotected == []
            assert client.volumes.query().count() >= 0

    def test_the_environment_names_the_authority(
        self, tls_server: Server, pki: Pki, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("VXDATA_CA_FILE", str(pki.root.certificate))
        with Client(tls_server.flight_url) as client:
            assert client.health().status == "ok"

    def test_an_unknown_authority(self, tls_server: Server, pki: Pki) -> None:
        for tls in (TLS(ca=pki.foreign.certificate), None):
            assert "its authority is not trusted here" in why(tls_server.flight_url, tls)

    def test_another_name(self, pki: Pki, settings: Settings) -> None:
        pair = pki.issuing.issue("elsewhere", "DNS:data.example.org")
        with Server(encrypted(settings, pair)) as elsewhere:
            said = why(elsewhere.flight_url, TLS(ca=pki.root.certificate))
            assert "for other names than the one in the address" in said
            tls = TLS(ca=pki.root.certificate, server_name="data.example.org")
            with Client(elsewhere.flight_url, tls=tls) as client:
                assert client.health().status == "ok"

    def test_without_tls(self, tls_server: Server) -> None:
        url = tls_server.flight_url.replace("grpc+tls", "grpc")
        with Client(url, retry_seconds=0) as client, pytest.raises(ServerUnavailable) as caught:
            client.health()
        assert "If the server uses TLS, its address begins with grpc+tls://" in caught.value.message


class TestStart:
    def test_an_expired_certificate_keeps_a_server_from_starting(self, settings: Settings, pki: Pki) -> None:
        pair = pki.issuing.issue("expired", *HOSTS, days=-1)
        with pytest.raises(UnusableTlsFile, match="expired on"):
            Server(encrypted(settings, pair))

    def test_other_machines_are_not_listened_to_without_protection(self, settings: Settings) -> None:
        with pytest.raises(InsecureListener, match="without encryption and authentication") as caught:
            Server(settings.model_copy(update={"host": "0.0.0.0", "authentication": "off"}))  # noqa: S104
        assert "--insecure" in str(caught.value)

    def test_unless_it_is_said(self, settings: Settings, pki: Pki) -> None:
        update = {"host": "0.0.0.0", "insecure": True, "authentication": "off"}  # noqa: S104
        with Server(encrypted(settings, pki.server, **update)) as server:
            url = server.flight_url.replace("0.0.0.0", "127.0.0.1")  # noqa: S104
            with Client(url, tls=TLS(ca=pki.root.certificate)) as client:
                assert client.health().unprotected == ["authentication"]


def test_a_certificate_is_renewed_by_a_restart(settings: Settings, pki: Pki) -> None:
    """A client that has reached the server waits for it, and is shown the new certificate."""
    ports = {"port": 0, "http_port": 0}
    with Server(encrypted(settings, pki.server, **ports)) as server:
        client = Client(server.flight_url, tls=TLS(ca=pki.root.certificate))
        assert client.health().status == "ok"
        ports["port"] = int(server.flight_url.rpartition(":")[2])
    found: list[int] = []
    asking = threading.Thread(target=lambda: found.append(client.volumes.query().count()))
    asking.start()
    renewed = pki.issuing.issue("renewed", *HOSTS, subject="/CN=renewed")
    with client, Server(encrypted(settings, renewed, **ports)) as server:
        asking.join()
        _, said = handshake(PORTS["flight"](server), pki)
        assert "CN = renewed" in said
    assert len(found) == 1
