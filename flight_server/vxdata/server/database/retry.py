"""Retries: a part of a transaction that PostgreSQL aborted to end a deadlock is tried again.

Writers of VxData lock the commit clock before any row that others may lock, so they never meet in a
deadlock. An operator at a console, or a maintenance job, can lock rows first.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, TypeVar

import structlog

from vxdata.server.database.errors import TransactionConflict

if TYPE_CHECKING:
    from collections.abc import Callable

    from vxdata.server.database.connection import Connection

MAX_ATTEMPTS: Final = 3
"""Attempts at a part of a transaction before its conflict is raised."""

PAUSE_SECONDS: Final = 0.1
"""Seconds before the next attempt, in which the other transaction gets the lock it waits for."""

log = structlog.get_logger(__name__)
Value = TypeVar("Value")


def retry_on_conflict(connection: Connection, act: Callable[[], Value]) -> Value:
    """Run a part of a transaction, again if it meets a deadlock or a serialisation failure.

    Each attempt but the last is made within a savepoint. Going back to it undoes the attempt and gives up
    the locks that it took, so that the other transaction can end; what was done before, such as the
    staging of an upload, stays.

    Args:
        connection: A connection in a transaction.
        act: The part, including the locks that it takes.

    Returns:
        The value of `act`.

    Raises:
        TransactionConflict: The last attempt failed as well.
    """
    for number in range(1, MAX_ATTEMPTS):
        try:
            with connection.savepoint():
                return act()
        except TransactionConflict as conflict:
            log.info("attempt_undone", number=number, sqlstate=conflict.sqlstate)
            time.sleep(PAUSE_SECONDS)
    return act()
