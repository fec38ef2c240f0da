"""The files of TLS: read and checked before anything listens.

gRPC says of a wrong file no more than that the server cannot start, and an expired certificate fails at the
clients first. So what can be wrong is looked for here, and named with the setting.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from vxdata.server.tls.errors import UnusableTlsFile

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

CERTIFICATE: Final = "VXDATA_TLS_CERTIFICATE"
KEY: Final = "VXDATA_TLS_KEY"
CLIENT_CA: Final = "VXDATA_TLS_CLIENT_CA"

OF_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
OF_OTHERS_IF_ROOT_OWNS: Final = stat.S_IWGRP | stat.S_IXGRP | stat.S_IRWXO
"""What nobody else may do with a key: PostgreSQL's rule. Root gives a key to the server by its group."""


@dataclass(frozen=True)
class TlsFiles:
    """The checked files of a server.

    Args:
        certificate_path: File of the certificate, followed by its intermediate certificates.
        key_path: File of its private key.
        certificate: Content of the first.
        key: Content of the second.
        client_authorities: Certificates of the authorities, one of which has to vouch for each client;
            None where clients need no certificates.
        expires: When the first of these certificates expires.
    """

    certificate_path: Path
    key_path: Path
    certificate: bytes
    key: bytes = field(repr=False)
    client_authorities: bytes | None
    expires: dt.datetime


def read_tls_files(
    certificate_path: Path, key_path: Path, client_ca_path: Path | None, now: dt.datetime
) -> TlsFiles:
    """Read the files of TLS, and check that they can be used.

    Args:
        certificate_path: File of the certificate chain, the server's own first, in PEM.
        key_path: File of the private key, in PEM.
        client_ca_path: File of the authorities of clients, in PEM; None where clients need no certificates.
        now: The present instant.

    Returns:
        The files.

    Raises:
        UnusableTlsFile: One cannot be read, is not PEM, has expired or does not fit, or others may read the
            key.
    """
    certificate = _read(CERTIFICATE, certificate_path)
    chain = _certificates(CERTIFICATE, certificate_path, certificate)
    for each in chain:
        _require_valid(CERTIFICATE, certificate_path, each, now)
    key = _read(KEY, key_path, is_secret=True)
    if _encoded(_public_key(key_path, key)) != _encoded(chain[0].public_key()):
        raise UnusableTlsFile(KEY, key_path, f"is not the key of the first certificate in {certificate_path}")
    authorities = None if client_ca_path is None else read_authorities(CLIENT_CA, client_ca_path, now)
    expires = min(each.not_valid_after_utc for each in chain)
    return TlsFiles(certificate_path, key_path, certificate, key, authorities, expires)


def _read(setting: str, path: Path, *, is_secret: bool = False) -> bytes:
    try:
        with path.open("rb") as file:
            if is_secret:
                _require_private(path, os.fstat(file.fileno()))
            return file.read()
    except OSError as error:
        raise UnusableTlsFile(setting, path, f"cannot be read: {error.strerror}") from None


def _require_private(path: Path, status: os.stat_result) -> None:
    """Check that nobody but the server may use a key."""
    refused = OF_OTHERS_IF_ROOT_OWNS if status.st_uid == 0 else OF_OTHERS
    if status.st_mode & refused:
        mode = stat.S_IMODE(status.st_mode)
        raise UnusableTlsFile(
            KEY, path, f"other users can use (mode {mode:04o}): allow it to its owner alone, with `chmod 600`"
        )


def _certificates(setting: str, path: Path, content: bytes) -> Sequence[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(content)
    except ValueError:
        raise UnusableTlsFile(setting, path, "holds no certificates in PEM") from None


def _require_valid(setting: str, path: Path, certificate: x509.Certificate, now: dt.datetime) -> None:
    name = certificate.subject.rfc4514_string() or "without a name"
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now > ends:
        raise UnusableTlsFile(setting, path, f"holds a certificate ({name}) that expired on {ends:%Y-%m-%d}")
    if now < begins:
        raise UnusableTlsFile(
            setting, path, f"holds a certificate ({name}) that is valid from {begins:%Y-%m-%d} on alone"
        )


def _public_key(path: Path, content: bytes) -> PublicKeyTypes:
    try:
        return load_pem_private_key(content, password=None).public_key()
    except TypeError:
        raise UnusableTlsFile(KEY, path, "is encrypted; gRPC needs a key without a passphrase") from None
    except ValueError:
        raise UnusableTlsFile(KEY, path, "holds no private key in PEM") from None


def _encoded(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def read_authorities(setting: str, path: Path, now: dt.datetime) -> bytes:
    """Read the certificates of authorities; of several, some may have expired.

    Args:
        setting: Environment variable that names the file.
        path: The file, in PEM.
        now: The present instant.

    Returns:
        The certificates in PEM, and nothing else.

    Raises:
        UnusableTlsFile: The file cannot be read, holds another certificate, or none that is valid.
    """
    found = _certificates(setting, path, _read(setting, path))
    if not all(map(_is_authority, found)):
        raise UnusableTlsFile(setting, path, "holds a certificate that is not of an authority")
    if all(each.not_valid_after_utc < now for each in found):
        _require_valid(setting, path, found[0], now)
    return b"".join(each.public_bytes(Encoding.PEM) for each in found)


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False
