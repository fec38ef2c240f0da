"""The metadata of Arrow IPC messages, read before Arrow acts on it.

Arrow checks that the metadata is a well-formed flatbuffer, but then believes it: it copies each name as often
as the schema refers to it, and allocates what a compressed buffer says that it inflates to. So this module
reads the few numbers that tell what a message will cost. The layout is that of Message.fbs and Schema.fbs of
the Arrow format; a table's fields are numbered as they are declared there.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

VERSION_5: Final = 4
"""MetadataVersion.V5: since 2020. Before it, compression could be declared in other ways."""

LITTLE_ENDIAN: Final = 0
SCHEMA: Final = 1
RECORD_BATCH: Final = 3
"""Kinds of message."""

INFLATED: Final = struct.Struct("<q")
"""Before each compressed buffer: its length once inflated; -1 if it is not compressed after all."""

MAX_FIELDS: Final = 100_000
"""Fields of a schema that are looked at, those of nested types included."""

_BUFFER: Final = struct.Struct("<qq")


class MalformedMetadata(ValueError):
    """The bytes are not the metadata of an Arrow IPC message."""


@dataclass(frozen=True)
class _Table:
    """A table of a flatbuffer.

    Args:
        data: The flatbuffer.
        at: Where the table begins.
    """

    data: memoryview
    at: int

    @classmethod
    def root(cls, data: memoryview) -> _Table:
        return cls(data, _read(data, "<I", 0))

    def position(self, field: int) -> int:
        """Where the value of a field lies; 0 if the table does not have it."""
        table = self.at - _read(self.data, "<i", self.at)
        slot = 4 + 2 * field
        if slot >= _read(self.data, "<H", table):
            return 0
        offset = _read(self.data, "<H", table + slot)
        return self.at + offset if offset else 0

    def number(self, field: int, form: str) -> int:
        """Value of a scalar field; 0, the default of the format, if it is absent."""
        at = self.position(field)
        return _read(self.data, form, at) if at else 0

    def _target(self, field: int) -> int:
        """Where a field refers to; 0 if it is absent."""
        at = self.position(field)
        return at + _read(self.data, "<I", at) if at else 0

    def table(self, field: int) -> _Table | None:
        at = self._target(field)
        return _Table(self.data, at) if at else None

    def length(self, field: int) -> int:
        """Length of a text or a vector; 0 if it is absent."""
        at = self._target(field)
        return _read(self.data, "<I", at) if at else 0

    def tables(self, field: int) -> list[_Table]:
        """The tables of a vector."""
        at = self._target(field)
        return [
            _Table(self.data, place + _read(self.data, "<I", place))
            for place in range(at + 4, at + 4 + 4 * self.length(field), 4)
        ]

    def pairs(self, field: int) -> list[tuple[int, int]]:
        """The pairs of numbers of a vector of structs."""
        at, count = self._target(field), self.length(field)
        content = self.data[at + 4 : at + 4 + _BUFFER.size * count] if count else b""
        if len(content) != _BUFFER.size * count:
            raise MalformedMetadata
        return list(_BUFFER.iter_unpack(content))


def _read(data: memoryview, form: str, at: int) -> int:
    if at < 0:
        raise MalformedMetadata
    try:
        return int(struct.unpack_from(form, data, at)[0])
    except struct.error as error:
        raise MalformedMetadata from error


@dataclass(frozen=True)
class SchemaCost:
    """What a schema will cost.

    Args:
        columns: Its columns.
        text_bytes: Bytes of all names and metadata; a name counts each time that it is referred to.
    """

    columns: int
    text_bytes: int


@dataclass(frozen=True)
class BatchCost:
    """What a record batch will cost.

    Args:
        rows: Its rows.
        inflated_bytes: Bytes of its buffers once they are inflated.
    """

    rows: int
    inflated_bytes: int


def _header(metadata: memoryview, kind: int) -> _Table:
    message = _Table.root(metadata)
    header = message.table(2)
    if message.number(0, "<h") != VERSION_5 or message.number(1, "<B") != kind or header is None:
        raise MalformedMetadata
    return header


def schema_cost(metadata: memoryview) -> SchemaCost:
    """Tell what the message of a schema will cost.

    Args:
        metadata: Metadata of the message, a well-formed flatbuffer.

    Returns:
        The cost.

    Raises:
        MalformedMetadata: It is not the schema of little-endian data in version 5 of the format, or has more
            than `MAX_FIELDS` fields.
    """
    schema = _header(metadata, SCHEMA)
    if schema.number(0, "<h") != LITTLE_ENDIAN:
        raise MalformedMetadata
    columns = schema.length(1)
    text = _key_value_bytes(schema, 2)
    if columns > MAX_FIELDS:
        return SchemaCost(columns, text)
    waiting, seen = schema.tables(1), 0
    while waiting:
        field = waiting.pop()
        seen += 1 + field.length(5)
        if seen > MAX_FIELDS:
            raise MalformedMetadata
        text += field.length(0) + _key_value_bytes(field, 6)
        waiting += field.tables(5)
    return SchemaCost(columns, text)


def _key_value_bytes(table: _Table, field: int) -> int:
    if table.length(field) > MAX_FIELDS:
        raise MalformedMetadata
    return sum(pair.length(0) + pair.length(1) for pair in table.tables(field))


def batch_cost(metadata: memoryview, body: memoryview) -> BatchCost:
    """Tell what the message of a record batch will cost.

    Args:
        metadata: Metadata of the message, a well-formed flatbuffer.
        body: Body of the message.

    Returns:
        The cost.

    Raises:
        MalformedMetadata: It is not a record batch in version 5 of the format, or a buffer lies outside.
    """
    batch = _header(metadata, RECORD_BATCH)
    rows = batch.number(0, "<q")
    if rows < 0:
        raise MalformedMetadata
    is_compressed = batch.table(3) is not None
    return BatchCost(rows, sum(_inflated(body, at, size, is_compressed) for at, size in batch.pairs(2)))


def _inflated(body: memoryview, at: int, size: int, is_compressed: bool) -> int:  # noqa: FBT001 - of one buffer
    if at < 0 or size < 0 or at + size > len(body):
        raise MalformedMetadata
    if not is_compressed or not size:
        return size
    if size < INFLATED.size:
        raise MalformedMetadata
    (declared,) = INFLATED.unpack_from(body, at)
    if declared < -1:
        raise MalformedMetadata
    return size if declared == -1 else int(declared)
