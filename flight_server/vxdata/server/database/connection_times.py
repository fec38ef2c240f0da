"""The time that it may take to connect: libpq waits for ever for a server that accepts and says nothing.

Whoever connects holds a lock of the pool, so that calls which have connections would wait with it.
"""

from __future__ import annotations

import os
from typing import Final

CONNECT_SECONDS: Final = 10
"""Seconds for each address of the server, unless the URI or the environment says another number."""

NAME: Final = "connect_timeout"
"""What libpq calls it, in URIs and among keywords."""

VARIABLE: Final = "PGCONNECT_TIMEOUT"
"""The environment variable of libpq for it."""

SCHEMES: Final = ("postgresql://", "postgres://")
"""How URIs begin; other texts are lists of keywords and values."""


def with_connect_timeout(uri: str) -> str:
    """Limit the time that libpq takes to connect, unless it is limited.

    Args:
        uri: A connection URI, or keywords and values.

    Returns:
        The same with the limit.

    Example:
        >>> with_connect_timeout("postgresql://host/db"), with_connect_timeout("host=a")
        ('postgresql://host/db?connect_timeout=10', 'connect_timeout=10 host=a')
        >>> with_connect_timeout("postgresql://u:a?b@host/db?sslmode=require")
        'postgresql://u:a?b@host/db?sslmode=require&connect_timeout=10'
    """
    if NAME in uri or VARIABLE in os.environ:
        return uri
    limit = f"{NAME}={CONNECT_SECONDS}"
    if not uri.startswith(SCHEMES):
        return f"{limit} {uri}"
    if not _has_parameters(uri):
        return f"{uri}?{limit}"
    return f"{uri}{limit}" if uri.endswith(("?", "&")) else f"{uri}&{limit}"


def _has_parameters(uri: str) -> bool:
    """Whether a URI has parameters, as libpq reads it: a password before the `@` may have question marks."""
    rest = uri.partition("://")[2]
    user, at, behind = rest.partition("@")
    return "?" in (behind if at and "/" not in user else rest)
