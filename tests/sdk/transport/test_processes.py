"""Clients and other processes: forks, pickles and copies."""

from __future__ import annotations

import copy
import multiprocessing
import os
import pickle
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from vxdata.schemas.create import PatientCreate
from vxdata.schemas.errors import ForkedProcess, ResourceNotFound
from vxdata.sdk import Client, F

if TYPE_CHECKING:
    from vxdata.server.app import Server

PATIENCE = 60.0

# What a process does before it forks, and what its child does then. Each prints what it finds.
FORKING = """
import os, sys, time
import polars as pl
from vxdata.sdk import Client, ForkedProcess

url = sys.argv[1]
client = Client(url)
{before}
sys.stdout.flush()
pid = os.fork()
if pid == 0:
    begin = time.monotonic()
    try:
        print("child:", {ask})
    except ForkedProcess as error:
        print("child:", type(error).__name__, "spawn" in str(error), time.monotonic() - begin < 2)
    {leave}
os.waitpid(pid, 0)
print("parent:", client.patients.query().count() >= 0)
"""

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")


@pytest.fixture
def patient(client: Client, datasource: str, unique: str) -> str:
    """A patient."""
    model = PatientCreate(identifier=unique, parent_identifier=datasource, license="x", sex="F")
    return client.patients.create(model).identifier


def forked(server: Server, before: str, ask: str, leave: str = "os._exit(0)") -> list[str]:
    program = FORKING.format(before=before, ask=ask, leave=leave)
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", program, server.flight_url],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


CALLED = "client.patients.query().count()"
OPEN = "stream = client.patients.query().iter_batches(); next(stream)"


@needs_fork
@pytest.mark.usefixtures("patient")
class TestForks:
    def test_a_client_that_has_not_called_yet_works_in_the_child(self, server: Server, patient: str) -> None:
        ask = f"client.patients.retrieve({patient!r}).sex"
        assert forked(server, "", ask) == ["child: F", "parent: True"]

    @pytest.mark.parametrize("leave", ["os._exit(0)", "sys.exit(0)"])
    @pytest.mark.parametrize(
        "ask",
        [
            "client.patients.query().count()",
            "Client(url).patients.query().count()",
            "client.health()",
            "client.data_sources.create(pl.DataFrame({'identifier': ['x'], 'license': ['x']}))",
            "client.storage.bucket if hasattr(client.storage, 'bucket') else client.storage._backend.bucket",
        ],
        ids=["inherited", "own", "action", "write", "storage"],
    )
    def test_after_a_call_the_child_is_told_at_once_what_to_do(
        self, server: Server, ask: str, leave: str
    ) -> None:
        assert forked(server, CALLED, ask, leave) == ["child: ForkedProcess True True", "parent: True"]

    @pytest.mark.parametrize("leave", ["os._exit(0)", "sys.exit(0)"])
    def test_an_open_stream_stays_with_the_parent(self, server: Server, leave: str) -> None:
        found = forked(server, OPEN, "(client.close(), stream.close(), 'closed')[-1]", leave)
        assert found == ["child: closed", "parent: True"]

    def test_a_child_of_a_child_is_told_too(self, server: Server) -> None:
        ask = "os.waitpid(os.fork() or os._exit(0 if told(client) else 1), 0)[1]"
        told = """
def told(client):
    try:
        client.health()
    except ForkedProcess:
        return True
    return False
client.health()
"""
        assert forked(server, told, ask) == ["child: 0", "parent: True"]


def pickled(thing: Any) -> Any:
    return pickle.loads(pickle.dumps(thing))  # noqa: S301 - made here


def ask_in_worker(client: Client, query: Any, identifier: str) -> tuple[int, str | None, str]:
    """What a spawned worker does with what it is given."""
    namespace = client.patients
    return query.count(), namespace.retrieve(identifier).sex, type(namespace.retrieve(identifier)).__name__


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_what_is_passed_to_other_processes_works_there(server: Server, patient: str, method: str) -> None:
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip("the system does not have it")
    with Client(server.flight_url, timestamp=None, timeout=PATIENCE) as client:
        query = client.patients.query().filter(F.identifier == patient)
        context = multiprocessing.get_context(method)
        with context.Pool(1) as pool:
            found = pool.apply(ask_in_worker, (client, query, patient))
    assert found == (1, "F", "PatientResponse")


def test_a_copy_knows_that_the_server_has_been_reached(server: Server) -> None:
    with Client(server.flight_url) as client:
        assert not pickled(client)._session.transport.retries.has_answered
        with pytest.raises(ResourceNotFound):
            client.patients.retrieve("nobody")
        assert pickled(client)._session.transport.retries.has_answered


def test_pickles_and_copies_hold_the_settings_and_no_connection(server: Server, patient: str) -> None:
    with Client(server.flight_url, timestamp="2020-01-01T00:00:00Z", timeout=30, retry_seconds=3) as client:
        assert client.patients.query().count() == 0
        for other in (pickled(client), copy.deepcopy(client), copy.copy(client)):
            assert other.base_url == client.base_url
            assert other._session.as_of == client._session.as_of
            assert other._session.transport.retries.seconds == 3
            assert other.patients.query().count() == 0
            assert repr(pickled(other.patients.query())) == repr(client.patients.query())
        namespace = pickled(client.patients)
        assert namespace.query().count() == 0
        assert pickled(ForkedProcess("why")).message == "why"
