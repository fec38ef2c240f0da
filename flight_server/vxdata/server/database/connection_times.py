"""The times of a connection: how long libpq waits for a server that says nothing; by itself, for ever.

Whoever connects holds a lock of the pool, so that calls which have connections would wait with it. And where
the machine of the server has vanished, statements that were sent to it would never end.
"""

from __future__ import annotations

import os
from typing import Final

CONNECT_SECONDS: Final = 10
"""Seconds to connect, for each address of the server."""

CONNECT_VARIABLE: Final = "PGCONNECT_TIMEOUT"
"""The environment variable of libpq for it."""

SILENT: Final = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
"""After 30 seconds of silence the other machine is asked for a sign of life, every 10 seconds. The connection
is lost when three were not answered. `tcp_user_timeout` would also end one to a server that is alive but
reads nothing for a while, as on a disk that stalls."""

SCHEMES: Final = ("postgresql://", "postgres://")
"""How URIs begin; other texts are lists of keywords and values."""


def with_times(uri: str) -> str:
    """Limit how long libpq waits, where nobody has said how long.

    The limits stand before all that is there: libpq takes the last of several.

    Args:
        uri: A connection URI, or keywords and values.

    Returns:
        The same with the limits.

    Example:
        >>> with_times("postgresql://u:a?b@host/db?connect_timeout=3")  # doctest: +ELLIPSIS
        'postgresql://u:a?b@host/db?connect_timeout=10&keepalives_idle=30&...&connect_timeout=3'
        >>> with_times("host=a")  # doctest: +ELLIPSIS
        'connect_timeout=10 keepalives_idle=30 ... host=a'
    """
    connecting = {} if CONNECT_VARIABLE in os.environ else {"connect_timeout": CONNECT_SECONDS}
    limits = [f"{name}={value}" for name, value in (connecting | SILENT).items()]
    if not uri.startswith(SCHEMES):
        return " ".join([*limits, uri])
    place, parameters = _divided(uri)
    return f"{place}?{'&'.join([*limits, *filter(None, [parameters])])}"


def _divided(uri: str) -> tuple[str, str]:
    """Divide a URI at its parameters, as libpq does: a password before the `@` may have question marks."""
    user, at, behind = uri.partition("://")[2].partition("@")
    begin = len(uri) - len(behind) if at and "/" not in user else 0
    place, _, parameters = uri[begin:].partition("?")
    return uri[:begin] + place, parameters
