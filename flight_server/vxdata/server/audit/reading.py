"""Reading the audit: its records as they lie in the files, and page by page as Arrow."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from vxdata.schemas.errors import InvalidRequest
from vxdata.schemas.wire import AUDIT_NEXT_KEY, AUDIT_SCHEMA
from vxdata.server.audit.chain import NotALine, read_line
from vxdata.server.audit.files import FileName, lines_of, names_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from vxdata.schemas.wire import AuditRequest

PAGE_ROWS: Final = 10_000
PAGE_BYTES: Final = 4 * 1024**2
"""Bytes of the lines of a page; one with more rows or bytes ends."""


@dataclass(frozen=True)
class Wanted:
    """Which records are wanted.

    Args:
        since: Instant from which on; from the first record if None.
        until: Instant before which; to the last record if None.
        principal: Name of the principal; all if None.
    """

    since: datetime | None = None
    until: datetime | None = None
    principal: str | None = None

    def has(self, content: Mapping[str, Any]) -> bool:
        """Tell whether a record is one of them."""
        instant = instant_of(content)
        if instant is None:
            return False
        if self.principal is not None and content.get("principal") != self.principal:
            return False
        return (self.since is None or instant >= self.since) and (self.until is None or instant < self.until)


@dataclass(frozen=True)
class Place:
    """A place between two records.

    Args:
        file: Name of the file.
        offset: Bytes before it.
    """

    file: FileName
    offset: int

    @classmethod
    def parse(cls, text: str) -> Place:
        """Read a place as a page has told it.

        Raises:
            InvalidRequest: No page has.
        """
        name, _, offset = text.rpartition(":")
        file = FileName.parse(name)
        if file is None or not offset.isdecimal():
            msg = f"{text!r:.100} is not where a page of the audit has ended."
            raise InvalidRequest(msg)
        return cls(file, int(offset))

    def __str__(self) -> str:
        """Write it as `parse` reads it."""
        return f"{self.file}:{self.offset}"


def records(folder: Path, wanted: Wanted, after: Place | None = None) -> Iterator[tuple[Place, bytes, Any]]:
    """Read the records that are wanted, one at a time. A line that is no record is left out.

    Args:
        folder: Folder of the files.
        wanted: Which records.
        after: Where to begin; with the first record if None.

    Yields:
        The place after each, its line, and its content.
    """
    for name in names_in(folder):
        if after is not None and name < after.file:
            continue
        if wanted.since is not None and name.day < wanted.since.astimezone(UTC).date():
            continue
        begin = after.offset if after is not None and name == after.file else 0
        with suppress(FileNotFoundError):  # its time has ended since the folder was listed
            for offset, line in lines_of(folder / str(name), begin):
                if not line.endswith(b"\n"):  # it is being written, or was cut
                    break
                try:
                    content = read_line(line[:-1]).content
                except NotALine:
                    continue
                if wanted.has(content):
                    yield Place(name, offset), line, content


def page(folder: Path, asked: AuditRequest) -> bytes:
    """Read a page of records.

    Args:
        folder: Folder of the files.
        asked: Which records, and where the page before ended.

    Returns:
        An Arrow IPC stream of `AUDIT_SCHEMA`; its metadata tell where the page ends, if others follow.

    Raises:
        InvalidRequest: No page has ended there.
    """
    wanted = Wanted(asked.since, asked.until, asked.principal)
    rows: list[dict[str, Any]] = []
    size = 0
    following: Place | None = None
    for place, line, content in records(folder, wanted, Place.parse(asked.after) if asked.after else None):
        rows.append(row_of(content))
        size += len(line)
        if len(rows) >= PAGE_ROWS or size >= PAGE_BYTES:
            following = place
            break
    metadata = {} if following is None else {AUDIT_NEXT_KEY: str(following).encode()}
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, AUDIT_SCHEMA.with_metadata(metadata)) as writer:
        writer.write_table(pa.Table.from_pylist(rows, schema=AUDIT_SCHEMA))
    return bytes(sink.getvalue())


def row_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """Make a row of a record; what it says of the log itself stands in `note`."""
    row = {name: content.get(name) for name in AUDIT_SCHEMA.names}
    row["instant"] = instant_of(content)
    row["questions"] = [
        {**question, "as_of": _instant(question.get("as_of"))} for question in content.get("questions", ())
    ]
    told = {
        key: value for key, value in content.items() if key not in {*AUDIT_SCHEMA.names, "before", "asked"}
    }
    row["note"] = ", ".join(f"{key}: {value}" for key, value in told.items()) or None
    return row


def instant_of(content: Mapping[str, Any]) -> datetime | None:
    """The instant of a record; None if it tells none."""
    return _instant(content.get("instant"))


def _instant(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
