"""Arrow types and schemas of payload types: what travels, whatever a driver returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from vxdata.schemas.fields import (
    BlobUrl,
    Boolean,
    Date,
    Enum,
    Float,
    Integer,
    NumberMap,
    Text,
    TextList,
    TextMap,
    Timestamp,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vxdata.schemas.fields import Field, FieldType
    from vxdata.schemas.payload_type import PayloadType

ARROW_TYPES: Final[dict[type[FieldType], pa.DataType]] = {
    Text: pa.string(),
    Enum: pa.string(),
    BlobUrl: pa.string(),
    Integer: pa.int64(),
    Float: pa.float64(),
    Boolean: pa.bool_(),
    Date: pa.date32(),
    Timestamp: pa.timestamp("us", tz="UTC"),
    TextList: pa.list_(pa.string()),
    TextMap: pa.map_(pa.string(), pa.string()),
    NumberMap: pa.map_(pa.string(), pa.float64()),
}
"""Field type to Arrow type; constraints do not change how a value travels."""


def arrow_type(field_type: FieldType) -> pa.DataType:
    """Tell the Arrow type of a field type.

    Args:
        field_type: A field type with its constraints.

    Returns:
        The Arrow type; instants are in microseconds UTC.

    Example:
        >>> arrow_type(Timestamp())
        TimestampType(timestamp[us, tz=UTC])
    """
    return ARROW_TYPES[type(field_type)]


def create_schema(payload_type: PayloadType) -> pa.Schema:
    """Tell the Arrow schema of rows to create: the stated metadata, then the payload.

    Args:
        payload_type: The declaration.

    Returns:
        A schema in which exactly the required fields are not nullable.
    """
    return _arrow_schema(payload_type.create_fields)


def response_schema(payload_type: PayloadType) -> pa.Schema:
    """Tell the Arrow schema of stored versions: all metadata, then the payload.

    Args:
        payload_type: The declaration.

    Returns:
        A schema in which exactly the required fields are not nullable.
    """
    return _arrow_schema(payload_type.response_fields)


def _arrow_schema(fields: Iterable[Field]) -> pa.Schema:
    """Write fields as an Arrow schema."""
    return pa.schema(
        [pa.field(field.name, arrow_type(field.type), nullable=not field.required) for field in fields]
    )
