"""Uploads that are in progress when their token is revoked, is made anew, or expires."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pyarrow.flight as fl
import pytest

from tests.server.support import batch, ipc, section, until
from vxdata.schemas.identity import EVERYTHING, Role
from vxdata.schemas.wire import UPLOAD_SCHEMA, CommitMarker, WireError, WriteCommand
from vxdata.server.identities.token_store import TokenStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from vxdata.server.app import Server
    from vxdata.server.database.pool import ConnectionPool

SECONDS = 5
"""How long a token holds that expires while it is used."""


@pytest.fixture
def store(database: ConnectionPool) -> TokenStore:
    return TokenStore(database)


def uploaded(server: Server, token: str, name: str, meanwhile: Callable[[], object]) -> None:
    """Upload a data source; something happens between its row and its marker."""
    options = fl.FlightCallOptions(headers=[(b"authorization", f"Bearer {token}".encode())])
    descriptor = fl.FlightDescriptor.for_command(WriteCommand(verb="create").to_bytes())
    row = {"identifier": name, "license": "x"}
    until(lambda: status_of(server, token) == 200, "the token is known")
    with closing(fl.connect(server.flight_url)) as raw:
        writer, answers = raw.do_put(descriptor, UPLOAD_SCHEMA, options)
        writer.write_batch(section("datasource", ipc(batch("datasource", [row]))))
        until(lambda: server.admission.in_progress, "the upload has begun")
        meanwhile()
        writer.write_metadata(CommitMarker(rows=1).to_bytes())
        writer.done_writing()
        answers.read()
        writer.close()


def status_of(server: Server, token: str) -> int:
    header = {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{server.http_url}/v1/session", headers=header, trust_env=False).status_code


def is_written(database: ConnectionPool, name: str) -> bool:
    statement = f"SELECT 1 AS one FROM vxdata.datasource WHERE identifier = '{name}'"
    with database.connection() as connection:
        return bool(connection.rows(statement))


@pytest.mark.parametrize("change", ["revoke", "rotate"])
def test_one_whose_token_is_revoked_commits_nothing(
    guarded: Server, store: TokenStore, database: ConnectionPool, unique: str, change: str
) -> None:
    token, name = store.create(unique, Role.WRITER, EVERYTHING).get_secret_value(), f"datasource/{unique}"
    meanwhile: Any = {"revoke": store.revoke, "rotate": store.rotate}[change]
    with pytest.raises(fl.FlightUnauthenticatedError) as caught:
        uploaded(guarded, token, name, lambda: meanwhile(unique))
    assert WireError.model_validate_json(caught.value.extra_info).code == "NOT_AUTHENTICATED"
    assert not is_written(database, name)


def test_one_whose_token_expires_is_not_lost(
    guarded: Server, store: TokenStore, database: ConnectionPool, unique: str
) -> None:
    ends = datetime.now(UTC) + timedelta(seconds=SECONDS)
    token, name = (
        store.create(unique, Role.WRITER, EVERYTHING, ends).get_secret_value(),
        f"datasource/{unique}",
    )
    uploaded(
        guarded, token, name, lambda: until(lambda: status_of(guarded, token) == 401, "the token has expired")
    )
    assert is_written(database, name)
