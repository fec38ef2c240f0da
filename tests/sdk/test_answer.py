"""The answer of a write, where it cannot be read back: the error tells that the write was committed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from vxdata.schemas.create import PatientCreate
from vxdata.schemas.errors import ResourceNotFound, ServerUnavailable
from vxdata.schemas.registry import registry
from vxdata.schemas.update import PatientUpdate
from vxdata.schemas.wire import CommitReceipt
from vxdata.sdk._answer import read_back
from vxdata.sdk._namespace import Namespace, Resources
from vxdata.sdk._session import Session
from vxdata.sdk._transport.flight import FlightTransport
from vxdata.server.app import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from vxdata.schemas.response import PatientResponse
    from vxdata.schemas.wire import WriteCommand
    from vxdata.sdk import Client
    from vxdata.server.config import Settings


class LastWords(FlightTransport):
    """The way to a server that stops as soon as it has answered a write.

    Args:
        server: The server.
    """

    def __init__(self, server: Server) -> None:
        super().__init__(server.flight_url, timeout=None)
        self._server = server

    def write(self, command: WriteCommand, sections: Iterator[pa.RecordBatch], rows: int) -> CommitReceipt:
        receipt = super().write(command, sections, rows)
        self._server.stop()
        return receipt


@pytest.fixture
def leaving(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A session with such a server, on the database of all tests; nobody waits for it to come back."""
    monkeypatch.setattr("vxdata.sdk._retry.RETRY_SECONDS", (0.0,))
    with Server(settings) as server:
        transport = LastWords(server)
        yield Session(transport)
        transport.close()


@pytest.fixture
def patient(client: Client, datasource: str, unique: str) -> str:
    """A patient with one version."""
    model = PatientCreate(identifier=unique, parent_identifier=datasource, license="x", sex="F")
    return client.patients.create(model).identifier


def typed(session: Session) -> Namespace[PatientCreate, PatientUpdate, PatientResponse]:
    return Namespace(session, registry().get("patient"))


def assert_tells_of(error: ServerUnavailable, stored: PatientResponse) -> None:
    assert error.message.startswith(
        f"The write was committed as version {stored.version}; reading it back failed: Nothing answers at grpc://"
    )
    assert error.details.pop("base_url").startswith("grpc://")
    assert datetime.fromisoformat(error.details.pop("as_of")) == stored.valid_from
    assert error.details == {"committed": stored.version, "counts": {"patient": 1}}
    assert isinstance(error.__cause__, ServerUnavailable)


def test_of_a_create(leaving: Session, client: Client, datasource: str, unique: str) -> None:
    model = PatientCreate(identifier=unique, parent_identifier=datasource, license="x")
    with pytest.raises(ServerUnavailable) as caught:
        typed(leaving).create(model)
    assert_tells_of(caught.value, client.patients.retrieve(unique))


def test_of_an_update(leaving: Session, client: Client, patient: str) -> None:
    with pytest.raises(ServerUnavailable) as caught:
        typed(leaving).update(patient, PatientUpdate(sex="M"))
    stored = client.patients.retrieve(patient)
    assert stored.sex == "M"
    assert_tells_of(caught.value, stored)


def test_of_a_restore(leaving: Session, client: Client, patient: str) -> None:
    client.patients.delete(patient)
    with pytest.raises(ServerUnavailable) as caught:
        Resources(leaving).restore([patient])
    assert_tells_of(caught.value, client.patients.retrieve(patient))


def test_of_a_write_that_changed_nothing_there_is_nothing_to_tell(leaving: Session, patient: str) -> None:
    with pytest.raises(ServerUnavailable) as caught:
        Resources(leaving).update(patient, PatientUpdate(sex="F"))
    assert caught.value.message.startswith("Nothing answers at")
    assert "committed" not in caught.value.details


def test_what_the_error_knew_it_still_knows(client: Client, unique: str) -> None:
    now = client.now()
    receipt = CommitReceipt(version=now.version, as_of=now.as_of, counts={"patient": 1})
    # As after a purge by somebody else in between.
    with pytest.raises(
        ResourceNotFound, match=r"committed as version [0-9]+; .*: Not found: patient/"
    ) as caught:
        read_back(client._session.transport, [f"patient/{unique}"], receipt)
    assert caught.value.details == {
        "identifiers": [f"patient/{unique}"],
        "committed": now.version,
        "as_of": now.as_of.isoformat(),
        "counts": {"patient": 1},
    }
