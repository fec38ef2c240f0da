"""The verbs on what exists: retrieve, update, delete, restore and purge, typed and over all types."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from tests.server.databases import admin, new_database
from vxdata.cli.running import upgrade_database
from vxdata.schemas.create import (
    ArtefactCreate,
    DataSourceCreate,
    ImagingStudyCreate,
    PatientCreate,
    VolumeCreate,
)
from vxdata.schemas.errors import (
    DuplicateIdentifiers,
    FieldTypeMismatch,
    IdempotencyMismatch,
    InvalidRequest,
    NotRegistered,
    ResourceNotFound,
    UnknownField,
)
from vxdata.schemas.response import PatientResponse, VolumeResponse
from vxdata.schemas.update import ArtefactUpdate, PatientUpdate, VolumeUpdate
from vxdata.sdk import Client, CommitReceipt, F
from vxdata.server.app import Server
from vxdata.server.database.pool import Lane

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic import SecretStr

    from vxdata.sdk._resources.verbs import Verbs
    from vxdata.server.config import Settings

__all__ = ["admin", "new_database"]

MANY = 100_000


@pytest.fixture
def family(client: Client, datasource: str, unique: str) -> list[str]:
    """A patient with a study with two volumes, under the test's data source."""
    patient, study = f"patient/{unique}", f"imagingstudy/{unique}"
    models = [
        PatientCreate(identifier=patient, parent_identifier=datasource, license="x", sex="F"),
        ImagingStudyCreate(identifier=study, parent_identifier=patient, license="x"),
        VolumeCreate(identifier=f"{unique}-1", parent_identifier=study, license="x", b_value=1),
        VolumeCreate(identifier=f"{unique}-2", parent_identifier=study, license="x", b_value=2),
    ]
    return [found.identifier for found in client.resources.create(models)]


class TestRetrieve:
    def test_one_gives_a_response_with_all_that_is_stored(self, client: Client, family: list[str]) -> None:
        patient, study, first, second = family
        found = client.imaging_studies.retrieve(study)
        assert (found.patient_id, found.study_id) == (patient, study)
        assert (found.valid_to, found.created_at) == (None, found.valid_from)
        assert found.children == [first, second]
        assert found.version == client.now().version

    def test_several_come_in_the_order_asked_for_and_as_often(
        self, client: Client, family: list[str]
    ) -> None:
        asked = [family[3], family[0], family[2], family[3]]
        assert [found.identifier for found in client.resources.retrieve(asked)] == asked
        assert [type(found) for found in client.resources.retrieve(asked[:2])] == [
            VolumeResponse,
            PatientResponse,
        ]

    def test_without_children_there_are_none(self, client: Client, family: list[str]) -> None:
        assert client.resources.retrieve(family[0], include_children=False).children is None
        assert client.volumes.retrieve(family[2]).children == []

    def test_bare_full_and_plural_identifiers_mean_the_same(self, client: Client, family: list[str]) -> None:
        bare = family[0].removeprefix("patient/")
        found = client.patients.retrieve([bare, family[0], f"patients/{bare}"])
        assert {response.identifier for response in found} == {family[0]}
        assert client.resources.retrieve(f"patients/{bare}").identifier == family[0]

    def test_nothing_gives_nothing(self, alone: Client) -> None:
        assert alone.patients.retrieve([]) == []

    def test_a_column_will_do(self, client: Client, family: list[str]) -> None:
        assert len(client.volumes.retrieve(pl.Series(family[2:]))) == 2

    @pytest.mark.parametrize("verb", ["retrieve", "restore", "purge"])
    @pytest.mark.parametrize("given", [None, 1, [1], pl.DataFrame({"identifier": [1]})])
    def test_what_is_no_identifier_is_refused(self, alone: Client, verb: str, given: object) -> None:
        for namespace in (alone.patients, alone.resources):
            with pytest.raises(FieldTypeMismatch, match="Identifiers are texts, not"):
                getattr(namespace, verb)(given)

    def test_deleted_children_are_left_out(self, client: Client, family: list[str]) -> None:
        client.volumes.delete(family[2])
        assert client.resources.retrieve(family[1]).children == [family[3]]


