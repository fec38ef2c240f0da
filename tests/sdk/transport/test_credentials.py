"""Tokens on their way: on every call, renewed when they are refused, and shown to nobody else."""

from __future__ import annotations

import copy
import logging
import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pytest

from tests.sdk.transport.guarded import REFUSAL, ROWS, GuardedServer
from vxdata.schemas.catalog.builtin import COMMIT
from vxdata.schemas.errors import NotAuthenticated, UnusableCredentials
from vxdata.schemas.plan import Plan
from vxdata.schemas.wire import Action
from vxdata.sdk import Client
from vxdata.sdk._resources.upload import WriteRequest
from vxdata.sdk._transport.address import address_of
from vxdata.sdk._transport.credentials import Credentials, credentials_of
from vxdata.sdk._transport.flight import FlightTransport
from vxdata.sdk._transport.token_sources import Surroundings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

OLD: Final = "vxd_0ld-s3kret"
NEW: Final = "vxd_n3w-s3kret"
PLAN: Final = Plan(relation=COMMIT, select=("version",))
TABLE: Final = ("patient", pa.table({"identifier": [f"patient/{number}" for number in range(1000)]}))

MOST_MICROSECONDS: Final = 20
"""What a token may add to a call."""


FORKING: Final = """
import os, threading
from vxdata.sdk._transport.address import address_of
from vxdata.sdk._transport.credentials import credentials_of

parent, begun, end = os.getpid(), threading.Event(), threading.Event()

def fetch():
    if os.getpid() == parent:
        begun.set()
        end.wait()
    return "fetched"

credentials = credentials_of(address_of("grpc://127.0.0.1:1"), fetch)
thread = threading.Thread(target=lambda: credentials.token)
thread.start()
begun.wait()
child = os.fork()
if child == 0:
    print(credentials.token, flush=True)
    os._exit(0)
os.waitpid(child, 0)
end.set()
thread.join()
"""


@pytest.fixture
def guarded() -> Iterator[GuardedServer]:
    """A server that takes the old token."""
    with GuardedServer(OLD) as server:
        yield server


