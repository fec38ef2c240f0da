"""Few rows as JSON: answers that are small enough to be read whole before they are sent."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
from pydantic_core import to_json

from vxdata.server.formats.ndjson import json_lines
from vxdata.server.listeners.http.responses import Reply, once
from vxdata.server.listeners.http.v1.replies import Asked, freshness_of

if TYPE_CHECKING:
    from vxdata.schemas.plan import Plan
    from vxdata.server.call import Call
    from vxdata.server.listeners.http.v1.context import Context
    from vxdata.server.listeners.http.v1.replies import Freshness


@dataclass(frozen=True)
class Rows:
    """The rows of a plan.

    Args:
        table: The rows.
        fresh: The state that they show, and how long they stay good.
    """

    table: pa.Table
    fresh: Freshness

    def as_json(self) -> bytes:
        """Write the rows as an array of objects."""
        return b"[%b]" % b",".join(bytes(json_lines(self.table)).splitlines())


def read_rows(context: Context, plan: Plan, call: Call) -> Rows:
    """Run a plan that finds few rows.

    Args:
        context: Where to run it.
        plan: The plan.
        call: The call, with its deadline.

    Returns:
        All of its rows.

    Raises:
        InvalidRequest: The plan names what does not exist, or lies in the future.
        ServiceProblem: The database cannot be asked.
    """
    result = context.services.read.run(plan, call)
    fresh = freshness_of(Asked(plan, "json"), result)
    with closing(result):
        return Rows(pa.Table.from_batches(result.batches, result.arrow_schema), fresh)


def object_reply(parts: dict[str, object], fresh: Freshness) -> Reply:
    """Answer with an object whose values are JSON already, or become it.

    Args:
        parts: Name -> bytes of JSON, or a value.
        fresh: What the answer shows; the object begins with its snapshot.

    Returns:
        The reply.
    """
    named = {"snapshot": fresh.snapshot, **parts}
    written = (
        b"%b:%b" % (to_json(name), value if isinstance(value, bytes) else to_json(value))
        for name, value in named.items()
    )
    return Reply(once(b"{%b}" % b",".join(written)), headers=fresh.headers)
