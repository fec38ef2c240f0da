"""The TLS of HTTP: as modern as that of gRPC, and with the same demands on clients."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from vxdata.server.tls.files import TlsFiles

CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2: forward secrecy and authenticated encryption alone, which are those of gRPC. TLS 1.3 has
no others."""


def http_context(files: TlsFiles) -> ssl.SSLContext:
    """Make the TLS context of the HTTP listener.

    Args:
        files: The checked files.

    Returns:
        A context for TLS 1.2 and 1.3 that asks clients for certificates if there are authorities for them.

    Raises:
        ssl.SSLError: The files have changed since they were checked, and do not fit any more.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.set_alpn_protocols(["http/1.1"])
    context.load_cert_chain(files.certificate_path, files.key_path)
    if files.client_authorities is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=files.client_authorities.decode("ascii"))
    return context
