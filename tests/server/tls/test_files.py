"""The files of TLS: what cannot be used is named before anything listens."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from tests.fixtures.certificates import HOSTS, Pair, openssl
from vxdata.server.config import Settings
from vxdata.server.tls.errors import UnusableTlsFile
from vxdata.server.tls.files import read_tls_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.fixtures.certificates import Pki


def in_a_minute() -> dt.datetime:
    """The certificates of the session are made when a test first asks for them, and hold from then on."""
    return dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1)


def read(pair: Pair, client_ca: Path | None = None, now: dt.datetime | None = None) -> str:
    """Read files that cannot be used, and return what is said of them."""
    with pytest.raises(UnusableTlsFile) as caught:
        read_tls_files(pair.certificate, pair.key, client_ca, now or in_a_minute())
    return str(caught.value)


def test_a_chain_is_read_as_it_is(pki: Pki) -> None:
    now = dt.datetime.now(dt.UTC)
    files = read_tls_files(pki.server.certificate, pki.server.key, pki.root.certificate, now)
    assert files.certificate.count(b"BEGIN CERTIFICATE") == 2
    assert files.client_authorities is not None
    assert files.client_authorities.count(b"BEGIN CERTIFICATE") == 1
    assert dt.timedelta(days=29) < files.expires - now < dt.timedelta(days=31)
    assert "PRIVATE" not in repr(files)


def test_the_key_of_another_certificate(pki: Pki) -> None:
    other = pki.issuing.issue("other-key", *HOSTS)
    assert "is not the key of the first certificate" in read(Pair(pki.server.certificate, other.key))


def test_an_expired_certificate(pki: Pki) -> None:
    said = read(pki.issuing.issue("expired-server", *HOSTS, subject="/CN=data", days=-1))
    assert said.startswith("VXDATA_TLS_CERTIFICATE names ")
    assert "holds a certificate (CN=data) that expired on 2" in said


def test_a_certificate_of_tomorrow(pki: Pki) -> None:
    assert "from " in read(pki.server, now=in_a_minute() - dt.timedelta(days=3))


def test_a_chain_with_an_expired_link(pki: Pki) -> None:
    assert "expired on" in read(pki.server, now=in_a_minute() + dt.timedelta(days=40))


@pytest.mark.parametrize("mode", [0o604, 0o620, 0o644, 0o602, 0o601])
def test_a_key_that_others_can_use(pki: Pki, tmp_path: Path, mode: int) -> None:
    key = tmp_path / "server.key"
    shutil.copyfile(pki.server.key, key)
    key.chmod(mode)
    said = read(Pair(pki.server.certificate, key))
    assert f"mode {mode:04o}" in said
    assert "chmod 600" in said


@pytest.mark.parametrize("mode", [0o400, 0o600, *([0o640] if os.getuid() == 0 else [])])
def test_a_key_for_the_server_alone(pki: Pki, tmp_path: Path, mode: int) -> None:
    """As PostgreSQL has it: root may give a key to the server by its group."""
    key = tmp_path / "server.key"
    shutil.copyfile(pki.server.key, key)
    key.chmod(mode)
    assert (
        read_tls_files(pki.server.certificate, key, None, dt.datetime.now(dt.UTC)).key
        == pki.server.key.read_bytes()
    )


def test_a_key_with_a_passphrase(pki: Pki, tmp_path: Path) -> None:
    key = tmp_path / "server.key"
    openssl("pkey", "-in", pki.server.key, "-aes256", "-passout", "pass:secret", "-out", key)
    key.chmod(0o600)
    assert "needs a key without a passphrase" in read(Pair(pki.server.certificate, key))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda pair: Pair(pair.key, pair.key), "holds no certificates in PEM"),
        (lambda pair: Pair(pair.certificate.parent / "none", pair.key), "cannot be read: No such file"),
        (lambda pair: Pair(pair.certificate.parent, pair.key), "cannot be read: Is a directory"),
    ],
    ids=["a key in its place", "nothing", "a folder"],
)
def test_no_certificate(pki: Pki, damage: Callable[[Pair], Pair], said: str) -> None:
    assert said in read(damage(pki.server))


def test_no_key(pki: Pki, tmp_path: Path) -> None:
    key = tmp_path / "server.key"
    key.write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", encoding="ascii")
    key.chmod(0o600)
    said = read(Pair(pki.server.certificate, key))
    assert said.startswith("VXDATA_TLS_KEY names ")
    assert "holds no private key in PEM" in said


def test_authorities_that_are_none(pki: Pki) -> None:
    said = read(pki.server, pki.server.certificate)
    assert said.startswith("VXDATA_TLS_CLIENT_CA names ")
    assert "is not of an authority" in said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"tls_certificate": "a"}, "tls_certificate and tls_key belong together"),
        ({"tls_key": "a"}, "tls_certificate and tls_key belong together"),
        ({"tls_client_ca": "a"}, "tls_client_ca needs tls_certificate"),
        ({"certificate_roles": {"a": "reader"}}, "certificate_roles needs tls_client_ca"),
        ({"certificate_roles": {"a": "king"}}, "Input should be 'reader'"),
        ({"oidc_issuer": "https://idp.example.org"}, "oidc_issuer needs oidc_audience"),
        ({"oidc_issuer": "http://idp.example.org", "oidc_audience": ["a"]}, "begins with https://"),
        ({"oidc_jwks_url": "file:///etc/passwd"}, "begins with https://"),
        ({"oidc_algorithms": ["HS256"]}, "Input should be 'RS256'"),
        ({"oidc_algorithms": ["none"]}, "Input should be 'RS256'"),
        ({"oidc_algorithms": []}, "at least 1 item"),
    ],
)
def test_settings_that_do_not_fit(given: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings(**given)  # type: ignore[arg-type]
    assert said in str(caught.value)
