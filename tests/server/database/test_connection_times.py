"""A server that says nothing: libpq gives it up, and all waits with it end."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from pydantic import SecretStr

from tests.server.support import until
from vxdata.schemas.errors import NotAuthenticated, ServerUnavailable
from vxdata.schemas.identity import EVERYTHING, Role
from vxdata.server.database import connection_times
from vxdata.server.database.connection import ConnectionFactory
from vxdata.server.database.connection_times import with_times
from vxdata.server.database.errors import DatabaseError
from vxdata.server.database.pool import ConnectionPool, Lane
from vxdata.server.database.statement_limits import StatementLimits
from vxdata.server.identities.authenticator import Presented
from vxdata.server.identities.known_tokens import STALE_SECONDS, KnownTokens
from vxdata.server.identities.token_store import TokenStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.server.database.monitor import CancellationMonitor

SECONDS = 2
"""Seconds after which a connection is given up; libpq takes no fewer."""

SOCKET = ".s.PGSQL.5432"


class Turnout:
    """A folder of PostgreSQL's socket, in which a socket can stand that accepts and says nothing.

    Args:
        folder: The folder.
        uri: URI of the database, which has a folder of its own.

    Attributes:
        uri: URI of the database by this folder.
    """

    def __init__(self, folder: Path, uri: str) -> None:
        (host,) = parse_qs(urlsplit(uri).query)["host"]
        self.uri = SecretStr(f"{uri.partition('?')[0]}?host={quote(str(folder), safe='')}")
        self._own = folder / SOCKET
        self._real = Path(host) / SOCKET
        self._silent = socket.socket(socket.AF_UNIX)
        self._silent.bind(str(folder / "silent"))
        self._silent.listen(64)
        self._own.symlink_to(self._real)

    def be_silent(self) -> None:
        """Lead to the socket that says nothing."""
        self._lead_to(self._own.with_name("silent"))

    def answer(self) -> None:
        """Lead to PostgreSQL."""
        self._lead_to(self._real)

    def close(self) -> None:
        """Close the silent socket."""
        self._silent.close()

    def _lead_to(self, target: Path) -> None:
        self._own.unlink()
        self._own.symlink_to(target)


@pytest.fixture
def turnout(database_uri: SecretStr, monkeypatch: pytest.MonkeyPatch) -> Iterator[Turnout]:
    monkeypatch.setattr(connection_times, "CONNECT_SECONDS", SECONDS)
    # The path of a socket has to be short.
    with (
        TemporaryDirectory() as folder,
        closing(Turnout(Path(folder), database_uri.get_secret_value())) as made,
    ):
        yield made


def test_a_connection_that_is_not_answered_is_given_up(turnout: Turnout) -> None:
    turnout.be_silent()
    begun = time.monotonic()
    with (
        closing(ConnectionFactory(turnout.uri, StatementLimits())) as factory,
        pytest.raises(DatabaseError, match="timeout expired"),
    ):
        factory.connect()
    assert SECONDS - 1 < time.monotonic() - begun < 5 * SECONDS


def test_those_who_have_connections_do_not_wait_for_ever(turnout: Turnout) -> None:
    """Who connects holds the lock by which others give their connections back."""
    with closing(ConnectionPool(turnout.uri, size=2)) as database:
        turnout.be_silent()
        begun = time.monotonic()
        with database.connection(Lane.WRITE) as kept:
            database.reconnect()
            with pytest.raises(ServerUnavailable), database.connection():
                pytest.fail("nobody has answered")
            assert kept.rows("SELECT 1 AS one") == [{"one": 1}]
        assert time.monotonic() - begun < 5 * SECONDS


def test_callers_are_told_to_try_again_and_known_as_soon_as_the_database_answers(
    turnout: Turnout, monitor: CancellationMonitor, unique: str
) -> None:
    with closing(ConnectionPool(turnout.uri, size=1)) as database:
        made = TokenStore(database).create(unique, Role.READER, EVERYTHING).get_secret_value()
        shown = Presented(f"Bearer {made}")
        with closing(KnownTokens(database, monitor)) as known:
            found = known.identify(shown)
            turnout.be_silent()
            database.reconnect()
            assert known.identify(shown) == found  # what is known is good for two seconds
            time.sleep(STALE_SECONDS)
            begun = time.monotonic()
            with pytest.raises(ServerUnavailable, match="which tokens hold") as caught:
                known.identify(shown)
            assert caught.value.retryable
            assert time.monotonic() - begun < 5 * SECONDS

            turnout.answer()

            def is_known() -> bool:
                try:
                    return known.identify(shown) == found
                except ServerUnavailable:
                    return False

            until(is_known, "the token is known again")
            with pytest.raises(NotAuthenticated):
                known.identify(Presented(f"Bearer {made[:-1]}"))


class TestForms:
    @pytest.mark.parametrize("form", ["{}&connect_timeout=2", "host={} connect_timeout=2"])
    def test_a_limit_that_is_said_holds(
        self, turnout: Turnout, form: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(connection_times, "CONNECT_SECONDS", 60)
        turnout.be_silent()
        uri = turnout.uri.get_secret_value()
        (host,) = parse_qs(urlsplit(uri).query)["host"]
        said = SecretStr(form.format(uri if "&" in form else host))
        begun = time.monotonic()
        with (
            closing(ConnectionFactory(said, StatementLimits())) as factory,
            pytest.raises(DatabaseError, match="timeout expired"),
        ):
            factory.connect()
        assert time.monotonic() - begun < 30

    def test_so_does_that_of_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PGCONNECT_TIMEOUT", "3")
        assert "connect_timeout" not in with_times("postgresql://host/db")
        assert "keepalives_idle=30" in with_times("postgresql://host/db")

    @pytest.mark.parametrize("uri", ["postgresql://u:connect_timeout@host/db", "password=connect_timeout"])
    def test_a_password_says_none(self, uri: str) -> None:
        assert f"connect_timeout={connection_times.CONNECT_SECONDS}" in with_times(uri)

    @pytest.mark.parametrize("form", ["{}", "{}&", "{}&application_name=a%3Fb@c"])
    def test_libpq_reads_what_it_is_given(self, database_uri: SecretStr, form: str) -> None:
        uri = SecretStr(form.format(database_uri.get_secret_value()))
        with closing(ConnectionFactory(uri, StatementLimits())) as factory:
            connection = factory.connect()
            assert connection.rows("SELECT 1 AS one") == [{"one": 1}]
            connection.close()

    @pytest.mark.parametrize("form", ["postgresql://", "postgresql:///db?", "postgres://u:a?b@/db", ""])
    def test_forms_without_parameters(
        self, database_uri: SecretStr, form: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """libpq finds the parameters, and no server there: the rest comes from the environment."""
        (host,) = parse_qs(urlsplit(database_uri.get_secret_value()).query)["host"]
        monkeypatch.setenv("PGHOST", f"{host}/none")
        with (
            closing(ConnectionFactory(SecretStr(form), StatementLimits())) as factory,
            pytest.raises(DatabaseError, match="No such file"),
        ):
            factory.connect()


KEEPALIVE: Final = "02"
"""The timer of a socket that will ask for a sign of life, as `/proc/net/tcp` has it (Linux, proc_net_tcp)."""


def test_the_other_machine_is_asked_for_signs_of_life(database_uri: SecretStr) -> None:
    """Linux tells when the timer of a connection ends: soon, where it would be two hours otherwise."""
    user, _, rest = database_uri.get_secret_value().partition("@")
    database = rest.partition("?")[0]
    with socket.create_server(("127.0.0.1", 0)) as silent, ThreadPoolExecutor(1) as others:
        port = silent.getsockname()[1]
        factory = ConnectionFactory(
            SecretStr(f"{user}@127.0.0.1:{port}{database}?connect_timeout={SECONDS}"), StatementLimits()
        )
        failure = others.submit(factory.connect)
        accepted, (_, own_port) = silent.accept()
        with accepted:
            accepted.recv(1)

            def hundredths() -> list[int]:
                rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
                timers = [row[5].split(":") for row in rows if row[1].endswith(f":{own_port:04X}")]
                return [int(left, 16) for kind, left in timers if kind == KEEPALIVE]

            until(hundredths, "the connection has a timer")
            assert all(0 < left <= 3_000 for left in hundredths())
            with pytest.raises(DatabaseError, match="timeout expired"):
                failure.result()
