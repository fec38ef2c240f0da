"""Uploads: tables of one resource type each become the sections of one all-or-nothing write."""

from __future__ import annotations

import getpass
import platform
import secrets
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from vxdata.schemas.errors import InvalidRequest
from vxdata.schemas.wire import UPLOAD_SCHEMA, Verb, WriteCommand
from vxdata.sdk._resources.outcome import telling_outcome
from vxdata.sdk._resources.row_progress import showing_rows
from vxdata.sdk._transport.retry import retry_read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vxdata.sdk._resources.outcome import Outcome
    from vxdata.sdk._transport.base import Transport, Written

SECTION_BYTES: Final = 4 * 1024 * 1024
"""Size of a section: large enough to copy in one go, small enough for flat memory on both sides."""

MAX_NAME_BYTES: Final = 1024
"""UTF-8 bytes of a user's or a machine's name that are sent; the commit log takes 16 KiB in all."""

MAX_KEY_LENGTH: Final = 200
"""Characters of an idempotency key, as `WriteCommand` takes it."""

TypedTable = tuple[str, pa.Table]
"""Rows with their resource type."""


@dataclass(frozen=True)
class WriteRequest:
    """One write.

    Args:
        verb: What to do with the rows.
        tables: The rows; one type may come in several tables, also of different columns. They are iterated
            over once for each time that the upload is sent; an iterator can be sent only once.
        cascade: Whether a delete or a restore takes the descendants along.
        idempotency_key: Name of the request; a new one is made if None.
        rows: How many rows there are, where that is known before they are sent.
        progress: Whether to show how far it is, if it takes long.
    """

    verb: Verb
    tables: Iterable[TypedTable]
    cascade: bool = False
    idempotency_key: str | None = None
    rows: int | None = None
    progress: bool = False

    def send(
        self, transport: Transport, *, lineage: bool = False, meanwhile: Callable[[], None] | None = None
    ) -> Written:
        """Write everything in one commit; sent again if the connection breaks, unless rows are gone.

        Args:
            transport: The way to the server.
            lineage: Whether to ask for the lineage of what is created.
            meanwhile: Work for the time while the server writes.

        Returns:
            The receipt of the commit, with the lineage if it was asked for and the server has it at hand.

        Raises:
            VxDataError: Anything that the server refuses; then nothing is written. Where the response to a
                whole upload did not come, a note and the details tell under which key to ask for it.
        """
        key = secrets.token_hex(16) if self.idempotency_key is None else _checked(self.idempotency_key)
        command = WriteCommand(
            verb=self.verb, cascade=self.cascade, idempotency_key=key, client=describe_client()
        )
        with telling_outcome(key) as outcome:

            def write() -> Written:
                with showing_rows(self.verb, self.rows, shown=self.progress) as moved:
                    begin = partial(self._begun, outcome, moved)
                    return transport.write(
                        command,
                        begin() if isinstance(self.tables, Iterator) else _Sections(begin),
                        lambda: outcome.rows,
                        lineage=lineage,
                        meanwhile=meanwhile,
                    )

            return retry_read(write, transport, lambda: self._may_repeat(outcome))

    def _may_repeat(self, outcome: Outcome) -> bool:
        """Whether the upload can be sent once more: of an iterator, the rows that were taken are gone."""
        is_whole = not isinstance(self.tables, Iterator) or outcome.rows == 0
        return is_whole and not outcome.has_source_failed

    def _begun(self, outcome: Outcome, moved: Callable[[int], None]) -> Iterator[pa.RecordBatch]:
        return outcome.noting(self._counted_sections(), moved)

    def _sections(self) -> Iterator[pa.RecordBatch]:
        return (section for section, _ in self._counted_sections())

    def _counted_sections(self) -> Iterator[tuple[pa.RecordBatch, int]]:
        for name, table in self.tables:
            yield from counted_sections(name, table if self.idempotency_key is None else _laid_out(table))


@dataclass(frozen=True)
class _Sections:
    """The sections of an upload, which can be sent once more.

    Args:
        begin: Begins with the first of them.
    """

    begin: Callable[[], Iterator[pa.RecordBatch]]

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        return self.begin()


def _checked(key: object) -> str:
    if not isinstance(key, str) or not 1 <= len(key) <= MAX_KEY_LENGTH or "\0" in key:
        msg = (
            f"An idempotency key is a text of 1 to {MAX_KEY_LENGTH} characters without NUL, not {key!r:.80}."
        )
        raise InvalidRequest(msg)
    return key


def _laid_out(table: pa.Table) -> pa.Table:
    """Lay the rows out anew, so that equal rows are equal bytes: by them the server knows a request again.

    In the given rows, the bytes under nulls and beyond the end may be whatever a computation left there.
    """
    batches = [batch.take(pa.array(range(batch.num_rows))) for batch in table.to_batches()]
    return pa.Table.from_batches(batches, schema=table.schema)


def describe_client() -> dict[str, str]:
    """Return the description of this client that the commit log keeps.

    Names come from the environment, which may hold any bytes: those that are not UTF-8 are escaped, and a
    name longer than `MAX_NAME_BYTES` is cut.
    """
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # a user id without a name, as containers have
        user = "unknown"
    return {"user": _sendable(user), "host": _sendable(platform.node()), "sdk": _sdk_version()}


def _sendable(name: str) -> str:
    """A name as the commit log can store it."""
    content = name.replace("\0", "\\0").encode("utf-8", "backslashreplace")
    return content[:MAX_NAME_BYTES].decode("utf-8", "ignore")


@cache
def _sdk_version() -> str:
    """The version of the SDK, looked up once: finding and parsing the metadata takes milliseconds."""
    return version("vxdata")


def sections(resource_type: str, table: pa.Table) -> Iterator[pa.RecordBatch]:
    """Cut a table into sections.

    Args:
        resource_type: What the rows are.
        table: The rows.

    Returns:
        Batches of `UPLOAD_SCHEMA`, of one section each.
    """
    return (section for section, _ in counted_sections(resource_type, table))


def counted_sections(resource_type: str, table: pa.Table) -> Iterator[tuple[pa.RecordBatch, int]]:
    """Cut a table into sections.

    Args:
        resource_type: What the rows are.
        table: The rows.

    Yields:
        Batches of `UPLOAD_SCHEMA`, of one section each, with the number of its rows.
    """
    for batch in table.to_batches(max_chunksize=_rows_per_section(table)):
        for part in _halved(batch):
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, part.schema) as writer:
                writer.write_batch(part)
            name = pa.py_buffer(resource_type.encode())
            columns = [_one(pa.string(), name), _one(pa.binary(), sink.getvalue())]
            yield pa.record_batch(columns, schema=UPLOAD_SCHEMA), part.num_rows


def _rows_per_section(table: pa.Table) -> int:
    bytes_per_row = max(table.nbytes / max(table.num_rows, 1), 1)
    return max(int(SECTION_BYTES / bytes_per_row), 1)


def _halved(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Cut a batch again where its rows are larger than those of the table on average."""
    if batch.nbytes <= 2 * SECTION_BYTES or batch.num_rows <= 1:
        yield batch
        return
    half = batch.num_rows // 2
    yield from _halved(batch.slice(0, half))
    yield from _halved(batch.slice(half))


def _one(arrow_type: pa.DataType, content: pa.Buffer) -> pa.Array:
    """An array of one value, without copying it.

    `pa.array` imports pandas where it is installed, which takes longer than most writes.
    """
    offsets = pa.py_buffer(struct.pack("<ii", 0, content.size))
    return pa.Array.from_buffers(arrow_type, 1, [None, offsets, content])
