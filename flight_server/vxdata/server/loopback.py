"""Loopback: which addresses lead to this machine alone."""

from __future__ import annotations

import ipaddress
from typing import Final

LOCALHOST: Final = "localhost"


def is_loopback(host: str) -> bool:
    """Tell whether an address can be reached from this machine alone.

    Args:
        host: An IP address without brackets, or a name.

    Returns:
        True for addresses of the loopback interface and for ``localhost``.

    Example:
        >>> [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "data.example.org")]
        [True, True, True, False, False]
    """
    if host == LOCALHOST:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
