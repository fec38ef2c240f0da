"""Signatures: they let whoever holds an address read it, on behalf of its signer, until an instant."""

from __future__ import annotations

import hashlib
import hmac
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vxdata.schemas.errors import AddressExpired, InvalidSignature
from vxdata.server.database.pool import Lane
from vxdata.sql.write import answers as statements

if TYPE_CHECKING:
    from vxdata.server.database.pool import ConnectionPool


@dataclass(frozen=True)
class SignedAddress:
    """An address with its signature, as a caller has written it.

    Args:
        path: What is addressed.
        expires: Seconds of Unix time until which the signature holds.
        signer: Public id of the signer's token; empty if the server does not ask callers who they are.
        signature: The signature.
    """

    path: str
    expires: int
    signer: str
    signature: str = field(repr=False)


def sign(key: bytes, path: str, expires: int, signer: str) -> SignedAddress:
    """Sign an address.

    Args:
        key: The secret key of the database.
        path: What is addressed.
        expires: Seconds of Unix time until which the signature holds.
        signer: Public id of the signer's token; empty without one.

    Returns:
        The address, with a signature of 64 hexadecimal digits.

    Example:
        >>> sign(b"key", "a.parquet", 0, "").signature == sign(b"key", "a.parquet", 1, "").signature
        False
    """
    signed = f"{path}\n{expires}\n{signer}".encode()
    return SignedAddress(path, expires, signer, hmac.new(key, signed, hashlib.sha256).hexdigest())


def require_signature(key: bytes, address: SignedAddress) -> None:
    """Check the signature of an address.

    Args:
        key: The secret key of the database.
        address: The address.

    Raises:
        InvalidSignature: It was made of another address, instant or signer, or with another key.
        AddressExpired: It has held until now.
    """
    made = sign(key, address.path, address.expires, address.signer)
    if not hmac.compare_digest(made.signature.encode(), address.signature.encode()):
        msg = "The signature of the address does not belong to it: take the address as it was given."
        raise InvalidSignature(msg)
    if time.time() >= address.expires:
        msg = "The address has expired; ask for a new one by POST /v1/answers with sign_for."
        raise AddressExpired(msg, expires=address.expires)


class Signatures:
    """Signs addresses, and checks signatures, by the key of a database.

    Args:
        database: Pool of connections to it.

    Raises:
        DatabaseError: The key cannot be read.
    """

    def __init__(self, database: ConnectionPool) -> None:
        """Read the key, which a database keeps for good."""
        with database.connection(Lane.PRIVATE) as connection:
            (row,) = connection.rows(statements.KEY)
        self._key: bytes = row["key"]

    def sign(self, path: str, expires: int, signer: str) -> SignedAddress:
        """Sign an address, as the function does.

        Args:
            path: What is addressed.
            expires: Seconds of Unix time until which the signature holds.
            signer: Public id of the signer's token; empty without one.
        """
        return sign(self._key, path, expires, signer)

    def require(self, address: SignedAddress) -> None:
        """Check the signature of an address.

        Args:
            address: The address.

        Raises:
            InvalidSignature: It was made of another address, instant or signer, or with another key.
            AddressExpired: It has held until now.
        """
        require_signature(self._key, address)
