"""Why nothing answers: what gRPC says of it, in words that tell what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from vxdata.sdk._transport.address import Address

REFUSED: Final = "the connection was refused"
CLOSED: Final = "the connection was closed"

# As gRPC 1.7x, which pyarrow brings, words them; the first that is found counts.
_REASONS: Final = (
    (r"Connection refused", REFUSED),
    (r"Domain name not found|address lookup failed|DNS resolution failed", "the host name is unknown"),
    (r"Ssl handshake failed", "the TLS handshake was broken off"),
    (r"http1\.x server", "a web server answers there; is this the port of Arrow Flight?"),
    (r"No such file or directory", "there is no such socket"),
    (r"Permission denied", "the socket may not be used"),
    (r"No route to host|Network is unreachable", "the network has no way there"),
    (r"[Cc]onnect(ion)? timed? ?out|FD Shutdown", "the connection took too long"),
    (r"Socket closed|Connection reset|recvmsg|Broken pipe", CLOSED),
)

_HANDSHAKES: Final = (
    (r"wrong version number|WRONG_VERSION_NUMBER", "the server there does not use TLS; try grpc://"),
    (r"certificate has expired", "its certificate has expired; its operator must renew it"),
    (r"certificate is not yet valid", "its certificate is not valid yet; compare the clocks"),
    (
        r"local issuer certificate|self.signed certificate",
        "its authority is not trusted here; name the file of its certificate by VXDATA_CA_FILE or TLS(ca=…)",
    ),
    (r"not in peer certificate", "its certificate is for other names than the one in the address"),
    (r"(?i)certificate.verify.failed", "its certificate is not trusted"),
    (r"Ssl handshake failed.*TSI_PROTOCOL_FAILURE", "each side wants another TLS than the other"),
)


def handshake_problem(address: Address, said: str) -> str | None:
    """Say why there is no TLS with a server that answers; trying again would not help.

    Args:
        address: Its address.
        said: What gRPC says.

    Returns:
        One sentence; None if the handshake is not to blame.

    Example:
        >>> from vxdata.sdk._transport.address import address_of
        >>> handshake_problem(address_of("grpc+tls://data.example.org:88"), "… certificate has expired")
        'No TLS with grpc+tls://data.example.org:88: its certificate has expired; its operator must renew it.'
    """
    reason = next((words for pattern, words in _HANDSHAKES if re.search(pattern, said)), None)
    return None if reason is None else f"No TLS with {address.url}: {reason}."


def explain(address: Address, said: str, *, is_known: bool = False) -> str:
    """Say why a server cannot be reached.

    Args:
        address: Its address.
        said: What gRPC says.
        is_known: Whether the server has responded before, so that the address is right.

    Returns:
        One or two sentences.

    Example:
        >>> from vxdata.sdk._transport.address import address_of
        >>> explain(address_of("grpc://data.example.org:8815"), "… remote host: Connection refused")
        'Nothing answers at grpc://data.example.org:8815: the connection was refused.'
    """
    reason = next((words for pattern, words in _REASONS if re.search(pattern, said)), "")
    found = f": {reason}" if reason else ""
    proxy = f", by way of the proxy {address.proxy}" if address.proxy else ""
    return f"Nothing answers at {address.url}{found}{proxy}{'.' if is_known else _hint(address, reason)}"


def _hint(address: Address, reason: str) -> str:
    if reason.endswith("?"):
        return ""
    if reason == CLOSED and not address.uses_tls:
        return ". If the server uses TLS, its address begins with grpc+tls://."
    if reason == CLOSED and address.uses_tls:
        return (
            ". A server that asks clients for certificates does so without one that it trusts: give yours by "
            "Client(…, tls=TLS(certificate=…, key=…))."
        )
    if reason in {"", REFUSED} and address.is_local:
        return ". Is the server running? (`vxdata up` starts one.)"
    return "."
