"""Checks that the resources of a request exist in the state and the version that its verb needs."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from vxdata.sql.names import TOMBSTONE
from vxdata.sql.write.granted import EVERYTHING
from vxdata.sql.write.lookup import stored_row

if TYPE_CHECKING:
    from vxdata.schemas.payload_type import PayloadType
    from vxdata.sql.write.granted import Granted


class Precondition(Enum):
    """The state of a resource that a verb needs."""

    LIVE = "there, and not deleted"
    DELETED = "there, and deleted"
    KNOWN = "there, live or deleted"


def failed_preconditions(
    payload_type: PayloadType,
    staged: str,
    needed: Precondition,
    rows: int | None = None,
    granted: Granted = EVERYTHING,
) -> str:
    """Staged identifiers that do not fit what is stored, and why: one pass for all that can be wrong.

    Args:
        payload_type: The type.
        staged: The relation of the staged rows.
        needed: What the verb needs each resource to be.
        rows: How many rows there are in a staging table; None if they stand in the statement.
        granted: What their sender sees and may write; what is hidden is not there.

    Returns:
        A query for identifiers, each with whether it is staged more than once, whether it is not what the
        verb needs, whether it is live, whether it must not be written, and with its version where that is not
        the expected one.
    """
    otherwise = {
        Precondition.LIVE: f" OR r.{TOMBSTONE}",
        Precondition.DELETED: f" OR NOT r.{TOMBSTONE}",
        Precondition.KNOWN: "",
    }[needed]
    absent = f"(r.identifier IS NULL{otherwise})"
    conflict = "s.expected_version <> r.version"
    denied = f"({granted.is_denied_source('r')} OR {granted.is_denied_license('s')})"
    stored = stored_row(granted.table(payload_type.prefix), "s.identifier", rows, outer=True)
    return (
        "SELECT s.identifier, count(*) > 1 AS repeated, "
        f"bool_or({absent}) AS absent, coalesce(bool_or(NOT r.{TOMBSTONE}), false) AS live, "
        f"bool_or({denied}) AS denied, "
        f"max(s.expected_version) FILTER (WHERE {conflict}) AS expected, max(r.version) AS found "
        f"FROM {staged} AS s{stored} GROUP BY s.identifier "
        f"HAVING count(*) > 1 OR bool_or({absent}) OR bool_or({denied}) OR bool_or({conflict})"
    )
