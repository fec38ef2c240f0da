"""Addresses of servers: what is one, and which way leads there."""

from __future__ import annotations

import os
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit
from urllib.request import proxy_bypass

from vxdata.schemas.errors import InvalidRequest

EXAMPLE: Final = "grpc://127.0.0.1:8815"

_SCHEMES: Final = ("grpc", "grpc+tcp", "grpc+tls", "grpc+unix")

_PROXY_VARIABLES: Final = ("grpc_proxy", "https_proxy", "http_proxy")
"""In this order gRPC looks at them: https://grpc.github.io/grpc/core/md_doc_environment_variables.html."""


@dataclass(frozen=True)
class Address:
    """The address of a server.

    Args:
        url: As it was given.
        host: Name or number of the machine; None for a socket in the file system.
        uses_tls: Whether the connection is encrypted.
        port: On which the server listens; None for a socket in the file system.
    """

    url: str
    host: str | None
    uses_tls: bool
    port: int | None = None

    @property
    def is_local(self) -> bool:
        """Whether the server is on this machine."""
        if self.host is None or self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def proxy(self) -> str | None:
        """The proxy on the way, as `variable=address` without credentials; None if there is none."""
        if self.is_local or proxy_bypass(str(self.host)):
            return None
        for name in _PROXY_VARIABLES:
            if found := os.environ.get(name):
                return f"{name}={_without_credentials(found)}"
        return None


def address_of(url: str) -> Address:
    """Read an address.

    Args:
        url: Such as ``grpc://127.0.0.1:8815``, ``grpc+tls://data.example.org:8815``, or
            ``grpc+unix:///run/vxdata.sock``.

    Returns:
        Its parts.

    Raises:
        InvalidRequest: It has no scheme of Arrow Flight, or lacks host, port or path, or has more than those.

    Example:
        >>> address_of("grpc+tls://data.example.org:8815").host
        'data.example.org'
    """
    parts = _split(url)
    if "://" not in url:
        whole = url if ":" in url else f"{url}:8815"
        raise _refusal(url, f"has no scheme: write 'grpc://{whole}', or grpc+tls:// if the server uses TLS")
    if parts.scheme not in _SCHEMES:
        schemes = ", ".join(f"{scheme}://" for scheme in _SCHEMES)
        raise _refusal(url, f"must begin with one of {schemes}, as in {EXAMPLE}")
    if parts.scheme == "grpc+unix":
        if not parts.path or parts.netloc:
            raise _refusal(url, "names no socket by a full path, as in grpc+unix:///run/vxdata.sock")
        return Address(url, None, uses_tls=False)
    if not parts.hostname:
        raise _refusal(url, f"names no host, as in {EXAMPLE}")
    port = _port(url, parts)
    if port is None:
        raise _refusal(url, f"names no port: servers listen on 8815 by default, as in {EXAMPLE}")
    if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise _refusal(url, f"holds more than a scheme, a host and a port, as in {EXAMPLE}")
    return Address(url, parts.hostname, uses_tls=parts.scheme == "grpc+tls", port=port)


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise _refusal(url, f"is no address such as {EXAMPLE}: {error}") from None


def _port(url: str, parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError as error:
        raise _refusal(url, f"is no address such as {EXAMPLE}: {error}") from None


def _refusal(url: str, problem: str) -> InvalidRequest:
    shown = _without_credentials(url)[:200]
    return InvalidRequest(f"base_url {shown!r} {problem}.", base_url=shown)


def _without_credentials(url: str) -> str:
    """An address without a user's name and password, with a scheme or without."""
    scheme, separator, rest = url.rpartition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"
