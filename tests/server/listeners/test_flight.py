"""The Flight listener, spoken to by a raw client: right calls, wrong calls, and clients that vanish."""

# ruff: noqa: E501 - one case a line

from __future__ import annotations

import json
import os
import re
import signal
import struct
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.flight as fl
import pytest

from tests.server.support import batch, ipc, put, scalar, section, state, until
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.plan import Plan, encode
from vxdata.schemas.types.arrow import response_schema
from vxdata.schemas.wire import (
    ACCEPT_LINEAGE,
    AS_OF_KEY,
    UPLOAD_SCHEMA,
    Action,
    CommitMarker,
    CommitReceipt,
    Health,
    WireError,
    WriteCommand,
)
from vxdata.schemas.wire.tickets import Ticket, decode_ticket
from vxdata.server.app import Server
from vxdata.server.database.pool import COPIERS, FENCES, PRIVATES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic import SecretStr

    from vxdata.server.config import Settings
    from vxdata.server.database.pool import ConnectionPool

POOL_SIZE: Final = 3
PLACES: Final = 3 * POOL_SIZE + FENCES + COPIERS + PRIVATES
"""Connections of all lanes."""
LEAKS: Final = re.compile(
    r"Traceback|File \"|\.py\b|\.pyx|\.cc:|site-packages|SELECT |INSERT |UPDATE |COPY |FROM |vxdata\.\"|pg_|libpq|"
    r"SQLSTATE|adbc|/srv/|/usr/|/home/|/tmp/|/root/|0x[0-9a-f]{6}|object at|line \d+, in"
)
"""What no error may tell."""


@pytest.fixture(scope="module")
def settings_here(settings: Settings, database_uri: SecretStr) -> Settings:
    """Settings of a small server on this module's database."""
    return settings.model_copy(
        update={
            "database_uri": database_uri,
            "cache_dir": None,
            "pool_size": POOL_SIZE,
            "writer_pool_size": POOL_SIZE,
            "lookup_pool_size": POOL_SIZE,
            "pool_wait": 20.0,
            "grace": 30.0,
        }
    )


@pytest.fixture(scope="module")
def own(settings_here: Settings) -> Iterator[Server]:
    """A server of this module's own."""
    with Server(settings_here) as running:
        yield running


@pytest.fixture
def raw(own: Server) -> Iterator[Any]:
    """A Flight client that knows nothing of VxData."""
    with closing(fl.connect(own.flight_url)) as connected:
        yield connected


def told(error: Exception) -> str:
    """What the server wrote; gRPC's and pyarrow's own words follow it."""
    return str(error).partition(". Detail: ")[0]


def wire(error: Exception) -> WireError:
    return WireError.model_validate_json(getattr(error, "extra_info", b""))


@contextmanager
def refused(code: str) -> Iterator[list[WireError]]:
    """Expect an error of a code, small and without leaks."""
    found: list[WireError] = []
    with pytest.raises(fl.FlightError) as caught:
        yield found
    assert not LEAKS.search(told(caught.value)), told(caught.value)
    assert len(told(caught.value)) <= 500
    assert len(caught.value.extra_info) <= 1536
    found.append(wire(caught.value))
    assert found[0].code == code
    assert told(caught.value).startswith(f"{code}: ")


def get(raw: Any, ticket: bytes) -> pa.Table:
    return raw.do_get(fl.Ticket(ticket)).read_all()


def plan(**content: Any) -> bytes:
    return json.dumps({"version": 2, "relation": "datasource", **content}).encode()


def sources(unique: str, count: int = 1, **values: Any) -> pa.RecordBatch:
    return batch(
        "datasource",
        [
            {"identifier": f"datasource/{unique}-{number}", "license": "x", **values}
            for number in range(count)
        ],
    )


def upload_of(rows: pa.RecordBatch, resource_type: str = "datasource") -> list[pa.RecordBatch]:
    return [section(resource_type, ipc(rows))]


def free_places(own: Server) -> int:
    database = own._services.read._database
    return sum(places.free for places in database._places.values())


