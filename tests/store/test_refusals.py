"""Every refusal over the wire: in its own class, naming everything, and without any effect."""

from __future__ import annotations

import pickle
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

import polars as pl
import pytest

from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.create import ArtefactCreate, DataSourceCreate, PatientCreate, VolumeCreate
from vxdata.schemas.errors import (
    AlreadyRegistered,
    AsOfInFuture,
    DuplicateIdentifiers,
    IdempotencyMismatch,
    InvalidIdentifier,
    LineageCycle,
    NotAllowed,
    NotDeleted,
    NotRegistered,
    ParentNotFound,
    ResourceAlreadyExists,
    ResourceNotFound,
    UnexpectedPayload,
    UnknownResourceType,
    ValidationFailed,
    VersionConflict,
    VxDataError,
)
from vxdata.schemas.errors.messages import SHOWN_IN_MESSAGE
from vxdata.schemas.update import ArtefactUpdate, PatientUpdate, VolumeUpdate
from vxdata.sdk import Client
from vxdata.sdk._resources.changes import tables_of_identifiers
from vxdata.sdk._resources.upload import WriteRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vxdata.server.app import Server

Refusal = TypeVar("Refusal", bound=VxDataError)

MANY = 10_000


@contextmanager
def refused(client: Client, error_class: type[Refusal]) -> Iterator[list[Refusal]]:
    """Expect one refusal that survives pickling and changes nothing."""
    before = client.now()
    caught: list[Refusal] = []
    with pytest.raises(error_class) as found:
        yield caught
    error = found.value
    assert type(error) is error_class
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - made here
    assert (type(again), again.message, again.details) == (error_class, error.message, error.details)
    assert client.now() == before
    caught.append(error)


def names_all(error: VxDataError, identifiers: list[str]) -> bool:
    """Whether the details hold every identifier, and the message at most the number that is shown."""
    shown = sum(identifier in error.message for identifier in identifiers)
    return sorted(error.details["identifiers"]) == sorted(identifiers) and shown <= SHOWN_IN_MESSAGE


def patient(identifier: str, parent: str) -> PatientCreate:
    return PatientCreate(identifier=identifier, parent_identifier=parent, license="x")


def artefact(identifier: str, parent: str) -> ArtefactCreate:
    return ArtefactCreate(identifier=identifier, parent_identifier=parent, license="x")


@pytest.fixture
def live(client: Client, datasource: str, unique: str) -> str:
    """A live patient."""
    return client.patients.create(patient(unique, datasource)).identifier


@pytest.fixture
def deleted(client: Client, datasource: str, unique: str) -> str:
    """A deleted patient."""
    identifier = client.patients.create(patient(f"{unique}-deleted", datasource)).identifier
    client.patients.delete(identifier)
    return identifier


VERBS_ON_LIVE: dict[str, Callable[[Client, list[str]], object]] = {
    "retrieve": lambda client, names: client.patients.retrieve(names),
    "update": lambda client, names: client.patients.update(dict.fromkeys(names, PatientUpdate(sex="M"))),
    "update of a frame": lambda client, names: client.patients.update(
        pl.DataFrame({"identifier": names, "sex": "M"})
    ),
    "delete": lambda client, names: client.patients.delete(names),
    "delete of a frame": lambda client, names: client.patients.delete(pl.DataFrame({"identifier": names})),
    "cascade": lambda client, names: client.resources.delete(names, cascade=True),
}


@pytest.mark.parametrize("verb", VERBS_ON_LIVE)
def test_what_is_missing_or_deleted(client: Client, live: str, deleted: str, verb: str) -> None:
    missing = f"{live}-missing"
    with refused(client, ResourceNotFound) as caught:
        VERBS_ON_LIVE[verb](client, [live, missing, deleted])
    assert names_all(caught[0], [missing, deleted])


@pytest.mark.parametrize("verb", VERBS_ON_LIVE)
def test_ten_thousand_that_are_missing(client: Client, unique: str, verb: str) -> None:
    names = [f"patient/{unique}/{number}" for number in range(MANY)]
    with refused(client, ResourceNotFound) as caught:
        VERBS_ON_LIVE[verb](client, names)
    assert names_all(caught[0], names)
    assert "and 9,980 more" in caught[0].message


