"""The audit log: takes the records of calls, and writes them in groups, in a thread of its own.

A call hands its record over and ends. A few milliseconds later the record is on the disk, together with all
those that arrived meanwhile. The waiting records are bounded, in number and in bytes: a server that must be
audited refuses calls before their records could be lost. Refusals are recorded one by one while they are few.
"""

from __future__ import annotations

import threading
from collections import deque
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog

from vxdata.schemas.errors import ServerUnavailable
from vxdata.server.audit.record import MISSED, Record
from vxdata.server.audit.refusals import Refusals
from vxdata.server.audit.writer import Writer
from vxdata.server.folder_lock import FolderInUse, lock_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vxdata.server.audit.refusals import Minute, Refusal

MAX_WAITING: Final = 4_000
"""Records that wait to be written, at most."""

MAX_BYTES: Final = 64 * 1024**2
"""Bytes that wait to be written, at most: of records, and of what is asked for where none is made yet."""

ENOUGH: Final = 0.5
"""Part of either from which on no call begins: those in progress leave records as well."""

GROUP: Final = 500
"""Records that are written at a time, at most."""

GATHER_SECONDS: Final = 0.005
"""How long the first record of a group waits for others. Waking the thread for every record would cost reads
more time than all other work of the audit."""

DEFERRED: Final = 250
"""Number of waiting records up to which the thread makes them from their calls. Beyond it, calls make their
own records, since what a call has asked for can be much larger than its record."""

DEFERRED_BYTES: Final = 16 * 1024
"""Bytes of what a call has asked for, up to which the thread makes its record."""

RETRY_SECONDS: Final = 1.0
FLUSH_SECONDS: Final = 2.0
CLOSE_SECONDS: Final = 10.0

FOLDER_MODE: Final = 0o700

log = structlog.get_logger(__name__)


