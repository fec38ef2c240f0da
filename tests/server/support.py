"""What the tests of the server share: rows as batches, batches as uploads, and waiting without sleeping."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.flight

from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.types.arrow import create_schema
from vxdata.schemas.wire import UPLOAD_SCHEMA, CommitMarker, WriteCommand
from vxdata.server.call import ANONYMOUS, Call
from vxdata.server.identities.gate import Gate
from vxdata.server.services.write import Section

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from vxdata.schemas.catalog.registry import Registry
    from vxdata.schemas.wire import CommitReceipt
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.services.write import WriteService

DEADLINE = 30.0
PATIENCE = 0.01


def until(condition: Callable[[], object], what: str) -> None:
    """Poll a condition; fail when it does not come true before the deadline."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(PATIENCE)


def never() -> bool:
    """Tell that the caller is still there."""
    return False


OPEN: Final = Gate((), is_required=False)
"""A gate that asks nobody who they are."""

CALL: Final = Call("test", never, ANONYMOUS)
"""A call whose caller stays for as long as it takes."""


def batch(resource_type: str, rows: Sequence[Mapping[str, Any]]) -> pa.RecordBatch:
    """Write rows in the Arrow types of a create, with the columns that any of them names."""
    named = {name for row in rows for name in row}
    fields = [field for field in create_schema(registry().get(resource_type)) if field.name in named]
    missing = named - {field.name for field in fields}
    assert not missing, missing
    schema = pa.schema([field.with_nullable(nullable=True) for field in fields])
    return pa.RecordBatch.from_pylist([dict(row) for row in rows], schema=schema)


def ipc(rows: pa.RecordBatch) -> bytes:
    """Write a batch as an Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_batch(rows)
    return bytes(sink.getvalue().to_pybytes())


def section(resource_type: str | None, content: bytes | None) -> pa.RecordBatch:
    """Write one section of an upload."""
    columns = [pa.array([resource_type], pa.string()), pa.array([content], pa.binary())]
    return pa.record_batch(columns, schema=UPLOAD_SCHEMA)


def resources(resource_type: str, *rows: Mapping[str, Any]) -> Section:
    """Make a section as the service takes it, with a licence in every row."""
    return Section(resource_type, batch(resource_type, [{"license": "CC BY 4.0", **row} for row in rows]))


def create(
    service: WriteService, *sections: Section, client: Mapping[str, str] | None = None
) -> CommitReceipt:
    """Create resources through the service, with a marker that fits."""
    upload: Iterator[Section | int] = iter([*sections, sum(part.rows.num_rows for part in sections)])
    command = WriteCommand(verb="create", client=dict(client or {}))
    return service.write(command, upload, CALL)


def put(
    raw: Any, sections: Sequence[pa.RecordBatch], rows: int | None, *, command: bytes | None = None
) -> bytes:
    """Upload sections over a raw Flight client; without a marker where `rows` is None."""

    content = WriteCommand(verb="create").to_bytes() if command is None else command
    writer, answers = raw.do_put(pa.flight.FlightDescriptor.for_command(content), UPLOAD_SCHEMA)
    with writer:
        for part in sections:
            writer.write_batch(part)
        if rows is not None:
            writer.write_metadata(CommitMarker(rows=rows).to_bytes())
        writer.done_writing()
        answer = answers.read()
    return b"" if answer is None else bytes(answer.to_pybytes())


def scalar(database: ConnectionPool, sql: str) -> Any:
    """Look one value up."""
    with database.connection() as connection:
        (row,) = connection.rows(sql)
    (value,) = row.values()
    return value


def state(database: ConnectionPool, registry_: Registry | None = None) -> dict[str, Any]:
    """Tell everything that a refused write must leave as it was: clocks, log, and rows of every type."""
    tables = [payload_type.prefix for payload_type in registry_ or registry()]
    names = [*tables, *(f"{table}_history" for table in tables), "commit_log", "type_clock"]
    counts = {name: scalar(database, f'SELECT count(*) AS n FROM vxdata."{name}"') for name in names}
    with database.connection() as connection:
        clock = connection.rows("SELECT version, stamp FROM vxdata.commit_clock")
    return {**counts, "clock": clock}