class TestUpdate:
    def test_one_gives_the_new_state(self, client: Client, family: list[str]) -> None:
        before = client.patients.retrieve(family[0])
        after = client.patients.update(family[0], PatientUpdate(birth_year=1950))
        assert (after.sex, after.birth_year) == ("F", 1950)
        assert after.version > before.version
        assert after.created_at == before.created_at < after.valid_from
        assert client.patients.retrieve(family[0], include_children=False) == after

    def test_several_types_in_one_commit(self, client: Client, family: list[str]) -> None:
        since = client.now().version
        updates = {
            family[3]: VolumeUpdate(b_value=9),
            family[0]: PatientUpdate(sex="M"),
            family[2]: VolumeUpdate(license="y"),
        }
        found = client.resources.update(updates)
        assert [response.identifier for response in found] == list(updates)
        assert {response.version for response in found} == {since + 1}

    def test_what_is_not_stated_is_kept_and_none_is_null(self, client: Client, family: list[str]) -> None:
        client.patients.update(family[0], PatientUpdate(birth_year=1950, germline_variants=["BRCA2"]))
        found = client.patients.update(family[0], PatientUpdate(sex=None))
        assert (found.sex, found.birth_year, found.germline_variants) == (None, 1950, ["BRCA2"])

    def test_in_a_frame_an_absent_column_is_kept_and_a_null_is_null(
        self, client: Client, family: list[str]
    ) -> None:
        client.volumes.update({name: VolumeUpdate(magnetic_field_strength=3) for name in family[2:]})
        receipt = client.volumes.update(pl.DataFrame({"identifier": family[2:], "b_value": [None, 7.0]}))
        assert type(receipt) is CommitReceipt
        assert receipt.counts == {"volume": 2}
        found = client.volumes.retrieve(family[2:])
        assert [(volume.b_value, volume.magnetic_field_strength) for volume in found] == [(None, 3), (7, 3)]

    def test_frames_of_several_types(self, client: Client, family: list[str]) -> None:
        receipt = client.resources.update(
            {
                "patient": pl.DataFrame({"identifier": [family[0]], "sex": ["O"]}),
                "volume": pl.DataFrame({"identifier": family[2:], "b_value": [5.0, 6.0]}),
            }
        )
        assert receipt.counts == {"patient": 1, "volume": 2}

    def test_what_changes_nothing_writes_no_version(self, client: Client, family: list[str]) -> None:
        before = client.now()
        same = client.patients.update(family[0], PatientUpdate(sex="F"))
        assert client.patients.update(family[0], PatientUpdate()) == same
        receipt = client.volumes.update(pl.DataFrame({"identifier": family[2:], "b_value": [1.0, 2.0]}))
        assert (receipt.version, receipt.counts) == (before.version, {})
        assert client.now() == before

    def test_of_several_only_the_changed_ones_get_a_version(self, client: Client, family: list[str]) -> None:
        receipt = client.volumes.update(pl.DataFrame({"identifier": family[2:], "b_value": [1.0, 3.0]}))
        assert receipt.counts == {"volume": 1}
        assert [len(client.volumes.history(name)) for name in family[2:]] == [1, 2]

    def test_pairs_over_mixed_types(self, client: Client, family: list[str]) -> None:
        pairs = [(family[3], VolumeUpdate(b_value=9)), (family[0], PatientUpdate(sex="M"))]
        found = client.resources.update(pairs, expected_version={family[0]: client.now().version})
        assert [response.identifier for response in found] == [family[3], family[0]]
        assert len({response.version for response in found}) == 1
        assert (client.volumes.retrieve(family[3]).b_value, client.patients.retrieve(family[0]).sex) == (
            9,
            "M",
        )

    def test_one_pair_gives_one_response(self, client: Client, family: list[str]) -> None:
        pair = (family[0].removeprefix("patient/"), PatientUpdate(sex="M"))
        version = client.patients.retrieve(family[0]).version
        assert client.patients.update(pair, expected_version=version).sex == "M"
        assert client.patients.update(iter([pair]))[0].sex == "M"

    def test_one_named_twice_in_pairs_is_refused(self, alone: Client) -> None:
        pairs = [(name, PatientUpdate(sex=sex)) for name in ["patient/a"] for sex in ("M", "O")]
        for namespace in (alone.patients, alone.resources):
            with pytest.raises(DuplicateIdentifiers) as caught:
                namespace.update(pairs)
            assert caught.value.details == {"identifiers": ["patient/a"]}

    def test_expected_versions_by_bare_identifier(self, client: Client, family: list[str]) -> None:
        bare = family[0].removeprefix("patient/")
        version = client.patients.retrieve(bare).version
        found = client.patients.update(
            {bare: PatientUpdate(sex="O")}, expected_version={f"patients/{bare}": version}
        )
        assert found[0].version > version

    def test_expected_versions_that_fit_nothing_are_refused(self, alone: Client) -> None:
        updates = {name: VolumeUpdate(b_value=0) for name in ("volume/a", "volume/b")}
        with pytest.raises(InvalidRequest, match="does not change"):
            alone.volumes.update(updates, expected_version={"other": 1})
        with pytest.raises(InvalidRequest, match="One expected_version says nothing"):
            alone.volumes.update(updates, expected_version=1)

    def test_what_a_frame_would_forget_is_refused(self, alone: Client) -> None:
        frame = pl.DataFrame({"identifier": ["volume/a"]})
        for verb in ("update", "delete"):
            with pytest.raises(InvalidRequest, match="in its columns"):
                getattr(alone.volumes, verb)(frame, expected_version=1)

    def test_one_named_twice_is_refused(self, alone: Client) -> None:
        update = PatientUpdate(sex="M")
        with pytest.raises(DuplicateIdentifiers) as caught:
            alone.patients.update({"a": update, "patient/a": update})
        assert caught.value.details == {"identifiers": ["patient/a"]}

    def test_an_unknown_column_is_refused(self, alone: Client) -> None:
        with pytest.raises(UnknownField):
            alone.patients.update(pl.DataFrame({"identifier": ["patient/a"], "sexx": ["M"]}))

    @pytest.mark.parametrize("update", [None, {"sex": "M"}, 1])
    def test_what_is_no_update_is_refused(self, alone: Client, update: object) -> None:
        with pytest.raises(FieldTypeMismatch, match="update takes"):
            alone.patients.update("patient/a", update)  # type: ignore[call-overload]

    def test_a_move_takes_the_descendants_along(self, client: Client, family: list[str], unique: str) -> None:
        other = client.data_sources.create(DataSourceCreate(identifier=f"{unique}-2", license="x")).identifier
        before = client.now()
        moved = client.patients.update(family[0], PatientUpdate(parent_identifier=other))
        found = client.resources.retrieve(family, include_children=False)
        assert {response.datasource_id for response in found} == {other}
        assert {response.version for response in found} == {moved.version}
        earlier = client.resources.retrieve(family, as_of=before)
        assert {response.datasource_id for response in earlier} == {f"datasource/{unique}"}


