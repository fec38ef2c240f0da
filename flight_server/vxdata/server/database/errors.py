"""Failures of the database, classified by SQLSTATE.

https://www.postgresql.org/docs/current/errcodes-appendix.html lists the codes.
"""

from __future__ import annotations

import re
from typing import Final

KIBIBYTES: Final = re.compile(r"\((\d+)kB\)")
"""A limit in a sentence of PostgreSQL."""


class DatabaseError(Exception):
    """PostgreSQL or its driver refused a statement.

    The text is for the log: PostgreSQL's own sentence, without the SQL and the rows that the driver and
    the diagnostics add.

    Args:
        message: What went wrong.
        sqlstate: Five-character code; empty where there was no answer at all.
        diagnostics: PostgreSQL's own fields, such as the constraint's name.
    """

    def __init__(self, message: str, sqlstate: str = "", diagnostics: dict[str, str] | None = None) -> None:
        """Keep the parts."""
        super().__init__(message)
        self.sqlstate = sqlstate
        self.diagnostics = diagnostics or {}


class ConnectionLost(DatabaseError):
    """The connection broke, or PostgreSQL is starting or stopping."""


class UniqueViolation(DatabaseError):
    """A row with this key exists."""


class StatementCancelled(DatabaseError):
    """The statement was cancelled, by its caller or by a time-out."""


class TransactionConflict(DatabaseError):
    """A deadlock or a serialisation failure: the same transaction may succeed when it is run again."""


class OutOfResources(DatabaseError):
    """Disk, memory or connections ran out."""

    @property
    def is_disk_full(self) -> bool:
        """Whether it was the disk."""
        return self.sqlstate == "53100"


class LimitReached(DatabaseError):
    """The statement took more time, temporary files or memory than it may; the SQLSTATE tells of what.

    Args:
        message: As for every `DatabaseError`.
        sqlstate: ``57014``, ``53400`` or ``53200``.
        diagnostics: As for every `DatabaseError`.
        limit: Seconds or bytes; None where PostgreSQL does not tell.
    """

    def __init__(
        self,
        message: str,
        sqlstate: str = "",
        diagnostics: dict[str, str] | None = None,
        limit: float | None = None,
    ) -> None:
        """Keep the parts; PostgreSQL writes the limit of temporary files into its sentence."""
        super().__init__(message, sqlstate, diagnostics)
        found = KIBIBYTES.search(message) if limit is None else None
        self.limit = limit if found is None else int(found[1]) * 1024


class TooManyConnections(OutOfResources):
    """PostgreSQL has no free slot for a connection; one may become free."""


class MalformedUri(DatabaseError):
    """libpq cannot read the URI, so that nothing was asked; it will be no better the next time."""


class UndefinedObject(DatabaseError):
    """A table, column, type or schema that the statement names is not there."""


class Denied(DatabaseError):
    """The role may not do this, or not any more."""


class InvalidPattern(DatabaseError):
    """A regular expression is malformed."""


class OutOfRange(DatabaseError):
    """A number that was computed does not fit its type."""


SQLSTATE_CLASSES: Final[tuple[tuple[str, type[DatabaseError]], ...]] = (
    ("23505", UniqueViolation),
    ("2201B", InvalidPattern),
    ("22003", OutOfRange),
    ("40001", TransactionConflict),
    ("40P01", TransactionConflict),
    ("57014", StatementCancelled),
    ("57P", ConnectionLost),
    ("08P01", DatabaseError),  # bytes that do not fit a column's type, sent over a sound connection
    ("08", ConnectionLost),
    ("53300", TooManyConnections),
    ("53400", LimitReached),
    ("53200", LimitReached),
    ("53", OutOfResources),
    ("42P01", UndefinedObject),
    ("42703", UndefinedObject),
    ("42704", UndefinedObject),
    ("3F000", UndefinedObject),
    ("42501", Denied),
)
"""SQLSTATE prefix -> class; the first match counts."""


TEXTS: Final = (
    ("invalid regular expression", "2201B"),
    ("out of range", "22003"),
    ("temp_file_limit", "53400"),
    ("out of memory", "53200"),
    ("No space left on device", "53100"),
)
"""Part of the sentence of a failure that a running query can meet -> its SQLSTATE."""


def classify(sqlstate: str | None, details: dict[str | bytes, str | bytes], message: str) -> DatabaseError:
    """Find the class of a driver's error.

    Args:
        sqlstate: PostgreSQL's code, if it answered at all.
        details: The driver's key-value pairs.
        message: The driver's text, used where PostgreSQL sent none; it must hold no SQL.

    Returns:
        The error to raise.

    Example:
        >>> type(classify("23505", {}, "duplicate key")).__name__
        'UniqueViolation'
    """
    diagnostics = {_text(key): _text(value) for key, value in details.items()}
    code = (sqlstate or diagnostics.get("PG_DIAG_SQLSTATE", "")).strip("\x00")
    sentence = diagnostics.get("PG_DIAG_MESSAGE_PRIMARY", message)
    text = f"{sentence} (SQLSTATE {code})" if code else sentence
    for prefix, error_class in SQLSTATE_CLASSES:
        if code.startswith(prefix):
            return error_class(text, code, diagnostics)
    return DatabaseError(text, code, diagnostics)


def classify_text(message: str) -> DatabaseError:
    """Find the class of an error that came amid a stream: the driver hands out its text alone.

    Args:
        message: PostgreSQL's sentence, as the driver wraps it.

    Returns:
        The error to raise; of no particular class where the text is unknown, or in another language.

    Example:
        >>> type(classify_text("ERROR:  bigint out of range")).__name__
        'OutOfRange'
    """
    return classify(next((code for text, code in TEXTS if text in message), None), {}, message)


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def first_line(error: Exception) -> str:
    """The driver's own words; the SQL, which it repeats below them, is left out."""
    return next(iter(str(error).splitlines()), type(error).__name__)
