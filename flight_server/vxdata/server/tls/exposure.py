"""Exposure: what a server lacks that listens to other machines."""

from __future__ import annotations

from typing import Final

from vxdata.server.loopback import is_loopback

ENCRYPTION: Final = "encryption"
AUTHENTICATION: Final = "authentication"


def missing_protection(host: str, *, is_encrypted: bool, is_authenticated: bool) -> tuple[str, ...]:
    """Tell what a server lacks for the machines that reach it.

    Args:
        host: The address it listens on.
        is_encrypted: Whether it speaks TLS.
        is_authenticated: Whether it asks callers who they are.

    Returns:
        `ENCRYPTION`, `AUTHENTICATION` or both; nothing on loopback, which no other machine reaches.

    Example:
        >>> missing_protection("0.0.0.0", is_encrypted=False, is_authenticated=True)
        ('encryption',)
        >>> missing_protection("127.0.0.1", is_encrypted=False, is_authenticated=False)
        ()
    """
    if is_loopback(host):
        return ()
    protections = {ENCRYPTION: is_encrypted, AUTHENTICATION: is_authenticated}
    return tuple(name for name, is_there in protections.items() if not is_there)
