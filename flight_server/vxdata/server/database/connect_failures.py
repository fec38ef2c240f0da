"""Failures to connect: what libpq says of them, without the parts of the URI that could be a password.

libpq repeats parts of a URI that it cannot read. Where a character of a password has not been escaped, the
part that it takes for a port, a host or a name can be the password, or a piece of it. So nothing that it
quotes is shown unless it cannot be one.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import unquote

from vxdata.server.database.errors import DatabaseError, MalformedUri, TooManyConnections

NO_SLOT_TEXTS: Final = (
    "too many clients already",
    "connection slots are reserved",
    "too many connections for",
)
"""PostgreSQL's sentences when it has no free slot: libpq hands out no SQLSTATE of a failed connection."""

UNREAD: Final = re.compile(
    r"(?:.*Failed to connect: )?"
    r"(?:invalid |missing |extra |unexpected |unterminated |forbidden |end of string |IPv6 |weak )"
    r"|(?:.*Failed to connect: )?could not match "
    r"|.*Must set database option 'uri'"
)
"""What begins a sentence of libpq about a URI that it cannot read; those of a server name that first."""

REACHED: Final = "connection to server"
"""Part of a sentence about a server whose address was found: host and port were read as they were meant."""

FAILED: Final = " failed: "
"""Stands between such a server and what it, or the system, has said."""

HIDDEN: Final = '"…"'

QUOTED: Final = re.compile('"([^"]*)"')
"""A part of a sentence that is in quotes."""

QUOTED_AND_REST: Final = re.compile('".*', re.DOTALL)
"""All from the first quote on: what is quoted can hold quotes and line breaks itself."""

ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
"""A character after a backslash, as connection strings of keywords and values have it."""

NAME: Final = re.compile(r"[\w.-]+|/[\w./-]+")
"""A name or a path; neither can be the rest of an address that was split amid its password."""


def connect_failure(error: Exception, uri: str) -> DatabaseError:
    """The reason that libpq gives, for the log and the operator.

    Args:
        error: The driver's error.
        uri: The URI.

    Returns:
        The failure. Its text quotes no part of the URI; where a server was reached, names and addresses
        alone.

    Example:
        >>> uri = "postgresql://me:sec ret@host/db"
        >>> str(connect_failure(ValueError('invalid port number: "sec ret@host"'), uri))
        'invalid port number: "…"'
    """
    kind: type[DatabaseError] = DatabaseError
    if any(words in str(error) for words in NO_SLOT_TEXTS):
        kind = TooManyConnections
    elif UNREAD.match(str(error)):
        kind = MalformedUri
    return kind(without_secrets(error, uri))


def not_text() -> MalformedUri:
    """The failure of a URI with bytes that are not UTF-8; Python would repeat all of it."""
    return MalformedUri("The URI of the database is not text in UTF-8.")


def without_secrets(error: Exception, uri: str) -> str:
    """Write the first line of what the driver says, without what could be a password.

    Args:
        error: The driver's error.
        uri: The URI that it is about.

    Returns:
        The sentence.
    """
    forms = (uri, unquote(uri), ESCAPED.sub(r"\1", uri))
    head, failed, told = str(error).partition(FAILED) if REACHED in str(error) else ("", "", str(error))
    if any('"' in form or not form.isprintable() for form in forms):
        told = QUOTED_AND_REST.sub(HIDDEN, told)

    def shown(found: re.Match[str]) -> str:
        part = found[1]
        is_known = any(part in form for form in forms)
        return found[0] if not is_known or (failed and _is_name(part)) else HIDDEN

    line = next(iter(f"{head}{failed}{told}".splitlines()), type(error).__name__)
    return QUOTED.sub(shown, line).replace(uri, "…")


def _is_name(text: str) -> bool:
    if NAME.fullmatch(text):
        return True
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
