"""What the tests of the copies share: a store with copies, and the comparison of both engines row by row."""

from __future__ import annotations

import shutil
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from vxdata.schemas.catalog.registry import registry
from vxdata.server.config import Settings
from vxdata.server.copies import Copies
from vxdata.server.disk_guard import DiskGuard
from vxdata.sql.copies import changes
from vxdata.sql.copies.tables import COMMIT_TABLE, copied_tables
from vxdata.sql.schema.ddl import quote
from vxdata.sql.types import mapping_type

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vxdata.server.copies import CopiesStatus, CopyConnection
    from vxdata.server.database.connection import Connection
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.sql.copies.tables import CopiedTable

SECONDS = 30.0
"""How long the copies get to follow."""

MEMORY = 128 * 1024**2


@contextmanager
def copies(
    database: ConnectionPool, folder: Path, disk: DiskGuard | None = None, **settings: Any
) -> Iterator[Copies]:
    """Copies of a database below a folder."""
    options = Settings(**{"cache_dir": folder, "copy_memory_bytes": MEMORY, "copy_threads": 2, **settings})
    opened = Copies.open(options, database, registry(), disk or DiskGuard())
    assert opened is not None
    with closing(opened):
        yield opened


def followed(opened: Copies, database: ConnectionPool) -> CopiesStatus:
    """Wait until the copies hold the last commit, and tell how they are."""
    with database.connection() as connection:
        (row,) = connection.rows(changes.CLOCK)
    assert opened.wait_for(row["version"], SECONDS), opened.status()
    return opened.status()


def assert_equal(opened: Copies, database: ConnectionPool) -> int:
    """Compare every row of every table in both engines, once the copies hold the last commit.

    Returns:
        How many rows there are.
    """
    followed(opened, database)
    total = 0
    with database.connection() as source, opened.connection() as copy:
        for table in copied_tables(registry()):
            theirs, ours = rows_of(source, table), copied_rows(copy, table)
            theirs = theirs.cast(ours.schema) if theirs.num_rows else ours.schema.empty_table()
            if not ours.equals(theirs):
                assert ours.to_pylist() == theirs.to_pylist(), table.name
            total += ours.num_rows
    return total


def copy_of_files(folder: Path, into: Path) -> Path:
    """Copy the files of running copies as a killed server would leave them, and return DuckDB's log."""
    shutil.copytree(folder, into)
    (log,) = into.rglob("*.wal")
    return log


def rows_of(source: Connection, table: CopiedTable) -> pa.Table:
    """The rows of a table of PostgreSQL, in order."""
    with source.stream(f"{changes.all_rows(table)} ORDER BY {_key(table)}") as batches:
        rows = list(batches)
    return pa.Table.from_batches(rows) if rows else pa.table({})


def copied_rows(copy: CopyConnection, table: CopiedTable) -> pa.Table:
    """The rows of its copy, in order, with mappings as lists of entries."""
    columns = ", ".join(
        f"map_entries({quote(name)}) AS {quote(name)}" if mapping_type(kind) else quote(name)
        for name, kind in table.columns
    )
    with copy.stream(f"SELECT {columns} FROM {table.name} ORDER BY {_key(table)}") as batches:
        rows = list(batches)
    if rows:
        return pa.Table.from_batches(rows)
    return pa.schema([(name, pa.null()) for name, _ in table.columns]).empty_table()


def _key(table: CopiedTable) -> str:
    return "version" if table == COMMIT_TABLE else "identifier, version"
