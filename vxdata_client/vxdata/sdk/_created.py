"""Creates of models: how they are sent, and answered with what was sent and what only the server knows.

That is lineage, stamps and version; all else is stored as it was sent, and does not travel a second time.
Both sides work at once: models become tables in parts, each sent while the next one is made, and responses
are made while the server writes, to be completed once it has answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from vxdata.schemas.arrow import response_schema
from vxdata.schemas.errors import ResourceNotFound
from vxdata.schemas.models import models_of
from vxdata.schemas.registry import registry
from vxdata.sdk._answer import told_of
from vxdata.sdk._models import by_type, complete, fits, responses_of, table_of, values_by_name
from vxdata.sdk._reader import read_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from vxdata.schemas.models import ResourceCreate, ResourceResponse
    from vxdata.schemas.wire import CommitReceipt
    from vxdata.sdk._transport.base import Transport, Written
    from vxdata.sdk._upload import TypedTable


INSTANT: Final = pa.timestamp("us", "UTC")

MODELS_PER_PART: Final = 2_500
"""Models that become one table: a megabyte or two."""


class Created:
    """What a create sends and has stored. Iterated over, it is the tables that are sent.

    Args:
        models: Creates of any types.
    """

    def __init__(self, models: Iterable[ResourceCreate]) -> None:
        """Begin with nothing made."""
        self._parts = [
            _Part(resource_type, group[begin : begin + MODELS_PER_PART])
            for resource_type, group in by_type(models).items()
            for begin in range(0, len(group), MODELS_PER_PART)
        ]

    def __iter__(self) -> Iterator[TypedTable]:
        """Make the tables, each when it is wanted."""
        for part in self._parts:
            yield part.resource_type, part.sent

    def prepare(self) -> None:
        """Make the responses, as far as that can be done before the server has answered."""
        for part in self._parts:
            part.prepared  # noqa: B018 - made when it is first looked at

    def answer(self, transport: Transport, written: Written) -> dict[str, ResourceResponse]:
        """Complete the responses.

        Args:
            transport: The way to the server, to read what its answer does not tell.
            written: The answer to the upload.

        Returns:
            The responses by identifier.

        Raises:
            VxDataError: Something cannot be read; the error carries the receipt.
        """
        told = None if written.lineage is None else _Found(_stamped(written.lineage, written.receipt))
        with told_of(written.receipt):
            return {
                response.identifier: response
                for part in self._parts
                for response in part.completed(
                    told if told and part.is_kept else part.read(transport, written.receipt.as_of)
                )
            }


@dataclass(frozen=True)
class _Found:
    """Rows of what only the server knows, in any order."""

    table: pa.Table

    @cached_property
    def columns(self) -> dict[str, list[Any]]:
        return values_by_name(self.table)

    @cached_property
    def row_of(self) -> dict[str, int]:
        return {identifier: row for row, identifier in enumerate(self.columns["identifier"])}


@dataclass(frozen=True)
class _Part:
    """Some resources of one type."""

    resource_type: str
    models: Sequence[ResourceCreate]

    @cached_property
    def sent(self) -> pa.Table:
        return table_of(self.resource_type, self.models)

    @cached_property
    def wanted(self) -> pa.Schema:
        return response_schema(registry().get(self.resource_type))

    @cached_property
    def kept(self) -> pa.Table:
        """The columns that are stored as they were sent."""
        return self.sent.select([name for name in self.sent.schema.names if _is_kept(self.sent[name])])

    @property
    def is_kept(self) -> bool:
        """Whether all that was sent is stored as it was."""
        return bool(self.kept.num_columns == self.sent.num_columns)

    @cached_property
    def prepared(self) -> list[ResourceResponse]:
        """The responses, with null in the place of what is not known yet."""
        known, unknown = values_by_name(self.kept), [None] * len(self.models)
        columns = {name: known.get(name, unknown) for name in self.wanted.names}
        model = models_of(registry().get(self.resource_type)).response
        return responses_of(columns, model, is_checked=True)

    def completed(self, found: _Found) -> list[ResourceResponse]:
        """The responses with what was found of them."""
        complete(self.prepared, found.columns, self._rows_in(found))
        if fits(found.table, self.wanted) and fits(self.kept, self.wanted):
            return self.prepared
        return [type(response).model_validate(vars(response)) for response in self.prepared]

    def read(self, transport: Transport, as_of: datetime) -> _Found:
        """Read what is not kept as it was sent."""
        derived = (name for name in self.wanted.names if name not in self.kept.schema.names)
        names, select = [model.identifier for model in self.models], ("identifier", *derived)
        parts = read_in(transport, self.resource_type, "identifier", names, as_of, select)
        return _Found(pa.concat_tables([table for table, _ in parts]))

    def _rows_in(self, found: _Found) -> list[int]:
        missing = [model.identifier for model in self.models if model.identifier not in found.row_of]
        if missing:
            raise ResourceNotFound.from_identifiers(missing)
        return [found.row_of[model.identifier] for model in self.models]


def _stamped(lineage: pa.Table, receipt: CommitReceipt) -> pa.Table:
    """Add what is the same for all that one commit has created."""
    shared = {
        "valid_from": pa.scalar(receipt.as_of, INSTANT),
        "valid_to": pa.scalar(None, INSTANT),
        "created_at": pa.scalar(receipt.as_of, INSTANT),
        "version": pa.scalar(receipt.version, pa.int64()),
    }
    for name, value in shared.items():
        lineage = lineage.append_column(name, pa.repeat(value, lineage.num_rows))
    return lineage


def _is_kept(column: pa.ChunkedArray) -> bool:
    """Whether values are stored as they were sent.

    A mapping is not: jsonb brings its keys into an order of its own, and knows no zero below zero.
    """
    return not pa.types.is_map(column.type) or column.null_count == len(column)
