"""The matrix: every door, asked by everybody, is open to those whose role has the right that it needs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.server.identities.asking import PASSED, RPCS, Clients, ask
from tests.server.identities.code_doors import flight_doors, flight_methods, http_doors
from vxdata.schemas.identity import EVERYTHING, Grants, Right, Role
from vxdata.server.identities.doors import DOORS
from vxdata.server.identities.token_store import TokenStore
from vxdata.server.identities.tokens import new_token

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.server.app import Server
    from vxdata.server.database.pool import ConnectionPool

NOBODIES = ("nobody", "wrong", "expired", "revoked")
ELSEWHERE = "reader-of-another-source"

Tokens = dict[str, str | None]


@pytest.fixture(scope="module")
def tokens(database: ConnectionPool) -> Tokens:
    """The token of each identity, by its name."""
    store = TokenStore(database)
    past = datetime.now(UTC) - timedelta(seconds=1)
    made = {role.value: store.create(role.value, role, EVERYTHING) for role in Role}
    made[ELSEWHERE] = store.create(ELSEWHERE, Role.READER, Grants(read=("datasource/other",)))
    made["expired"] = store.create("expired", Role.ADMINISTRATOR, EVERYTHING, past)
    made["revoked"] = store.create("revoked", Role.ADMINISTRATOR, EVERYTHING)
    store.revoke("revoked")
    made["wrong"] = new_token()
    return {"nobody": None, **{name: token.get_secret_value() for name, token in made.items()}}


@pytest.fixture(scope="module")
def clients(guarded: Server) -> Iterator[Clients]:
    with Clients.of(guarded.flight_url, guarded.http_url) as connected:
        yield connected


def expected(identity: str, right: Right) -> str:
    if right is Right.NOTHING:
        return PASSED
    if identity in NOBODIES:
        return "NOT_AUTHENTICATED"
    role = Role.READER if identity == ELSEWHERE else Role(identity)
    return PASSED if role.has(right) else "NOT_PERMITTED"


def test_every_rpc_is_asked() -> None:
    assert set(RPCS) == flight_methods()


@pytest.mark.parametrize("identity", [*NOBODIES, ELSEWHERE, *Role])
def test_every_door_is_open_to_those_alone_who_have_the_right(
    identity: str, guarded: Server, clients: Clients, tokens: Tokens
) -> None:
    doors = sorted(flight_doors() | http_doors(guarded))
    found = {door: ask(clients, door, tokens[identity], identity) for door in doors}
    wanted = {door: expected(identity, DOORS[door]) for door in doors}
    wrong = {door: (code, wanted[door]) for door, code in found.items() if code != wanted[door]}
    assert not wrong
