"""The command line: every command, as one visible list."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console

from vxdata.cli.on_demand import CommandsOnDemand, OnDemand
from vxdata.cli.version import version_line


class Commands(CommandsOnDemand):
    """The commands, in the order of the help."""

    LISTED = (
        OnDemand("up", "Start PostgreSQL, S3 and the server on this machine, until Ctrl-C or SIGTERM."),
        OnDemand(
            "serve", "Serve an existing database and S3 bucket, or catalogs only, until Ctrl-C or SIGTERM."
        ),
        OnDemand("demo", "Load Imaging Data Commons through the server and pull it back as Polars frames."),
        OnDemand("health", "Ask a server whether it can answer; exit status 1 if not."),
        OnDemand("load", "Load public data."),
        OnDemand("token", "Make and revoke the tokens by which callers are known."),
        OnDemand("audit", "Read and verify who has read and changed what."),
        OnDemand("catalog", "Look after catalogs."),
        OnDemand("db", "Look after the database's tables.", module="database"),
        OnDemand("storage", "Look after the blobs."),
        OnDemand("certs", "Make certificates for trials."),
    )


commands = typer.Typer(
    cls=Commands,
    help="VxData: versioned medical-imaging research data over Arrow Flight.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _tell_version(is_asked: bool) -> None:  # noqa: FBT001 - typer calls it with the value
    if is_asked:
        sys.stdout.write(f"{version_line()}\n")
        raise typer.Exit


@commands.callback()
def _root(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Tell the version.", callback=_tell_version, is_eager=True)
    ] = False,
) -> None:
    """Take the options that stand before a command."""


def app() -> None:
    """Run a command; an error that was foreseen is one line on standard error and exit status 1."""
    try:
        commands(prog_name="vxdata")
    except Exception as error:
        # Describing an error imports what its kind comes from, which no other end of a command needs.
        from vxdata.cli.foreseen import FORESEEN, describe  # noqa: PLC0415

        if not isinstance(error, FORESEEN):
            raise
        name, sentence = describe(error)
        Console(stderr=True).print(f"[red]{name}[/red]: ", end="")
        sys.stderr.write(f"{sentence}\n")
        sys.exit(1)
