"""The answer of a create: what was sent, and what only the server knows.

That is lineage, stamps and version; all else is stored as it was sent, and does not travel a second time.
The responses are made of it while the server writes, and completed once it has answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pyarrow as pa

from vxdata.schemas.arrow import response_schema
from vxdata.schemas.errors import ResourceNotFound
from vxdata.schemas.models import models_of
from vxdata.schemas.registry import registry
from vxdata.sdk._answer import told_of
from vxdata.sdk._models import complete, fits, responses_of, values_by_name
from vxdata.sdk._reader import read_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vxdata.schemas.models import ResourceResponse
    from vxdata.schemas.wire import CommitReceipt
    from vxdata.sdk._transport.base import Transport, Written
    from vxdata.sdk._upload import TypedTable


class Created:
    """What a create has stored.

    Args:
        tables: What is sent, one table a resource type.
    """

    def __init__(self, tables: Sequence[TypedTable]) -> None:
        """Begin with nothing prepared."""
        self._parts = [_Part(resource_type, sent) for resource_type, sent in tables]

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
        with told_of(written.receipt):
            return dict(pair for part in self._parts for pair in part.answer(transport, written))


@dataclass(frozen=True)
class _Part:
    """The resources of one type."""

    resource_type: str
    sent: pa.Table

    @cached_property
    def wanted(self) -> pa.Schema:
        return response_schema(registry().get(self.resource_type))

    @cached_property
    def kept(self) -> pa.Table:
        """The columns that are stored as they were sent."""
        return self.sent.select([name for name in self.sent.schema.names if _is_kept(self.sent[name])])

    @cached_property
    def identifiers(self) -> list[str]:
        found: list[str] = self.sent["identifier"].to_pylist()
        return found

    @cached_property
    def prepared(self) -> list[ResourceResponse]:
        """The responses, with null in the place of what is not known yet."""
        known, unknown = values_by_name(self.kept), [None] * self.sent.num_rows
        columns = {name: known.get(name, unknown) for name in self.wanted.names}
        model = models_of(registry().get(self.resource_type)).response
        return responses_of(columns, model, is_checked=True)

    def answer(self, transport: Transport, written: Written) -> Iterator[tuple[str, ResourceResponse]]:
        found = self._found(transport, written)
        rows = self._rows_of(found["identifier"].to_pylist())
        is_checked = fits(found, self.wanted) and fits(self.kept, self.wanted)
        complete(self.prepared, values_by_name(found), rows)
        models = (
            self.prepared if is_checked else [type(one).model_validate(vars(one)) for one in self.prepared]
        )
        return zip(self.identifiers, models, strict=True)

    def _found(self, transport: Transport, written: Written) -> pa.Table:
        """What was not known, in any order."""
        if written.lineage is not None and self.kept.num_columns == self.sent.num_columns:
            return _stamped(written.lineage, written.receipt, self.wanted)
        derived = (name for name in self.wanted.names if name not in self.kept.schema.names)
        select, as_of = ("identifier", *derived), written.receipt.as_of
        parts = read_in(transport, self.resource_type, "identifier", self.identifiers, as_of, select)
        return pa.concat_tables([table for table, _ in parts])

    def _rows_of(self, found: Sequence[str]) -> list[int]:
        """Where each of the resources was found."""
        rows = {identifier: row for row, identifier in enumerate(found)}
        missing = [identifier for identifier in self.identifiers if identifier not in rows]
        if missing:
            raise ResourceNotFound.from_identifiers(missing)
        return [rows[identifier] for identifier in self.identifiers]


def _stamped(lineage: pa.Table, receipt: CommitReceipt, wanted: pa.Schema) -> pa.Table:
    """Add what is the same for all that one commit has created."""
    shared = {
        "valid_from": receipt.as_of,
        "valid_to": None,
        "created_at": receipt.as_of,
        "version": receipt.version,
    }
    for name, value in shared.items():
        values = pa.repeat(pa.scalar(value, wanted.field(name).type), lineage.num_rows)
        lineage = lineage.append_column(name, values)
    return lineage


def _is_kept(column: pa.ChunkedArray) -> bool:
    """Whether values are stored as they were sent.

    A mapping is not: jsonb brings its keys into an order of its own, and knows no zero below zero.
    """
    return not pa.types.is_map(column.type) or column.null_count == len(column)
