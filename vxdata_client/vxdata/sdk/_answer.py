"""The answer of a write: what is stored, as of its commit."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from vxdata.schemas.arrow import response_schema
from vxdata.schemas.errors import ResourceNotFound, VxDataError
from vxdata.schemas.models import models_of
from vxdata.schemas.registry import registry
from vxdata.sdk._models import fits, responses_of, values_by_name
from vxdata.sdk._reader import read_in, retrieve

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vxdata.schemas.models import ResourceResponse
    from vxdata.schemas.wire import CommitReceipt
    from vxdata.sdk._transport.base import Transport, Written
    from vxdata.sdk._upload import TypedTable


def read_back(
    transport: Transport, identifiers: Sequence[str], receipt: CommitReceipt
) -> list[ResourceResponse]:
    """Read what a write has stored.

    Args:
        transport: The way to the server.
        identifiers: Full identifiers of what was written.
        receipt: The receipt of the commit.

    Returns:
        One response for each identifier, in order.

    Raises:
        VxDataError: It cannot be read; of what was committed, the error carries the receipt.
    """
    with _told_of(receipt):
        return retrieve(transport, identifiers, receipt.as_of, include_children=False)


def answer_of_create(
    transport: Transport, tables: Sequence[TypedTable], written: Written
) -> dict[str, ResourceResponse]:
    """Put together what a create has stored: what was sent, and what its caller cannot know.

    That is lineage, stamps and version. All else is stored as it was sent, so it does not travel a second
    time.

    Args:
        transport: The way to the server, to read what its answer does not tell.
        tables: What was sent, one table a resource type.
        written: The answer to the upload.

    Returns:
        The responses by identifier.

    Raises:
        VxDataError: It cannot be read; the error carries the receipt.
    """
    created: dict[str, ResourceResponse] = {}
    with _told_of(written.receipt):
        for resource_type, sent in tables:
            created |= _created(transport, resource_type, sent, written)
    return created


def _created(
    transport: Transport, resource_type: str, sent: pa.Table, written: Written
) -> dict[str, ResourceResponse]:
    payload_type = registry().get(resource_type)
    wanted = response_schema(payload_type)
    kept = sent.select([name for name in sent.schema.names if _is_kept(sent[name])])
    identifiers: list[str] = sent["identifier"].to_pylist()
    if written.lineage is not None and kept.num_columns == sent.num_columns:
        found = _stamped(written.lineage, written.receipt, wanted)
    else:
        derived = (name for name in wanted.names if name not in kept.schema.names)
        select, as_of = ("identifier", *derived), written.receipt.as_of
        parts = read_in(transport, resource_type, "identifier", identifiers, as_of, select)
        found = pa.concat_tables([table for table, _ in parts])
    columns = values_by_name(kept) | _ordered(values_by_name(found), identifiers)
    models = responses_of(
        {name: columns[name] for name in wanted.names},
        models_of(payload_type).response,
        is_checked=fits(found, wanted) and fits(kept, wanted),
    )
    return dict(zip(identifiers, models, strict=True))


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


def _ordered(columns: dict[str, list[Any]], identifiers: Sequence[str]) -> dict[str, list[Any]]:
    """Bring the rows that were found into the order of those that were sent."""
    rows = {identifier: row for row, identifier in enumerate(columns["identifier"])}
    missing = [identifier for identifier in identifiers if identifier not in rows]
    if missing:
        raise ResourceNotFound.from_identifiers(missing)
    order = [rows[identifier] for identifier in identifiers]
    return {name: [values[row] for row in order] for name, values in columns.items()}


@contextmanager
def _told_of(receipt: CommitReceipt) -> Iterator[None]:
    """Let nobody who meets an error after a commit believe that nothing was written."""
    try:
        yield
    except VxDataError as error:
        if not receipt.counts:  # nothing was to change, so nothing was committed
            raise
        raise _after_commit(error, receipt) from error


def _after_commit(error: VxDataError, receipt: CommitReceipt) -> VxDataError:
    told = type(error)(
        f"The write was committed as version {receipt.version}; reading it back failed: {error.message}"
    )
    committed = {
        "committed": receipt.version,
        "as_of": receipt.as_of.isoformat(),
        "counts": receipt.counts,
    }
    told.details = error.details | committed
    return told
