"""Statements for an administrator who has set a wrong clock right.

A clock that ran ahead has stamped commits with instants that are still to come. Either later commits go on
from there, or the commits get other stamps. Both leave a *gap*: instants of which nobody can say which
commits had been made. Reads as of these are refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vxdata.sql.names import history, latest, written

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vxdata.schemas.payload_type import PayloadType

LOCK: Final = "SELECT version FROM vxdata.commit_clock FOR UPDATE"
"""Make all writers wait for the repair."""

STATE: Final = (
    "SELECT c.version, c.stamp, c.vouched, clock_timestamp() AS now, "
    "(SELECT count(*) FROM vxdata.commit_log AS l WHERE l.stamp > clock_timestamp()) AS ahead, "
    "(SELECT max(l.stamp) FROM vxdata.commit_log AS l WHERE l.stamp <= clock_timestamp()) AS last_right "
    "FROM vxdata.commit_clock AS c"
)
"""The commit clock beside the clock of PostgreSQL, and how many commits are stamped ahead of that."""

_LAST_RIGHT: Final = (
    "coalesce((SELECT max(l.stamp) FROM vxdata.commit_log AS l WHERE l.stamp <= r.now), "
    "timestamptz '0001-01-01 00:00:00+00')"
)
_NOW: Final = "(SELECT now FROM pg_temp.repair)"
_NOTE: Final = (
    "INSERT INTO vxdata.clock_gap (begins, ends) SELECT g.begins, g.ends FROM ("
    f"SELECT {_LAST_RIGHT} AS begins, coalesce("
    "(SELECT min(stamp) FROM vxdata.commit_log WHERE stamp > r.now), c.stamp) AS ends "
    "FROM pg_temp.repair AS r JOIN vxdata.commit_clock AS c ON c.stamp > r.now) AS g "
    "WHERE g.ends > g.begins ON CONFLICT DO NOTHING"
)
_NOTE_RESTAMPED: Final = (
    "INSERT INTO vxdata.clock_gap (begins, ends) SELECT g.begins, g.ends FROM ("
    f"SELECT {_LAST_RIGHT} AS begins, (SELECT min(new) FROM pg_temp.restamped) AS ends "
    "FROM pg_temp.repair AS r) AS g WHERE g.ends > g.begins ON CONFLICT DO NOTHING"
)
_RESTAMPED: Final = (
    "CREATE TEMPORARY TABLE restamped ON COMMIT DROP AS SELECT l.stamp AS old, "
    "r.now + row_number() OVER (ORDER BY l.version) * interval '1 microsecond' AS new "
    "FROM vxdata.commit_log AS l JOIN pg_temp.repair AS r ON l.stamp > r.now"
)
_RESTAMP_CLOCK: Final = (
    "UPDATE vxdata.commit_clock SET "
    f"stamp = least(stamp, greatest({_NOW}, (SELECT max(new) FROM pg_temp.restamped))), "
    f"vouched = {_NOW}, purge_epoch = purge_epoch + 1"
)
_BEGIN: Final = "CREATE TEMPORARY TABLE repair ON COMMIT DROP AS SELECT clock_timestamp() AS now"


def trust() -> tuple[str, ...]:
    """Say that the clock is right; where commits are stamped ahead of it, later ones go on from there."""
    return (
        _BEGIN,
        _NOTE,
        f"UPDATE vxdata.commit_clock SET vouched = greatest({_NOW}, stamp)",
    )


def restamp(payload_types: Iterable[PayloadType]) -> tuple[str, ...]:
    """Say that the clock is right, and stamp the commits that are ahead of it with the present instant.

    They keep their order. No instant before the repair reads differently afterwards than before it.

    Args:
        payload_types: All types.

    Returns:
        Statements of one transaction, in which the commit clock is locked.
    """
    return (
        _BEGIN,
        _RESTAMPED,
        "ALTER TABLE pg_temp.restamped ADD PRIMARY KEY (old)",
        *(
            _restamp(written(table, payload_type.prefix), "valid_from", "valid_to", "created_at")
            for payload_type in payload_types
            for table in (latest, history)
        ),
        *(
            _restamp(f"vxdata.{table}", "stamp")
            for table in ("commit_log", "type_clock", "idempotency_record")
        ),
        _RESTAMP_CLOCK,
        _NOTE_RESTAMPED,
    )


def _restamp(table: str, *columns: str) -> str:
    assignments = ", ".join(
        f"{name} = coalesce((SELECT m.new FROM pg_temp.restamped AS m WHERE m.old = t.{name}), t.{name})"
        for name in columns
    )
    ahead = " OR ".join(f"t.{name} > {_NOW}" for name in columns)
    return f"UPDATE {table} AS t SET {assignments} WHERE {ahead}"
