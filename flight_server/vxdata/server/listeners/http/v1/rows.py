"""Few rows as JSON: answers that are small enough to be read whole before they are sent."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

import pyarrow as pa
from pydantic_core import to_json

from vxdata.server.formats.ndjson import json_lines
from vxdata.server.listeners.http.responses import Reply, once
from vxdata.server.listeners.http.v1.replies import Asked, Freshness, reply_unless_known

if TYPE_CHECKING:
    from vxdata.server.call import Call
    from vxdata.server.services.read import ReadService, Result

MakeParts = Callable[[pa.Table], dict[str, object]]
"""Makes the parts of an object of rows: name -> bytes of JSON, or a value that becomes it."""


def object_reply(read: ReadService, asked: Asked, call: Call, make: MakeParts) -> Reply:
    """Answer with an object that begins with its snapshot, unless the caller has it already.

    Args:
        read: Runs plans.
        asked: What was asked for; its plan finds few rows.
        call: The call, with its deadline.
        make: Makes the other parts of the object.

    Returns:
        The reply.

    Raises:
        InvalidRequest: The plan names what does not exist, or lies in the future.
        ServiceProblem: The database cannot be asked.
    """
    result = read.run(asked.plan, call)

    def answer(fresh: Freshness) -> Reply:
        parts = {"snapshot": fresh.snapshot, **make(read_table(result))}
        written = (
            b"%b:%b" % (to_json(name), value if isinstance(value, bytes) else to_json(value))
            for name, value in parts.items()
        )
        return Reply(once(b"{%b}" % b",".join(written)), headers=fresh.headers)

    return reply_unless_known(asked, result, answer)


def read_table(result: Result) -> pa.Table:
    """Read a result whole.

    Args:
        result: The running query.

    Returns:
        All of its rows.
    """
    with closing(result):
        return pa.Table.from_batches(result.batches, result.arrow_schema)


def json_rows(table: pa.Table) -> list[bytes]:
    """Write rows as JSON.

    Args:
        table: The rows.

    Returns:
        An object for each.
    """
    return bytes(json_lines(table)).splitlines()
