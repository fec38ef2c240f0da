"""The reading role of an embedded cluster: made at the first start of a version that uses it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vxdata.server.embedded.child import run_tool
from vxdata.server.embedded.cluster import ADMIN, READING_ROLE
from vxdata.server.embedded.postgres import login
from vxdata.server.embedded.secrets import scram_verifier

if TYPE_CHECKING:
    from vxdata.server.embedded.postgres import PostgresServer
    from vxdata.server.embedded.secrets import StackSecrets

_TIMEOUT = 60.0
_ARGUMENTS = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--set=role={READING_ROLE}")


def make_reading_role(server: PostgresServer) -> None:
    """Make the role unless it is there; nothing is written then, as the disk may be full.

    Args:
        server: A server that accepts connections.

    Raises:
        ChildFailed: psql ended with an error.
    """
    # Nothing secret stands in the arguments: the verifier comes by standard input.
    command = server.cluster.command("psql", *_ARGUMENTS, cwd=server.cluster.directory)
    admin = login(ADMIN, server.secrets.postgres_admin_password, server.socket_dir)
    run_tool(replace(command, env={**command.env, **admin}), given=_sql(server.secrets), timeout=_TIMEOUT)


def _sql(secrets: StackSecrets) -> str:
    """Return what psql runs, with the variables of `_ARGUMENTS`."""
    verifier = scram_verifier(secrets.postgres_read_password)
    lines = (
        "SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') AS is_missing \\gset",
        "\\if :is_missing",
        "BEGIN;",
        'CREATE ROLE :"role" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;',
        f"ALTER ROLE :\"role\" PASSWORD '{verifier}';",
        'GRANT CONNECT ON DATABASE :"DBNAME" TO :"role";',
        'GRANT SET ON PARAMETER temp_file_limit TO :"role";',
        'ALTER ROLE :"role" SET log_min_messages = log;',
        "COMMIT;",
        "\\endif",
    )
    return "".join(f"{line}\n" for line in lines)
