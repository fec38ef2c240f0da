"""The outcome of a write whose response did not come: told to whoever has to decide what to do."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from vxdata.schemas.errors import (
    InternalError,
    RequestCancelled,
    RequestTimedOut,
    ServerUnavailable,
    VxDataError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Item = TypeVar("Item")

SILENT: Final = (ServerUnavailable, RequestTimedOut, RequestCancelled, InternalError)
"""Errors that may stand for a response that did not come; all others are responses: nothing was written."""


@dataclass
class Outcome:
    """What is known of a write.

    Args:
        is_open: Whether the server may have committed it: all of it was handed over, at least once.
        rows: Rows that were handed over in the present try.
        has_source_failed: Whether the caller's own rows ended by an error, so that a further try would lack
            what follows.
    """

    is_open: bool = False
    rows: int = 0
    has_source_failed: bool = False

    def noting(self, sections: Iterable[tuple[Item, int]], moved: Callable[[int], None]) -> Iterator[Item]:
        """Hand sections over, count their rows, and note it when all were taken.

        Args:
            sections: What is sent, each with the number of its rows.
            moved: Told of the rows of each section.

        Yields:
            The sections.
        """
        self.rows = 0
        remaining = iter(sections)
        while (found := self._next(remaining)) is not None:
            section, rows = found
            self.rows += rows
            yield section
            moved(rows)
        self.is_open = True

    def _next(self, sections: Iterator[tuple[Item, int]]) -> tuple[Item, int] | None:
        try:
            return next(sections, None)
        except BaseException:
            self.has_source_failed = True
            raise


@contextmanager
def telling_outcome(idempotency_key: str) -> Iterator[Outcome]:
    """Add to what ends a block whether the write in it may have happened, and how to find out.

    Args:
        idempotency_key: The key of the write.

    Yields:
        What is known, to be kept up to date.
    """
    outcome = Outcome()
    try:
        yield outcome
    except VxDataError as problem:
        if outcome.is_open and isinstance(problem, SILENT):
            problem.details = {**problem.details, "outcome": "open", "idempotency_key": idempotency_key}
            problem.add_note(_sentence(idempotency_key))
        raise
    except BaseException as interrupt:  # Ctrl-C, or what the user's own code raises
        if outcome.is_open:
            interrupt.add_note(_sentence(idempotency_key))
        elif not isinstance(interrupt, Exception):
            interrupt.add_note("Nothing was written.")
        raise


def _sentence(idempotency_key: str) -> str:
    return (
        "The write may have been committed. The same call with "
        f"idempotency_key={idempotency_key!r} tells, and writes nothing twice."
    )
