"""Connecting to the PostgreSQL of a stack that another process runs: for psql and other programs."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from vxdata.server.embedded.binaries import find_binaries
from vxdata.server.embedded.cluster import POSTGRES_ENVIRONMENT, READING_ROLE, ROLE
from vxdata.server.embedded.errors import NoServerRuns
from vxdata.server.embedded.postgres import PORT, login, uri_of
from vxdata.server.embedded.secrets import StackSecrets
from vxdata.server.embedded.stack import Layout
from vxdata.sql.names import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import SecretStr


@dataclass(frozen=True)
class RunningPostgres:
    """The PostgreSQL server of a data directory, while it accepts connections.

    Args:
        socket_dir: Where its socket is.
        secrets: The credentials.
    """

    socket_dir: Path
    secrets: StackSecrets

    @classmethod
    def find(cls, data_dir: Path) -> Self:
        """Find the server of a data directory.

        Args:
            data_dir: The directory.

        Returns:
            The server.

        Raises:
            NoServerRuns: Nothing accepts connections there.
            DataDirectoryIncompatible: The credentials of the directory are damaged.
        """
        layout = Layout(data_dir)
        try:
            socket_dir = Path(json.loads(layout.runtime.read_text(encoding="utf-8"))["directory"])
        except FileNotFoundError:
            raise NoServerRuns(data_dir) from None
        found = cls(socket_dir, StackSecrets.load_or_create(layout.secrets, may_create=False))
        if not found._accepts():
            raise NoServerRuns(data_dir)
        return found

    @property
    def uri(self) -> SecretStr:
        """The libpq URI of the database, with the password in it."""
        return uri_of(self.secrets, self.socket_dir)

    def psql(self, *, may_write: bool) -> tuple[Sequence[str], dict[str, str]]:
        """Tell how psql is run: by variables, since other users can see arguments.

        Args:
            may_write: Whether it logs in as the owner of the database, not as the role that may only read.

        Returns:
            The beginning of the command line, and the variables.
        """
        options = f"-c search_path={SCHEMA},public"
        if may_write:
            variables = login(ROLE, self.secrets.postgres_password, self.socket_dir)
        else:
            variables = login(READING_ROLE, self.secrets.postgres_read_password, self.socket_dir)
            # Whatever its rights are, a role may change its own password, by which the server logs in.
            options += " -c default_transaction_read_only=on"
        return [_program("psql")], {**variables, "PGOPTIONS": options}

    def _accepts(self) -> bool:
        argv = [_program("pg_isready"), "-q", "-h", str(self.socket_dir), "-p", str(PORT)]
        return subprocess.run(argv, check=False, env=POSTGRES_ENVIRONMENT).returncode == 0


def _program(name: str) -> str:
    return str(find_binaries().postgres_program(name))
