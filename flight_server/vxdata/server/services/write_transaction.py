"""The transaction of a write, which ends when its caller goes or the disk has no more room."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from vxdata.server.database.connection import READ_WRITE
from vxdata.server.database.errors import StatementCancelled
from vxdata.server.database.pool import Lane

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.server.call import Call
    from vxdata.server.database.connection import Connection
    from vxdata.server.database.monitor import CancellationMonitor
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.disk_guard import DiskGuard


@contextmanager
def write_transaction(
    database: ConnectionPool, monitor: CancellationMonitor, disk: DiskGuard, call: Call
) -> Iterator[Connection]:
    """Run a block in a transaction that writes.

    Args:
        database: Pool of connections.
        monitor: Cancels the statement if the caller goes, or the disk becomes nearly full.
        disk: The guard of the database's disk.
        call: The call, with its deadline.

    Yields:
        The connection.

    Raises:
        DiskFull: The disk has too little room, before the block or while it ran; nothing was written.
        ServerBusy: Too many others write, and none ended in time.
        RequestTimedOut: No connection became free before the deadline.
    """
    disk.require_room()
    try:
        with (
            database.connection(Lane.WRITE, caller=call.caller, deadline=call.deadline) as connection,
            monitor.watching(connection, lambda: call.is_cancelled() or disk.is_nearly_full()),
            connection.transaction(READ_WRITE),
        ):
            yield connection
    except StatementCancelled as cancelled:
        if call.is_cancelled() or not disk.is_nearly_full():
            raise
        raise disk.ended() from cancelled
