"""Tokens: how bearer tokens are made, and how they are compared with what is kept of them.

A token is ``vxd_<id>_<secret>``. The id finds it, and may be seen; the secret has 256 random bits, so a
plain SHA-256 keeps it: nobody can try them all.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import b32encode
from typing import Final

from pydantic import SecretStr

ID_BYTES: Final = 10
"""Random bytes of an id, which are 16 characters."""

SECRET_BYTES: Final = 32
"""Random bytes of a secret, which are 43 characters."""

MARK: Final = "vxd_"
"""What every token begins with, so that programs that look for leaked secrets find it."""

FORM: Final = re.compile(MARK + r"([a-z2-7]{16})_[A-Za-z0-9_-]{43}", re.ASCII)

NO_DIGEST: Final = "0" * 64
"""Digest that no token has: what is compared where an id is unknown, so that it takes as long."""


def new_token() -> SecretStr:
    """Make a token.

    Returns:
        Its text, which is not kept anywhere.
    """
    name = b32encode(secrets.token_bytes(ID_BYTES)).decode().lower()
    return SecretStr(f"{MARK}{name}_{secrets.token_urlsafe(SECRET_BYTES)}")


def id_of(token: str) -> str | None:
    """Read the id of a token.

    Args:
        token: Its text.

    Returns:
        The id; None if the text has not the form of a token.

    Example:
        >>> id_of("vxd_abcdefghijklmnop_" + 43 * "A"), id_of("abc")
        ('abcdefghijklmnop', None)
    """
    found = FORM.fullmatch(token)
    return None if found is None else found[1]


def digest_of(token: str) -> str:
    """Compute what is kept of a token.

    Args:
        token: Its text.

    Returns:
        SHA-256 of the whole text, hexadecimal.
    """
    return hashlib.sha256(token.encode()).hexdigest()


def is_token_of(token: str, digest: str) -> bool:
    """Compare a token with what is kept, in a time that does not depend on where they differ.

    Args:
        token: What a caller presents.
        digest: What is kept.

    Returns:
        Whether they belong together.
    """
    return hmac.compare_digest(digest_of(token), digest)
