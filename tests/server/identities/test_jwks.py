"""The keys of an issuer: asked for when they are needed, not when a stranger wishes, and from nobody else."""

from __future__ import annotations

import datetime as dt
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from tests.server.identities.issuer import AUDIENCE, KEYS, Issuer, running_issuer
from tests.server.support import until
from vxdata.schemas.errors import ServerUnavailable
from vxdata.server.access_settings import AccessSettings
from vxdata.server.identities import provider
from vxdata.server.identities.authenticator import Presented
from vxdata.server.identities.jwks import (
    ASK_SECONDS,
    FRESH_SECONDS,
    KEEP_SECONDS,
    MAX_WAITING,
    STALE_SECONDS,
    WAIT_SECONDS,
    Jwks,
)
from vxdata.server.identities.provider import MAX_BYTES, Provider, ProviderProblem
from vxdata.server.identities.vouched import vouched_identities
from vxdata.server.tls.errors import UnusableTlsFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import jwt

    from tests.fixtures.certificates import Pki

DISCOVERY = "/.well-known/openid-configuration"


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with running_issuer() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(issuer: Issuer, clock: Clock) -> Jwks:
    return Jwks(Provider(issuer.url).keys, clock)


class TestProvider:
    def test_it_is_asked_where_its_keys_are(self, issuer: Issuer) -> None:
        assert list(Provider(issuer.url).keys()) == [issuer.kid]
        assert issuer.asked == [DISCOVERY, "/keys"]

    def test_unless_the_settings_say_it(self, issuer: Issuer) -> None:
        assert list(Provider("https://idp.example.org", f"{issuer.url}/keys").keys()) == [issuer.kid]
        assert issuer.asked == ["/keys"]

    @pytest.mark.parametrize("algorithm", KEYS)
    def test_kinds_of_keys(self, issuer: Issuer, algorithm: str) -> None:
        kid = issuer.add_key(algorithm)
        assert Provider(issuer.url).keys()[kid].algorithm_name == algorithm

    def test_keys_that_sign_nothing_are_left_out(self, issuer: Issuer) -> None:
        usable = issuer.published[issuer.kid]
        issuer.published |= {
            "shared": {"kty": "oct", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0", "kid": "shared"},
            "encrypting": {**usable, "kid": "encrypting", "use": "enc"},
            "newer": {"kty": "LATTICE", "kid": "newer"},
            "nameless": {**usable, "kid": None},
            "broken": {**usable, "kid": "broken", "x": "AA"},
        }
        assert list(Provider(issuer.url).keys()) == [issuer.kid]

    def test_the_only_key_needs_no_name(self, issuer: Issuer, keys: Jwks, clock: Clock) -> None:
        assert keys.find(None) is not None
        del issuer.published[issuer.kid]["kid"]
        clock.now += STALE_SECONDS + 1
        assert keys.find(None) is not None
        for _ in range(2):
            issuer.add_key()
        clock.now += STALE_SECONDS + 1
        assert keys.find(None) is None

    @pytest.mark.parametrize(
        ("path", "answer", "said"),
        [
            (DISCOVERY, (404, b""), "status 404"),
            (DISCOVERY, (200, b"<html>"), "not JSON"),
            (DISCOVERY, (200, b"[]"), "no object of JSON"),
            (DISCOVERY, (200, b'{"issuer": "https://evil.example.org"}'), "calls itself 'https://evil"),
            (DISCOVERY, (302, b"https://evil.example.org/"), "status 302"),
            ("/keys", (302, b"file:///etc/passwd"), "status 302"),
            ("/keys", (200, b"{}"), "no set of keys"),
            ("/keys", (200, b" " * (MAX_BYTES + 1)), "1,048,577 bytes"),
        ],
    )
    def test_answers_that_are_none(
        self, issuer: Issuer, path: str, answer: tuple[int, bytes], said: str
    ) -> None:
        issuer.answers[path] = answer
        with pytest.raises(ProviderProblem, match=said):
            Provider(issuer.url).keys()

    def test_keys_without_encryption_are_refused(self, issuer: Issuer) -> None:
        found = {"issuer": issuer.url, "jwks_uri": "http://keys.example.org/"}
        issuer.answers[DISCOVERY] = 200, json.dumps(found).encode()
        with pytest.raises(ProviderProblem, match="begins with https://"):
            Provider(issuer.url).keys()

    def test_its_authority_is_that_of_the_settings(self, pki: Pki) -> None:
        with running_issuer(pki.server) as encrypted:
            ca = pki.root.certificate.read_text(encoding="ascii")
            assert list(Provider(encrypted.url, authorities=ca).keys()) == [encrypted.kid]
            foreign = pki.foreign.certificate.read_text(encoding="ascii")
            for authorities in (None, foreign):
                with pytest.raises(ProviderProblem, match="certificate verify failed"):
                    Provider(encrypted.url, authorities=authorities).keys()
            given = {"oidc_issuer": encrypted.url, "oidc_audience": (AUDIENCE,)}
            settings = AccessSettings(**given, oidc_ca=pki.root.certificate)  # type: ignore[arg-type]
            (authenticator,) = vouched_identities(settings, dt.datetime.now(dt.UTC))
            shown = Presented(authorization=f"Bearer {encrypted.sign()}")
            principal = authenticator.identify(shown)
        assert principal is not None
        assert principal.name == "oidc:ada"

    def test_its_authority_can_be_read(self, tmp_path: Path) -> None:
        given = {"oidc_issuer": "https://idp.example.org", "oidc_audience": (AUDIENCE,)}
        settings = AccessSettings(**given, oidc_ca=tmp_path / "none.pem")  # type: ignore[arg-type]
        with pytest.raises(UnusableTlsFile, match=r"VXDATA_OIDC_CA names .* cannot be read"):
            vouched_identities(settings, dt.datetime.now(dt.UTC))

    def test_nobody_answers(self) -> None:
        with pytest.raises(ProviderProblem, match="refused"):
            Provider("http://127.0.0.1:1").keys()


class TestJwks:
    def test_they_are_asked_for_once(self, issuer: Issuer, keys: Jwks) -> None:
        assert issuer.asked == []
        for _ in range(3):
            assert keys.find(issuer.kid) is not None
        assert issuer.asked.count("/keys") == 1

    def test_a_new_key_is_found(self, issuer: Issuer, keys: Jwks, clock: Clock) -> None:
        old = issuer.kid
        assert keys.find(old) is not None
        issuer.rotate()
        clock.now += ASK_SECONDS
        assert keys.find(issuer.kid) is not None
        assert keys.find(old) is None

    def test_invented_names_do_not_reach_the_provider(self, issuer: Issuer, keys: Jwks, clock: Clock) -> None:
        assert keys.find(issuer.kid) is not None
        clock.now += ASK_SECONDS
        for number in range(1000):
            assert keys.find(f"invented-{number}") is None
        assert issuer.asked.count("/keys") == 2

    def test_a_withdrawn_key_ends(self, issuer: Issuer, keys: Jwks, clock: Clock) -> None:
        old = issuer.kid
        assert keys.find(old) is not None
        issuer.rotate()
        clock.now += FRESH_SECONDS + 1
        until(lambda: keys.find(old) is None, "the keys are fetched anew")

    def test_a_withdrawn_key_does_not_outlast_a_quiet_time(
        self, issuer: Issuer, keys: Jwks, clock: Clock
    ) -> None:
        old = issuer.kid
        assert keys.find(old) is not None
        issuer.rotate()
        clock.now += STALE_SECONDS + 1
        assert keys.find(old) is None

    def test_keys_outlast_a_provider_that_is_away(self, issuer: Issuer, keys: Jwks, clock: Clock) -> None:
        assert keys.find(issuer.kid) is not None
        issuer.answers[DISCOVERY] = 503, b""
        for _ in range(3):
            clock.now += FRESH_SECONDS
            assert keys.find(issuer.kid) is not None
        clock.now += KEEP_SECONDS
        with pytest.raises(ServerUnavailable, match="does not give its keys"):
            keys.find(issuer.kid)
        del issuer.answers[DISCOVERY]
        clock.now += ASK_SECONDS
        assert keys.find(issuer.kid) is not None

    def test_without_a_provider_nobody_is_refused_for_good(self, issuer: Issuer, keys: Jwks) -> None:
        issuer.answers[DISCOVERY] = 503, b""
        for _ in range(5):
            with pytest.raises(ServerUnavailable) as caught:
                keys.find(issuer.kid)
            assert caught.value.retryable
        assert issuer.asked == [DISCOVERY]

    def test_calls_side_by_side_ask_once(self, issuer: Issuer, keys: Jwks) -> None:
        found: list[object] = []
        threads = [threading.Thread(target=lambda: found.append(keys.find(issuer.kid))) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 20
        assert None not in found
        assert issuer.asked.count("/keys") == 1


class TestSilentProvider:
    """A provider that accepts connections and says nothing."""

    @pytest.fixture
    def silent(self) -> Iterator[str]:
        with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"

    def test_callers_are_told_in_time(self, silent: str) -> None:
        keys = Jwks(Provider(silent).keys)
        for _ in range(2):  # the second is told at once: it has just been asked
            begun = time.monotonic()
            with pytest.raises(ServerUnavailable) as caught:
                keys.find("any")
            assert caught.value.retryable
            assert time.monotonic() - begun < 2 * WAIT_SECONDS
        assert time.monotonic() - begun < 1

    def test_known_keys_stay_in_use(self, silent: str, issuer: Issuer, clock: Clock) -> None:
        ways = [Provider(issuer.url)]

        def fetch() -> dict[str, jwt.PyJWK]:
            return ways[-1].keys()

        keys = Jwks(fetch, clock)
        assert keys.find(issuer.kid) is not None
        ways.append(Provider(silent))
        clock.now += FRESH_SECONDS + 1
        begun = time.monotonic()
        for _ in range(100):
            assert keys.find(issuer.kid) is not None
        assert time.monotonic() - begun < 1


def test_a_provider_that_answers_byte_by_byte_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """No byte is late, but all of them together would be."""
    monkeypatch.setattr(provider, "CONTENT_SECONDS", 0.5)

    def trickle() -> None:
        connection, _ = listening.accept()
        with connection, suppress(OSError):
            connection.recv(65_536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while True:
                connection.sendall(b" ")
                time.sleep(0.01)

    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor(1) as threads:
        trickling = threads.submit(trickle)
        with pytest.raises(ProviderProblem, match=r"takes longer than 0\.5 seconds"):
            Provider(f"http://127.0.0.1:{listening.getsockname()[1]}").keys()
        trickling.result(60)  # it ends as nobody listens any more


class TestSlowProvider:
    """A provider that takes its time: who has a known key notices nothing of it."""

    @pytest.fixture
    def answers(self) -> Iterator[threading.Event]:
        """When the provider goes on to answer."""
        event = threading.Event()
        yield event
        event.set()

    @pytest.fixture
    def slow(self, issuer: Issuer, clock: Clock, answers: threading.Event) -> Jwks:
        """Keys of a provider that has answered once, and is slow from then on."""
        provider, asked = Provider(issuer.url), [0]

        def fetch() -> dict[str, jwt.PyJWK]:
            asked[0] += 1
            assert asked[0] == 1 or answers.wait(30)
            return provider.keys()

        keys = Jwks(fetch, clock)
        assert keys.find(issuer.kid) is not None
        return keys

    def test_known_keys_do_not_wait_for_invented_ones(
        self, issuer: Issuer, slow: Jwks, clock: Clock, answers: threading.Event
    ) -> None:
        clock.now += ASK_SECONDS
        with ThreadPoolExecutor(2 * MAX_WAITING) as threads:
            waiting = [threads.submit(slow.find, f"invented-{number}") for number in range(2 * MAX_WAITING)]
            refused = [each.exception(30) for each in islice(as_completed(waiting, 30), MAX_WAITING)]
            assert all(isinstance(error, ServerUnavailable) and error.retryable for error in refused)
            for _ in range(100):
                assert slow.find(issuer.kid) is not None
            assert sum(each.done() for each in waiting) == MAX_WAITING
            answers.set()
            assert [each.result(30) for each in waiting if each.exception(30) is None] == [None] * MAX_WAITING
        assert issuer.asked.count("/keys") == 2

    def test_a_key_is_fetched_anew_beside_its_calls(
        self, issuer: Issuer, slow: Jwks, clock: Clock, answers: threading.Event
    ) -> None:
        clock.now += FRESH_SECONDS + 1
        for _ in range(100):
            assert slow.find(issuer.kid) is not None
        assert issuer.asked.count("/keys") == 1
        answers.set()
        until(lambda: issuer.asked.count("/keys") == 2, "the keys are fetched anew")
