"""`vxdata db`: the database's tables."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from vxdata.cli import options as cli_options
from vxdata.cli.console import console
from vxdata.cli.running import start_stack, upgrade_database
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.errors import ServerUnavailable
from vxdata.server.config import Settings
from vxdata.server.database.clock_repair import describe_clock, repair_clock
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.database.upgrade import require_current
from vxdata.server.embedded import default_data_dir
from vxdata.server.embedded.connecting import RunningPostgres
from vxdata.server.embedded.environment import clean_environment
from vxdata.sql.write import answers as statements

commands = typer.Typer(no_args_is_help=True)

DatabaseUri = Annotated[
    str | None, typer.Option(help="libpq URI of the database.", show_default="VXDATA_DATABASE_URI")
]
DataDir = Annotated[
    Path | None, typer.Option(help="Folder of `vxdata up`, which must not be running, instead of a URI.")
]


@commands.callback()
def db() -> None:
    """Upgrade and inspect the database."""


@commands.command()
def upgrade(
    database_uri: DatabaseUri = None,
    read_uri: Annotated[
        str | None,
        typer.Option(
            help="libpq URI of the role by which servers read, which gets its rights.",
            show_default="VXDATA_READ_URI",
        ),
    ] = None,
) -> None:
    """Bring the tables up to this version; safe to run again, and from two processes at once."""
    reading = Settings().read_uri if read_uri is None else SecretStr(read_uri)
    done = upgrade_database(_uri(database_uri), reading)
    added = {
        "migration": done.migrations,
        "table": done.tables,
        "column": done.columns,
        "index": done.indexes,
        "rights on": done.rights,
    }
    for what, names in added.items():
        for name in names:
            console.print(f"{what} {name}")
    console.print("The database is up to date." if done.changed else "Nothing to do.")


@commands.command()
def clock(
    trust: Annotated[
        bool,
        typer.Option("--trust", help="Declare the clock right; later commits continue from the last one."),
    ] = False,
    restamp: Annotated[
        bool,
        typer.Option(
            "--restamp", help="Declare it right, and give the commits that are ahead of it new stamps."
        ),
    ] = False,
    database_uri: DatabaseUri = None,
    data_dir: DataDir = None,
) -> None:
    """Show the commit clock and PostgreSQL's clock, and correct what a wrong clock has stamped."""
    with _database(database_uri, data_dir) as uri, closing(ConnectionPool(uri, size=1)) as database:
        require_current(database, registry())
        if trust or restamp:
            repair_clock(database, registry(), restamp=restamp)
        for line in describe_clock(database):
            console.print(line)


@commands.command()
def answers(
    unused_for: Annotated[
        int, typer.Option(min=1, max=100_000, help="Days in which nobody has asked for an answer.")
    ] = 365,
    forget: Annotated[
        bool, typer.Option("--forget", help="Remove their plans, so that their addresses stop working.")
    ] = False,
    database_uri: DatabaseUri = None,
    data_dir: DataDir = None,
) -> None:
    """Count the answers that have addresses and those that nobody uses; --forget removes the latter."""
    with _database(database_uri, data_dir) as uri, closing(ConnectionPool(uri, size=1)) as database:
        require_current(database, registry())
        with database.connection() as connection:
            (found,) = connection.rows(statements.unused(unused_for))
            console.print(
                f"{found['plans']:,} answers have addresses; nobody has asked for {found['unused']:,} of "
                f"them in {unused_for:,} days."
            )
            if forget:
                console.print(f"Forgotten: {connection.execute(statements.forget_unused(unused_for)):,}.")


@commands.command()
def url(data_dir: cli_options.DataDir = None) -> None:
    """Print the libpq URI of the database of a running `vxdata up`, with its password, for other programs."""
    running = RunningPostgres.find(data_dir or default_data_dir())
    sys.stdout.write(f"{running.uri.get_secret_value()}\n")


@commands.command()
def psql(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(help="Arguments of psql, after --; without them psql is interactive."),
    ] = None,
    data_dir: cli_options.DataDir = None,
    write: Annotated[
        bool,
        typer.Option(
            "--write", help="Log in as the owner, who can change everything; versions have rules to keep."
        ),
    ] = False,
) -> None:
    """Run psql on the database of a running `vxdata up`, as a role that reads the records and no tokens."""
    running = RunningPostgres.find(data_dir or default_data_dir())
    command, variables = running.psql(may_write=write)
    clean_environment(os.environ)
    argv = [*command, *(arguments or ())]
    os.execve(argv[0], argv, os.environ | variables)  # noqa: S606 - the program that the server has found


def _uri(database_uri: str | None, options: str = "--database-uri") -> SecretStr:
    settings = Settings() if database_uri is None else Settings(database_uri=SecretStr(database_uri))
    if settings.database_uri is None:
        msg = f"No database is configured: give {options}, or set VXDATA_DATABASE_URI."
        raise ServerUnavailable(msg)
    return settings.database_uri


@contextmanager
def _database(database_uri: str | None, data_dir: Path | None) -> Iterator[SecretStr]:
    """The database that is meant; that of a folder is started for as long as it takes."""
    if data_dir is None:
        yield _uri(database_uri, "--database-uri or --data-dir")
        return
    with start_stack(data_dir) as stack:
        yield stack.postgres_uri
