"""Errors of the copies. None of them tells SQL or values, since DuckDB's own messages do."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import duckdb
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_KIND: Final = 40
"""Longest name of a kind of failure; what is longer is a text."""


class CopiesUnavailable(Exception):
    """No copy can be asked now; PostgreSQL can.

    Args:
        reason: Why, in words for an operator.
    """

    def __init__(self, reason: str) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.reason = reason


class CopyError(Exception):
    """DuckDB refused a statement, or failed.

    Args:
        kind: What DuckDB calls such a failure.
    """

    def __init__(self, kind: str) -> None:
        """Keep what may be told."""
        super().__init__(f"The columnar copy failed: {kind}.")
        self.kind = kind


class CopyCancelled(CopyError):
    """The statement was cancelled."""


class OutOfCopyMemory(CopyError):
    """The statement needs more memory than the copies may take."""


class FileDamaged(CopyError):
    """DuckDB cannot read or write its file, or has given it up after an error of its own."""


_BY_KIND: Final[dict[str, type[CopyError]]] = {
    "interrupt": CopyCancelled,
    "outofmemory": OutOfCopyMemory,
    "io": FileDamaged,
    "fatal": FileDamaged,
    "internal": FileDamaged,
    "serialization": FileDamaged,
}
"""What DuckDB calls a failure, without case and spaces -> the error that stands for it."""

RAISED: Final = (duckdb.Error, pa.ArrowException, OSError, RuntimeError)
"""What DuckDB raises; Arrow raises it instead while a stream is read."""


@contextmanager
def translated() -> Iterator[None]:
    """Raise what DuckDB raises as an error of this module.

    Raises:
        CopyError: DuckDB failed.
    """
    try:
        yield
    except RAISED as error:
        raise translate(error) from None


def translate(error: BaseException) -> CopyError:
    """Return the error of this module that stands for one of DuckDB."""
    kind = type(error).__name__.removesuffix("Exception")
    if not isinstance(error, duckdb.Error):  # an error of a stream names its kind in its text alone
        kind = str(error).partition(" Error:")[0].replace(" ", "")
    if not kind.isalnum() or len(kind) > MAX_KIND:
        kind = "error"
    return _BY_KIND.get(kind.lower(), CopyError)(kind)
