"""The load: all tables in one transaction, by COPY."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

import polars as pl

from vxdata.cli.cda.schema import TABLES
from vxdata.cli.cda.statements import (
    comment_statements,
    create_statements,
    key_statements,
    quoted,
)
from vxdata.schemas.cohorts import CohortModel
from vxdata.server.database.connection import READ_WRITE
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.database.reflection import reflect
from vxdata.sql.cohorts.indexes import index_statements

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import SecretStr

    from vxdata.server.database.connection import Connection

ROWS_PER_BATCH: Final = 50_000
"""Rows that are made ready for COPY at a time."""


def load(
    uri: SecretStr,
    frames: Mapping[str, pl.DataFrame],
    *,
    schema: str = "cda",
    indexes_texts: bool = False,
) -> int:
    """Put the tables into a new schema of a database; afterwards all are there, or none.

    Args:
        uri: libpq connection URI.
        frames: The tables of `generate`.
        schema: Name of the schema.
        indexes_texts: Whether texts are indexed too, as conditions compare them; it takes a quarter longer.

    Returns:
        Number of rows.

    Raises:
        DatabaseError: The schema exists, or PostgreSQL refused something else.
        ServerUnavailable: PostgreSQL cannot be reached.
    """
    with closing(ConnectionPool(uri, size=1)) as database, database.connection() as connection:
        with connection.transaction(READ_WRITE):
            connection.execute(*create_statements(schema, TABLES))
            rows = sum(_copy(connection, schema, name, frame) for name, frame in frames.items())
            connection.execute(*key_statements(schema, TABLES), *comment_statements(schema, TABLES))
        if indexes_texts:
            connection.execute(*_indexes(connection, schema))
        connection.execute(*(f"ANALYZE {quoted(schema)}.{quoted(table.name)}" for table in TABLES))
    return rows


def _indexes(connection: Connection, schema: str) -> list[str]:
    found = reflect(connection, schema)
    model = CohortModel.of(found.schema, found.column_metadata, found.release_metadata)
    return index_statements(model)


def _copy(connection: Connection, schema: str, name: str, frame: pl.DataFrame) -> int:
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    return connection.ingest(name, table.to_reader(max_chunksize=ROWS_PER_BATCH), schema=schema)