class TestDelete:
    def test_one_several_and_frames(self, client: Client, family: list[str]) -> None:
        client.volumes.delete(family[2])
        receipt = client.resources.delete({"volume": pl.DataFrame({"identifier": [family[3]]})})
        assert receipt.counts == {"volume": 1}
        client.resources.delete(iter(family[:2]))
        with pytest.raises(ResourceNotFound) as caught:
            client.resources.retrieve(family)
        assert sorted(caught.value.details["identifiers"]) == sorted(family)

    def test_children_stay_live_with_their_lineage(self, client: Client, family: list[str]) -> None:
        before = client.resources.retrieve(family[1:])
        client.patients.delete(family[0])
        assert client.resources.retrieve(family[1:]) == before
        assert before[0].patient_id == family[0]

    def test_cascade_takes_the_subtree_in_one_commit(self, client: Client, family: list[str]) -> None:
        since = client.now().version
        client.patients.delete(family[0], cascade=True)
        assert client.resources.query().filter(F.identifier.is_in(family)).collect().is_empty()
        assert {client.resources.history(name)[-1].version for name in family} == {since + 1}


class TestRestore:
    def test_brings_the_last_live_state_back(self, client: Client, family: list[str]) -> None:
        before = client.patients.retrieve(family[0])
        client.patients.delete(family[0])
        after = client.patients.restore(family[0])
        changed = {"valid_from", "version", "children"}
        assert after.model_dump(exclude=changed) == before.model_dump(exclude=changed)
        assert after.version > before.version

    def test_of_a_cascade_as_a_unit(self, client: Client, family: list[str]) -> None:
        client.volumes.delete(family[3])
        client.patients.delete(family[0], cascade=True)
        root = client.patients.restore(family[0], cascade=True)
        found = client.resources.retrieve(family[:3])
        assert {response.version for response in found} == {root.version}
        # What was deleted before, by itself, stays deleted.
        with pytest.raises(ResourceNotFound):
            client.volumes.retrieve(family[3])

    def test_without_cascade_brings_one_back(self, client: Client, family: list[str]) -> None:
        client.patients.delete(family[0], cascade=True)
        client.patients.restore(family[0])
        with pytest.raises(ResourceNotFound) as caught:
            client.resources.retrieve(family)
        assert sorted(caught.value.details["identifiers"]) == sorted(family[1:])

    def test_lineage_is_computed_anew(self, client: Client, family: list[str], unique: str) -> None:
        client.volumes.delete(family[2])
        other = client.data_sources.create(DataSourceCreate(identifier=f"{unique}-2", license="x")).identifier
        client.patients.update(family[0], PatientUpdate(parent_identifier=other))
        assert client.volumes.restore(family[2]).datasource_id == other

    def test_several_come_in_order(self, client: Client, family: list[str]) -> None:
        client.resources.delete(family)
        asked = family[::-1]
        assert [found.identifier for found in client.resources.restore(asked)] == asked


