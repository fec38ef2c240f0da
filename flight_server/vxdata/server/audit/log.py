"""The log: takes the records of calls, and has one thread write them in groups.

A call hands its record over and ends. The record is on the disk a few milliseconds later, together with all
that came meanwhile. What waits is bounded, in number and in bytes: a server that has to be audited refuses
calls before records of them could be lost. Refusals are recorded one by one as long as they are few.
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
"""How long the first record of a group waits for others: to wake the thread for each of them would take more
of the time of reads than all the rest."""

UNMADE: Final = 250
"""Waiting records up to which the thread makes them; further ones are made by their calls, as what a call has
asked for can be much larger than its record."""

UNMADE_BYTES: Final = 16 * 1024
"""Bytes that a call has asked for up to which the thread makes its record."""

RETRY_SECONDS: Final = 1.0
FLUSH_SECONDS: Final = 2.0
CLOSE_SECONDS: Final = 10.0

FOLDER_MODE: Final = 0o700

log = structlog.get_logger(__name__)


class AuditLog:
    """The audit of one server.

    Args:
        folder: Folder of the files, for this server alone; made if missing.
        file_bytes: Bytes of a file from which on the next one is begun.
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
        """Begin to write, after the end of what is there."""
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
        self._over: list[Minute] = []  # of which the refusals that were counted have yet to be told
        self._has_failed = False
        self._is_closing = False
        self._changed = threading.Condition()
        with ExitStack() as parts:
            parts.callback(self._lock_file.close)
            self._writer = Writer(folder, file_bytes, days)
            parts.callback(self._writer.close)
            self._writer.write([])  # a folder that cannot be written is told now
            parts.pop_all()
        self._thread = threading.Thread(target=self._run, name="vxdata-audit", daemon=True)
        self._thread.start()

    @property
    def is_writing(self) -> bool:
        """Whether what is recorded reaches the disk."""
        return not self._has_failed and self._fullness < ENOUGH

    @property
    def _fullness(self) -> float:
        """What part of what may wait waits."""
        return max(len(self._waiting) / MAX_WAITING, self._waiting_bytes / MAX_BYTES)

    def require(self) -> None:
        """Refuse a call of which no record could be written.

        Raises:
            ServerUnavailable: Nothing can be written at present, and calls have to be audited.
        """
        if self._is_required and not self.is_writing:
            msg = "The server cannot write its audit at present, so it answers no calls; its log tells why."
            raise ServerUnavailable(msg, down=["audit"])

    def add(self, make: Callable[[], Record], asked_bytes: int = 0) -> None:
        """Hand a record over; it is written soon.

        Args:
            make: Makes the record, in the thread that writes it. Where there is no room, it is counted.
            asked_bytes: Bytes that the call has asked for, which are kept until the record is made.
        """
        if len(self._waiting) >= UNMADE or asked_bytes > UNMADE_BYTES:
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
        """Hand over the record of a call that was refused; where its caller has many, it is counted.

        Args:
            make: Makes the record.
            refusal: What was refused to whom.
        """
        with self._changed:
            due_at = self._refusals.due_at
            is_recorded = self._refusals.takes(refusal)
            if self._refusals.due_at != due_at:
                self._changed.notify_all()  # the thread has something to tell before it meant to wake
        if is_recorded:
            self.add(make)

    def flush(self, seconds: float = FLUSH_SECONDS) -> bool:
        """Wait until the records that have been handed over are written.

        Args:
            seconds: How long to wait.

        Returns:
            Whether they are.
        """
        with self._changed:
            wanted = self._added
            return self._changed.wait_for(lambda: self._written >= wanted, seconds)

    def close(self) -> None:
        """Write what waits, and give the folder up."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        self._thread.join(CLOSE_SECONDS)
        with self._changed:
            lost = len(self._waiting) + self._missed
            counted = self._refusals.counted + sum(minute.counted for minute in self._over)
        if lost or counted:
            log.error("audit_records_lost", records=lost, counted_refusals=counted)
        self._lock_file.close()

    def _run(self) -> None:
        while self._wait_for_records():
            group = [self._waiting[number] for number in range(min(len(self._waiting), GROUP))]
            missed = self._missed
            told = [Record.of_log(MISSED, calls=missed)] if missed else []
            told += [minute.record() for minute in self._over]
            try:
                self._writer.write([*(each.make() for each in group), *told])
            except Exception as error:  # noqa: BLE001 - whatever it is: no call may go on without a record
                self._fail(error)
                if self._is_closing:
                    break
            else:
                self._over.clear()
                self._note_written(len(group), missed)
        self._writer.close()

    def _wait_for_records(self) -> bool:
        """Wait until there is something to write; false once there is not, and never will be."""
        with self._changed:
            if self._has_failed:
                self._changed.wait_for(lambda: self._is_closing, RETRY_SECONDS)
                return True
            while not (self._waiting or self._missed or self._is_closing or self._refusals.due_in == 0):
                self._changed.wait(self._refusals.due_in)
            self._changed.wait_for(lambda: len(self._waiting) >= GROUP or self._is_closing, GATHER_SECONDS)
            self._over += self._refusals.end(all_of_them=self._is_closing)
            return bool(self._waiting or self._missed or self._over)

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
