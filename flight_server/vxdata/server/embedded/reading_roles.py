"""The roles of an embedded cluster that may only read: made at the first start of a version with them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vxdata.server.embedded.child import run_tool
from vxdata.server.embedded.cluster import ADMIN, CATALOG_ROLE, READING_ROLE
from vxdata.server.embedded.postgres import login
from vxdata.server.embedded.secrets import scram_verifier

if TYPE_CHECKING:
    from pydantic import SecretStr

    from vxdata.server.embedded.postgres import PostgresServer

_TIMEOUT = 60.0
_ARGUMENTS = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1")


def make_reading_roles(server: PostgresServer) -> None:
    """Make each role unless it is there; nothing is written then, as the disk may be full.

    Args:
        server: A server that accepts connections.

    Raises:
        ChildFailed: psql ended with an error.
    """
    passwords = {
        READING_ROLE: server.secrets.postgres_read_password,
        CATALOG_ROLE: server.secrets.postgres_catalog_password,
    }
    # Nothing secret stands in the arguments: the verifiers come by standard input.
    command = server.cluster.command("psql", *_ARGUMENTS, cwd=server.cluster.directory)
    admin = login(ADMIN, server.secrets.postgres_admin_password, server.socket_dir)
    sql = "".join(_sql(role, password) for role, password in passwords.items())
    run_tool(replace(command, env={**command.env, **admin}), given=sql, timeout=_TIMEOUT)


def _sql(role: str, password: SecretStr) -> str:
    """Return what psql runs for a role."""
    lines = (
        f"\\set role {role}",
        "SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') AS is_missing \\gset",
        "\\if :is_missing",
        "BEGIN;",
        'CREATE ROLE :"role" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;',
        f"ALTER ROLE :\"role\" PASSWORD '{scram_verifier(password)}';",
        'GRANT CONNECT ON DATABASE :"DBNAME" TO :"role";',
        'GRANT SET ON PARAMETER temp_file_limit TO :"role";',
        'ALTER ROLE :"role" SET log_min_messages = log;',
        "COMMIT;",
        "\\endif",
    )
    return "".join(f"{line}\n" for line in lines)
