"""PostgreSQL types of registry fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    from vxdata.schemas.fields import FieldType

POSTGRES_TYPES: dict[type[FieldType], str] = {
    Text: 'text COLLATE "C"',
    Enum: 'text COLLATE "C"',
    BlobUrl: 'text COLLATE "C"',
    Integer: "bigint",
    Float: "double precision",
    Boolean: "boolean",
    Date: "date",
    Timestamp: "timestamp with time zone",
    TextList: 'text[] COLLATE "C"',
    TextMap: "jsonb",
    NumberMap: "jsonb",
}
"""Column types as DDL. Collation "C" orders text by code point, on every server and as Polars does."""

STAGED_MAP_TYPES: dict[type[FieldType], tuple[str, str]] = {
    TextMap: ("text[]", "text[]"),
    NumberMap: ("text[]", "double precision[]"),
}
"""Types of the two columns, keys and values, in which a mapping is staged (see `writes`)."""


def postgres_type(field_type: FieldType) -> str:
    """The column type of a field.

    Args:
        field_type: Any field type.

    Returns:
        The type as DDL text.

    Example:
        >>> postgres_type(Integer())
        'bigint'
    """
    return POSTGRES_TYPES[type(field_type)]


def catalog_type(field_type: FieldType) -> str:
    """The column type as `format_type` in PostgreSQL's catalog prints it, without the collation."""
    return postgres_type(field_type).removesuffix(' COLLATE "C"')
