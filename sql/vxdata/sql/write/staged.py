"""The rows that a request brought, as statements see them: a relation, wherever the rows are.

Many rows are copied into a temporary table. A few stand in the statements themselves, as JSON that PostgreSQL
reads into the same columns: making a table, copying into it and dropping it again would take longer than all
that is done with them. Every statement takes either, so there is one way to check and to write.
"""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from vxdata.schemas.wire.uploads import EXPECTED_VERSION
from vxdata.sql.names import staging, staging_name, text, written
from vxdata.sql.schema.ddl import map_columns, quote
from vxdata.sql.types import mapping_type, postgres_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from vxdata.schemas.fields import Field
    from vxdata.schemas.payload_type import PayloadType

COLUMN_SET: Final = "column_set"
"""Staging column: the number of the set of columns that a row states."""


def create_staging(payload_type: PayloadType) -> str:
    """Render the temporary table that takes an upload; it ends with the transaction.

    Args:
        payload_type: The declaration.

    Returns:
        One statement. The columns are those of a create, a mapping being split into two arrays; then
        the number of the set of columns that a row states, and the version that it expects to find.
    """
    name = quote(staging_name(payload_type.prefix))
    return f"CREATE TEMPORARY TABLE {name} ({_columns(payload_type)}) ON COMMIT DROP"


def staged_table(payload_type: PayloadType) -> str:
    """The relation of rows that were copied into the temporary table."""
    return written(staging, payload_type.prefix)


def staged_rows(payload_type: PayloadType, rows: Iterable[Mapping[str, Any]]) -> str:
    """The relation of rows that stand in the statement itself.

    Args:
        payload_type: The declaration.
        rows: Values by the column of the temporary table; what is absent is null.

    Returns:
        A subquery with the columns of the temporary table.
    """
    document = json.dumps(list(rows), default=_plain, ensure_ascii=False)
    return f"(SELECT * FROM json_to_recordset({text(document)}) AS rows({_columns(payload_type)}))"


def _plain(value: object) -> str:
    """Days and instants as PostgreSQL reads them in any date style."""
    if isinstance(value, date):
        return value.isoformat()
    msg = f"{type(value).__name__} cannot stand in a statement"
    raise TypeError(msg)


@cache
def _columns(payload_type: PayloadType) -> str:
    definitions = [definition for field in payload_type.create_fields for definition in _column(field)]
    return ", ".join([*definitions, f"{quote(COLUMN_SET)} bigint", f"{quote(EXPECTED_VERSION)} bigint"])


def _column(field: Field) -> Iterator[str]:
    mapping = mapping_type(field.type)
    if mapping is None:
        yield f"{quote(field.name)} {postgres_type(field.type)}"
        return
    for name, column_type in zip(map_columns(field.name), mapping.staged, strict=True):
        yield f"{quote(name)} {column_type}"
