"""What every round of the copier works with: connections to both engines, and transactions."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vxdata.schemas.catalog.builtin import COMMIT
from vxdata.server.copies.errors import CopyError, translated
from vxdata.server.database.connection import READ_ALL
from vxdata.server.database.pool import Lane
from vxdata.sql.copies import apply
from vxdata.sql.copies.tables import COMMIT_TABLE, both_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import duckdb

    from vxdata.schemas.catalog.registry import Registry
    from vxdata.server.copies.file import CopyFile
    from vxdata.server.database.connection import Connection
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.sql.copies.tables import CopiedTable


@dataclass(frozen=True)
class Copying:
    """What a round works with.

    Args:
        database: Connections to PostgreSQL.
        registry: The types that have copies.
        file: The file of the copies.
        check: Called again and again; what it raises ends the round.
        distrust: Called when a transaction of DuckDB has failed: after a lack of memory its rows may show
            although they were not committed, so nobody may begin to read until the file was decided upon.
    """

    database: ConnectionPool
    registry: Registry
    file: CopyFile
    check: Callable[[], None]
    distrust: Callable[[], None]

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor of DuckDB whose temporary tables go at the end of the block."""
        with closing(self.file.cursor()) as cursor:
            yield cursor

    @contextmanager
    def transaction(self, cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """Run a block in a transaction of the file of the copies."""
        try:
            with transaction(cursor):
                yield
        except CopyError:
            self.distrust()
            raise

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A connection to PostgreSQL, in one snapshot."""
        with self.database.connection(Lane.COPY) as connection, connection.transaction(READ_ALL):
            yield connection


def tables_of(registry: Registry, resource_type: str) -> tuple[CopiedTable, ...]:
    """The tables of a type, or that of the commit log."""
    return (COMMIT_TABLE,) if resource_type == COMMIT else both_tables(registry.get(resource_type))


def row_count(cursor: duckdb.DuckDBPyConnection, resource_type: str, registry: Registry) -> int:
    """Count the rows of the copy of a type; DuckDB keeps their number."""
    tables = tables_of(registry, resource_type)
    counts = (cursor.execute(apply.count(table)).fetchone() for table in tables)
    return sum(int(count[0]) for count in counts if count is not None)


@contextmanager
def transaction(cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Run a block in a transaction of DuckDB; where the block fails, closing the cursor rolls it back."""
    run(cursor, "BEGIN TRANSACTION")
    yield
    run(cursor, "COMMIT")


def run(cursor: duckdb.DuckDBPyConnection, *statements: str) -> None:
    """Run statements of DuckDB, one after the other.

    Raises:
        CopyError: DuckDB refused one, or failed.
    """
    with translated():
        for statement in statements:
            cursor.execute(statement)
