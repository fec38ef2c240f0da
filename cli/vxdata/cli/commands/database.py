"""`vxdata db`: the database's tables."""

from __future__ import annotations

from typing import Annotated

import typer
from pydantic import SecretStr

from vxdata.cli.running import console, upgrade_database
from vxdata.schemas.errors import ServerUnavailable
from vxdata.server.config import Settings

commands = typer.Typer(help="Look after the database's tables.", no_args_is_help=True)


@commands.callback()
def db() -> None:
    """Look after the database's tables."""


@commands.command()
def upgrade(
    database_uri: Annotated[
        str | None, typer.Option(help="libpq URI of the database.", show_default="VXDATA_DATABASE_URI")
    ] = None,
) -> None:
    """Bring the tables up to this version; safe to run again, and from two processes at once."""
    settings = Settings() if database_uri is None else Settings(database_uri=SecretStr(database_uri))
    if settings.database_uri is None:
        msg = "No database is configured: give --database-uri or set VXDATA_DATABASE_URI."
        raise ServerUnavailable(msg)
    done = upgrade_database(settings.database_uri)
    for what, names in (("migration", done.migrations), ("table", done.tables), ("column", done.columns)):
        for name in names:
            console.print(f"{what} {name}")
    console.print("The database is up to date." if done.changed else "Nothing to do.")
