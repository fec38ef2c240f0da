"""Creates of models: they are sent as tables, and answered with responses.

A response is made of what was sent and of what only the server knows: lineage, stamps and version. All else
is stored as it was sent, and does not travel a second time. Client and server work at the same time: models
become tables in parts, each sent while the next one is made, and responses are made while the server writes,
to be completed when its answer has come.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from vxdata.schemas.errors import ResourceNotFound
from vxdata.schemas.models import models_of
from vxdata.sdk._conversion.models import built, by_type, fits, stored_schema, table_of, values_by_name
from vxdata.sdk._resources.retrieve import read_in
from vxdata.sdk._resources.upload import WriteRequest
from vxdata.sdk._resources.write_response import noting_commit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from vxdata.schemas.catalog.registry import Registry
    from vxdata.schemas.models import ResourceCreate, ResourceResponse
    from vxdata.schemas.payload_type import PayloadType
    from vxdata.schemas.wire import CommitReceipt
    from vxdata.sdk._resources.upload import TypedTable
    from vxdata.sdk._transport.base import Transport, Written


INSTANT: Final = pa.timestamp("us", "UTC")

MODELS_PER_PART: Final = 2_500
"""Models that become one table: a megabyte or two.

The server recognises a request that is repeated under an idempotency key by its bytes, and they depend on
this number. With another one, it would refuse the repetition of a request that an earlier version has sent.
"""


class CreateResult:
    """Models to create, and the responses to them. Iterating over it makes the tables that are sent.

    Args:
        registry: The payload types.
        models: Creates of any types.
    """

    def __init__(self, registry: Registry, models: Sequence[ResourceCreate]) -> None:
        """Begin with nothing made."""
        self._models = models
        self._parts = {
            resource_type: [
                _Part(registry.get(resource_type), group[begin : begin + MODELS_PER_PART])
                for begin in range(0, len(group), MODELS_PER_PART)
            ]
            for resource_type, group in by_type(models).items()
        }

    def __iter__(self) -> Iterator[TypedTable]:
        """Make the tables, each when it is wanted."""
        for part in chain.from_iterable(self._parts.values()):
            yield part.payload_type.prefix, part.sent

    def store(self, transport: Transport, idempotency_key: str | None) -> list[ResourceResponse]:
        """Create everything in one commit.

        Args:
            transport: The way to the server.
            idempotency_key: Name of the request; a new one is made if None.

        Returns:
            The responses, in the order of the models.

        Raises:
            VxDataError: The server refuses the request, and nothing is created; or the answer cannot be
                read after the commit, and the error carries the receipt.
        """
        upload = WriteRequest("create", self, idempotency_key=idempotency_key, rows=len(self._models))
        written = upload.send(transport, lineage=True, meanwhile=self.prepare)
        responses = self.answer(transport, written)
        return [responses[model.identifier] for model in self._models]

    def prepare(self) -> None:
        """Make the responses, as far as that can be done before the server has answered."""
        with suppress(Exception):  # `answer` raises it again, with the receipt of the commit
            list(map(attrgetter("responses"), chain.from_iterable(self._parts.values())))

    def answer(self, transport: Transport, written: Written) -> dict[str, ResourceResponse]:
        """Complete the responses.

        Args:
            transport: The way to the server, for values that its answer does not hold.
            written: The answer to the upload.

        Returns:
            The responses by identifier.

        Raises:
            VxDataError: Something cannot be read; the error carries the receipt.
        """
        with noting_commit(written.receipt):
            told = None if written.lineage is None else _stamped(written.lineage, written.receipt)
            return {
                response.identifier: response
                for parts in self._parts.values()
                for response in _completed(transport, parts, told, written.receipt.as_of)
            }


@dataclass(frozen=True)
class _Found:
    """Values that only the server knows: a row for each resource, in any order."""

    table: pa.Table

    @cached_property
    def columns(self) -> dict[str, list[Any]]:
        """The values."""
        return values_by_name(self.table)

    @cached_property
    def row_of(self) -> dict[str, int]:
        """Where each resource is."""
        return {identifier: row for row, identifier in enumerate(self.columns["identifier"])}


@dataclass(frozen=True)
class _Part:
    """Some resources of one type."""

    payload_type: PayloadType
    models: Sequence[ResourceCreate]

    @property
    def identifiers(self) -> list[str]:
        """Their identifiers."""
        return [model.identifier for model in self.models]

    @cached_property
    def sent(self) -> pa.Table:
        """The table that is sent."""
        return table_of(self.payload_type, self.models)

    @cached_property
    def kept(self) -> pa.Table:
        """The columns that are stored as they were sent."""
        return self.sent.select([name for name in self.sent.schema.names if _is_kept(self.sent[name])])

    @property
    def is_kept(self) -> bool:
        """Whether all that was sent is stored as it was."""
        return bool(self.kept.num_columns == self.sent.num_columns)

    @cached_property
    def responses(self) -> list[ResourceResponse]:
        """The responses, with null for each value that is not known yet."""
        known, unknown = values_by_name(self.kept), [None] * len(self.models)
        columns = {name: known.get(name, unknown) for name in stored_schema(self.payload_type).names}
        return built(columns, self._model)

    def completed(self, found: _Found) -> list[ResourceResponse]:
        """Complete the responses with the values that were found."""
        missing = [identifier for identifier in self.identifiers if identifier not in found.row_of]
        if missing:
            raise ResourceNotFound.from_identifiers(missing)
        rows = [found.row_of[identifier] for identifier in self.identifiers]
        complete(self.responses, found.columns, rows)
        wanted = stored_schema(self.payload_type)
        if fits(found.table, wanted) and fits(self.kept, wanted):
            return self.responses
        stated = [{name: vars(response)[name] for name in wanted.names} for response in self.responses]
        return [self._model.model_validate(row) for row in stated]

    @cached_property
    def _model(self) -> type[ResourceResponse]:
        return models_of(self.payload_type).response


def complete(
    models: Sequence[ResourceResponse], columns: Mapping[str, Sequence[Any]], rows: Sequence[int]
) -> None:
    """Put values into response models that were made before all was known, and that no caller has seen yet.

    Args:
        models: The models.
        columns: The values of fields that the models hold already, in whatever state.
        rows: For each model, its place in the columns.
    """
    for model, row in zip(models, rows, strict=True):
        values = model.__dict__
        for name, column in columns.items():
            values[name] = column[row]


def _completed(
    transport: Transport, parts: Sequence[_Part], told: _Found | None, as_of: datetime
) -> Iterator[ResourceResponse]:
    """Complete the responses of one type from the server's response, or by a read of what that lacks."""
    untold = [part for part in parts if told is None or not part.is_kept]
    read = _read(transport, untold, as_of) if untold else None
    for part in parts:
        found = told if part.is_kept and told is not None else read
        assert found is not None  # noqa: S101 - what was not told was read
        yield from part.completed(found)


