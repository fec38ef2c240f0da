"""Signals that stop a serving command.

A handler runs in the middle of whatever the main thread does, which may hold the lock that the handler
would need: that of an event, or of the log. Here no handler does anything. Python writes the number of
each signal to a socket by itself, also while the main thread is inside of C code, and a thread reads it.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    from collections.abc import Iterator

STOPPING: Final = (signal.SIGINT, signal.SIGTERM)

KILLED_STATUS: Final = 128
"""A shell reports a process that a signal ended by this number plus that of the signal."""

log = structlog.get_logger(__name__)


@contextmanager
def until_signal() -> Iterator[threading.Event]:
    """Catch SIGINT and SIGTERM for the length of a block, which must be in the main thread.

    Yields:
        An event that the first signal sets; a second signal ends the process at once.
    """
    stop = threading.Event()
    receiving, sending = socket.socketpair()
    sending.settimeout(0.0)  # Python demands that it does not block
    reader = threading.Thread(target=_read, args=(receiving, stop), name="vxdata-signals", daemon=True)
    reader.start()
    earlier = signal.set_wakeup_fd(sending.fileno(), warn_on_full_buffer=False)
    # Without a handler, the signal would not be written.
    previous = {number: signal.signal(number, _do_nothing) for number in STOPPING}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(earlier)
        sending.close()
        reader.join()
        receiving.close()


def stop_at_eof(stop: threading.Event) -> None:
    """Set an event when standard input ends: whoever started this process may have gone.

    Args:
        stop: The event.
    """

    def wait() -> None:
        # A closed standard input has ended too.
        with suppress(OSError):
            while os.read(0, 4096):
                pass
        stop.set()

    threading.Thread(target=wait, name="vxdata-stdin", daemon=True).start()


def _do_nothing(_number: int, _frame: object) -> None:
    """Let the thread act."""


def _read(receiving: socket.socket, stop: threading.Event) -> None:
    """Set the event at the first signal, and leave at the second; the end of the block ends the thread.

    What else has set the event counts as none: `local` ends the input of its server, and then signals, too.
    """
    is_second = False
    while received := receiving.recv(1):
        number = received[0]
        if number not in STOPPING:
            continue
        if is_second:
            os._exit(KILLED_STATUS + number)
        is_second = True
        stop.set()
        log.info("stopping", signal=signal.Signals(number).name)
