"""The command line: every command, as one visible list."""

from __future__ import annotations

import sys

import typer
from rich.console import Console

from vxdata.cli.commands import database, demo, health, load, serve, up
from vxdata.schemas.errors import VxDataError
from vxdata.server.embedded.errors import EmbeddedStackError
from vxdata.server.upgrade import SchemaMismatch

EXPECTED = (VxDataError, EmbeddedStackError, SchemaMismatch)
"""Errors that say themselves what to do; all others are faults and show their traceback."""

commands = typer.Typer(
    help="VxData: versioned medical-imaging research data over Arrow Flight.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
commands.command("up")(up.up)
commands.command("serve")(serve.serve)
commands.add_typer(database.commands, name="db")
commands.add_typer(load.commands, name="load")
commands.command("demo")(demo.demo)
commands.command("health")(health.health)


def app() -> None:
    """Run a command; an error that was foreseen is one line on standard error and exit status 1."""
    try:
        commands()
    except EXPECTED as error:
        Console(stderr=True).print(f"[red]{type(error).__name__}[/red]: ", end="")
        sys.stderr.write(f"{error}\n")
        sys.exit(1)
