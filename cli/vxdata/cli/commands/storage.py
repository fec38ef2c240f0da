"""`vxdata storage`: the blobs behind the resources."""

from __future__ import annotations

import re
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from vxdata.cli.console import console
from vxdata.cli.progress import count_progress
from vxdata.cli.running import settings_on, start_stack
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.errors import ServerUnavailable
from vxdata.server.config import Settings
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.database.upgrade import require_current
from vxdata.server.logs import configure_logs
from vxdata.server.services.sweep import MIN_AGE, Sweep
from vxdata.server.storage.blobs import BlobStore

if TYPE_CHECKING:
    from vxdata.server.services.sweep import Unreferenced

UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
DURATION: Final = re.compile(rf"([0-9]{{1,6}})([{''.join(UNITS)}])")

SHOWN_OBJECTS: Final = 10
"""At most this many objects are named; `--verbose` names all."""

commands = typer.Typer(no_args_is_help=True)


@commands.callback()
def storage() -> None:
    """Manage the blobs."""


def _duration(given: str | timedelta) -> timedelta:
    """Read a duration such as 90m, 24h or 7d."""
    if isinstance(given, timedelta):
        return given
    found = DURATION.fullmatch(given)
    if found is None:
        msg = f"{given!r} is not a number with one of the units s, m, h, d, such as 24h."
        raise typer.BadParameter(msg)
    return timedelta(**{UNITS[found[2]]: int(found[1])})


@commands.command()
def sweep(
    older_than: Annotated[
        timedelta,
        typer.Option(
            help="Leave younger objects alone: an upload may be about to be referred to.",
            parser=_duration,
            metavar="DURATION",
        ),
    ] = "24h",  # type: ignore[assignment] # typer hands the default to the parser
    no_clients: Annotated[
        bool,
        typer.Option("--no-clients", help="No client uploads or creates meanwhile: allow less than 24h."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would be removed, no more.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Remove without asking.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Name every object.")] = False,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            help="Sweep the folder of a stopped `vxdata up`, instead of the configured database and bucket.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
) -> None:
    """Remove uploaded objects of the bucket that no version of any resource refers to.

    The bucket must belong to this database alone. What VxData has not uploaded stays.
    Deleted resources and superseded versions count: what they refer to stays.
    """
    if older_than < MIN_AGE and not (no_clients or dry_run):
        msg = "less than 24h may take what a client has uploaded and is about to refer to; see --no-clients."
        raise typer.BadParameter(msg, param_hint="--older-than")
    with ExitStack() as parts:
        settings = Settings()
        configure_logs(settings.log_level, as_json=settings.log_json)
        if data_dir is not None:
            settings = settings_on(parts.enter_context(start_stack(data_dir)), settings)
        sweeper = _open(settings, parts)
        with count_progress("Looking") as on_progress:
            found = sweeper.find(older_than, on_progress)
        _tell(found, SHOWN_OBJECTS if not verbose else len(found.objects))
        if dry_run or not (found.objects or found.unfinished):
            return
        if not yes:
            typer.confirm("Remove them?", abort=True, err=True)
        _remove(sweeper, found)


def _open(settings: Settings, parts: ExitStack) -> Sweep:
    """Open the database and the bucket."""
    if settings.database_uri is None or settings.s3_bucket is None:
        msg = (
            "A sweep needs the database and the bucket: set VXDATA_DATABASE_URI and VXDATA_S3_BUCKET, "
            "or give --data-dir."
        )
        raise ServerUnavailable(msg)
    database = parts.enter_context(closing(ConnectionPool(settings.database_uri, size=1)))
    require_current(database, registry())
    blobs = parts.enter_context(closing(BlobStore(settings)))
    blobs.check()
    return Sweep(database, registry(), blobs)


def _tell(found: Unreferenced, shown: int) -> None:
    for each in found.objects[:shown]:
        console.print(f"  {each.url}  {_bytes(each.size)}", markup=False)
    if len(found.objects) > shown:
        console.print(f"  and {len(found.objects) - shown:,} more")
    console.print(
        f"{len(found.objects):,} of {found.listed:,} objects are old enough and referred to by nothing: "
        f"{_bytes(found.size)}.",
    )
    if found.unfinished:
        console.print(f"{len(found.unfinished):,} uploads in parts are as old and have not ended.")
    if found.foreign:
        console.print(f"{found.foreign:,} left: not uploaded by VxData.")


def _remove(sweeper: Sweep, found: Unreferenced) -> None:
    with count_progress("Removing") as on_progress:
        removed = sweeper.remove(found, on_progress)
    sweeper.abort(found)
    console.print(f"Removed {len(removed):,} objects, {_bytes(sum(each.size for each in removed))}.")
    if len(removed) < len(found.objects):
        console.print(f"{len(found.objects) - len(removed):,} stay: they are referred to by now.")
    if found.unfinished:
        console.print(f"Aborted {len(found.unfinished):,} uploads in parts.")


def _bytes(size: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:  # noqa: PLR2004 - what the units are about
            return f"{size:,.0f} {unit}" if unit == "B" else f"{size:,.1f} {unit}"
        size /= 1024
    return f"{size:,.1f} TiB"
