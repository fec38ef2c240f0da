"""What the copies have applied: up to which commit each of them was brought."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from vxdata.sql.copies.apply import READ_APPLIED, Applied

if TYPE_CHECKING:
    import duckdb

BEFORE_ALL: Final = datetime(1, 1, 1, tzinfo=UTC)
"""Stands for the stamp of the last commit where there is none."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def read_applied(cursor: duckdb.DuckDBPyConnection) -> dict[str, Applied]:
    """Read what every copy has applied, by resource type."""
    rows = cursor.execute(READ_APPLIED).fetchall()
    return {name: _applied(*row) for name, *row in rows}


def _applied(version: int, stamp: int, changed: int | None, changed_stamp: Any, epoch: int) -> Applied:
    return Applied(
        version, instant(stamp), changed, None if changed_stamp is None else instant(changed_stamp), epoch
    )


def instant(microseconds: int) -> datetime:
    """The instant so many microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=microseconds)