def test_what_exists_live_or_deleted(client: Client, datasource: str, live: str, deleted: str) -> None:
    models = [patient(name, datasource) for name in (live, f"{live}-new", deleted)]
    with refused(client, ResourceAlreadyExists) as caught:
        client.patients.create(models)
    assert caught[0].details == {"identifiers": [live, deleted], "live": [live], "deleted": [deleted]}
    assert "use restore" in caught[0].message


def test_ten_thousand_that_exist(client: Client, datasource: str, unique: str) -> None:
    names = [f"patient/{unique}/{number}" for number in range(MANY)]
    frame = pl.DataFrame({"identifier": names, "parent_identifier": datasource, "license": "x"})
    client.patients.create(frame)
    with refused(client, ResourceAlreadyExists) as exists:
        client.patients.create(frame)
    assert names_all(exists[0], names)
    with refused(client, NotDeleted) as not_deleted:
        client.patients.restore(names)
    assert names_all(not_deleted[0], names)
    with refused(client, VersionConflict) as conflict:
        client.patients.delete(names, expected_version=dict.fromkeys(names, 1))
    assert names_all(conflict[0], names)
    assert len(conflict[0].details["conflicts"]) == MANY
    with refused(client, DuplicateIdentifiers) as twice:
        client.patients.delete(names * 2)
    assert names_all(twice[0], names)
    client.patients.delete(frame.select("identifier"))
    with refused(client, ResourceAlreadyExists) as gone:
        client.patients.create(frame)
    assert sorted(gone[0].details["deleted"]) == sorted(names)


def test_parents_that_are_missing_or_deleted(
    client: Client, live: str, deleted: str, datasource: str, unique: str
) -> None:
    missing = f"datasource/{unique}-missing"
    with refused(client, ParentNotFound) as create:
        client.resources.create([artefact(unique, deleted), patient(f"{unique}-2", missing)])
    assert names_all(create[0], [deleted, missing])
    with refused(client, ParentNotFound) as move:
        client.patients.update(live, PatientUpdate(parent_identifier=missing))
    assert names_all(move[0], [missing])
    child = client.artefacts.create(artefact(unique, live)).identifier
    client.resources.delete([live, child])
    with refused(client, ParentNotFound) as restore:
        client.artefacts.restore(child)
    assert names_all(restore[0], [live])
    assert restore[0].details["children"] == [child]


def test_ten_thousand_parents_that_are_missing(client: Client, unique: str) -> None:
    parents = [f"datasource/{unique}-{number}" for number in range(MANY)]
    frame = pl.DataFrame(
        {
            "identifier": [f"{unique}-{number}" for number in range(MANY)],
            "parent_identifier": parents,
            "license": "x",
        }
    )
    with refused(client, ParentNotFound) as caught:
        client.patients.create(frame)
    assert names_all(caught[0], parents)
    assert len(caught[0].details["children"]) == MANY


class TestCycles:
    def test_of_a_create(self, client: Client, unique: str) -> None:
        first, second = f"artefact/{unique}-1", f"artefact/{unique}-2"
        with refused(client, LineageCycle) as caught:
            client.artefacts.create([artefact(first, second), artefact(second, first)])
        assert names_all(caught[0], [first, second])

    def test_of_a_move_below_a_descendant(self, client: Client, datasource: str, unique: str) -> None:
        names = [f"artefact/{unique}-{number}" for number in range(4)]
        parents = [datasource, *names]
        client.artefacts.create([artefact(*pair) for pair in zip(names, parents, strict=False)])
        for below in names:
            with refused(client, LineageCycle) as caught:
                client.artefacts.update(names[0], ArtefactUpdate(parent_identifier=below))
            assert set(names) >= set(caught[0].details["identifiers"]) >= {names[0], below}

    def test_of_ten_thousand(self, client: Client, unique: str) -> None:
        names = [f"artefact/{unique}/{number}" for number in range(MANY)]
        frame = pl.DataFrame({"identifier": names, "license": "x"})
        with refused(client, LineageCycle) as caught:
            client.artefacts.create(frame.with_columns(parent_identifier=pl.lit(names[0])))
        assert names_all(caught[0], names)


