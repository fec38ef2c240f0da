"""What a role can read of a schema, found out by reading it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vxdata.server.database.errors import Denied

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vxdata.server.database.pool import ConnectionPool


def require_readable(
    pool: ConnectionPool, schema: str, readable: Iterable[str], closed: Iterable[str]
) -> None:
    """Read tables and views without rows, and be refused by others.

    Args:
        pool: Connections of the role.
        schema: The schema.
        readable: Those that can be read.
        closed: Those that cannot.
    """
    with pool.connection() as connection:
        for name in readable:
            assert connection.rows(f'SELECT * FROM "{schema}".{name}') == []
        for name in closed:
            with pytest.raises(Denied):
                connection.rows(f'SELECT * FROM "{schema}".{name}')
