"""Two logins, one for reads and one for writes: which of them PostgreSQL refuses is told."""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING

import httpx
import pytest
from pydantic import SecretStr

from vxdata.cli.running import upgrade_database
from vxdata.schemas.errors import ServerUnavailable
from vxdata.sdk import Client
from vxdata.server.app import Server
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.database.reading_role import role_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vxdata.server.config import Settings
    from vxdata.server.embedded import EmbeddedStack

SECRET = "s3kret"


def with_role(uri: SecretStr, role: str, password: str) -> SecretStr:
    return SecretStr(re.sub("//[^@]*@", f"//{role}:{password}@", uri.get_secret_value()))


@pytest.fixture
def owner(admin: ConnectionPool, unique: str) -> Iterator[str]:
    """A role whose login a test may close."""
    name = f"owner_{unique}"
    with admin.connection() as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{SECRET}'")
        connection.execute(f"GRANT SET ON PARAMETER temp_file_limit TO {name}")
    yield name
    with admin.connection() as connection:
        connection.execute(f"REVOKE SET ON PARAMETER temp_file_limit FROM {name}", f"DROP ROLE {name}")


@pytest.fixture
def uris(
    admin: ConnectionPool, owner: str, stack: EmbeddedStack, new_database: Callable[[], SecretStr]
) -> Iterator[tuple[SecretStr, SecretStr]]:
    """A database with all tables: for its owner, and for the reading role."""
    uri = new_database().get_secret_value()
    name = uri.partition("@/")[2].partition("?")[0]
    with admin.connection() as connection:
        connection.execute(f'ALTER DATABASE "{name}" OWNER TO {owner}')
    own = with_role(SecretStr(uri), owner, SECRET)
    read = SecretStr(stack.postgres_read_uri.get_secret_value().replace("@/vxdata?", f"@/{name}?"))
    upgrade_database(own, read)
    yield own, read
    with admin.connection() as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')  # the fixture that has made it drops it


def test_health_names_the_login_that_is_closed(
    settings: Settings, admin: ConnectionPool, owner: str, uris: tuple[SecretStr, SecretStr]
) -> None:
    own, read = uris
    here = settings.model_copy(update={"database_uri": own, "read_uri": read, "cache_dir": None})
    with (
        Server(here) as server,
        Client(server.flight_url, retry_seconds=0) as client,
        httpx.Client(base_url=server.http_url, trust_env=False, timeout=30) as http,
    ):
        assert http.get("/readyz").status_code == 200
        with admin.connection() as connection:
            connection.execute(f"ALTER ROLE {owner} NOLOGIN")
            ended = (
                f"SELECT pg_terminate_backend(pid, 5000) AS e FROM pg_stat_activity WHERE usename = '{owner}'"
            )
            assert all(row["e"] for row in connection.rows(ended))
        found = http.get("/readyz")
        assert (found.status_code, found.json()["down"]) == (503, ["database for writes"])
        with pytest.raises(ServerUnavailable, match="The database for writes cannot be reached") as caught:
            client.health()
        assert caught.value.details["down"] == ["database for writes"]
        with admin.connection() as connection:
            connection.execute(f"ALTER ROLE {owner} LOGIN")
        assert http.get("/readyz").status_code == 200


def test_the_login_that_is_refused_is_told(uris: tuple[SecretStr, SecretStr], owner: str) -> None:
    own, read = uris
    wrong = with_role(own, owner, "wr0ng"), with_role(read, "vxdata_read", "wr0ng")
    for given, told in (
        ((own, wrong[1]), r"by the login for reads \(VXDATA_READ_URI\)"),
        ((wrong[0], read), r"by the login for writes \(VXDATA_DATABASE_URI\)"),
    ):
        with pytest.raises(ServerUnavailable, match=f"cannot be reached {told}") as caught:
            ConnectionPool(given[0], read_uri=given[1], size=1)
        assert "wr0ng" not in f"{caught.value!r} {caught.value.__cause__!r}"
    with pytest.raises(ServerUnavailable, match=r"by the login for reads \(VXDATA_READ_URI\)"):
        role_of(wrong[1])


def test_one_login_is_that_of_everything(uris: tuple[SecretStr, SecretStr], owner: str) -> None:
    with pytest.raises(ServerUnavailable, match=r"The database cannot be reached\."):
        ConnectionPool(with_role(uris[0], owner, "wr0ng"), size=1)
    with (
        closing(ConnectionPool(uris[0], size=1)) as one,
        closing(ConnectionPool(uris[0], read_uri=uris[1], size=1)) as two,
    ):
        assert (one.has_two_logins, two.has_two_logins) == (False, True)
