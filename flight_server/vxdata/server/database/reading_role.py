"""The reading role: the login of connections that only read, to which PostgreSQL gives no other right."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from vxdata.schemas.errors import ServerUnavailable
from vxdata.schemas.errors.messages import abridged
from vxdata.server.database.pool import READS, ConnectionPool, Lane
from vxdata.server.database.upgrade import SchemaMismatch
from vxdata.sql.schema import reading as statements

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic import SecretStr

SETTING: Final = "VXDATA_READ_URI"


def role_of(uri: SecretStr) -> str:
    """Tell which role a URI logs in.

    Args:
        uri: libpq connection URI.

    Returns:
        Its name.

    Raises:
        ServerUnavailable: PostgreSQL cannot be reached, or refuses the role.
    """
    try:
        with closing(ConnectionPool(uri, size=1)) as database, database.connection() as connection:
            name: str = connection.rows(statements.ROLE)[0]["role"]
    except ServerUnavailable as refused:
        msg = f"The database cannot be reached by the login for {READS}."
        raise ServerUnavailable(msg) from refused.__cause__
    return name


def require_reading_role(database: ConnectionPool) -> None:
    """Make sure that reads see the database that is written, all tables that they need, and can write none.

    Args:
        database: A pool with a login for reads.

    Raises:
        SchemaMismatch: They lead elsewhere, or see too little, or may do more.
    """
    with database.connection(Lane.WRITE) as connection:
        written = connection.rows(statements.PLACE)
    with database.connection(Lane.LOOKUP) as connection:
        read = connection.rows(statements.PLACE)
        (own,) = connection.rows(statements.OWN_ROLE)
        tables = connection.rows(statements.OWN_RIGHTS)
    if read != written:
        msg = f"{SETTING} leads to another database than VXDATA_DATABASE_URI; a standby is another one, too."
        raise SchemaMismatch(msg)
    hidden = [each["name"] for each in tables if not (each["may_read"] or each["is_private"])]
    if hidden:
        msg = (
            f"The role {own['role']} of {SETTING} may not read {abridged(hidden)}. "
            "Run `vxdata db upgrade` on the database with the same setting."
        )
        raise SchemaMismatch(msg)
    too_much = _surplus(own, tables)
    if too_much:
        msg = f"The role {own['role']} of {SETTING} may do more than read: {too_much}. Take that from it."
        raise SchemaMismatch(msg)


def _surplus(own: Mapping[str, Any], tables: Sequence[Mapping[str, Any]]) -> str:
    """Tell what the reading role should not be able to do; empty if there is nothing."""
    if own["is_privileged"]:
        return "it is a superuser, or may make roles or databases, replicate, or bypass row security"
    if own["is_member"]:
        return "it is a member of another role, whose rights it can take"
    if own["may_create"]:
        return "it may make tables in the schema vxdata"
    open_tables = [
        each["name"] for each in tables if each["may_write"] or (each["may_read"] and each["is_private"])
    ]
    return f"it has rights that it does not need on {abridged(open_tables)}" if open_tables else ""
