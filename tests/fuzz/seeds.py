"""Seeds: right requests of every kind, from which the fuzzer makes wrong ones.

They are kept as files, so that a run can be repeated with another version of Arrow; each begins with the kind
of its parts. `python -m tests.fuzz.seeds` writes them anew.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from tests.fixtures.raw_grpc import ipc_messages
from tests.server.support import batch
from vxdata.schemas.plan import And, Comparison, HasAncestor, IsIn, Not, Or, Plan, TextTest
from vxdata.schemas.wire import Action
from vxdata.schemas.wire.tickets import Ticket, encode_ticket

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER: Final = Path(__file__).parent / "seeds"
CREATE: Final = b'{"version":1,"verb":"create","idempotency_key":"k","client":{"user":"u"}}'


@dataclass(frozen=True)
class Seed:
    """A request.

    Args:
        name: What it is.
        kind: How its parts become messages; see `tests.fuzz.mutations.messages_of`.
        parts: The parts that are changed.
    """

    name: str
    kind: str
    parts: tuple[bytes, ...]

    def to_bytes(self) -> bytes:
        """Write the seed as a file holds it."""
        pieces = (self.kind.encode(), *self.parts)
        return b"".join(struct.pack("<I", len(piece)) + piece for piece in pieces)

    @classmethod
    def from_bytes(cls, name: str, content: bytes) -> Seed:
        """Read a seed."""
        pieces: list[bytes] = []
        at = 0
        while at < len(content):
            (size,) = struct.unpack_from("<I", content, at)
            pieces.append(content[at + 4 : at + 4 + size])
            at += 4 + size
        return cls(name, pieces[0].decode(), tuple(pieces[1:]))


def kept() -> list[Seed]:
    """Read the seeds."""
    return [Seed.from_bytes(file.stem, file.read_bytes()) for file in sorted(FOLDER.glob("*.seed"))]


def stream_of(rows: pa.RecordBatch, **options: Any) -> bytes:
    """Write rows as an IPC stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_batch(rows)
    return bytes(sink.getvalue().to_pybytes())


PATIENTS: Final[list[dict[str, Any]]] = [
    {
        "identifier": f"patient/fuzz{number}",
        "parent_identifier": "datasource/fuzz",
        "license": "x",
        "sex": "F",
        "birth_year": 1950 + number,
        "has_family_history": number % 2 == 0,
        "germline_variants": ["TP53"] * number,
        "external_identifiers": {"a": "b"},
    }
    for number in range(3)
]


def sections() -> Iterator[tuple[str, str, bytes]]:
    """Yield sections: name, resource type and IPC stream."""
    source = batch("datasource", [{"identifier": "datasource/fuzz", "license": "x"}])
    patients = batch("patient", PATIENTS)
    repeated = batch("patient", PATIENTS * 20)
    yield "source", "datasource", stream_of(source)
    yield "patients", "patient", stream_of(patients)
    for codec in ("zstd", "lz4"):
        yield codec, "patient", stream_of(repeated, compression=codec)
    yield "v4", "datasource", stream_of(source, metadata_version=pa.ipc.MetadataVersion.V4)
    for name, column in {
        "dictionary": pa.array(["x"]).dictionary_encode(),
        "view": pa.array(["x" * 20], pa.string_view()),
        "list_view": pa.array([["x"]], pa.list_view(pa.string())),
        "large": pa.array(["x"], pa.large_string()),
        "fixed_list": pa.array([[1, 2]], pa.list_(pa.int32(), 2)),
        "runs": pa.RunEndEncodedArray.from_arrays([1], ["x"]),
        "dense": pa.UnionArray.from_dense(
            pa.array([0], pa.int8()), pa.array([0], pa.int32()), [pa.array(["x"])]
        ),
        "sparse": pa.UnionArray.from_sparse(pa.array([0], pa.int8()), [pa.array(["x"])]),
        "uuid": pa.array([b"0123456789abcdef"], pa.uuid()),
        "nested": pa.array([{"a": [{"b": {"c": [1]}}]}]),
        "decimal": pa.array([None], pa.decimal128(10, 2)),
        "null": pa.nulls(1),
    }.items():
        rows = pa.record_batch({"identifier": ["datasource/fuzz"], "license": column})
        yield name, "datasource", stream_of(rows)


def outer(rows: pa.RecordBatch, **options: Any) -> tuple[bytes, ...]:
    """Write the metadata and bodies of an upload's messages."""
    return tuple(part for message in ipc_messages(stream_of(rows, **options)) for part in message)


def tickets() -> Iterator[tuple[str, bytes]]:
    """Yield tickets."""
    where = And(
        terms=(
            Or(
                terms=(
                    Comparison(op="==", field="modality", value="MR"),
                    IsIn(field="b_value", values=(1, 2.5)),
                )
            ),
            Not(term=TextTest(op="matches", field="license", text="^a+$")),
            HasAncestor(identifier="datasource/fuzz"),
        )
    )
    yield "filter", encode_ticket(Ticket(Plan(relation="volume", where=where, limit=3)))
    yield (
        "select",
        encode_ticket(Ticket(Plan(relation="patient", select=("identifier", "sex"), distinct=True))),
    )
    grouped = {
        "version": 2,
        "relation": "patient",
        "group_by": ["sex"],
        "aggregates": [{"function": "mean", "field": "birth_year", "name": "m"}],
        "order_by": [{"field": "sex", "descending": True}],
    }
    yield "grouped", json.dumps(grouped).encode()
    query = {"relation": "patient", "select": "identifier", "where": {"op": "is_null", "field": "sex"}}
    looked_up = {"op": "is_in_query", "field": "parent_identifier", "query": query}
    yield "subquery", json.dumps({"version": 1, "resource_type": "volume", "where": looked_up}).encode()


BODIES: Final = {
    Action.HEALTH: b"",
    Action.RESOLVE: b'{"resource_type":"patient","pairs":[["datasource/fuzz","uid"]]}',
    Action.EXPLAIN: b'{"version":2,"relation":"patient","limit":2}',
    Action.ERROR_DETAIL: b"0123456789abcdef",
    Action.BLOB_STORE: b"",
    Action.PRESIGN: b'{"method":"get","urls":["s3://bucket/key"]}',
    Action.LIST_BLOBS: b'{"url":"s3://bucket/prefix/"}',
    Action.TOUCH: b'{"urls":["s3://bucket/key"]}',
}


def made() -> Iterator[Seed]:
    """Make the seeds."""
    for name, resource_type, stream in sections():
        yield Seed(f"section-{name}", "section", (CREATE, resource_type.encode(), stream))
    two = pa.record_batch({"resource_type": ["patient"] * 2, "rows": pa.array([b"12", b""], pa.binary())})
    for codec in (None, "zstd", "lz4"):
        yield Seed(f"outer-{codec}", "outer", (CREATE, *outer(two, compression=codec)))
    for name, content in tickets():
        yield Seed(f"ticket-{name}", "ticket", (content,))
        yield Seed(f"descriptor-{name}", "descriptor", (content,))
    yield Seed("path", "path", (b"patient",))
    for action, body in BODIES.items():
        yield Seed(f"action-{action}", "action", (action.encode(), body))
    yield Seed("headers", "headers", (b"vxdata-timeout", b"1.5", b"vxdata-accept-compression", b"zstd, lz4"))


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for seed in made():
        (FOLDER / f"{seed.name}.seed").write_bytes(seed.to_bytes())
