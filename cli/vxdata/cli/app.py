"""The command line: every command, as one visible list."""

from __future__ import annotations

import sys
import tomllib
from json import JSONDecodeError
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError
from pydantic import ValidationError
from pydantic_settings import SettingsError
from rich.console import Console

from vxdata.cli.commands import audit, catalog, certs, database, demo, health, load, serve, storage, token, up
from vxdata.cli.version import version_line
from vxdata.schemas.errors import VxDataError
from vxdata.schemas.violations import said_of
from vxdata.server.config import CONFIG_VARIABLE
from vxdata.server.database.errors import DatabaseError
from vxdata.server.database.upgrade import SchemaMismatch
from vxdata.server.embedded.errors import EmbeddedStackError
from vxdata.server.tls.errors import TlsProblem

EXPECTED = (
    VxDataError,
    EmbeddedStackError,
    SchemaMismatch,
    DatabaseError,
    TlsProblem,
    OSError,
    ValidationError,
    SettingsError,
    tomllib.TOMLDecodeError,
)
"""Errors that say themselves what to do; all others are faults and show their traceback."""

commands = typer.Typer(
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


commands.command("up")(up.up)
commands.command("serve")(serve.serve)
commands.add_typer(audit.commands, name="audit")
commands.add_typer(catalog.commands, name="catalog")
commands.add_typer(certs.commands, name="certs")
commands.add_typer(database.commands, name="db")
commands.add_typer(load.commands, name="load")
commands.add_typer(storage.commands, name="storage")
commands.add_typer(token.commands, name="token")
commands.command("demo")(demo.demo)
commands.command("health")(health.health)


def app() -> None:
    """Run a command; an error that was foreseen is one line on standard error and exit status 1."""
    try:
        commands(prog_name="vxdata")
    except EXPECTED as error:
        name, sentence = _describe(error)
        Console(stderr=True).print(f"[red]{name}[/red]: ", end="")
        sys.stderr.write(f"{sentence}\n")
        sys.exit(1)


def _describe(error: Exception) -> tuple[str, str]:
    """Name an error and say what it is; the inputs of settings may be secret, so they are left out."""
    match error:
        case ValidationError():
            problems = error.errors(include_url=False, include_input=False)
            return "InvalidSettings", "; ".join(
                f"{_setting(problem['loc'])}: {said_of(problem)}" for problem in problems
            )
        case SettingsError(__cause__=cause):
            reason = f", which takes JSON: {cause}" if isinstance(cause, JSONDecodeError) else ""
            return "InvalidSettings", f"{error}{reason}; its value is not shown."
        case tomllib.TOMLDecodeError():
            return "InvalidSettings", f"the file that {CONFIG_VARIABLE} names is not TOML: {error}"
        case VxDataError(__cause__=DatabaseError() | BotoCoreError() as reason):
            return type(error).__name__, f"{error} {reason}"
        case OSError(strerror=str(reason), filename=str(path)):
            return type(error).__name__, f"{path}: {reason}"
        case _:
            return type(error).__name__, " ".join([str(error), *getattr(error, "__notes__", ())])


def _setting(place: tuple[int | str, ...]) -> str:
    """Name a setting by its variable; what lies in its JSON has none, nor has what several need together."""
    if not place:
        return "VXDATA_*"
    name, *within = map(str, place)
    return f"VXDATA_{name.upper()}" + (f", {'.'.join(within)}" if within else "")
