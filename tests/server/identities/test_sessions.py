"""Sessions of browsers, and handshakes of Flight: both stand for a token, and end with it."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pyarrow.flight
import pytest

from tests.server.support import never, until
from vxdata.schemas.identity import EVERYTHING, Grants, Role
from vxdata.server.call import NOBODY, Call
from vxdata.server.identities.authenticator import Presented
from vxdata.server.identities.sessions import MAX_EACH, Sessions
from vxdata.server.identities.token_store import TokenStore
from vxdata.server.listeners.admission import STRANGERS
from vxdata.server.listeners.http.calls import OPEN_BYTES, OPEN_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.server.app import Server
    from vxdata.server.database.pool import ConnectionPool

SILENT = 64
"""Handshakes that say nothing."""

UNLIMITED: dict[str, Any] = {}

OPEN_DOORS = ("POST /v1/session", "DELETE /v1/session", "GET /v1")
"""Doors that take calls of nobody, and read what is sent with them."""


def stalled(server: Server, door: str, length: int) -> socket.socket:
    """Begin a request of nobody, the body of which does not come."""
    address = urlsplit(server.http_url)
    method, path = door.split(" ")
    stranger = socket.create_connection((address.hostname or "", address.port or 0), timeout=60)
    stranger.sendall(
        f"{method} {path} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: {length}\r\n\r\n".encode()
    )
    return stranger


@pytest.fixture
def store(database: ConnectionPool) -> TokenStore:
    return TokenStore(database)


@pytest.fixture
def token(store: TokenStore, unique: str, guarded: Server) -> str:
    """A token that the server knows."""
    made = store.create(unique, Role.WRITER, EVERYTHING).get_secret_value()
    header = {"Authorization": f"Bearer {made}"}
    with httpx.Client(base_url=guarded.http_url, trust_env=False, headers=header) as client:
        until(lambda: client.get("/v1/session").status_code == 200, "the token is known")
    return made


@pytest.fixture
def browser(guarded: Server) -> Iterator[httpx.Client]:
    """A client that keeps cookies."""
    with httpx.Client(base_url=guarded.http_url, trust_env=False, timeout=60) as client:
        yield client


def test_grants_are_told(store: TokenStore, unique: str, guarded: Server) -> None:
    grants = Grants(
        read=("datasource/a", "datasource/b"), write=("datasource/a",), catalogs={"cda": ("subject",)}
    )
    token = store.create(unique, Role.READER, grants).get_secret_value()
    header = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=guarded.http_url, trust_env=False, headers=header) as client:
        until(lambda: client.get("/v1/session").status_code == 200, "the token is known")
        told = client.get("/v1/session").json()["grants"]
    assert Grants.model_validate(told) == grants


class TestSession:
    def test_it_stands_for_its_token(self, browser: httpx.Client, token: str, unique: str) -> None:
        unknown = browser.get("/v1/session")
        assert (unknown.status_code, unknown.headers["www-authenticate"]) == (401, "Bearer")
        opened = browser.post("/v1/session", json={"token": token})
        assert opened.json() == {"name": unique, "role": "writer", "how": "token", "grants": UNLIMITED}
        cookie = opened.headers["set-cookie"]
        assert {"HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"} <= set(cookie.split("; "))
        assert token not in cookie
        assert opened.headers["cache-control"] == "no-store"
        known = browser.get("/v1/session").json()
        assert known == {"name": unique, "role": "writer", "how": "session", "grants": UNLIMITED}
        assert browser.get("/v1/types").status_code == 200

        kept = dict(browser.cookies)
        assert browser.delete("/v1/session").status_code == 200
        assert not browser.cookies
        browser.cookies.update(kept)
        assert browser.get("/v1/session").status_code == 401

    def test_it_ends_with_its_token(
        self, browser: httpx.Client, token: str, unique: str, store: TokenStore
    ) -> None:
        browser.post("/v1/session", json={"token": token}).raise_for_status()
        assert browser.get("/v1/session").status_code == 200
        store.revoke(unique)
        until(lambda: browser.get("/v1/session").status_code == 401, "the session has ended")

    @pytest.mark.parametrize("wrong", ["", "vxd_", "x" * 20_000, "é\n"])
    def test_what_is_no_token_opens_none(self, browser: httpx.Client, wrong: str) -> None:
        refused = browser.post("/v1/session", json={"token": wrong})
        assert refused.status_code == (413 if len(wrong) > 16_384 else 401)
        assert "set-cookie" not in refused.headers

    def test_a_body_of_another_form_is_not_shown_again(self, browser: httpx.Client, token: str) -> None:
        for body in ({"token": [token]}, {"token": token, "more": token}, [token], {"tokens": token}):
            refused = browser.post("/v1/session", json=body)
            assert refused.status_code == 400
            assert token not in refused.text

    @pytest.mark.parametrize("door", OPEN_DOORS)
    def test_a_body_is_small_and_has_little_time_to_arrive(self, guarded: Server, door: str) -> None:
        """Nobody is known yet who could be given more."""
        begun = time.monotonic()
        with stalled(guarded, door, 99) as patient, stalled(guarded, door, OPEN_BYTES + 1) as large:
            assert large.recv(65_536).startswith(b"HTTP/1.1 413 ")
            assert patient.recv(65_536).startswith(b"HTTP/1.1 504 ")
        assert time.monotonic() - begun >= OPEN_SECONDS

    def test_bodies_that_do_not_arrive_hold_no_place(
        self, guarded: Server, browser: httpx.Client, token: str
    ) -> None:
        """However many strangers there are, callers are served, and others can sign in."""
        with ExitStack() as stack:
            for number in range(4 * STRANGERS):
                stack.enter_context(stalled(guarded, OPEN_DOORS[number % len(OPEN_DOORS)], 99))
            begun = time.monotonic()
            browser.post("/v1/session", json={"token": token}).raise_for_status()
            browser.get("/v1/types").raise_for_status()
            assert time.monotonic() - begun < OPEN_SECONDS
            assert guarded.admission.in_progress == 0

    def test_strangers_have_places_of_their_own(self, guarded: Server, token: str) -> None:
        strangers = [
            Call(f"{number}", never, NOBODY, f"ipv4:192.0.2.{number}:1") for number in range(STRANGERS)
        ]
        header = {"Authorization": f"Bearer {token}"}
        with ExitStack() as stack:
            for each in strangers:
                guarded.admission.enter(each)
                stack.callback(guarded.admission.leave, each)
            refused = httpx.post(f"{guarded.http_url}/v1/session", json={"token": token}, trust_env=False)
            assert (refused.status_code, refused.json()["code"]) == (503, "SERVER_BUSY")
            assert "not known" in refused.json()["message"]
            served = httpx.get(f"{guarded.http_url}/v1/types", headers=header, trust_env=False)
            assert served.status_code == 200
            assert httpx.get(f"{guarded.http_url}/livez", trust_env=False).status_code == 200

    def test_a_header_counts_before_it(self, browser: httpx.Client, token: str) -> None:
        browser.post("/v1/session", json={"token": token}).raise_for_status()
        wrong = {"Authorization": "Bearer vxd_wrong"}
        assert browser.get("/v1/session", headers=wrong).status_code == 401

    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({"Sec-Fetch-Site": "same-origin"}, 200),
            ({"Sec-Fetch-Site": "none"}, 200),
            ({"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:1"}, 403),
            ({"Sec-Fetch-Site": "cross-site", "Origin": "http://evil.example.org"}, 403),
            ({"Origin": "http://127.0.0.1:1"}, 403),
            ({}, 200),
        ],
    )
    def test_pages_of_other_origins_do_not_use_it(
        self, browser: httpx.Client, token: str, headers: dict[str, str], status: int
    ) -> None:
        opened = browser.post("/v1/session", json={"token": token}, headers=headers)
        assert opened.status_code == status
        browser.post("/v1/session", json={"token": token}).raise_for_status()
        question = {"type": "patient"}
        assert browser.post("/v1/count", json=question, headers=headers).status_code == status

    def test_the_oldest_ends_first_and_none_lasts_for_ever(self) -> None:
        few = Sessions(most=2)
        names = [few.open(Presented(f"Bearer {number}"), f"{number}") for number in range(3)]
        assert [few.presented(name) is not None for name in names] == [False, True, True]
        assert "Bearer" not in repr(few.presented(names[1]))
        short = Sessions(seconds=0)
        assert short.presented(short.open(Presented("Bearer x"), "x")) is None
        assert few.presented("\udc80 no session") is None

    def test_one_principal_ends_its_own_alone(self) -> None:
        sessions = Sessions(most_each=2)
        bobs = sessions.open(Presented("Bearer b"), "bob")
        adas = [sessions.open(Presented("Bearer a"), "ada") for _ in range(4)]
        assert [sessions.presented(name) is not None for name in (bobs, *adas)] == [
            True,
            False,
            False,
            True,
            True,
        ]

    def test_who_signs_in_again_and_again_has_the_newest(self, guarded: Server, token: str) -> None:
        def opened() -> str:
            answer = httpx.post(f"{guarded.http_url}/v1/session", json={"token": token}, trust_env=False)
            return answer.cookies["vxdata_session"]

        def is_open(session: str) -> bool:
            cookie = {"Cookie": f"vxdata_session={session}"}
            answer = httpx.get(f"{guarded.http_url}/v1/session", headers=cookie, trust_env=False)
            return answer.status_code == 200

        names = [opened() for _ in range(MAX_EACH + 2)]
        assert [is_open(name) for name in names] == [False, False, *[True] * MAX_EACH]


class TestHandshake:
    def test_by_a_header(self, guarded: Server, token: str, unique: str) -> None:
        with pyarrow.flight.connect(guarded.flight_url) as raw:
            header = raw.authenticate_basic_token(unique, token)
            assert header == (b"authorization", f"Bearer {token}".encode())
            options = pyarrow.flight.FlightCallOptions(headers=[header])
            assert list(raw.list_flights(b"", options))

    def test_the_name_must_be_that_of_the_token(self, guarded: Server, token: str, unique: str) -> None:
        for user, password in (("owner", token), ("", token), (unique, token[:-1]), (unique, "")):
            with (
                pyarrow.flight.connect(guarded.flight_url) as raw,
                pytest.raises(pyarrow.flight.FlightUnauthenticatedError) as caught,
            ):
                raw.authenticate_basic_token(user, password)
            assert token not in f"{caught.value}"

    def test_no_message_is_waited_for(self, guarded: Server, token: str, unique: str) -> None:
        """However many say nothing, each is refused at once, and the others are not kept out."""
        speaks = threading.Event()

        class Silent(pyarrow.flight.ClientAuthHandler):  # type: ignore[misc]
            def authenticate(self, outgoing: Any, incoming: Any) -> None:
                speaks.wait(60)
                incoming.read()
                outgoing.write(b"")

        with ExitStack() as stack:
            threads = stack.enter_context(ThreadPoolExecutor(SILENT))
            stack.callback(speaks.set)
            clients = [stack.enter_context(pyarrow.flight.connect(guarded.flight_url)) for _ in range(SILENT)]
            waiting = [threads.submit(client.authenticate, Silent()) for client in clients]
            self.test_by_a_header(guarded, token, unique)
            speaks.set()
            for each in waiting:
                with pytest.raises(pyarrow.flight.FlightUnauthenticatedError, match="waits for no message"):
                    each.result(30)

    def test_a_token_counts_in_the_header_alone(self, guarded: Server, token: str) -> None:
        class Stating(pyarrow.flight.ClientAuthHandler):  # type: ignore[misc]
            def authenticate(self, _outgoing: Any, _incoming: Any) -> None:
                """Say nothing: only `get_token` is meant."""

            def get_token(self) -> bytes:
                return token.encode()

        with pyarrow.flight.connect(guarded.flight_url) as raw:
            with suppress(pyarrow.flight.FlightUnauthenticatedError):
                raw.authenticate(Stating())
            with pytest.raises(pyarrow.flight.FlightUnauthenticatedError, match="present a token"):
                list(raw.list_flights())