class AuditLog:
    """The audit of one server.

    Args:
        folder: Folder of the files, for this server only; made if missing.
        file_bytes: Bytes after which a file is followed by a new one.
        days: Days for which files are kept; for ever if None.
        is_required: Whether calls are refused while nothing can be written.

    Raises:
        ServerUnavailable: Another server uses the folder.
        OSError: It cannot be made, read or written.
    """

    def __init__(
        self,
        folder: Path,
        file_bytes: int = 64 * 1024**2,
        days: int | None = None,
        *,
        is_required: bool = True,
    ) -> None:
        """Open the files, and continue after their last record."""
        folder.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
        try:
            self._lock_file = lock_folder(folder)
        except FolderInUse as error:
            msg = f"The audit cannot be written: {error}; each server needs a folder of its own."
            raise ServerUnavailable(msg, setting="VXDATA_AUDIT_DIR") from error
        self.folder = folder
        self._is_required = is_required
        self._waiting: deque[_Waiting] = deque()
        self._waiting_bytes = 0
        self._added = self._written = self._missed = 0
        self._refusals = Refusals()
        self._ended_minutes: list[Minute] = []  # whose counted refusals have not been recorded yet
        self._has_failed = False
        self._is_closing = False
        self._changed = threading.Condition()
        with ExitStack() as parts:
            parts.callback(self._lock_file.close)
            self._writer = Writer(folder, file_bytes, days)
            parts.callback(self._writer.close)
            self._writer.write([])  # so that a folder that cannot be written is noticed now
            parts.pop_all()
        self._thread = threading.Thread(target=self._run, name="vxdata-audit", daemon=True)
        self._thread.start()

    @property
    def is_writing(self) -> bool:
        """Whether records reach the disk."""
        return not self._has_failed and self._fullness < ENOUGH

    @property
    def _fullness(self) -> float:
        """The used share of the space for waiting records, from 0 to 1."""
        return max(len(self._waiting) / MAX_WAITING, self._waiting_bytes / MAX_BYTES)

    def require(self) -> None:
        """Refuse a call whose record could not be written.

        Raises:
            ServerUnavailable: Nothing can be written at present, and calls must be audited.
        """
        if self._is_required and not self.is_writing:
            msg = "The server cannot write its audit at present, so it answers no calls; its log tells why."
            raise ServerUnavailable(msg, down=["audit"])

    def add(self, make: Callable[[], Record], asked_bytes: int = 0) -> None:
        """Hand over a record, to be written soon. If there is no room for it, it is only counted.

        Args:
            make: Makes the record; called in the thread that writes it, or at once if many are waiting.
            asked_bytes: Bytes of what the call has asked for, which is kept until the record is made.
        """
        if len(self._waiting) >= DEFERRED or asked_bytes > DEFERRED_BYTES:
            made = make()
            waiting = _Waiting(partial(_itself, made), made.size)
        else:
            waiting = _Waiting(make, asked_bytes)
        with self._changed:
            if len(self._waiting) >= MAX_WAITING or self._waiting_bytes + waiting.size > MAX_BYTES:
                self._missed += 1
                return
            self._waiting.append(waiting)
            self._waiting_bytes += waiting.size
            self._added += 1
            if len(self._waiting) in {1, GROUP}:
                self._changed.notify_all()

    def add_refusal(self, make: Callable[[], Record], refusal: Refusal) -> None:
        """Hand over the record of a refused call. If its caller has had many refused, it is only counted.

        Args:
            make: Makes the record.
            refusal: The caller, the operation and the error.
        """
        with self._changed:
            due_at = self._refusals.due_at
            is_recorded = self._refusals.takes(refusal)
            if self._refusals.due_at != due_at:
                self._changed.notify_all()  # the thread has to wake earlier than it meant to
        if is_recorded:
            self.add(make)

    def flush(self, seconds: float = FLUSH_SECONDS) -> bool:
        """Wait until all records handed over so far are written.

        Args:
            seconds: How long to wait.

        Returns:
            Whether they are.
        """
        with self._changed:
            wanted = self._added
            return self._changed.wait_for(lambda: self._written >= wanted, seconds)

    def close(self) -> None:
        """Write the waiting records, and release the folder."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        self._thread.join(CLOSE_SECONDS)
        with self._changed:
            lost = len(self._waiting) + self._missed
            counted = self._refusals.counted + sum(minute.counted for minute in self._ended_minutes)
        if lost or counted:
            log.error("audit_records_lost", records=lost, counted_refusals=counted)
        self._lock_file.close()

    def _run(self) -> None:
        while self._wait_for_records():
            group = [self._waiting[number] for number in range(min(len(self._waiting), GROUP))]
            missed = self._missed
            told = [Record.of_log(MISSED, calls=missed)] if missed else []
            told += [minute.record() for minute in self._ended_minutes]
            try:
                self._writer.write([*(each.make() for each in group), *told])
            except Exception as error:  # noqa: BLE001 - whatever it is: no call may go on without a record
                self._fail(error)
                if self._is_closing:
                    break
            else:
                self._ended_minutes.clear()
                self._note_written(len(group), missed)
        self._writer.close()

    def _wait_for_records(self) -> bool:
        """Wait until there is something to write; return false if there is not and the log is closing."""
        with self._changed:
            if self._has_failed:
                self._changed.wait_for(lambda: self._is_closing, RETRY_SECONDS)
                return True
            while not (self._waiting or self._missed or self._is_closing or self._refusals.due_in == 0):
                self._changed.wait(self._refusals.due_in)
            self._changed.wait_for(lambda: len(self._waiting) >= GROUP or self._is_closing, GATHER_SECONDS)
            self._ended_minutes += self._refusals.end(all_of_them=self._is_closing)
            return bool(self._waiting or self._missed or self._ended_minutes)

    def _fail(self, error: Exception) -> None:
        if not self._has_failed:
            log.error("audit_not_written", reason=str(error), folder=str(self.folder))
        self._has_failed = True

    def _note_written(self, number: int, missed: int) -> None:
        if self._has_failed:
            log.warning("audit_written_again")
        with self._changed:
            for _ in range(number):
                self._waiting_bytes -= self._waiting.popleft().size
            self._written += number
            self._missed -= missed
            self._has_failed = False
            self._changed.notify_all()


@dataclass(frozen=True)
class _Waiting:
    """A record that waits to be written, and the bytes that wait with it."""

    make: Callable[[], Record]
    size: int


def _itself(record: Record) -> Record:
    return record
