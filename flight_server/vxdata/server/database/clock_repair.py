"""What an administrator does when a clock was wrong: say that it is right now, and set its stamps right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.server.database.connection import READ_WRITE
from vxdata.server.database.pool import Lane
from vxdata.sql.write import clock_repair

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.schemas.catalog.registry import Registry
    from vxdata.server.database.pool import ConnectionPool


def repair_clock(database: ConnectionPool, registry: Registry, *, restamp: bool) -> None:
    """Say that PostgreSQL's clock is right.

    Args:
        database: The database.
        registry: The payload types.
        restamp: Whether commits that are stamped ahead of it get the present instant, in their order.
            Otherwise later commits go on from there.
    """
    statements = clock_repair.restamp(registry) if restamp else clock_repair.trust()
    with database.connection(Lane.WRITE) as connection, connection.transaction(READ_WRITE):
        connection.rows(clock_repair.LOCK)
        connection.execute(*statements)


def describe_clock(database: ConnectionPool) -> Iterator[str]:
    """Yield lines that tell how the commit clock stands.

    Args:
        database: The database.
    """
    with database.connection(Lane.WRITE) as connection:
        (state,) = connection.rows(clock_repair.STATE)
        gaps = connection.rows("SELECT begins, ends FROM vxdata.clock_gap ORDER BY begins")
    yield f"PostgreSQL's clock: {state['now'].isoformat()}"
    yield f"last commit: number {state['version']}, {state['stamp'].isoformat()}"
    yield f"commits stamped ahead of the clock: {state['ahead']:,}"
    if state["ahead"]:
        right = state["last_right"]
        yield f"last commit before those: {'none' if right is None else right.isoformat()}"
    yield f"last said to be right: {'never' if state['vouched'] is None else state['vouched'].isoformat()}"
    yield from (f"gap: {gap['begins'].isoformat()} to {gap['ends'].isoformat()}" for gap in gaps)