def test_a_response_becomes_a_create(client: Client, family: list[str], unique: str) -> None:
    stored = client.volumes.retrieve(family[2])
    copy = VolumeCreate.from_response(stored).model_copy(update={"identifier": f"volume/{unique}-copy"})
    created = client.volumes.create(copy)
    assert (created.b_value, created.parent_identifier) == (stored.b_value, stored.parent_identifier)
    assert created.created_at > stored.created_at


def test_a_hundred_thousand_at_once(client: Client, datasource: str, unique: str) -> None:
    names = [f"patient/{unique}/{number}" for number in range(MANY)]
    frame = pl.DataFrame({"identifier": names})
    client.patients.create(
        frame.with_columns(parent_identifier=pl.lit(datasource), license=pl.lit("x"), sex=pl.lit("M"))
    )
    asked = names[::-1]
    found = client.patients.retrieve(asked, include_children=False)
    assert [response.identifier for response in found] == asked
    assert client.patients.update(frame.with_columns(sex=pl.lit("F"))).counts == {"patient": MANY}
    assert client.patients.delete(frame).counts == {"patient": MANY}
    with pytest.raises(ResourceNotFound) as caught:
        client.patients.retrieve(names)
    assert caught.value.details["identifiers"] == names


class TestNothing:
    """Nothing to do is the same in every namespace, and no call to the server."""

    @pytest.fixture
    def namespaces(self, alone: Client) -> tuple[Verbs[Any, Any], ...]:
        return alone.patients, alone.resources, alone.namespace("volume")

    @pytest.mark.parametrize(
        ("verb", "nothing", "expected"),
        [
            ("create", [], []),
            ("create", (), []),
            ("retrieve", [], []),
            ("update", {}, []),
            ("update", [], []),
            ("update", (), []),
            ("delete", [], None),
            ("delete", {}, None),
            ("restore", [], []),
            ("restore", set(), []),
        ],
    )
    def test_of_nothing(
        self, namespaces: tuple[Verbs[Any, Any], ...], verb: str, nothing: object, expected: object
    ) -> None:
        assert [getattr(namespace, verb)(nothing) for namespace in namespaces] == [expected] * len(namespaces)

    @pytest.mark.parametrize("verb", ["update", "delete"])
    def test_frames_without_rows_give_a_receipt(self, client: Client, verb: str) -> None:
        now = client.now()
        empty = pl.DataFrame(schema={"identifier": pl.String})
        receipts = [
            getattr(client.patients, verb)(empty),
            getattr(client.resources, verb)({"patient": empty, "volume": empty}),
        ]
        expected = CommitReceipt(version=now.version, as_of=now.as_of, counts={})
        assert receipts == [expected, expected]
        assert client.now() == now

    def test_a_create_of_frames_without_rows_gives_a_receipt(self, client: Client) -> None:
        now = client.now()
        empty = pl.DataFrame(schema=dict.fromkeys(("identifier", "parent_identifier", "license"), pl.String))
        receipts = [client.patients.create(empty), client.resources.create({"patient": empty})]
        assert receipts == [CommitReceipt(version=now.version, as_of=now.as_of, counts={})] * 2
        assert client.now() == now