def busy(database: ConnectionPool) -> int:
    """How many backends are in a transaction or run a statement."""
    return int(
        scalar(
            database,
            "SELECT count(*) AS n FROM pg_stat_activity WHERE state <> 'idle' "
            "AND datname = current_database() AND pid <> pg_backend_pid()",
        )
    )


class TestRead:
    @pytest.mark.parametrize(
        ("ticket", "code"),
        [
            (b"", "INVALID_TICKET"),
            (b"\xff\x00 garbage", "INVALID_TICKET"),
            (b"[1]", "INVALID_TICKET"),
            (b"[" * 10_000, "INVALID_TICKET"),
            (b'{"version": 1}', "INVALID_PLAN"),
            (b'{"version": 3, "relation": "volume"}', "INVALID_PLAN"),
            (b'{"relation": "volume"}', "INVALID_PLAN"),
            (plan(colour="red"), "INVALID_PLAN"),
            (plan(limit=-1), "INVALID_PLAN"),
            (plan(limit="1; DROP"), "INVALID_PLAN"),
            (plan(where={"op": "~", "field": "name", "value": "x"}), "INVALID_PLAN"),
            (plan(where={"op": "and", "terms": []}), "INVALID_PLAN"),
            (plan(as_of="2024-01-01T00:00:00"), "INVALID_PLAN"),
            (plan(as_of="0001-01-01T00:00:00+14:00"), "INVALID_PLAN"),
            (plan(as_of="9999-12-31T00:00:00Z"), "AS_OF_IN_FUTURE"),
            (plan(relation="volumn"), "UNKNOWN_RESOURCE_TYPE"),
            (plan(relation="x" * 5000), "UNKNOWN_RESOURCE_TYPE"),
            (plan(select=["nam"]), "UNKNOWN_FIELD"),
            (plan(select=["name", "name"]), "INVALID_PLAN"),
            (plan(select=["🩻" * 3000]), "UNKNOWN_FIELD"),
            (plan(select=["\x01" * 3000]), "UNKNOWN_FIELD"),
            (plan(select=[f"no_{number}" for number in range(500)]), "UNKNOWN_FIELD"),
            (plan(where={"op": "==", "field": "nam", "value": "x"}), "UNKNOWN_FIELD"),
            (plan(where={"op": "==", "field": "name", "value": 1}), "FIELD_TYPE_MISMATCH"),
            (plan(where={"op": "==", "field": "source_dois", "value": "x"}), "FIELD_TYPE_MISMATCH"),
            (b'{"version":2,"relation":"volume","where":{"op":"==","field":"b_value","value":1' + b"0" * 400 + b"}}", "FIELD_TYPE_MISMATCH"),
            (plan(where={"op": "==", "field": "name", "value": "nul\x00"}), "FIELD_TYPE_MISMATCH"),
        ],
        ids=lambda value: str(value)[:60],
    )  # fmt: skip
    def test_bad_plan(self, raw: Any, own: Server, ticket: bytes, code: str) -> None:
        with refused(code):
            get(raw, ticket)
        with refused(code):
            raw.get_flight_info(fl.FlightDescriptor.for_command(ticket))
        with pytest.raises(pa.ArrowInvalid) as caught:
            raw.get_schema(fl.FlightDescriptor.for_command(ticket))
        assert told(caught.value).startswith(f"{code}: ")
        assert not LEAKS.search(str(caught.value))
        assert free_places(own) == PLACES

    def test_all_details_can_be_fetched(self, raw: Any) -> None:
        names = [f"no_{number}" for number in range(500)]
        with refused("UNKNOWN_FIELD") as short:
            get(raw, plan(select=names))
        assert short[0].abridged
        whole = detail(raw, short[0].request_id)
        assert whole.details["fields"] == names
        assert not whole.abridged

    def test_info_fixes_the_instant(self, raw: Any, unique: str) -> None:
        receipt = CommitReceipt.model_validate_json(put(raw, upload_of(sources(unique)), 1))
        descriptor = fl.FlightDescriptor.for_command(plan(select=["identifier"]))
        info = raw.get_flight_info(descriptor)
        (endpoint,) = info.endpoints
        ticket = decode_ticket(endpoint.ticket.ticket)
        assert isinstance(ticket, Ticket)
        assert ticket.plan.as_of == receipt.as_of
        assert info.schema.names == ["identifier"]
        before = get(raw, endpoint.ticket.ticket)
        put(raw, upload_of(sources(f"{unique}-later")), 1)
        after = get(raw, endpoint.ticket.ticket)
        assert after["identifier"].to_pylist() == before["identifier"].to_pylist()
        assert after.schema.metadata[AS_OF_KEY].decode() == receipt.as_of.isoformat(timespec="microseconds")
        assert get(raw, plan()).num_rows == before.num_rows + 1

    def test_lineage_comes_behind_the_receipt_for_who_takes_it(self, raw: Any, unique: str) -> None:
        def answers(value: bytes | None, key: str) -> list[Any]:
            headers = [] if value is None else [(ACCEPT_LINEAGE.encode(), value)]
            descriptor = fl.FlightDescriptor.for_command(
                WriteCommand(verb="create", idempotency_key=key).to_bytes()
            )
            writer, reader = raw.do_put(descriptor, UPLOAD_SCHEMA, fl.FlightCallOptions(headers=headers))
            with writer:
                for part in upload_of(sources(key)):
                    writer.write_batch(part)
                writer.write_metadata(CommitMarker(rows=1).to_bytes())
                writer.done_writing()
                return [reader.read() for _ in range(3)]

        name = f"datasource/{unique}-0"
        receipt, lineage, end = answers(b"1", unique)
        assert CommitReceipt.model_validate_json(receipt.to_pybytes()).counts == {"datasource": 1}
        assert end is None
        assert pa.ipc.open_stream(lineage).read_all().to_pylist() == [
            {"identifier": name, "datasource_id": name, "patient_id": None, "study_id": None}
        ]
        again, *more = answers(b"1", unique)
        assert again.equals(receipt)
        assert more == [None, None]  # nothing is computed for a request that is answered again
        for value in (None, b"0", b"yes"):
            assert answers(value, f"{unique}-{value!r}")[1:] == [None, None]

    def test_a_token_of_the_past(self, raw: Any, unique: str) -> None:
        receipt = CommitReceipt.model_validate_json(put(raw, upload_of(sources(unique)), 1))
        earlier = Plan(relation="datasource", as_of=receipt.as_of - timedelta(microseconds=1))
        later = Plan(relation="datasource", as_of=receipt.as_of)
        assert get(raw, encode(later)).num_rows == get(raw, encode(earlier)).num_rows + 1

    def test_a_naive_client_gets_exactly_the_declared_schema(self, raw: Any) -> None:
        for payload_type in registry():
            reader = raw.do_get(fl.Ticket(plan(relation=payload_type.prefix, limit=0)))
            assert reader.schema.remove_metadata().equals(response_schema(payload_type))
            assert reader.read_all().num_rows == 0


