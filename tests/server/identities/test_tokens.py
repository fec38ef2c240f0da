"""Tokens: their form, what is kept of them, and how soon a server knows what became of them."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.server.support import until
from vxdata.schemas.errors import InvalidRequest, NotAuthenticated, ServerUnavailable
from vxdata.schemas.identity import EVERYTHING, Grants, Role
from vxdata.server.call import Principal
from vxdata.server.database.connection import READ_WRITE
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.identities import known_tokens
from vxdata.server.identities.authenticator import Presented
from vxdata.server.identities.known_tokens import KnownTokens
from vxdata.server.identities.token_store import TokenStore
from vxdata.server.identities.tokens import digest_of, id_of, is_token_of, new_token

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import SecretStr

    from vxdata.server.database.monitor import CancellationMonitor

SOME = Grants(read=("datasource/a",), types=("patient",))


@pytest.fixture
def store(database: ConnectionPool) -> TokenStore:
    return TokenStore(database)


@pytest.fixture
def known(database: ConnectionPool, monitor: CancellationMonitor) -> Iterator[KnownTokens]:
    with closing(KnownTokens(database, monitor)) as running:
        yield running


def presented(token: SecretStr) -> Presented:
    return Presented(f"Bearer {token.get_secret_value()}")


class TestText:
    def test_a_token_has_an_id_that_may_be_seen_and_256_bits_that_may_not(self) -> None:
        tokens = {new_token().get_secret_value() for _ in range(100)}
        assert len({id_of(token) for token in tokens}) == 100
        assert {len(token.partition("_")[2].partition("_")[2]) for token in tokens} == {43}

    @pytest.mark.parametrize("wrong", ["", "vxd_", "vxd_abc_def", "Vxd_{}", "{}=", " {}", "{}\n", "{}é"])
    def test_what_is_no_token_has_no_id(self, wrong: str) -> None:
        token = new_token().get_secret_value()
        assert id_of(token)
        assert id_of(wrong.replace("Vxd_{}", token.replace("vxd", "Vxd")).replace("{}", token)) is None

    def test_no_other_text_belongs_to_the_digest(self) -> None:
        token = new_token().get_secret_value()
        others = {f"{token[:-1]}{last}" for last in "ABCDEFGHabcdefgh0123456789-_"} - {token}
        assert is_token_of(token, digest_of(token))
        assert not any(is_token_of(other, digest_of(token)) for other in others)


class TestStore:
    def test_it_keeps_a_digest_and_not_the_token(self, store: TokenStore, database: ConnectionPool) -> None:
        token = store.create("kept", Role.WRITER, SOME, datetime(2100, 1, 1, tzinfo=UTC))
        found = store.find("kept")
        assert (found.role, found.grants, found.revoked_at, found.last_used_at) == (
            Role.WRITER,
            SOME,
            None,
            None,
        )
        assert found.expires_at == datetime(2100, 1, 1, tzinfo=UTC)
        assert found.digest == digest_of(token.get_secret_value())
        with database.connection() as connection:
            (row,) = connection.rows("SELECT t::text AS all FROM vxdata.token AS t WHERE name = 'kept'")
        secret = token.get_secret_value()[-43:]
        assert secret not in row["all"]
        assert secret not in f"{found!r} {token!r}"
        assert found.digest not in repr(found)

    @pytest.mark.parametrize("name", ["", "-a", "a b", "é", "a:b", "a\n", "a" * 101])
    def test_a_malformed_name_is_refused(self, store: TokenStore, name: str) -> None:
        with pytest.raises(InvalidRequest, match="1 to 100 letters"):
            store.create(name, Role.READER, EVERYTHING)

    def test_a_name_is_given_once(self, store: TokenStore) -> None:
        store.create("once", Role.READER, EVERYTHING)
        store.revoke("once")
        with pytest.raises(InvalidRequest, match="names are not used again"):
            store.create("once", Role.READER, EVERYTHING)
        with pytest.raises(InvalidRequest, match="has been revoked"):
            store.revoke("once")
        with pytest.raises(InvalidRequest, match="has been revoked"):
            store.rotate("once")

    @pytest.mark.parametrize("name", ["anonymous", "nobody", "owner", "Owner", "NOBODY"])
    def test_names_of_the_server_are_its_own(self, store: TokenStore, name: str) -> None:
        with pytest.raises(InvalidRequest, match="gives itself"):
            store.create(name, Role.READER, EVERYTHING)

    def test_an_unknown_name_is_told_with_the_nearest(self, store: TokenStore) -> None:
        store.create("anna", Role.READER, EVERYTHING)
        with pytest.raises(InvalidRequest, match="Did you mean anna"):
            store.revoke("ana")


class TestKnown:
    def test_a_token_has_its_principal(self, store: TokenStore, known: KnownTokens) -> None:
        token = store.create("bea", Role.CURATOR, SOME)
        token_id = id_of(token.get_secret_value()) or ""
        assert known.identify(presented(token)) == Principal("bea", Role.CURATOR, SOME, "token", token_id)
        assert known.principal_of(token_id) == known.identify(presented(token))
        assert known.principal_of("a" * 16) is None

    def test_a_row_of_a_later_version_locks_nobody_else_out(
        self, store: TokenStore, known: KnownTokens, database: ConnectionPool
    ) -> None:
        later, token = store.create("later", Role.READER, SOME), store.create("now", Role.READER, SOME)
        with database.connection() as connection:
            grants = "UPDATE vxdata.token SET grants = '{\"not_yet\": 1}'::jsonb WHERE name = 'later'"
            assert connection.execute(grants) == 1
        assert known.identify(presented(token)) is not None
        with pytest.raises(NotAuthenticated):
            known.identify(presented(later))
        with database.connection() as connection:
            connection.execute("UPDATE vxdata.token SET grants = '{}'::jsonb WHERE name = 'later'")

    def test_what_is_of_another_kind_is_left_to_others(self, known: KnownTokens) -> None:
        for shown in (Presented(), Presented("Basic eA=="), Presented("Bearer ey.x.y")):
            assert known.identify(shown) is None
        assert known.identify(Presented(session="1")) is None

    def test_all_that_does_not_hold_is_refused_alike(self, store: TokenStore, known: KnownTokens) -> None:
        past = datetime.now(UTC) - timedelta(seconds=1)
        expired = store.create("expired", Role.READER, EVERYTHING, past)
        revoked = store.create("revoked", Role.READER, EVERYTHING)
        store.revoke("revoked")
        unknown = new_token()
        right = store.create("right", Role.READER, EVERYTHING).get_secret_value()
        said = set()
        for token in (
            *(each.get_secret_value() for each in (expired, revoked, unknown)),
            right[:-1],
            right + "A",
            right[:-1] + ("A" if right[-1] != "A" else "B"),
            "vxd_" + right[4:20].upper() + right[20:],
        ):
            with pytest.raises(NotAuthenticated) as caught:
                known.identify(Presented(f"Bearer {token}"))
            said.add((caught.value.message, str(caught.value.details)))
        assert len(said) == 1
        assert known.identify(Presented(f"bearer {right}")) is not None

    def test_a_server_knows_within_two_seconds_of_every_change(
        self, store: TokenStore, known: KnownTokens
    ) -> None:
        first = store.create("change", Role.READER, EVERYTHING)
        assert known.identify(presented(first)) is not None
        second = store.rotate("change")
        changed = time.monotonic()
        while True:
            try:
                known.identify(presented(first))
            except NotAuthenticated:
                break
            assert time.monotonic() < changed + known_tokens.STALE_SECONDS + 1
        assert known.identify(presented(second)) is not None

    def test_uses_are_noted_in_the_end(
        self, store: TokenStore, database: ConnectionPool, monitor: CancellationMonitor
    ) -> None:
        token = store.create("used", Role.READER, EVERYTHING)
        begun = datetime.now(UTC)
        with closing(KnownTokens(database, monitor)) as running:
            running.identify(presented(token))
        found = store.find("used").last_used_at
        assert found is not None
        assert begun <= found <= datetime.now(UTC)

    def test_without_the_database_nobody_is_known(
        self, database_uri: SecretStr, store: TokenStore, monitor: CancellationMonitor
    ) -> None:
        token = store.create("down", Role.READER, EVERYTHING)
        pool = ConnectionPool(database_uri, size=1)
        with closing(KnownTokens(pool, monitor)) as running:
            pool.close()
            with pytest.raises(ServerUnavailable):
                running.identify(presented(token))


class TestHangingDatabase:
    """A table that is locked keeps its readers waiting, as a database does that has stopped to answer."""

    @staticmethod
    @contextmanager
    def locked(database: ConnectionPool) -> Iterator[None]:
        with database.connection() as connection, connection.transaction(READ_WRITE):
            connection.execute("LOCK TABLE vxdata.token IN ACCESS EXCLUSIVE MODE")
            yield

    def test_known_tokens_go_on_and_do_not_wait(
        self, store: TokenStore, known: KnownTokens, database: ConnectionPool
    ) -> None:
        token = store.create("patient", Role.READER, EVERYTHING)
        assert known.identify(presented(token)) is not None
        with self.locked(database):
            begun = time.monotonic()
            while time.monotonic() < begun + known_tokens.STALE_SECONDS / 2:
                asked = time.monotonic()
                assert known.identify(presented(token)) is not None
                assert time.monotonic() < asked + 0.5

    def test_others_are_told_to_come_back_and_the_question_is_given_up(
        self,
        store: TokenStore,
        database: ConnectionPool,
        monitor: CancellationMonitor,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(known_tokens, "WAIT_SECONDS", 1.0)
        token = store.create("late", Role.READER, EVERYTHING)
        with closing(KnownTokens(database, monitor)) as known:
            with self.locked(database), ThreadPoolExecutor(20) as threads:
                asked = time.monotonic()
                waiting = [threads.submit(known.identify, presented(token)) for _ in range(20)]
                for each in waiting:
                    with pytest.raises(ServerUnavailable) as caught:
                        each.result(30)
                    assert caught.value.retryable
                assert time.monotonic() < asked + 15
                until(lambda: not known._reading.is_under_way, "the question is given up")
            assert known.identify(presented(token)) is not None