def _read(transport: Transport, parts: Sequence[_Part], as_of: datetime) -> _Found:
    """Read the values that are not stored as they were sent, or were never sent."""
    payload_type = parts[0].payload_type
    kept = set.intersection(*(set(part.kept.schema.names) for part in parts))
    derived = (name for name in stored_schema(payload_type).names if name not in kept)
    identifiers = list(chain.from_iterable(part.identifiers for part in parts))
    tables = read_in(
        transport, payload_type.prefix, "identifier", identifiers, as_of, ("identifier", *derived)
    )
    return _Found(pa.concat_tables([table for table, _ in tables]))


def _stamped(lineage: pa.Table, receipt: CommitReceipt) -> _Found:
    """Add the values that all resources of one commit share."""
    shared = {
        "valid_from": pa.scalar(receipt.as_of, INSTANT),
        "valid_to": pa.scalar(None, INSTANT),
        "created_at": pa.scalar(receipt.as_of, INSTANT),
        "version": pa.scalar(receipt.version, pa.int64()),
    }
    for name, value in shared.items():
        lineage = lineage.append_column(name, pa.repeat(value, lineage.num_rows))
    return _Found(lineage)


def _is_kept(column: pa.ChunkedArray) -> bool:
    """Whether values are stored as they were sent.

    A mapping is not: jsonb brings its keys into an order of its own, and knows no zero below zero.
    """
    return not pa.types.is_map(column.type) or column.null_count == len(column)
