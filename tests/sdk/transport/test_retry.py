"""Retries, with a real server behind a line that breaks."""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from tests.server.support import until
from tests.store.relay import Relay
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.create import PatientCreate
from vxdata.schemas.errors import QuotaExceeded, ResourceNotFound, ServerUnavailable
from vxdata.schemas.update import PatientUpdate
from vxdata.schemas.wire import WriteCommand
from vxdata.sdk import Client
from vxdata.sdk._resources.changes import tables_of_updates
from vxdata.sdk._resources.upload import WriteRequest
from vxdata.sdk._transport.flight import FlightTransport
from vxdata.sdk._transport.notice import NOTICE_SECONDS
from vxdata.sdk._transport.retry import (
    FIRST_CONTACT_SECONDS,
    RETRY_LIMIT,
    RETRY_SECONDS,
    Retries,
    retry_read,
)
from vxdata.server.app import Server

if TYPE_CHECKING:
    from collections.abc import Callable

    from vxdata.server.config import Settings


class Counted:
    """Counts how often something is asked.

    Args:
        ask: What to do.
    """

    def __init__(self, ask: Callable[[], object]) -> None:
        self._ask = ask
        self.times = 0

    def __call__(self) -> object:
        self.times += 1
        return self._ask()


@pytest.fixture
def patient(client: Client, datasource: str, unique: str) -> str:
    """A patient with one version."""
    model = PatientCreate(identifier=unique, parent_identifier=datasource, license="x", sex="F")
    return client.patients.create(model).identifier


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many retries, without the waits."""
    monkeypatch.setattr("vxdata.sdk._transport.retry.RETRY_SECONDS", (0.0,) * len(RETRY_SECONDS))


def test_a_write_whose_answer_is_lost_is_sent_again_and_written_once(
    server: Server, client: Client, patient: str, unique: str
) -> None:
    upload = WriteRequest(
        "update",
        tables_of_updates(registry(), {patient: PatientUpdate(sex="M")}, None),
        idempotency_key=unique,
    )
    command = WriteCommand(verb="update", idempotency_key=unique)
    with Relay(server.flight_url) as relay, Client(relay.url) as far, ThreadPoolExecutor(1) as threads:
        write = Counted(lambda: far._session.transport.write(command, upload._sections(), 1))
        far.health()  # the connection is there: what is lost from now on is answers alone
        relay.swallow_answers()
        receipt = threads.submit(retry_read, write, far._session.transport)
        until(lambda: client.patients.retrieve(patient).sex == "M", "the commit that nobody hears of")
        relay.cut()
        assert receipt.result() == upload.send(client._session.transport)
    assert write.times == 2
    assert [version.verb for version in client.patients.history(patient)] == ["create", "update"]


def test_a_read_waits_for_a_server_that_is_started_again(
    settings: Settings, client: Client, patient: str
) -> None:
    expected = client.patients.retrieve(patient)
    with Server(settings) as first:
        url = first.flight_url
    again = settings.model_copy(update={"port": int(url.rpartition(":")[2])})
    with ExitStack() as stack, Client(url) as far:

        def ask() -> object:
            if read.times == 2:
                stack.enter_context(Server(again))
            # Not `retrieve`, which is retry_read by itself.
            return far.patients.query().collect().height

        read = Counted(ask)
        retry_read(read, far._session.transport)
        assert read.times >= 2
        assert far.patients.retrieve(patient) == expected


def test_a_quota_is_waited_for_as_long_as_the_server_says(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    clock = SimpleNamespace(monotonic=time.monotonic, sleep=slept.append)
    monkeypatch.setattr("vxdata.sdk._transport.retry.time", clock)
    answers: list[Exception | str] = [QuotaExceeded("no", retry_after=7), "yes"]

    def ask() -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    transport = client._session.transport
    assert retry_read(ask, transport) == "yes"
    assert slept == [7]
    answers[:] = [QuotaExceeded("no", retry_after=3600), "yes"]
    with pytest.raises(QuotaExceeded):
        retry_read(ask, transport)
    assert slept == [7]


def test_a_refusal_is_final(client: Client, unique: str) -> None:
    read = Counted(lambda: client.patients.retrieve(unique))
    with pytest.raises(ResourceNotFound):
        retry_read(read, client._session.transport)
    assert read.times == 1


def test_the_number_of_tries_is_bounded(settings: Settings, hasty: None) -> None:
    with Server(settings) as gone:
        url = gone.flight_url
    with Client(url) as far:
        read = Counted(far.health)
        with pytest.raises(ServerUnavailable, match=f"Nothing answers at {url}"):
            retry_read(read, far._session.transport)
    assert read.times == 1 + len(RETRY_SECONDS)


class Unreachable:
    """A transport whose server is not there, and a clock that the waits move.

    Args:
        retries: Its limits.
        monkeypatch: Puts the clock in the place of the real one.
    """

    def __init__(self, retries: Retries, monkeypatch: pytest.MonkeyPatch) -> None:
        self.retries = retries
        self.now = 0.0
        # In that module alone: servers of this process go by the real one.
        clock = SimpleNamespace(monotonic=lambda: self.now, sleep=self._sleep)
        monkeypatch.setattr("vxdata.sdk._transport.retry.time", clock)

    def _sleep(self, seconds: float) -> None:
        self.now += seconds

    def ask(self) -> None:
        msg = "Nothing answers."
        raise ServerUnavailable(msg)


@pytest.mark.parametrize(
    ("retries", "least", "most"),
    [
        (Retries(RETRY_LIMIT, has_answered=True), 30, RETRY_LIMIT),
        (Retries(RETRY_LIMIT), 5, FIRST_CONTACT_SECONDS),
        (Retries(3.0, has_answered=True), 2, 3),
        (Retries(0.0, has_answered=True), 0, 0),
    ],
    ids=["known", "first contact", "with a limit", "none"],
)
def test_how_long_it_is_tried(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    retries: Retries,
    least: float,
    most: float,
) -> None:
    transport = Unreachable(retries, monkeypatch)
    caplog.set_level(logging.WARNING, "vxdata.sdk")
    with pytest.raises(ServerUnavailable):
        retry_read(transport.ask, transport)
    assert least <= transport.now <= most
    notices = [record.getMessage() for record in caplog.records if record.name == "vxdata.sdk"]
    assert bool(notices) == (most > NOTICE_SECONDS)
    assert all(notice.startswith("Nothing answers. Trying again in") for notice in notices)


def test_a_timeout_limits_it_too() -> None:
    assert FlightTransport("grpc://127.0.0.1:1", timeout=2.0).retries.limit == 2.0
    assert FlightTransport("grpc://127.0.0.1:1", timeout=None, retry_seconds=0).retries.limit == 0
