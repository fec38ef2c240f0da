"""IPC streams of sections: what they cost is known before Arrow pays it."""

from __future__ import annotations

import struct

import pyarrow as pa
import pytest

from vxdata.schemas.errors import InvalidTicket, LimitExceeded
from vxdata.server.ingest.ipc_metadata import MalformedMetadata, batch_cost, schema_cost
from vxdata.server.ingest.ipc_stream import record_batches
from vxdata.server.limits import Limits

ROWS = pa.record_batch({"name": ["a" * 50, "b"] * 500, "number": [1, 2] * 500})


def stream(rows: pa.RecordBatch, **options: object) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_batch(rows)
    return bytes(sink.getvalue().to_pybytes())


def read(content: bytes, limits: Limits | None = None) -> list[pa.RecordBatch]:
    return list(record_batches(pa.py_buffer(content), limits or Limits(), lambda _: None))


@pytest.mark.parametrize("codec", [None, "zstd", "lz4"])
def test_good(codec: str | None) -> None:
    (found,) = read(stream(ROWS, compression=codec))
    assert found.equals(ROWS)
    _, message = pa.ipc.MessageReader.open_stream(stream(ROWS, compression=codec))
    cost = batch_cost(memoryview(message.metadata), memoryview(message.body))
    assert cost.rows == 1_000
    assert 0 <= cost.inflated_bytes - ROWS.nbytes < 200


@pytest.mark.parametrize("codec", [None, "zstd", "lz4"])
def test_nothing_is_inflated_beyond_the_limit(monkeypatch: pytest.MonkeyPatch, codec: str | None) -> None:
    content = stream(ROWS, compression=codec)
    monkeypatch.delattr(pa.ipc, "read_record_batch")
    with pytest.raises(LimitExceeded) as caught:
        read(content, Limits(section_bytes=10_000))
    assert caught.value.details["setting"] == "VXDATA_SECTION_BYTES"


def test_a_name_counts_each_time_that_a_schema_refers_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A schema of 300 kB whose 50,000 fields share one name of 100 kB took 5 GB."""
    columns = [pa.field("x" * 4_000, pa.string()), *(pa.field("y", pa.string()) for _ in range(900))]
    (message,) = pa.ipc.MessageReader.open_stream(pa.schema(columns).serialize())
    metadata = bytearray(message.metadata.to_pybytes())
    long = metadata.index(b"x" * 4_000) - 4
    at = -1
    while (at := metadata.find(b"\x01\x00\x00\x00y\x00", at + 1)) >= 0:
        for place in range(0, at, 4):
            if place + struct.unpack_from("<I", metadata, place)[0] == at and place < long:
                struct.pack_into("<I", metadata, place, long - place)
    cost = schema_cost(memoryview(metadata))
    assert cost.columns == 901
    assert cost.text_bytes > 1024**2
    frame = b"\xff\xff\xff\xff" + struct.pack("<i", len(metadata)) + bytes(metadata)
    monkeypatch.delattr(pa.ipc, "read_schema")
    with pytest.raises(InvalidTicket):
        read(frame)


def test_other_versions_and_dictionaries() -> None:
    with pytest.raises(InvalidTicket):
        read(stream(ROWS, metadata_version=pa.ipc.MetadataVersion.V4))
    with pytest.raises(InvalidTicket):
        read(stream(pa.record_batch({"name": pa.array(["x"]).dictionary_encode()})))


def test_buffers_outside_the_body() -> None:
    _, message = pa.ipc.MessageReader.open_stream(stream(ROWS))
    with pytest.raises(MalformedMetadata):
        batch_cost(memoryview(message.metadata), memoryview(message.body)[:-64])
