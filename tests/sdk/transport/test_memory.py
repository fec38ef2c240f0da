"""The transport in memory: it carries what a server would get, and answers as one would."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
import pytest

from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.create import PatientCreate
from vxdata.schemas.errors import (
    IncompleteUpload,
    InternalError,
    InvalidPlan,
    InvalidRequest,
    ParentNotFound,
    ResourceNotFound,
    ServerUnavailable,
)
from vxdata.schemas.types.arrow import response_schema
from vxdata.schemas.wire import LINEAGE_SCHEMA, Action, CommitReceipt, Health, WriteCommand
from vxdata.sdk import Client, F, MemoryTransport, Snapshot, Written
from vxdata.sdk._resources.upload import sections

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.schemas.plan import Plan

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
RECEIPT = CommitReceipt(version=8, as_of=NOON, counts={"patient": 2})
PATIENTS = response_schema(registry().get("patient"))


def patient(name: str, **values: Any) -> PatientCreate:
    return PatientCreate(identifier=name, parent_identifier="datasource/a", license="x", **values)


def stored(*names: str) -> pa.Table:
    """Patients as a server answers with them."""
    row = {"parent_identifier": "datasource/a", "license": "x", "datasource_id": "datasource/a"}
    known = row | {"valid_from": NOON, "created_at": NOON, "version": 8}
    return pa.Table.from_pylist([known | {"identifier": name} for name in names], schema=PATIENTS)


def lineage(*names: str) -> pa.Table:
    rows = [{"identifier": name, "datasource_id": "datasource/a"} for name in names]
    return pa.Table.from_pylist(rows, schema=LINEAGE_SCHEMA)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """One retry, without a wait."""
    monkeypatch.setattr("vxdata.sdk._transport.retry.RETRY_SECONDS", (0.0,))


class TestReads:
    def test_the_plan_arrives_as_it_was_asked(self) -> None:
        plans: list[Plan] = []

        def answer(plan: Plan) -> pa.Table:
            plans.append(plan)
            return pa.table({"identifier": ["patient/a"]})

        with Client(transport=MemoryTransport(read=answer)) as client:
            query = client.patients.query().filter(F.sex == "F").select("identifier").limit(3)
            assert query.collect().to_dicts() == [{"identifier": "patient/a"}]
        assert plans == [query.plan]

    def test_an_answer_tells_the_state_that_it_shows(self) -> None:
        transport = MemoryTransport(read=lambda _: stored("patient/a"), as_of=NOON, version=8)
        with Client(transport=transport) as client:
            assert client.now() == Snapshot(NOON, 8)
            earlier = datetime(2025, 1, 1, tzinfo=UTC)
            assert client.patients.query().as_of(earlier).run().as_of == earlier

    def test_models_are_made_of_rows(self) -> None:
        with Client(transport=MemoryTransport(read=lambda _: stored("patient/a", "patient/b"))) as client:
            found = client.patients.retrieve(["b", "a"], include_children=False)
            assert [(one.identifier, one.created_at) for one in found] == [
                ("patient/b", NOON),
                ("patient/a", NOON),
            ]
            with pytest.raises(ResourceNotFound, match="patient/c"):
                client.patients.retrieve(["a", "c"])

    def test_batches_are_made_when_they_are_wanted(self) -> None:
        made: list[int] = []

        def batches() -> Iterator[pa.RecordBatch]:
            for number in range(10):
                made.append(number)
                yield pa.record_batch({"number": [number]})

        def answer(_: Plan) -> pa.RecordBatchReader:
            return pa.RecordBatchReader.from_batches(pa.schema({"number": pa.int64()}), batches())

        with Client(transport=MemoryTransport(read=answer)) as client:
            with client.patients.query().iter_batches() as frames:
                assert next(frames)["number"].to_list() == [0]
                assert next(frames)["number"].to_list() == [1]
            assert next(frames, None) is None
            assert made == [0, 1]
            lazy = client.patients.query().iter_batches(batch_rows=4)
            assert [frame.height for frame in lazy] == [4, 4, 2]

    def test_an_answer_that_breaks_off_says_how_to_go_on(self) -> None:
        def batches() -> Iterator[pa.RecordBatch]:
            yield pa.record_batch({"number": [1, 2]})
            msg = "gone"
            raise ServerUnavailable(msg)

        def answer(_: Plan) -> pa.RecordBatchReader:
            return pa.RecordBatchReader.from_batches(pa.schema({"number": pa.int64()}), batches())

        with Client(transport=MemoryTransport(read=answer, as_of=NOON)) as client:
            frames = client.patients.query().iter_batches()
            assert next(frames).height == 2
            with pytest.raises(ServerUnavailable, match="broke off after 2 rows") as caught:
                next(frames)
            assert caught.value.details == {"rows": 2, "as_of": NOON.isoformat()}

    def test_what_does_not_answer_is_asked_again(self) -> None:
        failures = iter([ServerUnavailable("gone")])

        def answer(_: Plan) -> pa.Table:
            for failure in failures:
                raise failure
            return stored("patient/a")

        with Client(transport=MemoryTransport(read=answer)) as client:
            assert client.patients.query().collect().height == 1

    def test_a_plan_that_cannot_travel_is_refused(self) -> None:
        with Client(transport=MemoryTransport(read=lambda _: stored())) as client:
            too_long = F.identifier.is_in([f"patient/{'x' * 200}{number:06}" for number in range(80_000)])
            with pytest.raises(InvalidPlan, match="The query plan takes"):
                client.patients.query().filter(too_long).collect()


class TestWrites:
    def test_models_arrive_as_rows_and_come_back_completed(self) -> None:
        uploads: list[tuple[WriteCommand, list[tuple[str, pa.Table]]]] = []

        def answer(command: WriteCommand, tables: list[tuple[str, pa.Table]]) -> Written:
            uploads.append((command, tables))
            return Written(RECEIPT, lineage("patient/b", "patient/a"))

        with Client(transport=MemoryTransport(write=answer)) as client:
            created = client.patients.create(
                [patient("a", sex="F"), patient("b", external_identifiers=None)], idempotency_key="once"
            )
        ((command, ((resource_type, rows),)),) = uploads
        assert (command.verb, command.idempotency_key, resource_type) == ("create", "once", "patient")
        assert rows.select(["identifier", "sex"]).to_pylist() == [
            {"identifier": "patient/a", "sex": "F"},
            {"identifier": "patient/b", "sex": None},
        ]
        assert [(one.identifier, one.sex, one.datasource_id, one.version) for one in created] == [
            ("patient/a", "F", "datasource/a", 8),
            ("patient/b", None, "datasource/a", 8),
        ]

    def test_what_the_receipt_does_not_tell_is_read(self) -> None:
        transport = MemoryTransport(
            write=lambda *_: RECEIPT, read=lambda plan: stored("patient/a").select(plan.select), as_of=NOON
        )
        with Client(transport=transport) as client:
            assert client.patients.create(patient("a")).datasource_id == "datasource/a"

    def test_a_frame_gets_its_receipt(self) -> None:
        def answer(command: WriteCommand, tables: list[tuple[str, pa.Table]]) -> CommitReceipt:
            assert command.verb == "update"
            counts = {resource_type: table.num_rows for resource_type, table in tables}
            return CommitReceipt(version=9, as_of=NOON, counts=counts)

        with Client(transport=MemoryTransport(write=answer)) as client:
            frame = pl.DataFrame({"identifier": ["a", "b"], "sex": ["F", None]})
            assert client.patients.update(frame).counts == {"patient": 2}

    def test_refusals_are_those_of_the_function(self) -> None:
        def refuse(*_: object) -> CommitReceipt:
            raise ParentNotFound.from_identifiers(["datasource/a"], ["patient/a"])

        with Client(transport=MemoryTransport(write=refuse)) as client, pytest.raises(ParentNotFound):
            client.patients.create(patient("a"))

    def test_an_error_after_the_commit_tells_of_it(self) -> None:
        def fail(_: Plan) -> pa.Table:
            msg = "no"
            raise InternalError(msg)

        with Client(transport=MemoryTransport(write=lambda *_: RECEIPT, read=fail)) as client:
            with pytest.raises(
                InternalError, match="committed as version 8; reading it back failed: no"
            ) as caught:
                client.patients.create(patient("a"))
            assert caught.value.details["counts"] == {"patient": 2}

    def test_an_upload_whose_end_names_another_number_of_rows_is_refused(self) -> None:
        transport = MemoryTransport(write=lambda *_: RECEIPT)
        parts = sections("patient", pa.table({"identifier": ["patient/a"]}))
        with pytest.raises(IncompleteUpload, match="holds 1 rows, and its end says 2") as caught:
            transport.write(WriteCommand(verb="delete"), parts, 2)
        assert caught.value.details == {"expected": 2, "received": 1}

    def test_lineage_is_for_those_who_ask_for_it(self) -> None:
        whole = Written(RECEIPT, lineage("patient/a"))
        transport = MemoryTransport(write=lambda *_: whole)
        command = WriteCommand(verb="create")
        assert transport.write(command, (), 0) == Written(RECEIPT)
        done: list[str] = []
        assert (
            transport.write(command, (), 0, lineage=True, meanwhile=lambda: done.append("meanwhile")) is whole
        )
        assert done == ["meanwhile"]


class TestActions:
    def test_are_answered_with_messages(self) -> None:
        health = Health(server_version="1", version=8, as_of=NOON)
        asked: list[tuple[Action, bytes]] = []

        def answer(action: Action, body: bytes) -> Health:
            asked.append((action, body))
            return health

        with Client(transport=MemoryTransport(act=answer)) as client:
            assert client.health() == health
        assert asked == [(Action.HEALTH, b"")]

    def test_are_answered_with_bytes(self) -> None:
        assert MemoryTransport(act=lambda _, body: body * 2).act(Action.HEALTH, b"x") == b"xx"


class TestClient:
    def test_what_is_not_answered_is_refused(self) -> None:
        client = Client(transport=MemoryTransport())
        with pytest.raises(InvalidRequest, match="answers no plans"):
            client.now()
        with pytest.raises(InvalidRequest, match="answers no uploads"):
            client.patients.create(patient("a"))
        with pytest.raises(InvalidRequest, match="answers no actions"):
            client.health()

    def test_nothing_is_answered_after_it_is_closed(self) -> None:
        client = Client(transport=MemoryTransport(read=lambda _: stored()))
        client.close()
        with pytest.raises(InvalidRequest, match="This client is closed"):
            client.patients.query().collect()

    def test_it_is_shown_by_its_transport(self) -> None:
        assert repr(Client(transport=MemoryTransport())) == "Client('MemoryTransport')"

    @pytest.mark.parametrize(
        "given",
        [
            {"base_url": "grpc://127.0.0.1:1"},
            {"timeout": 1.0},
            {"compression": "zstd"},
            {"token": "x"},
            {"insecure": True},
        ],
    )
    def test_what_a_transport_decides_cannot_be_given_beside_it(self, given: dict[str, Any]) -> None:
        with pytest.raises(InvalidRequest, match="its own address, timeout, compression, token and TLS"):
            Client(transport=MemoryTransport(), **given)
