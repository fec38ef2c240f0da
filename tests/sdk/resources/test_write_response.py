"""The answer of a write: what is stored; where it cannot be told, the error tells of the commit."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.create import ArtefactCreate, ImagingStudyCreate, PatientCreate, VolumeCreate
from vxdata.schemas.errors import InternalError, ResourceNotFound, ServerUnavailable
from vxdata.schemas.update import PatientUpdate
from vxdata.schemas.wire import CommitReceipt
from vxdata.sdk import Client, F
from vxdata.sdk._conversion.models import built, table_of
from vxdata.sdk._resources.create_result import MODELS_PER_PART, CreateResult
from vxdata.sdk._resources.namespace import Namespace, Resources
from vxdata.sdk._resources.write_response import read_back
from vxdata.sdk._session import Session
from vxdata.sdk._transport.base import Written
from vxdata.sdk._transport.flight import FlightTransport
from vxdata.server.app import Server
from vxdata.server.ingest.lineage import MAX_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vxdata.schemas.models import ResourceCreate, ResourceResponse
    from vxdata.schemas.payload_type import PayloadType
    from vxdata.schemas.response import PatientResponse
    from vxdata.server.config import Settings


class LastWords(FlightTransport):
    """The way to a server that stops as soon as it has answered a write.

    Args:
        server: The server.
    """

    def __init__(self, server: Server) -> None:
        super().__init__(server.flight_url, timeout=None)
        self._server = server

    def write(self, *arguments: Any, **named: Any) -> Written:
        written = super().write(*arguments, **named)
        self._server.stop()
        return written


@pytest.fixture
def leaving(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A session with such a server, on the database of all tests; nobody waits for it to come back."""
    monkeypatch.setattr("vxdata.sdk._transport.retry.RETRY_SECONDS", (0.0,))
    with Server(settings) as server:
        transport = LastWords(server)
        yield Session(transport, default_catalog())
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
    assert "Connection refused" in error.details.pop("reason")
    assert datetime.fromisoformat(error.details.pop("as_of")) == stored.valid_from
    assert error.details == {"committed": stored.version, "counts": {"patient": 1}}
    assert isinstance(error.__cause__, ServerUnavailable)


def test_of_a_create(leaving: Session, client: Client, datasource: str, unique: str) -> None:
    # A mapping comes back as it is stored, so it has to be read.
    model = PatientCreate(
        identifier=unique, parent_identifier=datasource, license="x", external_identifiers={"a": "1"}
    )
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
        read_back(client._session, [f"patient/{unique}"], receipt)
    assert caught.value.details == {
        "identifiers": [f"patient/{unique}"],
        "committed": now.version,
        "as_of": now.as_of.isoformat(),
        "counts": {"patient": 1},
    }


def test_a_create_reads_nothing(leaving: Session, client: Client, datasource: str, unique: str) -> None:
    created = typed(leaving).create(
        PatientCreate(identifier=unique, parent_identifier=datasource, license="x")
    )
    assert repr(created) == repr(client.patients.retrieve(unique, include_children=False))


