"""Columnar copies of a server: how far they are, and what they answer, as the server tells."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from vxdata.schemas.wire import CopiesHealth
    from vxdata.sdk import Client

PAUSE_SECONDS: Final = 0.005
"""Between two questions to the server, so that these take little of the time that copies need."""

LIMIT_SECONDS: Final = 1800.0
READY: Final = "ready"
"""The state in which every type has a copy."""

COPIES: Final = "duckdb"
"""The engine of the copies, by its name in health and explanations."""


class CopiesBehind(RuntimeError):
    """The copies have not applied a commit in time, or there are none."""


def await_copies(client: Client, version: int | None = None, limit: float = LIMIT_SECONDS) -> None:
    """Wait until the copies of all types hold a commit.

    Args:
        client: Of the server; nobody else is asked.
        version: Number of the commit; the last one of now if None.
        limit: Seconds after which waiting is given up.

    Raises:
        CopiesBehind: They do not hold it in time, or the server has none.
    """
    wanted = client.now().version if version is None else version
    ends = time.monotonic() + limit
    while not _holds(copies := health_of_copies(client), wanted):
        if time.monotonic() > ends:
            raise CopiesBehind(f"After {limit:.0f} s, the copies do not hold commit {wanted}: {copies}.")
        time.sleep(PAUSE_SECONDS)


def _holds(copies: CopiesHealth, wanted: int) -> bool:
    """Whether all copies are there, and hold a commit; the version is that of those that are there."""
    return copies.state == READY and copies.version >= wanted


def health_of_copies(client: Client) -> CopiesHealth:
    """How the copies of a server stand.

    Raises:
        CopiesBehind: The server keeps none.
    """
    copies = client.health().copies
    if copies is None:
        raise CopiesBehind("The server keeps no copies.")
    return copies


def answered_by_copies(client: Client) -> int:
    """How many plans the copies have answered since the server started."""
    return client.health().answers.get(COPIES, 0)
