"""The audit on the wire: which records are wanted, and the columns that they come in."""

from __future__ import annotations

from typing import Annotated, Final

import pyarrow as pa
from pydantic import AwareDatetime, Field

from vxdata.schemas.wire.messages import Message

AUDIT_NEXT_KEY: Final = b"vxdata.next"
"""Key of the schema metadata of a page of the audit: where it ends. It is missing on the last page."""

_INSTANT: Final = pa.timestamp("us", "UTC")

_QUESTION: Final = pa.struct(
    [
        ("kind", pa.string()),
        ("catalog", pa.string()),
        ("digest", pa.string()),
        ("text", pa.string()),
        ("is_cut", pa.bool_()),
        ("as_of", _INSTANT),
        ("version", pa.int64()),
    ]
)

AUDIT_SCHEMA: Final = pa.schema(
    [
        ("number", pa.int64()),
        ("instant", _INSTANT),
        ("kind", pa.string()),
        ("request_id", pa.string()),
        ("principal", pa.string()),
        ("role", pa.string()),
        ("how", pa.string()),
        ("peer", pa.string()),
        ("listener", pa.string()),
        ("door", pa.string()),
        ("questions", pa.list_(_QUESTION)),
        ("rows", pa.int64()),
        ("bytes", pa.int64()),
        ("code", pa.string()),
        ("seconds", pa.float64()),
        ("note", pa.string()),
    ]
)
"""Columns of the records of an audit."""


class AuditRequest(Message):
    """Which records of the audit are wanted.

    Args:
        since: Instant from which on.
        until: Instant before which.
        principal: Name of the principal.
        after: Where the page before ended; None for the first one.
    """

    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    principal: str | None = None
    after: Annotated[str | None, Field(max_length=200)] = None
