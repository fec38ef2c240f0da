from __future__ import annotations

import socket
import ssl
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from cryptography import x509

from vxdata.server.embedded.certificates import Certificates, asks_for_certificate, make_certificates
from vxdata.server.embedded.ports import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def server(context: ssl.SSLContext | None, says: bytes) -> Iterator[int]:
    """A server that takes one connection, says something and closes it."""
    with socket.create_server((LOOPBACK, 0)) as listening:

        def serve() -> None:
            plain, _ = listening.accept()
            with plain:
                try:
                    taken = plain if context is None else context.wrap_socket(plain, server_side=True)
                    taken.sendall(says)
                    taken.recv(1)
                    taken.close()
                except (ssl.SSLError, ConnectionError):
                    return  # the client left, or was turned away

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


def tls(made: Certificates, folder: Path, verify: ssl.VerifyMode) -> ssl.SSLContext:
    (folder / "certificate").write_text(made.certificate)
    (folder / "key").write_text(made.key.get_secret_value())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate", folder / "key")
    context.load_verify_locations(cadata=made.authority)
    context.verify_mode = verify
    return context


def test_a_server_that_asks_for_a_certificate(tmp_path: Path) -> None:
    made = make_certificates()
    with server(tls(made, tmp_path, ssl.CERT_REQUIRED), b"") as port:
        assert asks_for_certificate(port, made.authority)


@pytest.mark.parametrize("says", [b"", b"welcome"])
def test_servers_that_do_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: bytes) -> None:
    monkeypatch.setattr("vxdata.server.embedded.certificates._ANSWER_TIMEOUT", 0.2)
    made, other = make_certificates(), make_certificates()
    with server(tls(made, tmp_path, ssl.CERT_NONE), says) as port:
        assert not asks_for_certificate(port, made.authority)
    with server(tls(other, tmp_path, ssl.CERT_REQUIRED), says) as port:
        assert not asks_for_certificate(port, made.authority)
    with server(None, says) as port:
        assert not asks_for_certificate(port, made.authority)


def test_no_date_ends_the_trust_and_no_two_runs_share_a_key() -> None:
    made, again = make_certificates(), make_certificates()
    for text in (made.authority, made.certificate):
        certificate = x509.load_pem_x509_certificate(text.encode())
        assert certificate.not_valid_before_utc.year == 1970
        assert certificate.not_valid_after_utc.year == 9999
    assert made.key != again.key
    assert made.authority != again.authority
    assert made.key.get_secret_value() not in repr(made)
