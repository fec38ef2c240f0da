"""The writer: appends lines to the files of the audit, and begins new ones. One thread uses it."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

import structlog

from vxdata.server.audit.chain import START, Link, NotALine, append, read_line
from vxdata.server.audit.files import HEAD, FileName, end_of, head_content, names_in, read_head
from vxdata.server.audit.record import BEGUN, REMOVED, Record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

PRIVATE: Final = 0o600

log = structlog.get_logger(__name__)


class Writer:
    """Writes records to the end of the chain.

    Args:
        folder: The folder; it exists, and belongs to this writer alone.
        file_bytes: Bytes of a file from which on the next one is begun.
        days: Days for which files are kept; for ever if None.

    Raises:
        OSError: The folder cannot be read, or the file `head` cannot be written.
    """

    def __init__(self, folder: Path, file_bytes: int, days: int | None) -> None:
        """Find the end of the chain."""
        self._folder = folder
        self._file_bytes = file_bytes
        self._days = days
        names = names_in(folder)
        self._name = names[-1] if names else None
        self._file: int | None = None
        self._size = 0
        self._begin = _software()
        self.last = self._found_end(names)
        self._head: int | None = os.open(folder / HEAD, os.O_WRONLY | os.O_CREAT, PRIVATE)
        self._is_head_behind = False

    def _found_end(self, names: Sequence[FileName]) -> Link:
        """Look for the last line, and note for the next one what is wrong with the end.

        The head counts where it is not behind: so lines that were cut off or changed at the end do not fit
        the next one.
        """
        last, head = START, read_head(self._folder)
        for name in reversed(names):
            end = end_of(self._folder / str(name))
            if end.rest and name == names[-1]:
                self._begin["broken"] = {"file": str(name), "bytes": len(end.rest), "sha256": end.rest_digest}
                log.warning("audit_line_broken", file=str(name), bytes=len(end.rest))
            if end.line is not None:
                last = self._read(end.line, name)
                break
        if head is None:
            if names:
                self._begin["missing"] = "the file head"
            return last
        if head.number >= last.number and head != last:
            self._begin["missing"] = str(head)
            log.error("audit_was_changed", last=str(last), head=str(head))
        return max(head, last, key=lambda link: link.number)

    def _read(self, line: bytes, name: FileName) -> Link:
        try:
            return read_line(line).link
        except NotALine:
            self._begin["unreadable"] = str(name)
            log.exception("audit_line_unreadable", file=str(name))
            return START

    def write(self, records: Sequence[Record]) -> None:
        """Write records, and wait until they are on the disk. If that fails, none of them counts as written.

        Args:
            records: The records, in order.

        Raises:
            OSError: The disk is full, or the folder cannot be written.
        """
        today = datetime.now(UTC).date()
        if not self._may_go_on(today):
            self._begin_file(today)
        self._append(records)

    def close(self) -> None:
        """Close the files."""
        self._close_file()
        if self._head is not None:
            os.close(self._head)
            self._head = None

    def _close_file(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _may_go_on(self, today: date) -> bool:
        """Whether the open file is still there as it was left, not full, and of today."""
        if (
            self._file is None
            or self._name is None
            or today > self._name.day
            or self._size >= self._file_bytes
        ):
            return False
        found = os.fstat(self._file)
        if found.st_nlink and found.st_size == self._size:
            return True
        self._begin["changed"] = {"file": str(self._name), "bytes": found.st_size, "expected": self._size}
        log.error("audit_file_changed", file=str(self._name), bytes=found.st_size, expected=self._size)
        return False

    def _begin_file(self, today: date) -> None:
        """Open the next file. Its first line tells of the begin, and of the files that are kept no longer."""
        self._close_file()
        name = FileName(today, 1) if self._name is None else self._name.next(today)
        path = self._folder / str(name)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, PRIVATE)
        self._size = 0
        try:
            old = self._too_old(today)
            told = {**self._begin, "file": str(name)}
            first = [Record.of_log(BEGUN, **told), *([self._removal(old)] if old else [])]
            self._sync_folder()
            self._append(first)
        except BaseException:  # a file that stayed would be in the way of the next attempt
            self._close_file()
            path.unlink()
            raise
        self._name, self._begin = name, _software()
        for each in old:
            (self._folder / str(each)).unlink(missing_ok=True)
        log.info("audit_file_begun", file=str(name), head=str(self.last))

    def _too_old(self, today: date) -> list[FileName]:
        if self._days is None:
            return []
        since = today - timedelta(days=self._days)
        return [name for name in names_in(self._folder) if name.day < since]

    def _removal(self, old: Sequence[FileName]) -> Record:
        """Record which files are removed, and how the next one names the last line of them.

        Where somebody has changed that line, no record accounts for it, so a verification tells of it.
        """
        told: dict[str, Any] = {"files": [str(name) for name in old]}
        for name in reversed(old):
            end = end_of(self._folder / str(name))
            if end.line is None:
                continue
            try:
                told["last"] = str(read_line(end.line).link)
            except NotALine:
                told["unreadable"] = str(name)
                log.exception("audit_line_unreadable", file=str(name))
            break
        return Record.of_log(REMOVED, **told)

    def _append(self, records: Sequence[Record]) -> None:
        """Write all of the records to the open file, or leave it as it was."""
        assert self._file is not None  # noqa: S101 - a file was begun
        lines, last = bytearray(), self.last
        for record in records:
            line, last = append(last, record.content)
            lines += line + b"\n"
        try:
            written = 0
            while written < len(lines):
                written += os.write(self._file, memoryview(lines)[written:])
            os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, self._size)
            raise
        self._size += len(lines)
        self.last = last
        self._note_head()

    def _note_head(self) -> None:
        """Keep the last line's number and digest beside the files: those cut off at the end are missed.

        The lines are on the disk already, so a failure is told in the log and nothing more.
        """
        assert self._head is not None  # noqa: S101 - the writer is not closed
        try:
            os.pwrite(self._head, head_content(self.last), 0)
        except OSError as error:
            if not self._is_head_behind:
                log.warning("audit_head_not_written", reason=str(error), last=str(self.last))
            self._is_head_behind = True
        else:
            self._is_head_behind = False

    def _sync_folder(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _software() -> dict[str, Any]:
    return {"server": version("vxdata")}