class TestIdempotency:
    """A call made again under its key is answered as the first time, though the state has moved on."""

    @pytest.fixture(params=["typed", "generic"])
    def patients(self, client: Client, request: pytest.FixtureRequest) -> Verbs[Any, Any]:
        return client.patients if request.param == "typed" else client.resources

    def test_of_a_create(
        self, client: Client, patients: Verbs[Any, Any], datasource: str, unique: str
    ) -> None:
        create: Callable[..., Any] = patients.create  # type: ignore[attr-defined] # both kinds have it
        model = PatientCreate(identifier=unique, parent_identifier=datasource, license="x", sex="F")
        first = create(model, idempotency_key=unique)
        client.patients.delete(unique)
        before = client.now()
        assert create([model], idempotency_key=unique) == [first]
        with pytest.raises(IdempotencyMismatch):
            create(model.model_copy(update={"sex": "M"}), idempotency_key=unique)
        assert client.now() == before

    def test_of_a_create_of_frames(self, client: Client, datasource: str, unique: str) -> None:
        frame = pl.DataFrame(
            {"identifier": [f"patient/{unique}"], "parent_identifier": datasource, "license": "x"}
        )
        first = client.patients.create(frame, idempotency_key=unique)
        assert client.resources.create({"patient": frame}, idempotency_key=unique) == first
        assert client.now().version == first.version

    def test_of_an_update(
        self, client: Client, patients: Verbs[Any, Any], family: list[str], unique: str
    ) -> None:
        name, update = family[0], PatientUpdate(sex="M")
        first = patients.update(name, update, idempotency_key=unique)
        client.patients.update(name, PatientUpdate(sex="O"))
        before = client.now()
        assert patients.update(name, update, idempotency_key=unique) == first
        assert patients.update([(name, update)], idempotency_key=unique) == [first]
        for other in (PatientUpdate(sex="F"), PatientUpdate(license="M"), PatientUpdate()):
            with pytest.raises(IdempotencyMismatch):
                patients.update(name, other, idempotency_key=unique)
        with pytest.raises(IdempotencyMismatch):
            patients.update(name, update, expected_version=first.version, idempotency_key=unique)
        assert client.now() == before
        assert client.patients.retrieve(name).sex == "O"

    def test_of_a_delete(
        self, client: Client, patients: Verbs[Any, Any], family: list[str], unique: str
    ) -> None:
        patients.delete(family[0], idempotency_key=unique)
        client.patients.restore(family[0])
        before = client.now()
        patients.delete([family[0]], idempotency_key=unique)
        with pytest.raises(IdempotencyMismatch):
            patients.delete(family[0], cascade=True, idempotency_key=unique)
        assert client.now() == before
        assert client.patients.retrieve(family[0]).identifier == family[0]

    def test_of_a_restore(
        self, client: Client, patients: Verbs[Any, Any], family: list[str], unique: str
    ) -> None:
        client.patients.delete(family[0])
        first = patients.restore(family[0], idempotency_key=unique)
        client.patients.delete(family[0])
        before = client.now()
        assert patients.restore(family[0], idempotency_key=unique) == first
        with pytest.raises(IdempotencyMismatch):
            client.volumes.restore(family[2], idempotency_key=unique)
        assert client.now() == before

    def test_of_frames(self, client: Client, family: list[str], unique: str) -> None:
        frame = pl.DataFrame({"identifier": family[2:], "b_value": [7.0, None]})
        first = client.volumes.update(frame, idempotency_key=unique)
        assert client.volumes.update(frame, idempotency_key=unique) == first
        assert client.resources.update({"volume": frame}, idempotency_key=unique) == first
        with pytest.raises(IdempotencyMismatch):
            client.volumes.update(frame.reverse(), idempotency_key=unique)
        names = frame.select("identifier")
        second = client.volumes.delete(names, idempotency_key=f"{unique}-2")
        assert client.resources.delete({"volume": names}, idempotency_key=f"{unique}-2") == second
        assert second.version == first.version + 1 == client.now().version

    def test_of_what_changed_nothing(self, client: Client, family: list[str], unique: str) -> None:
        same = PatientUpdate(sex="F")
        first = client.patients.update(family[0], same, idempotency_key=unique)
        client.patients.update(family[0], PatientUpdate(sex="M"))
        assert client.patients.update(family[0], same, idempotency_key=unique) == first
        assert client.patients.retrieve(family[0]).sex == "M"


