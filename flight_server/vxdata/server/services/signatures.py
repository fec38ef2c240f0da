"""Signatures: what lets the holder of an address read it until an instant, without being anybody."""

from __future__ import annotations

import hashlib
import hmac
import time

from vxdata.schemas.errors import AddressExpired, InvalidSignature


def sign(key: bytes, path: str, expires: int) -> str:
    """Sign an address.

    Args:
        key: The secret key of the database.
        path: What is addressed.
        expires: Seconds of Unix time until which the signature holds.

    Returns:
        64 hexadecimal digits.

    Example:
        >>> sign(b"key", "a.parquet", 0) == sign(b"key", "a.parquet", 1)
        False
    """
    return hmac.new(key, f"{path}\n{expires}".encode(), hashlib.sha256).hexdigest()


def require_signature(key: bytes, path: str, expires: int, signature: str) -> None:
    """Check the signature of an address.

    Args:
        key: The secret key of the database.
        path: What is addressed.
        expires: Seconds of Unix time, as the address states them.
        signature: The signature that the address states.

    Raises:
        InvalidSignature: It was made of another address or instant, or with another key.
        AddressExpired: It has held until now.
    """
    if not hmac.compare_digest(sign(key, path, expires).encode(), signature.encode()):
        msg = "The signature of the address does not belong to it: take the address as it was given."
        raise InvalidSignature(msg)
    if time.time() >= expires:
        msg = "The address has expired; ask for a new one by POST /v1/answers with sign_for."
        raise AddressExpired(msg, expires=expires)
