"""How far a transfer is: bytes, rate and time left."""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import TYPE_CHECKING

from vxdata.sdk._progress_bar import progress_bar, set_total

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import NoReturn, Self

    from tqdm.auto import tqdm


class Progress:
    """A bar that many threads move, shown once anything has moved.

    Sizes become known one by one, as objects are reached; until then the total is estimated from those
    that are.

    Args:
        title: What is done.
        files: How many files there are.
        shown: Whether to show the bar at all.
        delay: Seconds after which it is shown, for what mostly ends before.
    """

    def __init__(self, title: str, files: int, *, shown: bool, delay: float = 0) -> None:
        """Prepare the bar."""
        self._make_bar = partial(
            progress_bar, title, shown=True, delay=delay, unit="B", unit_scale=True, unit_divisor=1024
        )
        self._bar: tqdm[NoReturn] | None = None
        self._shown = shown
        self._begin = time.monotonic()
        self._lock = threading.Lock()
        self._files = files
        self._known_files = 0
        self._known_bytes = 0

    def sized(self, size: int) -> None:
        """Take notice of the size of one file more."""
        with self._lock:
            self._known_files += 1
            self._known_bytes += size
            self._estimate()

    def spared(self, size: int | None) -> None:
        """Take notice that one file need not be moved, and of its size if `sized` has heard of it."""
        with self._lock:
            self._files -= 1
            if size is not None:
                self._known_files -= 1
                self._known_bytes -= size
            self._estimate()

    def moved(self, size: int) -> None:
        """Take notice of bytes that moved; negative for those of an attempt that failed."""
        with self._lock:
            if self._bar is None and self._shown and size:
                self._bar = self._make_bar(total=self._total)
                self._bar.start_t -= time.monotonic() - self._begin
            if self._bar is not None:
                self._bar.update(size)

    @property
    def _total(self) -> int | None:
        average = self._known_bytes / self._known_files if self._known_files else 0
        return round(average * self._files) or None

    def _estimate(self) -> None:
        if self._bar is not None:
            set_total(self._bar, self._total)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the bar as it stands."""
        if self._bar is not None:
            self._bar.close()


class FileProgress:
    """The progress of one file.

    Args:
        progress: The bar, or the tally of the file that this one is a part of.
        check: Raises when the transfer is to be broken off.
    """

    def __init__(self, progress: Progress | FileProgress, check: Callable[[], None]) -> None:
        """Begin at nothing."""
        self._lock = threading.Lock()
        self._progress = progress
        self._check = check
        self._size: int | None = None
        self._moved = 0

    def sized(self, size: int) -> None:
        """Take notice of the size of the file, once."""
        if self._size is None:
            self._size = size
            self._progress.sized(size)

    def spared(self, size: int | None = None) -> None:
        """Take notice that the file need not be moved after all; what moved of it does not count.

        Args:
            size: What `sized` has heard, where a part of a file tells it.
        """
        self.rewind()
        self._progress.spared(self._size if size is None else size)

    def moved(self, size: int) -> None:
        """Take notice of bytes that moved, and break the transfer off if it is to end."""
        self._check()
        self._count(size)

    def part(self) -> FileProgress:
        """A tally for one part of the file, which may be tried again by itself."""
        return FileProgress(self, self._check)

    def rewind(self) -> None:
        """Forget what moved, as the file is tried again."""
        self._count(-self._moved)

    def _count(self, size: int) -> None:
        with self._lock:
            self._moved += size
        self._progress.moved(size)