@pytest.fixture(autouse=True)
def token_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The file that the environment names, with the old token, and no other source."""
    path = tmp_path / "token"
    path.write_text(OLD)
    monkeypatch.delenv("VXDATA_TOKEN", raising=False)
    monkeypatch.setenv("VXDATA_CREDENTIALS", str(tmp_path / "none"))
    monkeypatch.setenv("VXDATA_TOKEN_FILE", str(path))
    return path


def connect(server: GuardedServer, token: str | Callable[[], str] | None = None) -> Any:
    credentials = credentials_of(address_of(server.url), token)
    return closing(FlightTransport(server.url, timeout=30, credentials=credentials))


def read(transport: FlightTransport) -> object:
    return pa.Table.from_batches(transport.read(PLAN).batches)


def write(transport: FlightTransport) -> object:
    return WriteRequest("create", [TABLE]).send(transport).receipt.counts


def act(transport: FlightTransport) -> object:
    return transport.act(Action.HEALTH)


EVERY_CALL = pytest.mark.parametrize(
    ("ask", "answer"),
    [(read, ROWS), (write, {"patient": 1000}), (act, b"done")],
    ids=["read", "write", "act"],
)


@EVERY_CALL
def test_every_call_carries_the_token(
    guarded: GuardedServer, ask: Callable[[FlightTransport], object], answer: object
) -> None:
    with connect(guarded) as transport:
        assert ask(transport) == answer
        assert ask(transport) == answer
    assert guarded.shown == [OLD, OLD]


@EVERY_CALL
def test_a_token_that_was_replaced_is_read_again(
    guarded: GuardedServer, token_file: Path, ask: Callable[[FlightTransport], object], answer: object
) -> None:
    with connect(guarded) as transport:
        ask(transport)
        guarded.accept(NEW)
        token_file.write_text(NEW)
        assert ask(transport) == answer
        assert ask(transport) == answer
    assert guarded.shown == [OLD, OLD, NEW, NEW]


@EVERY_CALL
def test_a_refusal_is_final_where_there_is_no_other_token(
    guarded: GuardedServer, token_file: Path, ask: Callable[[FlightTransport], object], answer: object
) -> None:
    guarded.accept(NEW)
    with connect(guarded) as transport:
        with pytest.raises(NotAuthenticated) as caught:
            ask(transport)
        assert guarded.shown == [OLD]
        assert caught.value.message == REFUSAL
        assert caught.value.__notes__[0].startswith(f"The token that was sent came from {token_file}")
        token_file.write_text(NEW)
        assert ask(transport) == answer


@EVERY_CALL
def test_a_function_is_asked_once_more_and_no_more(
    guarded: GuardedServer, ask: Callable[[FlightTransport], object], answer: object
) -> None:
    fetched: list[str] = []

    def fetch() -> str:
        fetched.append(f"token-{len(fetched)}")
        return fetched[-1]

    with connect(guarded, fetch) as transport:
        assert fetched == []
        with pytest.raises(NotAuthenticated):
            ask(transport)
        assert guarded.shown == fetched == ["token-0", "token-1"]
        guarded.accept("token-2")
        assert ask(transport) == answer
        assert ask(transport) == answer
    assert guarded.shown == ["token-0", "token-1", "token-1", "token-2", "token-2"]


def test_an_upload_is_whole_after_a_renewal(guarded: GuardedServer, token_file: Path) -> None:
    tables = [TABLE] * 20
    with connect(guarded) as transport:
        act(transport)
        guarded.accept(NEW)
        token_file.write_text(NEW)
        receipt = WriteRequest("create", tables).send(transport).receipt
    assert receipt.counts == {"patient": 20_000}
    assert guarded.received == [20]


def test_rows_of_an_iterator_are_not_sent_in_part(guarded: GuardedServer, token_file: Path) -> None:
    with connect(guarded) as transport:
        act(transport)
        guarded.accept(NEW)
        token_file.write_text(NEW)
        with pytest.raises(NotAuthenticated):
            WriteRequest("create", iter([TABLE] * 20)).send(transport)
    assert guarded.received == []


def test_threads_that_are_refused_together_fetch_once(guarded: GuardedServer) -> None:
    fetched: list[str] = []
    together = threading.Barrier(8)

    def fetch() -> str:
        fetched.append(OLD if not fetched else NEW)
        return fetched[-1]

    def ask(_: int) -> bytes:
        together.wait()
        return transport.act(Action.HEALTH)

    transport: FlightTransport
    with connect(guarded, fetch) as transport, ThreadPoolExecutor(8) as threads:
        act(transport)
        guarded.accept(NEW)
        assert list(threads.map(ask, range(8))) == [b"done"] * 8
    assert fetched == [OLD, NEW]


def test_who_has_no_token_is_told_where_one_could_be(
    guarded: GuardedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("VXDATA_TOKEN_FILE")
    with connect(guarded) as transport, pytest.raises(NotAuthenticated) as caught:
        act(transport)
    port = guarded.url.rpartition(":")[2]
    (note,) = caught.value.__notes__
    assert note == (
        "No token was sent: there is none in VXDATA_TOKEN, VXDATA_TOKEN_FILE and "
        f"{tmp_path / 'none' / f'localhost_{port}'}."
    )


def test_what_a_function_raises_is_raised_as_it_is(guarded: GuardedServer) -> None:
    problem = RuntimeError("the identity provider is away")

    def fetch() -> str:
        raise problem

    with connect(guarded, fetch) as transport, pytest.raises(RuntimeError) as caught:
        read(transport)
    assert caught.value is problem
    assert guarded.shown == []


@pytest.mark.parametrize("token", ["x", lambda: "x"])
def test_no_token_leaves_the_machine_unencrypted(token: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    far = "grpc://data.example.org:8815"
    with pytest.raises(UnusableCredentials, match="not encrypted") as caught:
        Client(far, token=token)
    assert caught.value.details == {"base_url": far}
    Client(far, token=token, insecure=True).close()
    Client("grpc+tls://data.example.org:8815", token=token).close()
    Client("grpc+unix:///run/vxdata.sock", token=token).close()
    monkeypatch.setenv("VXDATA_TOKEN", "x")
    with pytest.raises(UnusableCredentials, match="not encrypted"):
        Client(far).health()


def fetch_new() -> str:
    """A function that other processes can import."""
    return NEW


def ask_in_worker(client: Client) -> bytes:
    return client._session.transport.act(Action.HEALTH)


class TestProcesses:
    @pytest.mark.parametrize("token", [NEW, fetch_new, None], ids=["stated", "function", "file"])
    def test_pickles_hold_no_token(self, guarded: GuardedServer, token_file: Path, token: Any) -> None:
        guarded.accept(NEW)
        token_file.write_text(NEW)
        with Client(guarded.url, token=token) as client:
            ask_in_worker(client)
            content = pickle.dumps((client, client.patients.query(), client._session.transport))
            assert NEW.encode() not in content
            other, query, _ = pickle.loads(content)  # noqa: S301 - made here
            assert ask_in_worker(other) == b"done"
            assert query._session.transport.act(Action.HEALTH) == b"done"
            assert copy.deepcopy(client)._session.transport is client._session.transport

    def test_a_spawned_worker_has_the_source(self, guarded: GuardedServer) -> None:
        with Client(guarded.url) as client, multiprocessing.get_context("spawn").Pool(1) as pool:
            assert pool.apply(ask_in_worker, (client,)) == b"done"

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
    def test_a_forked_child_does_not_wait_for_what_its_parent_fetches(self) -> None:
        done = subprocess.run(
            [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORKING],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.stdout, done.stderr) == ("fetched\n", "")

    def test_a_copy_of_a_stated_token_says_what_it_lacks(
        self, guarded: GuardedServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("VXDATA_TOKEN_FILE")
        with Client(guarded.url, token=OLD) as client:
            other = pickle.loads(pickle.dumps(client))  # noqa: S301 - made here
            with pytest.raises(NotAuthenticated) as caught:
                ask_in_worker(other)
        assert "not passed to other processes" in caught.value.__notes__[0]


@pytest.mark.parametrize("token", [NEW, fetch_new, None], ids=["stated", "function", "file"])
def test_nothing_shows_the_token(
    guarded: GuardedServer, token_file: Path, token: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token_file.write_text(NEW)
    with Client(guarded.url, token=token) as client:
        with pytest.raises(NotAuthenticated) as caught:
            ask_in_worker(client)
        transport = client._session.transport
        assert isinstance(transport, FlightTransport)
        texts = [
            repr(client),
            repr(client._session),
            repr(transport._credentials),
            repr(transport._prepared),
            "".join(traceback.format_exception(caught.value)),
            str(caught.value.to_wire()),
            caplog.text,
        ]
    assert guarded.shown[0] == NEW
    assert NEW not in "".join(texts)


def test_a_token_costs_a_call_little(guarded: GuardedServer) -> None:
    calls = 2_000
    with connect(guarded) as transport:
        act(transport)
        best = min(_seconds(transport, calls) for _ in range(5))
    assert best / calls * 1e6 < MOST_MICROSECONDS


def _seconds(transport: FlightTransport, calls: int) -> float:
    begin = time.perf_counter()
    for _ in range(calls):
        transport._calling()
    return time.perf_counter() - begin


def test_credentials_read_their_source_when_they_are_needed(token_file: Path) -> None:
    made = Credentials(Surroundings(address_of("grpc://127.0.0.1:1")), address_of("grpc://127.0.0.1:1"))
    token_file.write_text(NEW)
    assert made.token == NEW
    token_file.write_text(OLD)
    assert made.token == NEW
    assert made.renew(NEW)
    assert made.token == OLD
    assert not made.renew(OLD)
    assert made.renew("one that another thread has found refused")
