"""Messages that no Flight client sends: the server refuses them by name, and goes on."""

# ruff: noqa: E501 - one case a line

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from tests.fixtures.raw_grpc import (
    Answer,
    RawConnection,
    action,
    command,
    flight_data,
    ipc_messages,
    path,
    ticket,
)
from tests.server.child import ChildServer, child_server
from tests.server.support import section
from vxdata.schemas.wire import UPLOAD_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import SecretStr

    from vxdata.server.config import Settings

CREATE = command(b'{"version": 1, "verb": "create"}')
HUGE = 2**40
ROWS = 1_234_567 // 1_001
NAME = b"x" * 10_000_000


@pytest.fixture(scope="module")
def child(settings: Settings, database_uri: SecretStr) -> Iterator[ChildServer]:
    """A server in a child process."""
    with child_server(settings, database_uri=database_uri, cache_dir=None, header_bytes=4096) as running:
        yield running


@pytest.fixture
def raw(child: ChildServer) -> Iterator[RawConnection]:
    """A connection to it; afterwards the server must still answer."""
    with RawConnection(child.port) as connection:
        yield connection
    assert child.is_alive
    with RawConnection(child.port) as connection:
        assert connection.call(b"DoAction", action(b"health")).status == 0


def messages_of(
    batch: pa.RecordBatch, options: pa.ipc.IpcWriteOptions | None = None
) -> list[tuple[bytes, bytes]]:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema, options=options) as writer:
        writer.write_batch(batch)
    return ipc_messages(sink.getvalue().to_pybytes())


def upload(raw: RawConnection, messages: list[tuple[bytes, bytes]]) -> Answer:
    """Upload the messages of an IPC stream, the first of which is its schema."""
    (schema, _), *rest = messages
    data = [flight_data(header=header, body=body) for header, body in rest]
    return raw.call(b"DoPut", flight_data(CREATE, schema), *data)


@pytest.mark.parametrize("claimed", [HUGE, 2**31, 2**62, -1, -(2**62), 3])
@pytest.mark.parametrize("which", [(0,), (0, 1), (0, 1, 2), (1, 2), (2,)], ids=str)
def test_a_batch_that_claims_other_rows_than_it_has(
    raw: RawConnection, claimed: int, which: tuple[int, ...]
) -> None:
    """The lengths of the batch and of its columns; 2**40 in all three once ended the process."""
    texts = [f"{number}" for number in range(ROWS)]
    rows = pa.record_batch([pa.array(texts), pa.array(texts).cast(pa.binary())], schema=UPLOAD_SCHEMA)
    schema, (header, body) = messages_of(rows)
    places = [at for at in range(0, len(header) - 7, 8) if struct.unpack_from("<q", header, at)[0] == ROWS]
    assert len(places) == 3
    changed = bytearray(header)
    for index in which:
        struct.pack_into("<q", changed, places[index], claimed)
    answer = upload(raw, [schema, (bytes(changed), body)])
    assert answer.code in {"INVALID_TICKET", "INCOMPLETE_UPLOAD"}


def test_an_upload_without_a_schema(raw: RawConnection) -> None:
    marker = flight_data(metadata=b'{"rows": 0}')
    for messages in (
        [flight_data(CREATE)],
        [flight_data(CREATE), marker],
        [flight_data(CREATE), flight_data()],
    ):
        assert raw.call(b"DoPut", *messages).code == "INVALID_TICKET"


def first_message_with_rows() -> bytes:
    _, (header, body) = messages_of(section("datasource", b""))
    return flight_data(CREATE, header, body=body)


@pytest.mark.parametrize(
    ("method", "messages"),
    [
        (b"DoPut", []),
        (b"DoPut", [first_message_with_rows()]),
        (b"DoPut", [flight_data(b"\xff\xff")]),
        (b"DoPut", [flight_data(header=b"x" * 100)]),
        (b"DoPut", [flight_data(CREATE, b"x" * 100)]),
        (b"DoExchange", []),
        (b"DoGet", [b"\xff"]),
        (b"DoAction", [action(b"\xff\xfe")]),
        (b"GetFlightInfo", [b""]),
        (b"NoSuchMethod", [b""]),
    ],
)
def test_what_arrow_refuses_by_itself(raw: RawConnection, method: bytes, messages: list[bytes]) -> None:
    """Before a method of ours is called; nor is that the place for a traceback."""
    answer = raw.call(method, *messages)
    assert answer.status not in {None, 0}
    assert "Traceback" not in answer.message
    assert not answer.extra


