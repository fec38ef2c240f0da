"""Statements of the commit clock and the commit log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from vxdata.sql.literals import timestamp
from vxdata.sql.live_counts import keep_counts
from vxdata.sql.names import column, render, text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from vxdata.schemas.wire import WriteCommand
    from vxdata.sql.instant import Instant

LOCK: Final = (
    "SELECT version + 1 AS version, greatest(clock_timestamp(), stamp + interval '1 microsecond') AS stamp, "
    "stamp AS last_stamp, vouched, clock_timestamp() AS now FROM vxdata.commit_clock FOR UPDATE"
)
"""Lock the clock for this transaction and tell what it will show: other writers wait until it ends."""

BUMP_EPOCH: Final = "UPDATE vxdata.commit_clock SET purge_epoch = purge_epoch + 1"
"""Make every result that was cached so far unusable."""

PURGE_EPOCH: Final = "SELECT purge_epoch FROM vxdata.commit_clock"
"""The number of purges so far."""

READING: Final = "SELECT version, stamp, vouched, clock_timestamp() AS now FROM vxdata.commit_clock"
"""The commit clock beside PostgreSQL's own."""

READ: Final = "SELECT version, stamp FROM vxdata.commit_clock"
"""The last commit that the snapshot can see."""

READ_FOR: Final = (
    "SELECT c.version, c.stamp, c.purge_epoch, "
    "max(t.version) AS type_version, max(t.stamp) AS type_stamp "
    "FROM vxdata.commit_clock AS c LEFT JOIN vxdata.type_clock AS t ON t.resource_type = ANY ($1) "
    "GROUP BY c.version, c.stamp, c.purge_epoch"
)
"""The last commit, the number of purges, and the last commit that touched any of some resource types.

The parameter is an array of the types; their own commit is null before their first.
"""

READ_TYPE_CLOCKS: Final = (
    "SELECT c.version, c.stamp, c.purge_epoch, t.resource_type, t.version AS type_version, "
    "t.stamp AS type_stamp, "
    "coalesce((SELECT max(l.version) FROM vxdata.commit_log AS l WHERE l.stamp <= $2), 0) AS version_then, "
    "NOT EXISTS (SELECT FROM unnest($3::text[]::bigint[], $4::text[]::timestamptz[]) AS h (version, stamp) "
    "WHERE NOT EXISTS (SELECT FROM vxdata.commit_log AS l "
    "WHERE l.version = h.version AND l.stamp = h.stamp)) AS has_all "
    "FROM vxdata.commit_clock AS c "
    "LEFT JOIN vxdata.type_clock AS t ON t.resource_type = ANY ($1)"
)
"""The last commit, the number of purges, and the last commit of each of some resource types, a row each.

The first parameter is an array of the types. A type without commits has no row; if all are, there is one row
without a type. The second is an instant, of which the last commit before it is told; or null. The others are
arrays of the numbers and the stamps of commits, of which is told whether all are in the commit log.
"""


def with_clock(query: str, order: str | None = None) -> str:
    """Put the last commit beside each row of a query, both of one snapshot.

    Args:
        query: A SELECT statement.
        order: Column of the query that its rows are ordered by; without one they come in any order.

    Returns:
        A query for the commit's version and stamp, whether there is a row of the query, and its columns. If
        there is none, one row tells so, whose columns are all null.
    """
    return (
        "SELECT c.version, c.stamp, q.* FROM vxdata.commit_clock AS c "
        f"LEFT JOIN (SELECT TRUE AS is_found, q.* FROM ({query}) AS q) AS q ON TRUE"
        + ("" if order is None else f" ORDER BY q.{render(column(order))}")
    )


def reading_for(as_of: datetime) -> str:
    """Read the commit clock beside PostgreSQL's own, and the gap that an instant lies in, if any."""
    instant = render(timestamp(as_of))
    return (
        "SELECT c.version, c.stamp, c.vouched, clock_timestamp() AS now, g.begins, g.ends "
        "FROM vxdata.commit_clock AS c LEFT JOIN vxdata.clock_gap AS g "
        f"ON g.begins < {instant} AND {instant} < g.ends ORDER BY g.begins DESC NULLS LAST LIMIT 1"
    )


def gap_before(limit: datetime) -> str:
    """Read between which commits the clock went too far ahead, where some are stamped after an instant."""
    instant = render(timestamp(limit))
    return (
        f"SELECT (SELECT max(stamp) FROM vxdata.commit_log WHERE stamp <= {instant}) AS begins, "
        f"(SELECT min(stamp) FROM vxdata.commit_log WHERE stamp > {instant}) AS ends"
    )


def fence_at(as_of: datetime) -> str:
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
    """Number and stamp of the last commit at or before an instant; 0 and null before the first."""
    stamp = render(timestamp(as_of))
    return (
        "SELECT coalesce(max(version), 0) AS version, max(stamp) AS stamp "
        f"FROM vxdata.commit_log WHERE stamp <= {stamp}"
    )


def stored_response(idempotency_key: str) -> str:
    """Read the response that was given under an idempotency key."""
    return (
        "SELECT version, stamp, counts::text AS counts, request_digest FROM vxdata.idempotency_record "
        f"WHERE idempotency_key = {text(idempotency_key)}"
    )


def store_response(idempotency_key: str, digest: str, answered: Instant, counts: Mapping[str, int]) -> str:
    """Keep the response to a request as an idempotency record.

    Args:
        idempotency_key: Name of the request.
        digest: Digest of the whole request.
        answered: The commit that the response names.
        counts: Versions written, by resource type; empty where nothing was to change.

    Returns:
        One INSERT.
    """
    return (
        "INSERT INTO vxdata.idempotency_record "
        "(idempotency_key, request_digest, version, stamp, counts) VALUES "
        f"({text(idempotency_key)}, {text(digest)}, {answered.version}, "
        f"{render(timestamp(answered.as_of))}, {_object(counts)})"
    )


def log_commit(
    commit: Instant, command: WriteCommand, counts: Mapping[str, int], principal: str
) -> list[str]:
    """Move the clock, record the commit, and move clocks and live counts of the types that it touched.

    Args:
        commit: Sequence number and stamp.
        command: What was done, for whom and under which key.
        counts: Versions written, by resource type; not empty.
        principal: Name of the caller, as the server knows it.

    Returns:
        Statements to run just before the commit, after what it writes.
    """
    stamp = render(timestamp(commit.as_of))
    key = "NULL" if command.idempotency_key is None else text(command.idempotency_key)
    types = ", ".join(f"({text(name)}, {commit.version}, {stamp})" for name in counts)
    return [
        f"UPDATE vxdata.commit_clock SET version = {commit.version}, stamp = {stamp}",
        f"""INSERT INTO vxdata.commit_log
            (version, stamp, verb, counts, client, principal, idempotency_key)
            VALUES ({commit.version}, {stamp}, {text(command.verb)}, {_object(counts)},
            {_object(command.client)}, {text(principal)}, {key})""",
        *keep_counts(commit, command.verb, counts),
        f"""INSERT INTO vxdata.type_clock (resource_type, version, stamp) VALUES {types}
            ON CONFLICT (resource_type) DO UPDATE SET version = excluded.version, stamp = excluded.stamp""",
    ]


def _object(content: Mapping[str, int] | Mapping[str, str]) -> str:
    return f"{text(json.dumps(dict(content)))}::jsonb"
