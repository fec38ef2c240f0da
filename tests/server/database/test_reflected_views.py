"""Reflection of views that several roles own: those are shown that can be read."""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING, Final

import pytest
from pydantic import SecretStr

from tests.server.database.readable import require_readable
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.database.reflection import read_schema
from vxdata.server.embedded.cluster import ROLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OURS: Final = (
    "CREATE SCHEMA data",
    "GRANT USAGE, CREATE ON SCHEMA data TO {other}",
    "CREATE TABLE data.ours (word text)",
    "CREATE VIEW data.ours_as_asked WITH (security_invoker) AS SELECT word FROM data.ours",
    "GRANT SELECT ON data.ours_as_asked TO {other}",
)
THEIRS: Final = (
    "CREATE TABLE data.theirs (word text)",
    "CREATE VIEW data.theirs_as_asked WITH (security_invoker) AS SELECT word FROM data.theirs",
    "CREATE VIEW data.above_ours AS SELECT word FROM data.ours_as_asked",
    "CREATE VIEW data.above_theirs AS SELECT word FROM data.theirs_as_asked",
    "CREATE VIEW data.given_away WITH (check_option = local) AS SELECT word FROM data.theirs",
    f"GRANT SELECT ON data.theirs_as_asked, data.above_ours, data.above_theirs, data.given_away TO {ROLE}",
    "REVOKE ALL ON data.given_away FROM CURRENT_USER",
)
READABLE: Final = {"ours", "ours_as_asked", "above_ours", "given_away"}
CLOSED: Final = {"theirs", "theirs_as_asked", "above_theirs"}


@pytest.fixture
def pool(
    admin: ConnectionPool, unique: str, new_database: Callable[[], SecretStr]
) -> Iterator[ConnectionPool]:
    """Connections to a database in which another role has tables and views too."""
    other, password = f"other_{unique}", "s3kret"
    uri = new_database()
    others = SecretStr(re.sub("//[^@]*@", f"//{other}:{password}@", uri.get_secret_value()))
    with admin.connection() as connection:
        connection.execute(f"CREATE ROLE {other} LOGIN PASSWORD '{password}'")
    with closing(ConnectionPool(uri, size=1)) as ours, closing(ConnectionPool(others, size=1)) as theirs:
        with ours.connection() as connection:
            connection.execute(*(each.format(other=other) for each in OURS))
        with theirs.connection() as connection:
            connection.execute(*THEIRS)
        yield ours
        with ours.connection() as connection:
            connection.execute("DROP SCHEMA data CASCADE")
    with admin.connection() as connection:
        connection.execute(f"DROP ROLE {other}")


def test_what_can_be_read_is_shown(pool: ConnectionPool) -> None:
    require_readable(pool, "data", READABLE, CLOSED)
    with pool.connection() as connection:
        assert {table.name for table in read_schema(connection, "data").tables} == READABLE
