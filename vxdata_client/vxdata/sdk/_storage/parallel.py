"""Parts of large objects: moved side by side, and each again if it breaks off."""

from __future__ import annotations

from concurrent.futures import wait
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeVar

from vxdata.schemas.errors import TransferFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Executor

    from vxdata.sdk._storage.access import Span
    from vxdata.sdk._storage.progress import FileProgress

Outcome = TypeVar("Outcome")

TRIES: Final = 3
"""Tries of one part, one right after the other; the transfer pool retries whole objects, with waits."""


@contextmanager
def side_by_side(
    threads: Executor,
    work: Callable[[Span, FileProgress], Outcome],
    spans: Iterable[Span],
    file_progress: FileProgress,
) -> Iterator[Iterator[Outcome]]:
    """Transfer parts for the length of a block; when it ends, no thread works on them.

    Args:
        threads: Who moves them.
        work: Moves one.
        spans: The parts.
        file_progress: Hears of what moves.

    Yields:
        The outcomes in the order of the parts, each as soon as it and those before it are there.
    """
    moving = [threads.submit(_tried, work, span, file_progress) for span in spans]
    try:
        yield (part.result() for part in moving)
    finally:
        for part in moving:
            part.cancel()
        wait(moving)


def _tried(work: Callable[[Span, FileProgress], Outcome], span: Span, file_progress: FileProgress) -> Outcome:
    for _ in range(TRIES - 1):
        attempt = file_progress.part()
        try:
            return work(span, attempt)
        except TransferFailed:
            attempt.rewind()
    return work(span, file_progress)
