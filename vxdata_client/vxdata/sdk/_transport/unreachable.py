"""Why nothing answers: what gRPC says of it, in words that tell what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from vxdata.sdk._transport.address import Address

REFUSED: Final = "the connection was refused"

# As gRPC 1.7x, which pyarrow brings, words them; the first that is found counts.
_REASONS: Final = (
    (r"Connection refused", REFUSED),
    (r"Domain name not found|address lookup failed|DNS resolution failed", "the host name is unknown"),
    (r"wrong version number|WRONG_VERSION_NUMBER", "the server there does not use TLS; try grpc://"),
    (r"CERTIFICATE_VERIFY_FAILED|certificate verify failed", "its certificate is not trusted"),
    (r"Ssl handshake failed", "the TLS handshake failed"),
    (r"http1\.x server", "a web server answers there; is this the port of Arrow Flight?"),
    (r"No such file or directory", "there is no such socket"),
    (r"Permission denied", "the socket may not be used"),
    (r"No route to host|Network is unreachable", "the network has no way there"),
    (r"[Cc]onnect(ion)? timed? ?out|FD Shutdown", "the connection took too long"),
    (r"Socket closed|Connection reset|recvmsg|Broken pipe", "the connection was closed"),
)


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
    if reason == "the connection was closed" and not address.uses_tls:
        return ". If the server uses TLS, its address begins with grpc+tls://."
    if reason in {"", REFUSED} and address.is_local:
        return ". Is the server running? (`vxdata up` starts one.)"
    return "."
