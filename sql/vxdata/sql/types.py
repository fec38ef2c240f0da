"""PostgreSQL and DuckDB types of registry fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlglot import exp

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


@dataclass(frozen=True)
class MappingType:
    """The types in which the entries of a mapping enter and leave the database.

    Args:
        staged: Types of the two columns, keys and values, in which it is staged (see `writes`).
        entry: Name of the composite type in which its entries leave. The driver reads jsonb as text, but an
            array of composites as a list of structs, which is an Arrow map but for the name; so no row is
            parsed on the way.
        value: Type of a value in such an entry.
    """

    staged: tuple[str, str]
    entry: str
    value: exp.DType


@dataclass(frozen=True)
class PostgresType:
    """The PostgreSQL types that stand for a field type.

    Args:
        column: Type of a column, as DDL.
        mapping: How the entries of a mapping travel; None for all else.
    """

    column: str
    mapping: MappingType | None = None


_TEXT: Final = PostgresType('text COLLATE "C"')
"""Collation "C" orders text by code point, on every server and as Polars does."""

POSTGRES_TYPES: Final[dict[type[FieldType], PostgresType]] = {
    Text: _TEXT,
    Enum: _TEXT,
    BlobUrl: _TEXT,
    Integer: PostgresType("bigint"),
    Float: PostgresType("double precision"),
    Boolean: PostgresType("boolean"),
    Date: PostgresType("date"),
    Timestamp: PostgresType("timestamp with time zone"),
    TextList: PostgresType('text[] COLLATE "C"'),
    TextMap: PostgresType("jsonb", MappingType(("text[]", "text[]"), "text_entry", exp.DType.TEXT)),
    NumberMap: PostgresType(
        "jsonb", MappingType(("text[]", "double precision[]"), "number_entry", exp.DType.DOUBLE)
    ),
}
"""Field type to what it is in PostgreSQL."""


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
    return POSTGRES_TYPES[type(field_type)].column


def catalog_type(field_type: FieldType) -> str:
    """The column type as `format_type` in PostgreSQL's catalog prints it, without the collation."""
    return postgres_type(field_type).removesuffix(' COLLATE "C"')


def mapping_type(field_type: FieldType) -> MappingType | None:
    """Return the types in which the entries of a field travel; None if it is no mapping."""
    return POSTGRES_TYPES[type(field_type)].mapping


DUCKDB_TYPES: Final[dict[type[FieldType], str]] = {
    Text: "VARCHAR",
    Enum: "VARCHAR",
    BlobUrl: "VARCHAR",
    Integer: "BIGINT",
    Float: "DOUBLE",
    Boolean: "BOOLEAN",
    Date: "DATE",
    Timestamp: "TIMESTAMPTZ",
    TextList: "VARCHAR[]",
    TextMap: "MAP(VARCHAR, VARCHAR)",
    NumberMap: "MAP(VARCHAR, DOUBLE)",
}
"""Field type to what it is in DuckDB."""


def duckdb_type(field_type: FieldType) -> str:
    """The column type of a field in DuckDB, which compares all text by code point.

    Example:
        >>> duckdb_type(TextList())
        'VARCHAR[]'
    """
    return DUCKDB_TYPES[type(field_type)]
