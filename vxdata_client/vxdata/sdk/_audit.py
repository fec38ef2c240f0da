"""The audit of a server, as its administrators read it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa

from vxdata.schemas.wire import AUDIT_NEXT_KEY, Action, AuditRequest
from vxdata.sdk._conversion.frames import frame_of
from vxdata.sdk._transport.retry import retry_read

if TYPE_CHECKING:
    from datetime import datetime

    import polars as pl

    from vxdata.sdk._transport.base import Transport


def read_audit(
    transport: Transport, since: datetime | None, until: datetime | None, principal: str | None
) -> pl.DataFrame:
    """Read records of the audit, page by page.

    Args:
        transport: The way to the server.
        since: Instant from which on; from the first record if None.
        until: Instant before which; to the last record if None.
        principal: Name of the principal; all if None.

    Returns:
        A frame with a row for each record.

    Raises:
        AccessDenied: The caller is no administrator.
        NotAllowed: The server keeps no audit.
        ServiceProblem: The server cannot be reached or cannot answer.
    """
    pages: list[pa.Table] = []
    after: str | None = None
    while not pages or after is not None:
        asked = AuditRequest(since=since, until=until, principal=principal, after=after)
        content = retry_read(partial(transport.act, Action.AUDIT, asked.to_bytes()), transport)
        page = pa.ipc.open_stream(content).read_all()
        following = (page.schema.metadata or {}).get(AUDIT_NEXT_KEY)
        after = None if following is None else following.decode()
        pages.append(page.replace_schema_metadata(None))
    return frame_of(pa.concat_tables(pages))
