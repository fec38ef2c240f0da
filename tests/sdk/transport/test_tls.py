"""TLS of a client: what is refused before it connects, and what copies of a client carry."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.fixtures.certificates import openssl
from vxdata.schemas.errors import InvalidRequest
from vxdata.sdk import TLS, Client, MemoryTransport
from vxdata.sdk._local import _environment

if TYPE_CHECKING:
    from tests.fixtures.certificates import Pki
    from vxdata.server.app import Server


def test_a_certificate_has_a_key() -> None:
    for given in ({"certificate": "client.pem"}, {"key": "client.key"}):
        with pytest.raises(InvalidRequest, match="belong together"):
            TLS(**given)


def test_tls_is_not_given_in_vain() -> None:
    with pytest.raises(InvalidRequest, match=r"has no TLS, though some is given: .* grpc\+tls://"):
        Client("grpc://127.0.0.1:8815", tls=TLS(ca="ca.pem"))
    with pytest.raises(InvalidRequest, match="its own address, timeout, compression, token and TLS"):
        Client(transport=MemoryTransport(), tls=TLS(ca="ca.pem"))


@pytest.mark.parametrize("name", ["VXDATA_CA_FILE", "VXDATA_CERTIFICATE_FILE"])
def test_the_environment_does_not_bind_clients_without_tls(
    server: Server, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "/nowhere.pem")
    with Client(server.flight_url) as client:
        assert client.health().status == "ok"


def test_files_that_cannot_be_used_are_named(tls_server: Server, tmp_path: Path) -> None:
    wrong = tmp_path / "ca.pem"
    wrong.write_text("no certificate", encoding="utf-8")
    for path, problem in ((tmp_path / "none.pem", "cannot be read: No such file"), (wrong, "is not PEM")):
        refused = pytest.raises(InvalidRequest, match=f"The file of the authorities, .* {problem}")
        with Client(tls_server.flight_url, tls=TLS(ca=path)) as client, refused as caught:
            client.health()
        assert caught.value.details == {"path": str(path)}


def test_a_key_of_another_certificate_is_named(mutual_server: Server, pki: Pki) -> None:
    one, other = (pki.issuing.issue(name, subject="/CN=pipeline") for name in ("one", "other"))
    tls = TLS(pki.root.certificate, one.certificate, other.key)
    refused = pytest.raises(InvalidRequest, match="is not that of the certificate in")
    with Client(mutual_server.flight_url, tls=tls) as client, refused as caught:
        client.health()
    assert caught.value.details == {"path": str(other.key)}


def test_a_key_with_a_passphrase_is_named(mutual_server: Server, pki: Pki, tmp_path: Path) -> None:
    pair = pki.issuing.issue("closed", subject="/CN=pipeline")
    closed = tmp_path / "closed.key"
    openssl("pkey", "-in", pair.key, "-aes256", "-passout", "pass:abcd", "-out", closed)
    tls = TLS(pki.root.certificate, pair.certificate, closed)
    refused = pytest.raises(InvalidRequest, match="or has a passphrase")
    with Client(mutual_server.flight_url, tls=tls) as client, refused:
        client.health()


def test_copies_know_the_files_and_not_their_content(
    mutual_server: Server, pki: Pki, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pki.root.folder)
    pair = pki.issuing.issue("copied", subject="/CN=pipeline")
    tls = TLS(Path(pki.root.certificate.name), pair.certificate.name, pair.key.name)
    with Client(mutual_server.flight_url, tls=tls) as client:
        assert client.health().status == "ok"
        content = pickle.dumps(client)
    assert b"PRIVATE KEY" not in content
    assert pair.key.name.encode() in content
    with pickle.loads(content) as copy:  # noqa: S301 - our own
        assert copy.health().status == "ok"


def test_a_server_of_ones_own_has_no_certificates_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VXDATA_TLS_CERTIFICATE", "VXDATA_TLS_KEY", "VXDATA_TLS_CLIENT_CA"):
        monkeypatch.setenv(name, "/nowhere.pem")
    monkeypatch.setenv("VXDATA_CERTIFICATE_ROLES", '{"a": "reader"}')
    monkeypatch.setenv("VXDATA_GRACE", "7")
    kept = {name for name in _environment() if name.startswith("VXDATA_")}
    assert "VXDATA_GRACE" in kept
    assert not any("TLS" in name or "CERTIFICATE" in name for name in kept)
