"""How far an upload of rows is: rows, rate, and time left where their number is known."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from vxdata.sdk._progress_bar import progress_bar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import NoReturn

    from tqdm.auto import tqdm

SHOWN_AFTER: Final = 2.0
"""Seconds after which the bar is shown; most uploads have ended by then."""


class RowProgress:
    """A bar that is shown if it takes long, and costs nothing before that.

    Args:
        verb: What is done with the rows.
        rows: How many there are in all; None if that is not known.
    """

    def __init__(self, verb: str, rows: int | None) -> None:
        """Begin to count."""
        self._verb = verb
        self._rows = rows
        self._begin = time.monotonic()
        self._moved = 0
        self._bar: tqdm[NoReturn] | None = None

    def moved(self, rows: int) -> None:
        """Take notice of rows that were sent."""
        self._moved += rows
        if self._bar is not None:
            self._bar.update(rows)
        elif time.monotonic() - self._begin > SHOWN_AFTER:
            self._show()

    def close(self) -> None:
        """Leave the bar as it stands."""
        if self._bar is not None:
            self._bar.close()

    def _show(self) -> None:
        self._bar = progress_bar(self._verb, shown=True, total=self._rows, unit=" rows", unit_scale=True)
        self._bar.start_t -= time.monotonic() - self._begin
        self._bar.update(self._moved)


def _ignored(_: int) -> None:
    """Take no notice."""


@contextmanager
def showing_rows(verb: str, rows: int | None, *, shown: bool) -> Iterator[Callable[[int], None]]:
    """Show the progress of an upload for the length of a block.

    Args:
        verb: What is done with the rows.
        rows: How many there are in all; None if that is not known.
        shown: Whether to show anything.

    Yields:
        What is to be told of each number of rows that was sent.
    """
    if not shown:
        yield _ignored
        return
    progress = RowProgress(verb, rows)
    try:
        yield progress.moved
    finally:
        progress.close()
