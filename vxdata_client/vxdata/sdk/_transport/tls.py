"""TLS of a client: whom it trusts, and the certificate that it shows."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vxdata.schemas.errors import InvalidRequest

if TYPE_CHECKING:
    from vxdata.sdk._transport.address import Address

File = str | os.PathLike[str]

CA_VARIABLE: Final = "VXDATA_CA_FILE"
CERTIFICATE_VARIABLE: Final = "VXDATA_CERTIFICATE_FILE"
KEY_VARIABLE: Final = "VXDATA_KEY_FILE"
"""Environment variables with the files of clients that are given none; servers have names of their own."""


@dataclass(frozen=True)
class TLS:
    """How a client connects to a server at a ``grpc+tls://`` address; files are read when it connects.

    Args:
        ca: File with the certificates of the authorities that may vouch for the server, in PEM; those of the
            system by default.
        certificate: File with the client's own certificate and those between it and its authority, in PEM,
            for servers that ask for one.
        key: File with the private key of that certificate, in PEM.
        server_name: Name that the server's certificate must have, in the place of the one in the address, for
            tunnels and addresses without a name.

    Raises:
        InvalidRequest: There is a certificate without a key, or a key without a certificate.

    Example:
        >>> TLS(ca="ca.pem", certificate="client.pem")
        Traceback (most recent call last):
        vxdata.schemas.errors.InvalidRequest: A certificate and its key belong together: give both.
    """

    ca: File | None = None
    certificate: File | None = None
    key: File | None = None
    server_name: str | None = None

    def __post_init__(self) -> None:
        """Check that nothing is missing."""
        if (self.certificate is None) != (self.key is None):
            msg = "A certificate and its key belong together: give both."
            raise InvalidRequest(msg)

    @classmethod
    def from_environment(cls) -> TLS:
        """Return what the environment names: VXDATA_CA_FILE, VXDATA_CERTIFICATE_FILE and VXDATA_KEY_FILE."""
        ca, certificate, key = (
            os.environ.get(name) or None for name in (CA_VARIABLE, CERTIFICATE_VARIABLE, KEY_VARIABLE)
        )
        return cls(ca, certificate, key)

    def arguments(self) -> dict[str, Any]:
        """Read the files.

        Returns:
            What `pyarrow.flight.connect` takes.

        Raises:
            InvalidRequest: A file cannot be read, or is not PEM; or the key is not that of the certificate.
        """
        found = {
            "tls_root_certs": _read("authorities", self.ca),
            "cert_chain": _read("certificate", self.certificate),
            "private_key": _read("private key", self.key),
            "override_hostname": self.server_name,
        }
        if self.certificate is not None and self.key is not None:
            _require_pair(self.certificate, self.key)
        return found


def tls_of(address: Address, given: TLS | None) -> TLS | None:
    """Choose the TLS of a connection.

    Args:
        address: Where it leads.
        given: What the user says; None for nothing.

    Returns:
        What is given, else what the environment says; None for an address without TLS.

    Raises:
        InvalidRequest: TLS is given for an address without it: the user would believe to be safe.
    """
    if address.uses_tls:
        return TLS.from_environment() if given is None else given
    if given is None:
        return None
    msg = f"{address.url} has no TLS, though some is given: begin the address with grpc+tls://."
    raise InvalidRequest(msg, base_url=address.url)


def _read(what: str, file: File | None) -> bytes | None:
    """Read a file in PEM; gRPC itself would say of a wrong one that no address leads to the server."""
    if file is None:
        return None
    try:
        content = Path(file).expanduser().read_bytes()
    except OSError as error:
        raise _refusal(what, file, f"cannot be read: {error.strerror}") from None
    if b"-----BEGIN " not in content:
        raise _refusal(what, file, "is not PEM")
    return content


def _require_pair(certificate: File, key: File) -> None:
    """Check that a key is that of a certificate; gRPC would say that no server answers."""
    paths = Path(certificate).expanduser(), Path(key).expanduser()
    try:
        # The password is for a key that has one: without it, OpenSSL would ask at the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(*paths, password="")
    except ssl.SSLError:
        problem = f"is not that of the certificate in {os.fspath(certificate)}, or has a passphrase"
        raise _refusal("private key", key, problem) from None


def _refusal(what: str, file: File, problem: str) -> InvalidRequest:
    return InvalidRequest(f"The file of the {what}, {os.fspath(file)}, {problem}.", path=os.fspath(file))
