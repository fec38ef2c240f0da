"""A PostgreSQL cluster on disk: made once, whole or not at all."""

from __future__ import annotations

import shutil
import signal
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vxdata.server.embedded.child import Command, run_tool
from vxdata.server.embedded.errors import ChildFailed, DataDirectoryIncompatible
from vxdata.server.embedded.handover import give
from vxdata.server.embedded.secrets import StackSecrets, scram_verifier, write_private

if TYPE_CHECKING:
    from pathlib import Path

    from vxdata.server.embedded.account import Account
    from vxdata.server.embedded.binaries import Binaries

DATABASE = "vxdata"
ROLE = "vxdata"
READING_ROLE = "vxdata_read"
CATALOG_ROLE = "vxdata_catalog"
ADMIN = "vxdata_admin"
TUNED = "vxdata.conf"
"""Our settings; the cluster's own ``postgresql.conf`` includes it, so lines after that win."""

_TIMEOUT = 300.0
# initdb cleans up after SIGTERM, which may be cut short: the next start removes an unfinished cluster.
_TOOL_STOP = ((signal.SIGTERM, 10.0),)


@dataclass(frozen=True)
class Cluster:
    """A cluster's directory, and the account and the binaries that run it."""

    directory: Path
    account: Account
    binaries: Binaries
    lock: int
    """The inherited lock that every process working on the cluster holds."""

    @property
    def exists(self) -> bool:
        """Whether the cluster has been made."""
        return (self.directory / "PG_VERSION").is_file()

    def check_version(self) -> None:
        """Refuse data of another major version.

        Raises:
            DataDirectoryIncompatible: PostgreSQL cannot read them without an upgrade.
        """
        found = (self.directory / "PG_VERSION").read_text(encoding="ascii").strip()
        if found != self.binaries.postgres_major:
            detail = (
                f"these data are of PostgreSQL {found}, the installed binaries of "
                f"{self.binaries.postgres_major}; install matching binaries, or move the data with pg_dump"
            )
            raise DataDirectoryIncompatible(self.directory, detail)

    def create(self, secrets: StackSecrets) -> None:
        """Make the cluster with its role and database.

        It is made in a temporary folder beside its place and renamed when complete, so being killed in the
        middle leaves nothing that looks like a cluster.

        Args:
            secrets: the passwords.

        Raises:
            DataDirectoryIncompatible: something else lies in its place.
            AccountUnusable: nobody has a name under which initdb would run.
            ChildFailed: initdb or the set-up failed.
        """
        if self.directory.exists() and any(self.directory.iterdir()):
            detail = "a PostgreSQL cluster is to be made here, but there are other files; move them away"
            raise DataDirectoryIncompatible(self.directory, detail)
        enclosure = self.directory.with_name(self.directory.name + ".new")
        if enclosure.exists():
            shutil.rmtree(enclosure)
        maker = replace(self, directory=enclosure / "data", account=self.account.with_a_name())
        self.account.make_directory(enclosure)
        if maker.account != self.account:
            # The lent user passes as a member of the account's group. His other processes are not in it.
            enclosure.chmod(0o710)
        maker.account.make_directory(maker.directory)
        _initdb(maker, secrets, enclosure)
        _set_up(maker, secrets)
        give(maker.directory, maker.account.uid, self.account)
        maker.directory.rename(self.directory)
        enclosure.rmdir()

    def command(self, program: str, *arguments: str, cwd: Path) -> Command:
        """Describe one of PostgreSQL's programs, run by the account under the cluster's lock."""
        argv = (str(self.binaries.postgres_program(program)), *arguments)
        return Command(program, argv, self.account, cwd, POSTGRES_ENVIRONMENT, self.lock, _TOOL_STOP)


def _initdb(maker: Cluster, secrets: StackSecrets, private: Path) -> None:
    """Have initdb fill a cluster's directory; the password lies in a file for that time."""
    account = maker.account
    password_file = private / "password"
    password = secrets.postgres_admin_password.get_secret_value()
    write_private(password_file, password + "\n", uid=account.uid, gid=account.gid)
    try:
        arguments = _initdb_arguments(maker.directory, password_file)
        run_tool(maker.command("initdb", *arguments, cwd=maker.directory), timeout=_TIMEOUT)
    finally:
        password_file.unlink()
    with (maker.directory / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write("\n# This file is written anew at every start; what you put below it wins.\n")
        file.write(f"include_if_exists '{TUNED}'\n")


def _set_up(maker: Cluster, secrets: StackSecrets) -> None:
    """Make the role and the database in single-user mode, before anybody can connect."""
    arguments = ("--single", "-D", str(maker.directory), "postgres")
    written = run_tool(
        maker.command("postgres", *arguments, cwd=maker.directory),
        given=_set_up_sql(secrets),
        timeout=_TIMEOUT,
    )
    # In this mode a statement that fails is only reported: the exit status is 0 all the same.
    lines = written.splitlines()
    if any("ERROR:" in line for line in lines):
        raise ChildFailed("postgres --single", 0, tuple(lines))


# Nothing is inherited: PGDATA, PGOPTIONS and their like would change what the programs do.
POSTGRES_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _initdb_arguments(temporary: Path, password_file: Path) -> tuple[str, ...]:
    return (
        f"--pgdata={temporary}",
        f"--username={ADMIN}",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        # Not --builtin-locale alone: pg_trgm still asks the C library what a letter is, and in the C
        # locale no letter outside ASCII is one.
        "--locale=C.UTF-8",
        "--data-checksums",
        "--no-instructions",
    )


def _set_up_sql(secrets: StackSecrets) -> str:
    """Return one statement per line, as single-user mode reads them."""
    verifier = scram_verifier(secrets.postgres_password)
    statements = (
        f"CREATE ROLE {ROLE} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD '{verifier}'",
        f"CREATE DATABASE {DATABASE} OWNER {ROLE}",
        # The server may give its own connections another limit than the one for the machine.
        f"GRANT SET ON PARAMETER temp_file_limit TO {ROLE}",
        # The server gets every error of its statements, and logs it without their values.
        f"ALTER ROLE {ROLE} SET log_min_messages = log",
        f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC",
    )
    return "".join(f"{statement};\n" for statement in statements)
