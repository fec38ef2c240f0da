"""The rights of the role that reads catalogs of the server's own database, which their owner gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.server.catalog_settings import OwnCatalog
from vxdata.server.database.connection import READ_WRITE
from vxdata.server.database.pool import Lane
from vxdata.sql.schema import catalog_rights as statements

if TYPE_CHECKING:
    from vxdata.server.catalog_settings import CatalogSettings
    from vxdata.server.database.pool import ConnectionPool


def let_read(database: ConnectionPool, catalog: CatalogSettings) -> None:
    """Let the role of a catalog read what lies in its schema; nothing is written if it may already.

    It is done each time before the catalog is read: a schema that was made anew has no rights in it.

    Args:
        database: Connections of the role that owns the tables.
        catalog: The catalog. Nothing is done for one in another database.

    Raises:
        ServerBusy: No connection became free in time.
        ServerUnavailable: PostgreSQL cannot be reached.
        DatabaseError: PostgreSQL refused a statement.
    """
    if not isinstance(catalog, OwnCatalog):
        return
    schema, role = catalog.schema_name, catalog.role
    missing_tables = statements.missing_tables(schema, role)
    with database.connection(Lane.WRITE) as connection:
        if not connection.rows(missing_tables):  # mostly; then nobody waits for rights on another schema
            return
        with connection.transaction(READ_WRITE):
            connection.rows(statements.LOCK)
            missing = [row["name"] for row in connection.rows(missing_tables)]
            if missing:
                connection.execute(*statements.grants(schema, missing, role))