@pytest.mark.parametrize(
    ("method", "message", "code"),
    [
        (b"DoAction", action(NAME), "UNKNOWN_ACTION"),
        (b"DoGet", ticket(json.dumps({"version": 2, "relation": NAME.decode()}).encode()), "UNKNOWN_RESOURCE_TYPE"),
        (b"DoGet", ticket(json.dumps({"version": 2, "relation": "volume", "select": [NAME.decode()]}).encode()), "UNKNOWN_FIELD"),
        (b"DoGet", ticket(json.dumps({"version": 2, "relation": "volume", NAME.decode(): 1}).encode()), "INVALID_PLAN"),
        (b"GetFlightInfo", path(NAME), "UNKNOWN_RESOURCE_TYPE"),
        (b"GetFlightInfo", path(*[b"a"] * 100_000), "INVALID_TICKET"),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else value,
)  # fmt: skip
def test_text_that_is_too_long_to_be_a_name(
    raw: RawConnection, method: bytes, message: bytes, code: str
) -> None:
    answer = raw.call(method, message)
    assert answer.code == code
    assert len(answer.extra) <= 1536


@pytest.mark.parametrize("value", [b"\xe9", b"\xff\xfe", bytes(range(0x80, 0x100))])
@pytest.mark.parametrize("name", [b"x-anything", b"vxdata-timeout", b"authorization"])
def test_headers_that_are_not_utf_8(raw: RawConnection, name: bytes, value: bytes) -> None:
    """pyarrow decodes them before anything of ours is called; its refusal shows neither code nor paths."""
    answer = raw.call(b"DoAction", action(b"health"), headers=[(name, value)])
    assert answer.status not in {None, 0}
    for shown in (answer.message, answer.extra.decode("latin-1")):
        assert "File " not in shown
        assert "site-packages" not in shown
        assert ".py" not in shown


def section_stream(rows: pa.RecordBatch, **options: object) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_batch(rows)
    return bytes(sink.getvalue().to_pybytes())


def send(raw: RawConnection, stream: bytes, resource_type: str = "datasource", rows: int = 1) -> Answer:
    outer = pa.record_batch(
        [[resource_type] * rows, pa.array([stream] * rows, pa.binary())], schema=UPLOAD_SCHEMA
    )
    return upload(raw, messages_of(outer))


def named(answer: Answer, setting: str) -> None:
    assert answer.code == "LIMIT_EXCEEDED"
    assert json.loads(answer.extra)["details"]["setting"] == setting


@pytest.mark.parametrize("codec", ["zstd", "lz4"])
def test_a_section_that_inflates_beyond_the_limit(raw: RawConnection, child: ChildServer, codec: str) -> None:
    before = child.resident_bytes
    rows = pa.record_batch({"license": ["x" * 400_000_000]})
    stream = section_stream(rows, compression=codec)
    assert len(stream) < 2_000_000
    named(send(raw, stream), "VXDATA_SECTION_BYTES")
    assert child.resident_bytes - before < 100_000_000


def test_sections_and_columns_beyond_the_limits(raw: RawConnection) -> None:
    wide = pa.RecordBatch.from_arrays([pa.array(["x"])] * 1_001, [f"c{number}" for number in range(1_001)])
    named(send(raw, section_stream(wide)), "VXDATA_SECTION_COLUMNS")
    named(send(raw, b"", rows=100_001), "VXDATA_UPLOAD_SECTIONS")


def test_rows_without_columns(raw: RawConnection) -> None:
    stream = bytearray(section_stream(pa.record_batch([pa.array([ROWS])], names=["x"]).select([])))
    places = [at for at in range(0, len(stream) - 7, 8) if struct.unpack_from("<q", stream, at)[0] == 1]
    struct.pack_into("<q", stream, places[-1], HUGE)
    named(send(raw, bytes(stream)), "VXDATA_SECTION_ROWS")


def test_messages_headers_and_bodies_beyond_the_limits(raw: RawConnection) -> None:
    named(raw.call(b"DoGet", ticket(b" " * 17_000_000)), "VXDATA_TICKET_BYTES")
    named(raw.call(b"DoAction", action(b"resolve", b" " * 70_000_000)), "VXDATA_MESSAGE_BYTES")
    crowded = [(f"x-{number}".encode(), b"y" * 100) for number in range(60)]
    named(raw.call(b"DoAction", action(b"health"), headers=crowded), "VXDATA_HEADER_BYTES")


def test_types_that_no_payload_uses(raw: RawConnection) -> None:
    for column in (
        pa.array(["x"]).dictionary_encode(),
        pa.array(["x" * 20], pa.string_view()),
        pa.RunEndEncodedArray.from_arrays([1], ["x"]),
        pa.UnionArray.from_sparse(pa.array([0], pa.int8()), [pa.array(["x"])]),
        pa.array([{"a": [1]}]),
    ):
        assert send(raw, section_stream(pa.record_batch({"license": column}))).code == "FIELD_TYPE_MISMATCH"


def test_names_that_are_not_utf_8(raw: RawConnection) -> None:
    """Of the children of a list the names do not matter: then the upload lacks its marker alone."""
    nested = pa.record_batch(
        {"germline_variants": pa.array([["x"]], pa.list_(pa.field("qqqq", pa.string())))}
    )
    for rows, name, code in (
        (nested, b"qqqq", "INCOMPLETE_UPLOAD"),
        (nested, b"germline_variants", "INVALID_TICKET"),
        (pa.record_batch({"zzzz": [1]}), b"zzzz", "INVALID_TICKET"),
    ):
        stream = section_stream(rows).replace(name, b"\xff" * len(name))
        assert send(raw, stream, "patient").code == code
