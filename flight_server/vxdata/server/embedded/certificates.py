"""Certificates by which the parts of the S3 server know each other, and by which they refuse everybody else.

They are made anew for every run. The authority signs one certificate, then its key is dropped, so nobody can
ever get another one. The next run ends the trust, and no date does: the dates cover all of time, so that no
wrong clock can stop the server.
"""

from __future__ import annotations

import datetime as dt
import socket
import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pydantic import SecretStr

from vxdata.server.embedded.ports import LOOPBACK

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey

# Only a machine that is very busy takes longer than a moment.
_ANSWER_TIMEOUT = 60.0
# The beginning of HTTP/2, with empty settings: gRPC servers answer it, and HTTP servers do not understand it.
_GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
_FIRST_DAY = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_LAST_DAY = dt.datetime(9999, 12, 31, 23, 59, 59, tzinfo=dt.UTC)  # RFC 5280: "no expiration"


@dataclass(frozen=True)
class Certificates:
    """An authority, and the one certificate that it has signed; all in PEM."""

    authority: str
    certificate: str
    """For servers on the loopback address and for clients."""
    key: SecretStr
    """The private key of the certificate."""


def make_certificates() -> Certificates:
    """Make an authority, have it sign a certificate, and forget its key."""
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = _signed(
        "vxdata-authority",
        authority_key.public_key(),
        authority_key,
        (x509.BasicConstraints(ca=True, path_length=0), True),
        (_usage(for_authority=True), True),
        (x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()), False),
    )
    certificate = _signed(
        "vxdata-s3",
        key.public_key(),
        authority_key,
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (_usage(for_authority=False), True),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), False),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), False),
        (x509.SubjectAlternativeName([x509.IPAddress(ip_address(LOOPBACK))]), False),
    )
    return Certificates(_pem(authority), _pem(certificate), SecretStr(_key_pem(key)))


def asks_for_certificate(port: int, authority: str) -> bool:
    """Tell whether the server of a loopback port turns away who has no certificate.

    Args:
        port: a TCP port with a server.
        authority: PEM of the authority that signed the server's own certificate.

    Returns:
        False if it answers, is silent, or does not speak TLS under that authority.
    """
    # In TLS 1.3 the client is done before the server misses its certificate. What comes then is the answer.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(cadata=authority)
    with socket.create_connection((LOOPBACK, port), _ANSWER_TIMEOUT) as plain:
        try:
            encrypted = context.wrap_socket(plain, server_hostname=LOOPBACK)
        except OSError:
            return False
        with encrypted:
            try:
                encrypted.sendall(_GREETING)
                encrypted.recv(1)
            except (ssl.SSLError, ConnectionError):
                return True
            except TimeoutError:
                return False
            return False


def _signed(
    name: str,
    public_key: EllipticCurvePublicKey,
    authority_key: EllipticCurvePrivateKey,
    *extensions: tuple[x509.ExtensionType, bool],
) -> x509.Certificate:
    """Return a certificate of the authority; the extensions are each with whether they are critical."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name("vxdata-authority"))
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_FIRST_DAY)
        .not_valid_after(_LAST_DAY)
    )
    for extension, is_critical in extensions:
        builder = builder.add_extension(extension, critical=is_critical)
    return builder.sign(authority_key, hashes.SHA256())


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _usage(*, for_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not for_authority,
        key_cert_sign=for_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")


def _key_pem(key: EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode("ascii")
