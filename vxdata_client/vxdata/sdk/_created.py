"""Creates of models: how they are sent, and answered with what was sent and what only the server knows.

That is lineage, stamps and version; all else is stored as it was sent, and does not travel a second time.
Both sides work at once: models become tables in parts, each sent while the next one is made, and responses
are made while the server writes, to be completed once it has answered.
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
from vxdata.schemas.registry import registry
from vxdata.sdk._answer import told_of
from vxdata.sdk._models import built, by_type, complete, fits, stored_schema, table_of, values_by_name
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
"""Models that become one table: a megabyte or two.

By its bytes the server knows a request that is made again under an idempotency key, and they depend on this
number: whoever changes it makes strangers of the requests of earlier versions.
"""


class Created:
    """What a create sends and has stored. Iterated over, it is the tables that are sent.

    Args:
        models: Creates of any types.
    """

    def __init__(self, models: Iterable[ResourceCreate]) -> None:
        """Begin with nothing made."""
        self._parts = {
            resource_type: [
                _Part(resource_type, group[begin : begin + MODELS_PER_PART])
                for begin in range(0, len(group), MODELS_PER_PART)
            ]
            for resource_type, group in by_type(models).items()
        }

    def __iter__(self) -> Iterator[TypedTable]:
        """Make the tables, each when it is wanted."""
        for part in chain.from_iterable(self._parts.values()):
            yield part.resource_type, part.sent

    def prepare(self) -> None:
        """Make the responses, as far as that can be done before the server has answered."""
        with suppress(Exception):  # `answer` meets it again, and tells of the commit too
            list(map(attrgetter("responses"), chain.from_iterable(self._parts.values())))

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
            told = None if written.lineage is None else _stamped(written.lineage, written.receipt)
            return {
                response.identifier: response
                for parts in self._parts.values()
                for response in _completed(transport, parts, told, written.receipt.as_of)
            }


@dataclass(frozen=True)
class _Found:
    """Rows of what only the server knows, in any order."""

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

    resource_type: str
    models: Sequence[ResourceCreate]

    @property
    def identifiers(self) -> list[str]:
        """Their identifiers."""
        return [model.identifier for model in self.models]

    @cached_property
    def sent(self) -> pa.Table:
        """The table that is sent."""
        return table_of(self.resource_type, self.models)

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
        """The responses, at first with null in the place of what is not known yet."""
        known, unknown = values_by_name(self.kept), [None] * len(self.models)
        columns = {name: known.get(name, unknown) for name in stored_schema(self.resource_type).names}
        return built(columns, self._model)

    def completed(self, found: _Found) -> list[ResourceResponse]:
        """The responses with what was found of them."""
        missing = [identifier for identifier in self.identifiers if identifier not in found.row_of]
        if missing:
            raise ResourceNotFound.from_identifiers(missing)
        rows = [found.row_of[identifier] for identifier in self.identifiers]
        complete(self.responses, found.columns, rows)
        wanted = stored_schema(self.resource_type)
        if fits(found.table, wanted) and fits(self.kept, wanted):
            return self.responses
        stated = [{name: vars(response)[name] for name in wanted.names} for response in self.responses]
        return [self._model.model_validate(row) for row in stated]

    @property
    def _model(self) -> type[ResourceResponse]:
        return models_of(registry().get(self.resource_type)).response


def _completed(
    transport: Transport, parts: Sequence[_Part], told: _Found | None, as_of: datetime
) -> Iterator[ResourceResponse]:
    """The responses of one type: with what the server has told, else with what it holds."""
    untold = [part for part in parts if told is None or not part.is_kept]
    read = _read(transport, untold, as_of) if untold else None
    for part in parts:
        found = told if part.is_kept and told is not None else read
        assert found is not None  # noqa: S101 - what was not told was read
        yield from part.completed(found)


def _read(transport: Transport, parts: Sequence[_Part], as_of: datetime) -> _Found:
    """Read what is not stored as it was sent, or was never sent."""
    resource_type = parts[0].resource_type
    kept = set.intersection(*(set(part.kept.schema.names) for part in parts))
    derived = (name for name in stored_schema(resource_type).names if name not in kept)
    identifiers = list(chain.from_iterable(part.identifiers for part in parts))
    tables = read_in(transport, resource_type, "identifier", identifiers, as_of, ("identifier", *derived))
    return _Found(pa.concat_tables([table for table, _ in tables]))


def _stamped(lineage: pa.Table, receipt: CommitReceipt) -> _Found:
    """Add what is the same for all that one commit has created."""
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
