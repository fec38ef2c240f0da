"""A stream of batches that owns what it is read with, such as a connection, until it has ended."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Generator
    from contextlib import AbstractContextManager, ExitStack

    import pyarrow as pa


class OwnedStream:
    """An iterator over batches. Its resources are released after the last, after a failure, or by `close`.

    Args:
        resources: What it owns.
        batches: The batches; the generator leaves the resources when it ends.
    """

    def __init__(self, resources: ExitStack, batches: Generator[pa.RecordBatch]) -> None:
        """Begin before the first batch."""
        self._resources = resources
        self._batches = batches

    def __iter__(self) -> Self:
        """Return itself: the batches can be read once."""
        return self

    def __next__(self) -> pa.RecordBatch:
        """Return the next batch."""
        return next(self._batches)

    def hold(self, resource: AbstractContextManager[None]) -> None:
        """Enter another context, which is left before the resources are released."""
        self._resources.enter_context(resource)

    def close(self) -> None:
        """End the query and release the resources, unless that has been done."""
        self._batches.close()
        # If no batch was ever taken, the generator has not begun, and closing it does nothing. The exception
        # tells the transaction that it has not come to its end.
        with suppress(_Closed), self._resources:
            raise _Closed


class _Closed(Exception):
    """The stream was closed before it began."""
