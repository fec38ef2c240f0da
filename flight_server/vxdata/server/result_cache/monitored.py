"""What the monitor does to a shared query: end it when all its callers have gone, or free its connection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vxdata.server.database.monitor import Cancellable
    from vxdata.server.result_cache.shared_query import SharedQuery
    from vxdata.server.result_cache.write_aside import WriteAside


@dataclass(frozen=True)
class CancellableQuery:
    """A statement and the query that shares its batches, as one thing that the monitor can cancel.

    Args:
        statement: The statement in PostgreSQL.
        query: The query that shares its batches.
    """

    statement: Cancellable
    query: SharedQuery

    def cancel(self) -> None:
        """End the query; while a fetch is under way, cancel its statement instead."""
        if not self.query.give_up():
            self.statement.cancel()


@dataclass(frozen=True)
class StalledQuery:
    """A query that the monitor writes aside, in place of cancelling it.

    Args:
        query: The query.
        write_aside: Decides when.
    """

    query: SharedQuery
    write_aside: WriteAside

    def is_due(self) -> bool:
        """Return whether it has to give its connection back now."""
        return self.write_aside.is_due(self.query)

    def cancel(self) -> None:
        """Write it aside."""
        self.write_aside.run(self.query)
