"""`vxdata audit`: the files of an audit, on the machine where they lie."""

from __future__ import annotations

import sys
import time
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from vxdata.cli.console import console
from vxdata.cli.options import DataDir
from vxdata.schemas.errors import InvalidRequest
from vxdata.server.audit.chain import Link, parse_link
from vxdata.server.audit.files import HEAD, names_in
from vxdata.server.audit.reading import Wanted, records
from vxdata.server.audit.verify import verify as verify_files
from vxdata.server.config import Settings
from vxdata.server.embedded import default_data_dir

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.server.audit.reading import Place

LOOK_SECONDS: Final = 0.5
"""How often `tail --follow` looks for new records."""

commands = typer.Typer(no_args_is_help=True)

AuditDir = Annotated[
    Path | None,
    typer.Option(
        help="Folder of the audit, instead of that of a data directory.", show_default="VXDATA_AUDIT_DIR"
    ),
]
Since = Annotated[str | None, typer.Option(help="Date or instant from which on, UTC.")]
Until = Annotated[str | None, typer.Option(help="Date or instant before which, UTC.")]
PrincipalName = Annotated[str | None, typer.Option("--principal", help="Name of the principal.")]


@commands.callback()
def audit() -> None:
    """Read and verify who has read and changed what."""


@commands.command()
def verify(
    noted: Annotated[
        list[str] | None,
        typer.Option(
            "--noted",
            metavar="NUMBER:DIGEST",
            help="The last record of an earlier verification, which has to be there; can be repeated.",
        ),
    ] = None,
    data_dir: DataDir = None,
    audit_dir: AuditDir = None,
) -> None:
    """Tell whether any record was changed or is missing, and where; exit status 1 if so.

    Note the last record that is printed, and keep it elsewhere: who can write the files can also write a
    whole new chain of them, but not one that holds that record.
    """
    found = verify_files(_audit(data_dir, audit_dir), list(map(_link, noted or ())))
    for finding in found.findings:
        console.print(str(finding), markup=False, style="red" if finding.is_fault else "yellow")
    sys.stdout.write(f"{found.records} records in {found.files} files; the last one is {found.last}\n")
    if not found.is_sound:
        raise typer.Exit(1)


@commands.command()
def show(
    since: Since = None,
    until: Until = None,
    principal: PrincipalName = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Most records.")] = None,
    data_dir: DataDir = None,
    audit_dir: AuditDir = None,
) -> None:
    """Print records, a line of JSON for each, the oldest first."""
    wanted = Wanted(_instant(since), _instant(until), principal)
    for _, line, _ in islice(records(_audit(data_dir, audit_dir), wanted), limit):
        _print(line)


@commands.command()
def tail(
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="Number of records.")] = 10,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with those that come.")] = False,
    data_dir: DataDir = None,
    audit_dir: AuditDir = None,
) -> None:
    """Print the last records, a line of JSON for each."""
    folder = _audit(data_dir, audit_dir)
    last: Place | None = None
    newest: deque[bytes] = deque(maxlen=lines)
    for place, line, _ in records(folder, Wanted()):
        last = place
        newest.append(line)
    for line in newest:
        _print(line)
    with suppress(KeyboardInterrupt):
        for line in _following(folder, last) if follow else ():
            _print(line)


def _following(folder: Path, last: Place | None) -> Iterator[bytes]:
    while True:
        for place, line, _ in records(folder, Wanted(), last):
            last = place
            yield line
        time.sleep(LOOK_SECONDS)


def _print(line: bytes) -> None:
    sys.stdout.write(line.decode())
    sys.stdout.flush()


def _folder(data_dir: Path | None, audit_dir: Path | None) -> Path:
    """The folder that is meant: one that is named, that of the settings, or that of `vxdata up`."""
    named = audit_dir or (Settings().audit_dir if data_dir is None else None)
    return named or (data_dir or default_data_dir()).expanduser() / "audit"


def _audit(data_dir: Path | None, audit_dir: Path | None) -> Path:
    """The folder that is meant, if it has an audit: to print nothing would say that nobody has called."""
    folder = _folder(data_dir, audit_dir)
    if not folder.is_dir() or not ((folder / HEAD).exists() or names_in(folder)):
        msg = (
            f"There is no audit in {folder}. Name its folder with --audit-dir, or the data directory of "
            "`vxdata up` with --data-dir."
        )
        raise InvalidRequest(msg)
    return folder


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        msg = f"{text!r:.100} is no date or instant of ISO 8601."
        raise InvalidRequest(msg) from error
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant


def _link(text: str) -> Link:
    try:
        return parse_link(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--noted") from error
