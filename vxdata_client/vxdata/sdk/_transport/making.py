"""What is made while it is sent, and how it is told when that fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

Item = TypeVar("Item")


class _NotMade(Exception):
    """Ends the call that is being made; nobody sees it."""


class Making(Iterator[Item], Generic[Item]):
    """Hands items on, and remembers the error that ended their making.

    A call that is left by an error is closed, and then raises what the server says of that: the upload
    broke off. But whoever made the items wants to know why.

    Args:
        items: Makes the items.
    """

    def __init__(self, items: Iterator[Item]) -> None:
        """Begin."""
        self._items = items
        self._error: BaseException | None = None

    def __next__(self) -> Item:
        """Make the next item."""
        try:
            return next(self._items)
        except StopIteration:
            raise
        except BaseException as error:
            self._error = error
            raise _NotMade from error

    @contextmanager
    def own_errors(self) -> Iterator[None]:
        """Raise the error of the making in the place of all that follows from it."""
        try:
            yield
        except Exception:
            if self._error is None:
                raise
        if self._error is not None:
            raise self._error
