"""The libraries that people read PostgreSQL with: connectorx, psycopg, pandas and DuckDB."""

from __future__ import annotations

from contextlib import contextmanager
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlsplit, urlunsplit

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench._harness.candidates import Work

# ruff: noqa: PLC0415 - each library is imported in the process that uses it, and nowhere else


@contextmanager
def connectorx(_: int, uri: str, sql: str) -> Iterator[Work]:
    """Read with connectorx in one part: several parts would each see a snapshot of their own."""
    import connectorx as cx

    address = _with_socket_as_host(uri)
    cx.read_sql(address, f"{sql} LIMIT 10", return_type="polars")
    yield lambda: cx.read_sql(address, sql, return_type="polars")


@contextmanager
def psycopg(_: int, uri: str, sql: str) -> Iterator[Work]:
    """Psycopg through Polars' own reader, which is told the types so that no column has to be guessed."""
    import psycopg as pg

    from vxdata.sdk import Client

    with Client() as unconnected:
        types = unconnected.volumes.query().schema
    with pg.connect(uri) as connection:
        pl.read_database(f"{sql} LIMIT 10", connection, schema_overrides=types)
        yield lambda: pl.read_database(sql, connection, schema_overrides=types)


@contextmanager
def pandas(_: int, uri: str, sql: str) -> Iterator[Work]:
    """Read with pandas through SQLAlchemy and psycopg, as its documentation shows it."""
    import pandas as pd
    import sqlalchemy

    engine = sqlalchemy.create_engine(uri.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        pd.read_sql(sqlalchemy.text(f"{sql} LIMIT 10"), connection)
        yield lambda: pd.read_sql(sqlalchemy.text(sql), connection)


@contextmanager
def duckdb(_: int, uri: str, sql: str) -> Iterator[Work]:
    """DuckDB's extension for PostgreSQL, which reads in parallel."""
    import duckdb as db

    package: Any = files("duckdb_extension_postgres_scanner")
    extension = next(package.rglob("*.duckdb_extension"))
    own = sql.replace(" FROM vxdata.", " FROM pg.vxdata.")
    with db.connect() as connection:
        connection.load_extension(str(extension))
        connection.execute(f"ATTACH '{uri}' AS pg (TYPE postgres, READ_ONLY)")
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")
        connection.execute(f"{own} LIMIT 10").pl()
        yield lambda: connection.execute(own).pl()


def _with_socket_as_host(uri: str) -> str:
    """The form that connectorx's parser takes: it refuses a URI without a host."""
    parts = urlsplit(uri)
    options = parse_qs(parts.query)
    host = f"{parts.username}:{parts.password}@{quote(options['host'][0], safe='')}:{options['port'][0]}"
    return urlunsplit(parts._replace(netloc=host, query=""))