class TestPurge:
    @pytest.fixture
    def server(self, settings: Settings, new_database: Callable[[], SecretStr]) -> Iterator[Server]:
        """A server that allows it, on a database of its own."""
        uri = new_database()
        upgrade_database(uri)
        own = settings.model_copy(update={"database_uri": uri, "allow_purge": True})
        with Server(own) as server:
            yield server

    @pytest.fixture
    def purging(self, server: Server) -> Iterator[Client]:
        with Client(server.flight_url) as client:
            yield client

    def test_removes_versions_registrations_and_what_is_below(self, server: Server, purging: Client) -> None:
        word = secrets.token_hex(4)
        source = purging.data_sources.create(
            DataSourceCreate(identifier=word, license="x", patient_code="PU")
        ).identifier
        patient = purging.patients.register("somebody", source)
        purging.patients.create(PatientCreate(identifier=patient, parent_identifier=source, license="x"))
        below = purging.artefacts.create(
            ArtefactCreate(identifier=word, parent_identifier=patient, license="x")
        ).identifier
        purging.artefacts.update(below, ArtefactUpdate(license="y"))
        purging.artefacts.delete(below)
        snapshot, epoch = purging.now(), epoch_of(server)
        receipt = purging.patients.purge(patient)
        assert receipt.counts == {"patient": 1, "artefact": 3}
        for name in (patient, below):
            for act in (purging.resources.history, purging.resources.restore, purging.resources.purge):
                with pytest.raises(ResourceNotFound):
                    act(name)
        with pytest.raises(ResourceNotFound):
            purging.patients.retrieve(patient, as_of=snapshot)
        with pytest.raises(NotRegistered):
            purging.patients.resolve("somebody", source)
        assert epoch_of(server) == epoch + 1
        (commit,) = purging.commits().filter(F.version == receipt.version).collect().to_dicts()
        assert commit["verb"] == "purge"
        assert patient not in str(commit)
        assert purging.data_sources.retrieve(source).children == []


def epoch_of(server: Server) -> int:
    with server._services.read._database.connection(Lane.WRITE) as connection:
        (row,) = connection.rows("SELECT purge_epoch FROM vxdata.commit_clock")
    return int(row["purge_epoch"])