class TestUnexpectedPayload:
    def test_of_identifiers(self, live: str) -> None:
        with Client("grpc://127.0.0.1:1") as nowhere:
            for act in (
                nowhere.volumes.retrieve,
                nowhere.volumes.delete,
                nowhere.volumes.restore,
                nowhere.volumes.purge,
                nowhere.volumes.history,
            ):
                with pytest.raises(UnexpectedPayload) as caught:
                    act(live)
                assert caught.value.details == {"identifiers": [live], "expected": "volume"}
            with pytest.raises(UnexpectedPayload):
                nowhere.volumes.update(live, VolumeUpdate(b_value=1))
            with pytest.raises(UnexpectedPayload):
                nowhere.patients.register("x", live)

    def test_of_ten_thousand(self, client: Client, unique: str) -> None:
        names = [f"patient/{unique}-{number}" for number in range(MANY)]
        with refused(client, UnexpectedPayload) as caught:
            client.volumes.retrieve([*names, unique])
        assert names_all(caught[0], names)

    def test_of_updates(self, client: Client, live: str) -> None:
        with refused(client, UnexpectedPayload) as caught:
            client.resources.update(live, VolumeUpdate(b_value=1))
        assert names_all(caught[0], [live])


def test_values_that_break_constraints(client: Client, live: str, datasource: str, unique: str) -> None:
    frame = pl.DataFrame({"identifier": [live, f"{live}-2"], "sex": ["M", "X"]})
    with refused(client, ValidationFailed) as update:
        client.patients.update(frame)
    (violation,) = update[0].violations
    assert (violation["row"], violation["field"], violation["value"]) == (1, "sex", "X")
    assert violation["identifier"] == f"{live}-2"
    with refused(client, ValidationFailed) as create:
        client.patients.create(
            frame.with_columns(
                identifier=pl.lit(unique) + pl.col("sex"),
                parent_identifier=pl.lit(datasource),
                license=pl.lit("x"),
            )
        )
    assert [(found["row"], found["field"]) for found in create[0].violations] == [(1, "sex")]
    with refused(client, ValidationFailed) as null:
        client.patients.update(frame.select("identifier", license=pl.lit(None, pl.String)))
    assert [(found["row"], found["field"]) for found in null[0].violations] == [
        (0, "license"),
        (1, "license"),
    ]


def test_an_instant_to_come(client: Client, server: Server, live: str) -> None:
    future = datetime.now(UTC) + timedelta(hours=1)
    for read in (
        lambda: client.patients.retrieve(live, as_of=future),
        lambda: client.lineage.children(live, as_of=future),
        lambda: client.patients.history(live, as_of=future),
        lambda: client.commits().as_of(future).collect(),
    ):
        with refused(client, AsOfInFuture) as caught:
            read()
        assert caught[0].details == {"as_of": future.isoformat()}
    with Client(server.flight_url, timestamp=future) as later, refused(client, AsOfInFuture):
        later.patients.retrieve(live)


def test_other_versions_than_expected(client: Client, live: str) -> None:
    found = client.patients.retrieve(live).version
    for act in (
        lambda: client.patients.update(live, PatientUpdate(sex="F"), expected_version=found - 1),
        lambda: client.patients.update({live: PatientUpdate(sex="F")}, expected_version={live: found - 1}),
        lambda: client.patients.update(
            pl.DataFrame({"identifier": [live], "sex": ["F"], "expected_version": [found - 1]})
        ),
        lambda: client.patients.delete(live, expected_version=found - 1),
        lambda: client.patients.delete(pl.DataFrame({"identifier": [live], "expected_version": [found - 1]})),
    ):
        with refused(client, VersionConflict) as caught:
            act()
        conflict = {"identifier": live, "expected": found - 1, "found": found}
        assert caught[0].details == {"identifiers": [live], "conflicts": [conflict]}
        assert f"{live} (expected {found - 1}, is {found})" in caught[0].message
    client.patients.delete(live, expected_version=found)
    with refused(client, VersionConflict):
        client.patients.restore(live, expected_version=found)


