"""Failures of the database, classified by SQLSTATE.

https://www.postgresql.org/docs/current/errcodes-appendix.html lists the codes.
"""

from __future__ import annotations

from typing import Final


class DatabaseError(Exception):
    """PostgreSQL or its driver refused a statement.

    The text is for the log alone: it can hold SQL, values and paths.

    Args:
        message: The driver's text.
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


class OutOfResources(DatabaseError):
    """Disk, memory or connections ran out."""


class UndefinedObject(DatabaseError):
    """A table, column, type or schema that the statement names is not there."""


SQLSTATE_CLASSES: Final[tuple[tuple[str, type[DatabaseError]], ...]] = (
    ("23505", UniqueViolation),
    ("57014", StatementCancelled),
    ("57P", ConnectionLost),
    ("08", ConnectionLost),
    ("53", OutOfResources),
    ("42P01", UndefinedObject),
    ("42703", UndefinedObject),
    ("42704", UndefinedObject),
    ("3F000", UndefinedObject),
)
"""SQLSTATE prefix -> class; the first match counts."""


def classify(sqlstate: str | None, details: dict[str | bytes, str | bytes], message: str) -> DatabaseError:
    """Find the class of a driver's error.

    Args:
        sqlstate: PostgreSQL's code, if it answered at all.
        details: The driver's key-value pairs.
        message: The driver's text.

    Returns:
        The error to raise. One without a code comes from the driver itself: without the server's
        answer, the connection is taken as lost unless PostgreSQL sent diagnostics.

    Example:
        >>> type(classify("23505", {}, "duplicate key")).__name__
        'UniqueViolation'
    """
    diagnostics = {_text(key): _text(value) for key, value in details.items()}
    code = sqlstate or diagnostics.get("PG_DIAG_SQLSTATE", "")
    code = code.strip("\x00")
    for prefix, error_class in SQLSTATE_CLASSES:
        if code.startswith(prefix):
            return error_class(message, code, diagnostics)
    if not code and not diagnostics and _says_lost(message):
        return ConnectionLost(message)
    return DatabaseError(message, code, diagnostics)


def _says_lost(message: str) -> bool:
    """Whether libpq, which has no code for it, reports a broken connection."""
    return any(
        phrase in message for phrase in ("server closed the connection", "no connection to the server")
    )


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
