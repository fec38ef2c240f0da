"""The outcome of a write whose response did not come: told to whoever has to decide what to do."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from vxdata.schemas.errors import RequestTimedOut, ServerUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Item = TypeVar("Item")


@dataclass
class Outcome:
    """What is known of a write.

    Args:
        is_open: Whether the server may have committed it: all of it was handed over, at least once.
        rows: Rows that were handed over in the present try.
    """

    is_open: bool = False
    rows: int = 0

    def noting(self, sections: Iterable[tuple[Item, int]], moved: Callable[[int], None]) -> Iterator[Item]:
        """Hand sections over, count their rows, and note it when all were taken.

        Args:
            sections: What is sent, each with the number of its rows.
            moved: Told of the rows of each section.

        Yields:
            The sections.
        """
        self.rows = 0
        for section, rows in sections:
            self.rows += rows
            yield section
            moved(rows)
        self.is_open = True


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
    except (ServerUnavailable, RequestTimedOut) as problem:
        if outcome.is_open:
            problem.details = {**problem.details, "outcome": "open", "idempotency_key": idempotency_key}
            problem.add_note(_sentence(idempotency_key))
        raise
    except (KeyboardInterrupt, SystemExit, GeneratorExit) as interrupt:
        interrupt.add_note(_sentence(idempotency_key) if outcome.is_open else "Nothing was written.")
        raise


def _sentence(idempotency_key: str) -> str:
    return (
        "The write may have been committed. The same call with "
        f"idempotency_key={idempotency_key!r} tells, and writes nothing twice."
    )