class TestIdempotency:
    def test_the_same_request_is_answered_again(self, client: Client, live: str, unique: str) -> None:
        upload = WriteRequest(
            "delete", tables_of_identifiers(registry(), [live], None), idempotency_key=unique
        )
        first = upload.send(client._session.transport)
        client.patients.restore(live)
        assert upload.send(client._session.transport) == first
        assert client.patients.retrieve(live).identifier == live

    def test_another_request_is_refused(self, client: Client, live: str, unique: str) -> None:
        tables = tables_of_identifiers(registry(), [live], None)
        WriteRequest("delete", tables, idempotency_key=unique).send(client._session.transport)
        others = (
            WriteRequest(
                "delete", tables_of_identifiers(registry(), [f"{live}-2"], None), idempotency_key=unique
            ),
            WriteRequest("delete", tables, cascade=True, idempotency_key=unique),
            WriteRequest("restore", tables, idempotency_key=unique),
        )
        for other in others:
            with refused(client, IdempotencyMismatch) as caught:
                other.send(client._session.transport)
            assert caught[0].details == {"idempotency_key": unique}


def test_a_restore_of_what_is_live_or_never_was(client: Client, live: str, deleted: str) -> None:
    with refused(client, NotDeleted) as caught:
        client.patients.restore([deleted, live])
    assert names_all(caught[0], [live])
    with refused(client, ResourceNotFound) as missing:
        client.patients.restore([deleted, f"{live}-missing"])
    assert names_all(missing[0], [f"{live}-missing"])


def test_prefixes_that_no_type_has(client: Client, unique: str) -> None:
    for act in (
        client.resources.retrieve,
        client.resources.delete,
        client.resources.restore,
        client.resources.history,
        client.lineage.parents,
        client.lineage.children,
        client.lineage.descendants,
    ):
        with refused(client, UnknownResourceType) as caught:
            act(f"patiant/{unique}")
        assert "Did you mean patient?" in caught[0].message
        with refused(client, InvalidIdentifier):
            act(unique)
    with refused(client, UnknownResourceType):
        client.resources.update(f"patiant/{unique}", PatientUpdate(sex="M"))


def test_external_uids_known_and_unknown(client: Client, unique: str) -> None:
    source = client.resources.create(_source(unique, "QX")).identifier
    uids = [f"uid-{number}" for number in range(MANY)]
    client.patients.register(uids, source)
    pairs = [[source, uid] for uid in uids]
    with refused(client, AlreadyRegistered) as again:
        client.patients.register(uids, source)
    assert sorted(again[0].details["pairs"]) == sorted(pairs)
    assert "and 9,980 more" in again[0].message
    with refused(client, AlreadyRegistered) as twice:
        client.patients.register(["new", "new"], source)
    assert twice[0].details["pairs"] == [[source, "new"]]
    unknown = [f"{uid}-no" for uid in uids]
    with refused(client, NotRegistered) as caught:
        client.patients.resolve([*uids, *unknown], source)
    assert caught[0].details["pairs"] == [[source, uid] for uid in unknown]
    assert isinstance(caught[0], LookupError)
    with refused(client, ParentNotFound) as parents:
        client.patients.register("x", f"{source}-missing")
    assert names_all(parents[0], [f"{source}-missing"])


def _source(identifier: str, code: str | None) -> DataSourceCreate:
    return DataSourceCreate(identifier=identifier, license="x", patient_code=code)


def test_a_purge_where_it_is_off(client: Client, live: str, deleted: str) -> None:
    with refused(client, NotAllowed) as caught:
        client.resources.purge([live, deleted])
    assert "VXDATA_ALLOW_PURGE" in caught[0].message
    assert client.patients.retrieve(live).identifier == live


def test_a_wrong_row_stops_the_whole_batch(client: Client, live: str, datasource: str, unique: str) -> None:
    volume = VolumeCreate(identifier=unique, parent_identifier=live, license="x")
    with refused(client, ParentNotFound):
        client.resources.create([volume, artefact(unique, f"volume/{unique}-missing")])
    with refused(client, ResourceNotFound):
        client.resources.retrieve(volume.identifier)
