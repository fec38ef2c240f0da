"""Statements of the commit clock and the commit log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from vxdata.sql.literals import timestamp
from vxdata.sql.names import render

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from vxdata.sql.instant import Instant

TICK: Final = (
    "UPDATE vxdata.commit_clock SET version = version + 1, "
    "stamp = greatest(clock_timestamp(), stamp + interval '1 microsecond') RETURNING version, stamp"
)
"""Take the clock for this transaction: later writers wait, and commit order is stamp order."""

READ: Final = "SELECT version, stamp FROM vxdata.commit_clock"
"""The last commit that the snapshot can see."""


def read_for(resource_type: str) -> str:
    """Read the last commit, and the last one that touched a resource type.

    Args:
        resource_type: The type that a query reads.

    Returns:
        A query for one row: version, stamp, and the type's own last stamp, null before its first.
    """
    name = render(exp.Literal.string(resource_type))
    return (
        "SELECT c.version, c.stamp, t.stamp AS type_stamp FROM vxdata.commit_clock AS c "
        f"LEFT JOIN vxdata.type_clock AS t ON t.resource_type = {name}"
    )


def raise_floor(as_of: datetime) -> str:
    """Make every later commit be stamped after `as_of`, unless that lies in the future.

    Args:
        as_of: An instant later than the last commit.

    Returns:
        An update that touches no row when `as_of` is later than the server's clock.
    """
    stamp = render(timestamp(as_of))
    return (
        f"UPDATE vxdata.commit_clock SET stamp = greatest(stamp, {stamp}) WHERE {stamp} <= clock_timestamp()"
    )


def version_at(as_of: datetime) -> str:
    """The sequence number of the last commit at or before an instant."""
    stamp = render(timestamp(as_of))
    return f"SELECT coalesce(max(version), 0) AS version FROM vxdata.commit_log WHERE stamp <= {stamp}"


def log_commit(commit: Instant, verb: str, counts: Mapping[str, int], client: Mapping[str, str]) -> list[str]:
    """Record a commit, and move the clocks of the types that it touched.

    Args:
        commit: Sequence number and stamp.
        verb: What was done.
        counts: Rows written, by resource type.
        client: What the caller says of itself.

    Returns:
        Statements to run just before the commit.
    """
    stamp = render(timestamp(commit.as_of))
    log = (
        "INSERT INTO vxdata.commit_log (version, stamp, verb, counts, client) VALUES "
        f"({commit.version}, {stamp}, {_text(verb)}, {_object(counts)}, {_object(client)})"
    )
    types = ", ".join(f"({_text(name)}, {commit.version}, {stamp})" for name in counts)
    clocks = (
        f"INSERT INTO vxdata.type_clock (resource_type, version, stamp) VALUES {types} "
        "ON CONFLICT (resource_type) DO UPDATE SET version = excluded.version, stamp = excluded.stamp"
    )
    return [log, clocks] if counts else [log]


def _text(value: str) -> str:
    return render(exp.Literal.string(value))


def _object(content: Mapping[str, int] | Mapping[str, str]) -> str:
    return f"{_text(json.dumps(dict(content)))}::jsonb"
