"""The name in a client's certificate, read as gRPC reads it: both listeners know one client by one name.

gRPC's identity of a peer is the first subject alternative name of the kinds below, or the common name where
the certificate has none: https://grpc.github.io/grpc/cpp/classgrpc_1_1_auth_context.html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS: Final = frozenset({"DNS", "email", "URI", "IP Address"})


def certificate_name(certificate: Mapping[str, Any] | None) -> str:
    """Return the name of a client.

    Args:
        certificate: As `ssl.SSLSocket.getpeercert` describes it; None for a client without one.

    Returns:
        The name; empty for a client without a certificate, or without a name in it.

    Example:
        >>> certificate_name({"subject": ((("commonName", "pipeline"),),)})
        'pipeline'
        >>> certificate_name({"subjectAltName": (("DNS", "node1.example.org"), ("DNS", "node1"))})
        'node1.example.org'
    """
    found = certificate or {}
    alternatives = [value for kind, value in found.get("subjectAltName", ()) if kind in KINDS]
    common = [value for part in found.get("subject", ()) for kind, value in part if kind == "commonName"]
    return next(iter([*alternatives, *common]), "")