class TestCatalog:
    def test_list_flights(self, raw: Any) -> None:
        found = {info.descriptor.path[0].decode(): info.schema for info in raw.list_flights()}
        assert found == {payload_type.prefix: response_schema(payload_type) for payload_type in registry()}

    def test_schema_of_a_type_and_of_a_plan(self, raw: Any) -> None:
        by_path = raw.get_schema(fl.FlightDescriptor.for_path("volume")).schema
        assert by_path == response_schema(registry().get("volume"))
        by_plan = raw.get_schema(fl.FlightDescriptor.for_command(plan(select=["name"]))).schema
        assert by_plan.names == ["name"]

    @pytest.mark.parametrize("path", [("volumn",), (), ("volume", "b_value"), ("",)])
    def test_no_such_flight(self, raw: Any, path: tuple[str, ...]) -> None:
        descriptor = fl.FlightDescriptor.for_path(*path)
        with refused("UNKNOWN_RESOURCE_TYPE" if len(path) == 1 else "INVALID_TICKET"):
            raw.get_flight_info(descriptor)
        with pytest.raises(pa.ArrowInvalid) as caught:
            raw.get_schema(descriptor)
        assert not LEAKS.search(str(caught.value))

    def test_actions(self, raw: Any) -> None:
        assert {found.type for found in raw.list_actions()} == set(Action)
        assert all(found.description for found in raw.list_actions())
        (answer,) = raw.do_action(("health", b""))
        health = Health.model_validate_json(answer.body.to_pybytes())
        assert health.as_of is not None
        assert health.as_of <= datetime.now(UTC)

    @pytest.mark.parametrize("name", ["helth", "", "x" * 10_000, "DROP TABLE"])
    def test_unknown_action(self, raw: Any, name: str) -> None:
        with refused("UNKNOWN_ACTION"):
            list(raw.do_action((name, b"")))

    @pytest.mark.parametrize("body", [b"", b"no such request", b"\xff" * 5000])
    def test_details_of_nothing(self, raw: Any, body: bytes) -> None:
        with refused("INVALID_TICKET"):
            list(raw.do_action(("error_detail", body)))

    def test_no_exchange(self, raw: Any) -> None:
        with refused("UNKNOWN_ACTION"):
            writer, reader = raw.do_exchange(fl.FlightDescriptor.for_path("volume"))
            writer.done_writing()
            reader.read_all()


