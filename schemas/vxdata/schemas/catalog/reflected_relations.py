"""The relations of a reflected schema: what a plan reads each of its tables as."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vxdata.schemas.catalog.relation import PlainTable, Relation
from vxdata.schemas.fields import Boolean, Date, Field, Float, Integer, Text, TextList, Timestamp

if TYPE_CHECKING:
    from vxdata.schemas.catalog.reflected import ReflectedColumn, ReflectedSchema, ReflectedTable
    from vxdata.schemas.fields import FieldType

INTEGERS: Final = frozenset({"smallint", "integer", "bigint"})
"""PostgreSQL's whole numbers."""

FLOATS: Final = frozenset({"real", "double precision", "numeric"})
"""PostgreSQL's other numbers. Those of `numeric` are read as doubles, which is what plans can compare."""

_TEXT_LISTS: Final = frozenset({"text[]", "character varying[]"})
_DATES: Final = frozenset({"date"})
_TIMESTAMPS: Final = frozenset({"timestamp with time zone"})

_TEXTS: Final = frozenset({"text", "character varying", "character"})
_AS_THEY_ARE: Final = INTEGERS | FLOATS | _TEXTS | _TEXT_LISTS | _DATES | _TIMESTAMPS | {"boolean"}
"""Types that plans compare without a cast."""


def field_type_of(sql_type: str) -> FieldType:
    """Return the type that a plan reads a column as; text where there is no nearer one.

    Args:
        sql_type: As PostgreSQL's `format_type` writes it, with or without a length.

    Returns:
        The field type.

    Example:
        >>> field_type_of("character varying(40)"), field_type_of("bigint")  # doctest: +ELLIPSIS
        (Text(...), Integer(...))
    """
    bare = sql_type.partition("(")[0].strip() if not sql_type.startswith("timestamp") else sql_type
    kinds: tuple[tuple[frozenset[str], FieldType], ...] = (
        (INTEGERS, Integer()),
        (FLOATS, Float()),
        (frozenset({"boolean"}), Boolean()),
        (_DATES, Date()),
        (_TIMESTAMPS, Timestamp()),
        (_TEXT_LISTS, TextList()),
    )
    return next((kind for names, kind in kinds if bare in names), Text())


def relations_of(schema: ReflectedSchema, release: str | None) -> tuple[Relation, ...]:
    """Describe the tables of a schema as plain relations.

    Args:
        schema: The schema.
        release: Name of the release that its tables hold; None if their rows can change at any time.

    Returns:
        One relation a table, by the name of the table.
    """
    return tuple(_relation_of(table, schema.name, release) for table in schema.tables)


def _relation_of(table: ReflectedTable, schema: str, release: str | None) -> Relation:
    columns = tuple(_field_of(column) for column in table.columns)
    casts = tuple(
        (column.name, cast) for column in table.columns if (cast := _cast_of(column.sql_type)) is not None
    )
    plain = PlainTable(schema, table.name, release, casts)
    return Relation.plain(table.name, columns, plain, table.primary_key)


def _cast_of(sql_type: str) -> str | None:
    """The type that a column is read as, if plans do not compare its own; a cast is served by no index."""
    bare = sql_type.partition("(")[0].strip() if sql_type not in _TIMESTAMPS else sql_type
    if bare == "numeric":
        return "double precision"
    return None if bare in _AS_THEY_ARE else "text"


def _field_of(column: ReflectedColumn) -> Field:
    return Field(
        name=column.name,
        type=field_type_of(column.sql_type),
        description=column.comment or "",
        required=not column.is_nullable,
    )
