"""What the tests of the audit share: calls that leave records, and logs of many small files."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.server.support import never
from vxdata.schemas.identity import EVERYTHING, Role
from vxdata.schemas.plan import Plan
from vxdata.server.audit.files import names_in
from vxdata.server.audit.record import Record
from vxdata.server.audit.writer import Writer
from vxdata.server.call import Call, Principal

if TYPE_CHECKING:
    from pathlib import Path

ADA = Principal("ada", Role.READER, EVERYTHING, "token")


def record(number: int = 1, principal: Principal = ADA) -> Record:
    """Record a read of volumes."""
    call = Call(f"request-{number}", never, principal, "ipv4:10.0.0.1:5000")
    call.trail.ask(Plan(relation="volume", limit=number))
    call.trail.read(number)
    return Record.of_call("flight", "do_get", call, "OK", 0.25, datetime.now(UTC))


def write(folder: Path, *groups: int, file_bytes: int = 1, days: int | None = None) -> list[Path]:
    """Write groups of records, each into a file of its own unless files are larger; return the files."""
    folder.mkdir(exist_ok=True)
    writer = Writer(folder, file_bytes, days)
    for group in groups:
        writer.write([record(number) for number in range(1, group + 1)])
    writer.close()
    return files(folder)


def files(folder: Path) -> list[Path]:
    """The files of an audit, in order."""
    return [folder / str(name) for name in names_in(folder)]