def detail(raw: Any, request_id: str) -> WireError:
    (answer,) = raw.do_action(("error_detail", request_id.encode()))
    return WireError.model_validate_json(answer.body.to_pybytes())


@pytest.fixture
def unchanged(database: ConnectionPool) -> Iterator[None]:
    """Nothing is written, and no transaction is left open."""
    before = state(database)
    yield
    until(lambda: not busy(database), "the transaction has ended")
    assert state(database) == before


def broken_ipc(unique: str, old: bytes, new: bytes) -> bytes:
    content = ipc(sources(unique, 2, name="N" * 70))
    assert old in content
    return content.replace(old, new)


@pytest.mark.usefixtures("unchanged")
class TestRefusedUploads:
    @pytest.mark.parametrize("rows", [None, 0, 1, 3, -1])
    def test_marker_missing_or_wrong(self, raw: Any, unique: str, rows: int | None) -> None:
        with refused("INCOMPLETE_UPLOAD"):
            put(raw, upload_of(sources(unique, 2)), rows)

    def test_nothing_but_the_end(self, raw: Any) -> None:
        with refused("INCOMPLETE_UPLOAD"):
            put(raw, [], None)

    def test_a_marker_that_is_none(self, raw: Any, unique: str) -> None:
        writer, _ = raw.do_put(command(), UPLOAD_SCHEMA)
        with refused("INCOMPLETE_UPLOAD"), writer:
            writer.write_batch(upload_of(sources(unique))[0])
            writer.write_metadata(b"done")

    def test_going_on_after_the_marker(self, raw: Any, unique: str) -> None:
        writer, _ = raw.do_put(command(), UPLOAD_SCHEMA)
        with refused("INVALID_TICKET"), writer:
            writer.write_metadata(b'{"rows": 1}')
            writer.write_batch(upload_of(sources(unique))[0])
            writer.write_metadata(b'{"rows": 1}')

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"\xff",
            b"{}",
            b'{"verb": "drop"}',
            b'{"version": 2, "verb": "create"}',
            b'{"verb": "create", "extra": 1}',
            b'{"verb": "create", "client": {"a": "\\u0000"}}',
            b'{"verb": "create", "client": {"\\u0000": "a"}}',
            b'{"verb": "create", "client": {"a": "' + b"x" * 20_000 + b'"}}',
        ],
        ids=lambda content: str(content)[:40],
    )
    def test_bad_command(self, raw: Any, unique: str, content: bytes) -> None:
        with refused("INVALID_TICKET"):
            put(raw, upload_of(sources(unique)), 1, command=content)

    @pytest.mark.parametrize(
        "schema",
        [
            pa.schema({"identifier": pa.string()}),
            pa.schema({"resource_type": pa.string(), "rows": pa.binary()}),
            pa.schema([*UPLOAD_SCHEMA, pa.field("more", pa.string())]),
            pa.schema([]),
        ],
        ids=str,
    )
    def test_wrong_schema(self, raw: Any, schema: pa.Schema) -> None:
        writer, _ = raw.do_put(command(), schema)
        with refused("INVALID_TICKET"), writer:
            writer.write_metadata(b'{"rows": 0}')

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"garbage",
            b"\xff\xff\xff\xff\xff\xff\xff\x7f",
            b"\xff\xff\xff\xff\x08\x00\x00\x00AAAAAAAA",
            None,
        ],
    )
    def test_a_section_that_is_no_ipc(self, raw: Any, content: bytes | None) -> None:
        with refused("INVALID_TICKET"):
            put(raw, [section("datasource", content)], 1)

    def test_a_truncated_section(self, raw: Any, unique: str) -> None:
        content = ipc(sources(unique, 5))
        for end in range(1, len(content) - 8, 97):
            # Cut between two messages, it is a stream that ended early: then the marker does not fit.
            with pytest.raises(fl.FlightServerError) as caught:
                put(raw, [section("datasource", content[:end])], 5)
            assert wire(caught.value).code in {"INVALID_TICKET", "INCOMPLETE_UPLOAD"}
            assert not LEAKS.search(told(caught.value))

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (
                b"\x00\x00\x00\x00F\x00\x00\x00\x8c\x00\x00\x00",
                b"\x00\x00\x00\x00F\x00\x00\x00\xff\xff\xff\x7f",
            ),
            (
                b"\x00\x00\x00\x00F\x00\x00\x00\x8c\x00\x00\x00",
                b"\x00\x00\x00\x00\x00\x00\x00\x80\x8c\x00\x00\x00",
            ),
            (b"N" * 70, b"\xff" * 70),
        ],
    )
    def test_a_section_that_is_not_safe_to_read(self, raw: Any, unique: str, old: bytes, new: bytes) -> None:
        with refused("INVALID_TICKET"):
            put(raw, [section("datasource", broken_ipc(unique, old, new))], 2)

    def test_an_envelope_that_is_not_safe_to_read(self, raw: Any, unique: str) -> None:
        """The outer batch, of a client whose offsets changed after pyarrow had checked them."""
        content = ipc(sources(unique))
        offsets = bytearray(struct.pack("<ii", 0, len(content)))
        rows = pa.Array.from_buffers(pa.binary(), 1, [None, pa.py_buffer(offsets), pa.py_buffer(content)])
        outer = pa.record_batch([pa.array(["datasource"]), rows], schema=UPLOAD_SCHEMA)
        offsets[:] = struct.pack("<ii", 0, 1_000_000_000)
        with refused("INVALID_TICKET"):
            put(raw, [outer], 1)

    def test_no_type(self, raw: Any, unique: str) -> None:
        with refused("INVALID_TICKET"):
            put(raw, [section(None, ipc(sources(unique)))], 1)
        with refused("UNKNOWN_RESOURCE_TYPE"):
            put(raw, [section("datasorce", ipc(sources(unique)))], 1)

    @pytest.mark.parametrize(
        ("rows", "code"),
        [
            (pa.record_batch({"identifier": ["patient/a"], "license": ["x"]}), "UNEXPECTED_PAYLOAD"),
            (pa.record_batch({"identifier": ["datasource/a"], "colour": ["x"]}), "UNKNOWN_FIELD"),
            (pa.record_batch({"identifier": [1]}), "FIELD_TYPE_MISMATCH"),
            (pa.record_batch({"license": ["x"]}), "VALIDATION_FAILED"),
            (pa.record_batch({"identifier": ["datasource/a"], "license": ["nul \x00"]}), "VALIDATION_FAILED"),
            (pa.record_batch({"identifier": ["datasource/a", "datasource/a"], "license": ["x", "x"]}), "DUPLICATE_IDENTIFIERS"),
            (pa.record_batch({"identifier": ["datasource/a"], "license": ["x"], "parent_identifier": ["datasource/missing"]}), "PARENT_NOT_FOUND"),
            (pa.record_batch({"identifier": ["datasource/a"], "license": ["x"], "parent_identifier": ["datasource/a"]}), "LINEAGE_CYCLE"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )  # fmt: skip
    def test_wrong_rows(self, raw: Any, rows: pa.RecordBatch, code: str) -> None:
        with refused(code):
            put(raw, upload_of(rows), rows.num_rows)

    def test_ten_thousand_duplicates(self, raw: Any, unique: str) -> None:
        rows = sources(unique, 10_000)
        with refused("DUPLICATE_IDENTIFIERS") as short:
            put(raw, [*upload_of(rows), *upload_of(rows)], 20_000)
        assert short[0].abridged
        assert short[0].details == {}
        whole = detail(raw, short[0].request_id)
        assert whole.details["identifiers"] == sorted(rows["identifier"].to_pylist())

    def test_every_violation(self, raw: Any, unique: str) -> None:
        rows = sources(unique, 3_000, name="nul \x00")
        with refused("VALIDATION_FAILED") as short:
            put(raw, upload_of(rows), rows.num_rows)
        assert detail(raw, short[0].request_id).details["count"] == 3_000

    @pytest.mark.parametrize("kind", [signal.SIGKILL, signal.SIGTERM])
    def test_a_client_that_dies_in_the_middle(
        self, own: Server, database: ConnectionPool, unique: str, kind: signal.Signals
    ) -> None:
        environment = {**os.environ, "URL": own.flight_url, "NAME": unique}
        process = subprocess.Popen([sys.executable, "-c", UPLOADER], env=environment, stdout=subprocess.PIPE)
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"sent\n"
            until(lambda: own.admission.in_progress == 1, "the server has the call")
        finally:
            process.send_signal(kind)
            process.communicate(timeout=30)
        until(lambda: not own.admission.in_progress, "the call has ended")
        assert free_places(own) == PLACES
        assert not staged_anywhere(database)


UPLOADER = """
import os, sys, time
import pyarrow.flight as fl
from tests.server.support import batch, ipc, section
from vxdata.schemas.wire import UPLOAD_SCHEMA, WriteCommand
rows = [{"identifier": f"datasource/{os.environ['NAME']}-{n}", "license": "x"} for n in range(1000)]
client = fl.connect(os.environ["URL"])
descriptor = fl.FlightDescriptor.for_command(WriteCommand(verb="create").to_bytes())
writer, answers = client.do_put(descriptor, UPLOAD_SCHEMA)
for _ in range(3):
    writer.write_batch(section("datasource", ipc(batch("datasource", rows))))
sys.stdout.write("sent\\n")
sys.stdout.flush()
time.sleep(600)
"""


def staged_anywhere(database: ConnectionPool) -> int:
    return int(
        scalar(database, "SELECT count(*) AS n FROM pg_class WHERE relname = 'stage_datasource'")
    ) or int(
        scalar(
            database,
            "SELECT count(*) AS n FROM pg_stat_activity WHERE state = 'idle in transaction' "
            "AND datname = current_database()",
        )
    )


def command() -> fl.FlightDescriptor:
    return fl.FlightDescriptor.for_command(WriteCommand(verb="create").to_bytes())


class TestUploads:
    def test_several_types_and_sections(self, raw: Any, database: ConnectionPool, unique: str) -> None:
        patients = batch(
            "patient",
            [
                {
                    "identifier": f"patient/{unique}",
                    "parent_identifier": f"datasource/{unique}-1",
                    "license": "x",
                }
            ],
        )
        content = WriteCommand(verb="create", client={"user": "O'Brien"}).to_bytes()
        sections = [
            *upload_of(patients, "patient"),
            *upload_of(sources(unique, 2)),
            *upload_of(sources(f"{unique}x")),
        ]
        receipt = CommitReceipt.model_validate_json(put(raw, sections, 4, command=content))
        assert receipt.counts == {"patient": 1, "datasource": 3}
        client = scalar(
            database, f"SELECT client->>'user' AS u FROM vxdata.commit_log WHERE version = {receipt.version}"
        )
        assert client == "O'Brien"

    def test_several_sections_in_one_message(self, raw: Any, unique: str) -> None:
        both = pa.concat_batches([*upload_of(sources(unique)), *upload_of(sources(f"{unique}x"))])
        assert CommitReceipt.model_validate_json(put(raw, [both], 2)).counts == {"datasource": 2}

    def test_nothing(self, raw: Any, database: ConnectionPool) -> None:
        before = state(database)
        assert CommitReceipt.model_validate_json(put(raw, [], 0)).counts == {}
        assert state(database) == before

    @pytest.mark.usefixtures("unchanged")
    def test_a_message_that_is_too_large(self, raw: Any) -> None:
        with refused("LIMIT_EXCEEDED"):
            put(raw, [section("datasource", b"x" * (64 * 1024 * 1024 + 1))], 1)


@pytest.fixture(scope="module")
def large(own: Server, database: ConnectionPool) -> bytes:
    """The ticket of a result of 32 MB, more than gRPC takes ahead of its reader."""
    with closing(fl.connect(own.flight_url)) as raw:
        rows = batch(
            "datasource",
            [
                {
                    "identifier": f"datasource/large-{n}",
                    "license": "x",
                    "description": "y" * 65_000,
                    "collection_id": "large",
                }
                for n in range(500)
            ],
        )
        put(raw, [section("datasource", ipc(rows.slice(start, 50))) for start in range(0, 500, 50)], 500)
    return plan(where={"op": "==", "field": "collection_id", "value": "large"})


class TestLeavingEarly:
    @pytest.mark.parametrize("leave", ["cancel", "drop"])
    def test_a_cancelled_read_frees_the_connection(
        self, own: Server, raw: Any, database: ConnectionPool, large: bytes, leave: str
    ) -> None:
        for _ in range(POOL_SIZE * 2):
            reader = raw.do_get(fl.Ticket(large))
            reader.read_chunk()
            if leave == "cancel":
                reader.cancel()
            del reader
        until(lambda: not busy(database), "the queries have ended")
        until(lambda: free_places(own) == PLACES, "every connection is free")

    def test_a_client_that_is_closed(self, own: Server, database: ConnectionPool, large: bytes) -> None:
        raw = fl.connect(own.flight_url)
        reader = raw.do_get(fl.Ticket(large))
        reader.read_chunk()
        reader.cancel()
        raw.close()
        until(lambda: not busy(database) and free_places(own) == PLACES, "the connection is free")

    def test_a_read_that_waits_for_postgresql_is_cancelled(
        self, own: Server, raw: Any, database: ConnectionPool
    ) -> None:
        with database.connection() as connection, connection.transaction("BEGIN"):
            connection.execute("LOCK TABLE vxdata.artefact IN ACCESS EXCLUSIVE MODE")
            options = fl.FlightCallOptions(timeout=0.2)
            with pytest.raises(fl.FlightTimedOutError):
                raw.do_get(fl.Ticket(plan(relation="artefact")), options).read_all()
            until(lambda: free_places(own) == PLACES, "the waiting query was cancelled")


def faults() -> list[tuple[str, str, str]]:
    """Ways to break the database under the server: how to break, how to mend, the code."""
    rename = 'ALTER TABLE vxdata."{}" RENAME TO "{}"'
    return [
        (rename.format("artefact", "gone"), rename.format("gone", "artefact"), "INTERNAL_ERROR"),
        (rename.format("commit_clock", "gone"), rename.format("gone", "commit_clock"), "INTERNAL_ERROR"),
        (
            "ALTER TABLE vxdata.artefact RENAME COLUMN metrics TO gone",
            "ALTER TABLE vxdata.artefact RENAME COLUMN gone TO metrics",
            "INTERNAL_ERROR",
        ),
        (
            "ALTER TABLE vxdata.artefact ALTER COLUMN license TYPE bytea USING NULL",
            'ALTER TABLE vxdata.artefact ALTER COLUMN license TYPE text COLLATE "C" USING NULL',
            "INTERNAL_ERROR",
        ),
    ]


@pytest.mark.parametrize(("breaking", "mending", "code"), faults(), ids=lambda text: text[:60])
def test_a_fault_of_the_server_tells_nothing(
    raw: Any, own: Server, database: ConnectionPool, unique: str, breaking: str, mending: str, code: str
) -> None:
    put(raw, upload_of(batch("artefact", [{"identifier": f"artefact/{unique}"}]), "artefact"), 1)
    rows = batch("artefact", [{"identifier": f"artefact/{unique}-s3kret"}])
    with database.connection() as connection:
        connection.execute(breaking)
    try:
        calls: list[Callable[[], object]] = [lambda: get(raw, plan(relation="artefact"))]
        if "license" not in breaking:
            calls.append(lambda: put(raw, upload_of(rows, "artefact"), 1))
        for call in calls:
            with refused(code) as found:
                call()
            assert "s3kret" not in str(found)
            assert found[0].request_id
    finally:
        with database.connection() as connection:
            connection.execute(mending)
    assert get(raw, plan(relation="artefact", limit=0)).num_rows == 0
    assert free_places(own) == PLACES


class TestShutdown:
    def start(self, settings: Settings, **changes: Any) -> Server:
        return Server(settings.model_copy(update=changes))

    def refuses(self, url: str) -> bool:
        """In another thread: pyarrow takes a call that is cancelled in the main one for Ctrl-C."""
        with closing(fl.connect(url)) as newcomer, ThreadPoolExecutor(1) as threads:
            try:
                threads.submit(lambda: list(newcomer.list_actions())).result()
            except (fl.FlightUnavailableError, fl.FlightCancelledError):
                return True
            return False

    def test_running_streams_end_well(self, settings_here: Settings, large: bytes) -> None:
        server = self.start(settings_here)
        with closing(fl.connect(server.flight_url)) as raw:
            reader = raw.do_get(fl.Ticket(large))
            rows = reader.read_chunk().data.num_rows
            stopping = threading.Thread(target=server.stop)
            stopping.start()
            until(lambda: self.refuses(server.flight_url), "new calls are refused")
            assert stopping.is_alive()
            with ThreadPoolExecutor(1) as threads:
                rows += threads.submit(lambda: sum(chunk.data.num_rows for chunk in reader)).result()
        stopping.join()
        assert rows == 500

    def test_a_stalled_stream_is_cancelled_after_the_grace(
        self, settings_here: Settings, large: bytes
    ) -> None:
        server = self.start(settings_here, grace=0.1)
        with closing(fl.connect(server.flight_url)) as raw:
            reader = raw.do_get(fl.Ticket(large))
            reader.read_chunk()
            stopping = threading.Thread(target=server.stop)
            stopping.start()
            until(lambda: self.refuses(server.flight_url), "it drains")
            until(lambda: not server._shared.monitor._running, "the grace is over")
            # In another thread: pyarrow takes a cancel that the main one reads for Ctrl-C.
            with ThreadPoolExecutor(1) as threads, pytest.raises(fl.FlightError) as caught:
                threads.submit(lambda: list(reader)).result()
        stopping.join()
        assert wire(caught.value).code == "REQUEST_CANCELLED"

    def test_a_stopped_server_can_be_stopped_again(self, settings_here: Settings) -> None:
        server = self.start(settings_here)
        server.stop()
        server.stop()

    def test_taken_ports(self, own: Server, settings_here: Settings) -> None:
        for name, url in (("port", own.flight_url), ("http_port", own.http_url)):
            with pytest.raises(OSError, match=r"port is taken|in use"):
                self.start(settings_here, **{name: int(url.rpartition(":")[2])})


def test_many_clients_at_once(own: Server, large: bytes) -> None:
    """Four times as many readers as connections, each on its own channel: all are served in turn."""
    failures: list[Exception] = []

    def work() -> None:
        try:
            with closing(fl.connect(own.flight_url)) as raw:
                assert get(raw, large[:-1] + b',"select":["identifier"]}').num_rows == 500
        except Exception as error:  # noqa: BLE001 - told by the main thread
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(POOL_SIZE * 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert free_places(own) == PLACES
