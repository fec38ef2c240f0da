"""Structure: memory layout, columns and their types."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pyarrow as pa

from vxdata.schemas.errors import FieldTypeMismatch, InvalidTicket, UnknownField
from vxdata.schemas.errors.messages import abridged
from vxdata.schemas.types.arrow import arrow_type
from vxdata.schemas.wire.uploads import demanded_columns, upload_fields

if TYPE_CHECKING:
    from vxdata.schemas.payload_type import PayloadType
    from vxdata.schemas.wire import Verb
    from vxdata.server.ingest.validation.violations import Violations


def check_structure(
    payload_type: PayloadType,
    batch: pa.RecordBatch,
    first_row: int,
    violations: Violations,
    verb: Verb = "create",
) -> None:
    """Check that the batch is safe to read and has columns of the type, each of the declared Arrow type.

    Raises:
        InvalidTicket: Offsets lie outside their buffers, or text is not UTF-8.
        UnknownField: Columns that the type does not have.
        FieldTypeMismatch: Columns of another type, or the same column twice.
    """
    check_memory(batch)
    check_columns(payload_type, batch.schema, verb)
    everywhere = pa.repeat(pa.scalar(value=True), batch.num_rows)
    for name in demanded_columns(payload_type, verb):
        if name not in batch.schema.names:
            problem = "is required, but its column is missing"
            violations.add(payload_type, batch, first_row, name, everywhere, problem)


def check_memory(batch: pa.RecordBatch) -> None:
    """Check that the batch is safe to read.

    Raises:
        InvalidTicket: Offsets lie outside their buffers, or text is not UTF-8.
    """
    try:
        batch.validate(full=True)
    except pa.ArrowInvalid as error:
        msg = f"The upload holds a malformed record batch: {error}."
        raise InvalidTicket(msg) from error


def check_columns(payload_type: PayloadType, arrow_schema: pa.Schema, verb: Verb) -> None:
    """Check that columns are those of the type, each of the declared Arrow type.

    Args:
        payload_type: What the rows claim to be.
        arrow_schema: The columns.
        verb: What the rows are for, which decides the columns that they may have.

    Raises:
        UnknownField: Columns that the type does not have.
        FieldTypeMismatch: Columns of another type, or the same column twice.
    """
    fields = {field.name: field for field in upload_fields(payload_type, verb)}
    unknown = [name for name in arrow_schema.names if name not in fields]
    if unknown:
        raise UnknownField.from_names(payload_type.prefix, unknown, fields)
    repeated = sorted(name for name, count in Counter(arrow_schema.names).items() if count > 1)
    if repeated:
        msg = f"Columns given more than once: {abridged(repeated)}."
        raise FieldTypeMismatch(msg, resource_type=payload_type.prefix, fields=repeated)
    for column in arrow_schema:
        wanted = arrow_type(fields[column.name].type)
        if not _same_type(column.type, wanted):
            msg = f"{payload_type.prefix}.{column.name} takes {wanted}, not {column.type}."
            raise FieldTypeMismatch(
                msg,
                resource_type=payload_type.prefix,
                field=column.name,
                wanted=str(wanted),
                got=str(column.type),
            )


def _same_type(given: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether two types are equal but for the names and nullability of their children."""
    if pa.types.is_map(wanted):
        return pa.types.is_map(given) and bool(
            given.key_type == wanted.key_type and given.item_type == wanted.item_type
        )
    if pa.types.is_list(wanted):
        return pa.types.is_list(given) and bool(given.value_type == wanted.value_type)
    return bool(given == wanted)
