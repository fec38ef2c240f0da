"""What every transport promises: the one to a server and the one in memory behave alike."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from vxdata.schemas.catalog.builtin import COMMIT
from vxdata.schemas.errors import IncompleteUpload, InvalidRequest
from vxdata.schemas.plan import Plan
from vxdata.schemas.wire import Action, CommitReceipt, Health, WriteCommand
from vxdata.sdk import MemoryTransport
from vxdata.sdk._resources.upload import sections
from vxdata.sdk._transport.flight import FlightTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vxdata.sdk import Client, Transport

RECEIPT = CommitReceipt(version=1, as_of=datetime(2026, 1, 1, tzinfo=UTC), counts={"datasource": 1})
PLAN = Plan(relation=COMMIT, select=("version",), limit=3)
CREATE = WriteCommand(verb="create")


def in_memory() -> MemoryTransport:
    return MemoryTransport(
        read=lambda plan: pa.table({"version": pa.array(range(3), pa.int64())})[: plan.limit],
        write=lambda *_: RECEIPT,
        act=lambda *_: Health(server_version="1", version=1, as_of=RECEIPT.as_of),
    )


@pytest.fixture(params=["flight", "memory"])
def transport(request: pytest.FixtureRequest) -> Iterator[Transport]:
    if request.param == "memory":
        made: Transport = in_memory()
    else:
        connected: Client = request.getfixturevalue("client")
        made = FlightTransport(connected.base_url, timeout=None)
    with closing(made):
        yield made


def rows(name: str) -> pa.Table:
    return pa.table({"identifier": [f"datasource/{name}"], "license": ["x"]})


def test_a_stream_tells_its_schema_and_state_before_its_rows(transport: Transport) -> None:
    stream = transport.read(PLAN)
    assert stream.arrow_schema.names == ["version"]
    assert stream.arrow_schema.metadata is None
    assert stream.as_of.tzinfo is not None
    batches = list(stream.batches)
    assert all(batch.schema == stream.arrow_schema for batch in batches)
    assert stream.batches.is_ready(0)
    assert list(stream.batches) == []


@pytest.mark.parametrize("whole", [True, False])
def test_a_closed_stream_has_ended(transport: Transport, *, whole: bool) -> None:
    stream = transport.read(PLAN, whole=whole)
    stream.batches.close()
    stream.batches.close()
    assert list(stream.batches) == []


def test_an_upload_gets_its_receipt(transport: Transport, unique: str) -> None:
    written = transport.write(CREATE, sections("datasource", rows(unique)), 1)
    assert written.receipt.counts == {"datasource": 1}
    assert written.lineage is None


@pytest.mark.parametrize("stated", [0, 2])
def test_an_upload_that_is_not_whole_is_refused(transport: Transport, unique: str, stated: int) -> None:
    with pytest.raises(IncompleteUpload):
        transport.write(CREATE, sections("datasource", rows(unique)), stated)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), pa.ArrowInvalid("no"), IncompleteUpload("mine")])
def test_an_error_of_the_sections_is_raised_as_it_is(
    transport: Transport, unique: str, error: BaseException
) -> None:
    def failing() -> Iterator[pa.RecordBatch]:
        yield from sections("datasource", rows(unique))
        raise error

    done: list[str] = []
    with pytest.raises(type(error)) as caught:
        transport.write(CREATE, failing(), 1, meanwhile=lambda: done.append("meanwhile"))
    assert caught.value is error
    assert done == []


@pytest.mark.parametrize(
    "ask",
    [
        lambda transport: transport.read(PLAN),
        lambda transport: transport.write(CREATE, (), 0),
        lambda transport: transport.act(Action.HEALTH),
    ],
)
def test_a_closed_transport_says_so(transport: Transport, ask: Callable[[Transport], object]) -> None:
    assert Health.model_validate_json(transport.act(Action.HEALTH)).status == "ok"
    transport.close()
    transport.close()
    with pytest.raises(InvalidRequest, match="This client is closed; make a new one"):
        ask(transport)
