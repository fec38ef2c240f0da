"""Ctrl-C while something waits for the server: it always counts, soon, and tells what became of a write."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.store.relay import Relay
from vxdata.schemas.create import ImagingStudyCreate, PatientCreate
from vxdata.schemas.errors import RequestTimedOut
from vxdata.sdk import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.server.app import Server

PATIENCE = 120.0
SOON = 0.5


def interrupted(url: str, study: str, unique: str, moments: list[tuple[str, float]]) -> list[Any]:
    program = [sys.executable, "-m", "tests.sdk.transport.interrupted"]
    done = subprocess.run(
        [*program, url, study, unique, json.dumps(moments)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def study(client: Client, datasource: str, unique: str) -> str:
    """A study, which volumes can lie below."""
    model = ImagingStudyCreate(identifier=unique, parent_identifier=datasource, license="x")
    return client.imaging_studies.create(model).identifier


KINDS = ["create", "small create", "delete", "health", "count", "query", "retrieve", "now", "models"]
WRITES = {"create", "small create", "delete"}


def test_against_a_server_that_is_silent(server: Server, study: str, unique: str) -> None:
    with Relay(server.flight_url) as relay:
        relay.stall()
        found = interrupted(relay.url, study, unique, [(kind, 1.0) for kind in KINDS])
    assert [kind for kind, *_ in found] == KINDS
    for kind, raised, seconds, notes in found:
        assert raised == "KeyboardInterrupt", kind
        assert seconds < SOON, kind
        if kind in WRITES:
            assert any("idempotency_key=" in note or note == "Nothing was written." for note in notes), kind


def test_at_many_moments_of_calls_that_go_on(server: Server, study: str, unique: str) -> None:
    kinds = ["create", "small create", "update", "query", "count"]
    moments = [(kind, 0.02 + 0.11 * step) for step in range(6) for kind in kinds]
    found = interrupted(server.flight_url, study, unique, moments)
    assert len(found) == len(moments)
    assert [one for one in found if one[1] != "KeyboardInterrupt"] == []
    assert max(seconds for _, _, seconds, _ in found) < SOON


def test_the_key_of_the_note_tells_what_became_of_the_write(
    server: Server, client: Client, datasource: str, unique: str
) -> None:
    patient = PatientCreate(identifier=unique, parent_identifier=datasource, license="x")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with Relay(server.flight_url) as relay, Client(relay.url) as far:
            far.health()  # the connection is there: what is lost from now on is responses alone
            relay.swallow_answers()
            threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
            with pytest.raises(KeyboardInterrupt) as caught:
                far.patients.create(patient)
    finally:
        signal.signal(signal.SIGINT, before)
    (note,) = caught.value.__notes__
    assert "may have been committed" in note
    (key,) = re.findall("idempotency_key='([0-9a-f]+)'", note)
    stored = client.patients.create(patient, idempotency_key=key)
    assert stored.version == client.patients.retrieve(stored.identifier).version


def test_an_error_of_a_write_whose_response_is_lost_names_the_key_too(
    server: Server, datasource: str, unique: str
) -> None:
    patient = PatientCreate(identifier=unique, parent_identifier=datasource, license="x")
    with Relay(server.flight_url) as relay, Client(relay.url, timeout=2, retry_seconds=0) as far:
        far.health()
        relay.swallow_answers()
        with pytest.raises(RequestTimedOut) as caught:
            far.patients.create(patient, idempotency_key=f"key {unique}")
    assert caught.value.details == {"outcome": "open", "idempotency_key": f"key {unique}"}
    assert any(f"idempotency_key='key {unique}'" in note for note in caught.value.__notes__)


def test_an_error_of_the_users_own_ends_the_write_and_is_raised_as_it_is(client: Client) -> None:
    class Own(Exception):
        """Something that only the user knows."""

    def broken() -> Iterator[PatientCreate]:
        raise Own
        yield

    before = client.now()
    with pytest.raises(Own):
        client.patients.create(broken())
    assert client.now() == before