@pytest.fixture(
    params=[(MAX_ROWS, MODELS_PER_PART), (0, MODELS_PER_PART), (MAX_ROWS, 1), (0, 1)],
    ids=["lineage sent", "lineage read", "lineage sent, in parts", "lineage read, in parts"],
)
def where(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where lineage comes from, and in how many parts models are sent: it must not matter."""
    most, per_part = request.param
    monkeypatch.setattr("vxdata.server.ingest.lineage.MAX_ROWS", most)
    monkeypatch.setattr("vxdata.sdk._resources.create_result.MODELS_PER_PART", per_part)


@pytest.mark.usefixtures("where")
class TestOfACreate:
    """What was sent does not travel back; the answer is what a read gives, to the letter."""

    def assert_as_read(self, client: Client, created: list[ResourceResponse]) -> None:
        names = [response.identifier for response in created]
        assert repr(created) == repr(client.resources.retrieve(names, include_children=False))

    def test_of_several_types_in_the_order_given(self, client: Client, datasource: str, unique: str) -> None:
        study, patient = f"imagingstudy/{unique}", f"patient/{unique}"
        created = client.resources.create(
            [
                VolumeCreate(identifier=f"{unique}-b", parent_identifier=study, license="x"),
                PatientCreate(identifier=patient, parent_identifier=datasource, license="x"),
                VolumeCreate(identifier=f"{unique}-a", parent_identifier=study, license="x", b_value=1),
                ImagingStudyCreate(identifier=study, parent_identifier=patient, license="x"),
            ]
        )
        assert [response.identifier for response in created] == [
            f"volume/{unique}-b",
            patient,
            f"volume/{unique}-a",
            study,
        ]
        assert [response.patient_id for response in created] == [patient] * 4
        assert [response.study_id for response in created] == [study, None, study, study]
        self.assert_as_read(client, created)

    def test_mappings_come_as_they_are_stored(self, client: Client, unique: str) -> None:
        model = ArtefactCreate(
            identifier=unique, parameters={"longer": "1", "a": "2"}, metrics={"zero": -0.0, "b": 1e300}
        )
        created = client.artefacts.create([model, ArtefactCreate(identifier=f"{unique}-2")])
        assert created[0].parameters == {"longer": "1", "a": "2"}
        assert created[1].parameters is None
        self.assert_as_read(client, list(created))

    def test_values_that_nobody_checked_come_as_they_are_stored(
        self, client: Client, datasource: str, unique: str
    ) -> None:
        elsewhere = datetime(2025, 1, 31, 12, tzinfo=timezone(timedelta(hours=5)))
        unchecked = VolumeCreate.model_construct(
            identifier=f"volume/{unique}",
            parent_identifier=datasource,
            license="x",
            b_value=800,
            series_date=elsewhere,
            acquisition_datetime=elsewhere,
        )
        (created,) = client.volumes.create([unchecked])
        assert type(created.b_value) is float
        assert created.acquisition_datetime == elsewhere
        self.assert_as_read(client, [created])

    def test_a_request_made_again_is_answered_as_the_first_time(
        self, client: Client, datasource: str, unique: str
    ) -> None:
        model = PatientCreate(identifier=unique, parent_identifier=datasource, license="x", sex="F")
        first = client.patients.create([model], idempotency_key=unique)
        client.patients.update(unique, PatientUpdate(sex="M"))
        assert client.patients.create([model], idempotency_key=unique) == first

    def test_what_is_gone_since_is_named(self, client: Client, unique: str) -> None:
        now = client.now()
        receipt = CommitReceipt(version=now.version, as_of=now.as_of, counts={"artefact": 1})
        created = CreateResult(registry(), [ArtefactCreate(identifier=unique)])
        with pytest.raises(ResourceNotFound, match=r"committed as version [0-9]+; .*: Not found: artefact/"):
            created.answer(client._session.transport, Written(receipt))


@pytest.fixture
def _in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vxdata.sdk._resources.create_result.MODELS_PER_PART", 1)


@pytest.mark.usefixtures("_in_parts")
class TestWhileItIsSent:
    """Models become tables while the first of them are on their way; whatever fails then is told as it is."""

    @pytest.mark.parametrize("error", [KeyboardInterrupt(), ServerUnavailable("gone"), pa.ArrowInvalid("no")])
    def test_an_error_of_the_second_part_is_that_of_the_create(
        self, client: Client, unique: str, error: BaseException, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("vxdata.sdk._transport.retry.RETRY_SECONDS", (0.0,))
        version = client.now().version

        def failing(payload_type: PayloadType, models: Sequence[ResourceCreate]) -> pa.Table:
            if models[0].identifier.endswith("-2"):
                raise error
            return table_of(payload_type, models)

        monkeypatch.setattr("vxdata.sdk._resources.create_result.table_of", failing)
        with pytest.raises(type(error)) as caught:
            client.artefacts.create([ArtefactCreate(identifier=f"{unique}-{number}") for number in range(4)])
        assert caught.value is error
        assert client.now().version == version

    def test_a_value_that_nobody_checked_and_arrow_refuses(self, client: Client, unique: str) -> None:
        sound, other = ArtefactCreate(identifier=f"{unique}-1"), ArtefactCreate(identifier=f"{unique}-2")
        unchecked = other.model_copy(update={"license": object()})
        with pytest.raises(pa.ArrowTypeError, match="got a 'object' object"):
            client.artefacts.create([sound, unchecked])
        assert client.artefacts.query().filter(F.identifier == sound.identifier).collect().is_empty()

    def test_the_answer_is_made_again_if_it_could_not_be_prepared(
        self, client: Client, unique: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        failures = iter([MemoryError()])

        def failing(
            columns: Mapping[str, list[Any]], model: type[ResourceResponse]
        ) -> list[ResourceResponse]:
            for failure in failures:
                raise failure
            return built(columns, model)

        monkeypatch.setattr("vxdata.sdk._resources.create_result.built", failing)
        (created,) = client.artefacts.create([ArtefactCreate(identifier=unique)])
        assert repr(created) == repr(client.artefacts.retrieve(unique, include_children=False))

    def test_an_error_after_the_commit_tells_of_it(
        self, client: Client, unique: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def failing(*_: object) -> None:
            raise OverflowError("date value out of range")

        monkeypatch.setattr("vxdata.sdk._resources.create_result.complete", failing)
        with pytest.raises(
            InternalError, match=r"committed as version .*OverflowError: date value"
        ) as caught:
            client.artefacts.create([ArtefactCreate(identifier=unique)])
        assert caught.value.details["committed"] == client.artefacts.retrieve(unique).version

    def test_what_does_not_fit_is_checked_as_any_model(
        self, client: Client, unique: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("vxdata.sdk._resources.create_result.fits", lambda *_: False)
        created = client.artefacts.create(
            [ArtefactCreate(identifier=unique), ArtefactCreate(identifier="x" + unique)]
        )
        read = client.artefacts.retrieve([one.identifier for one in created], include_children=False)
        assert repr(created) == repr(read)
        assert [one.model_fields_set for one in created] == [one.model_fields_set for one in read]

    def test_a_timeout_is_not_for_the_making_of_the_answer(
        self, server: Server, unique: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        prepared: list[CreateResult] = []

        def prepare(created: CreateResult) -> None:
            time.sleep(2 * timeout)  # longer than the call may take
            prepared.append(created)

        timeout = 1.0
        monkeypatch.setattr("vxdata.sdk._resources.create_result.CreateResult.prepare", prepare)
        with Client(server.flight_url, timeout=timeout) as client:
            (artefact,) = client.artefacts.create([ArtefactCreate(identifier=unique)])
        assert artefact.identifier == f"artefact/{unique}"
        assert len(prepared) == 1
