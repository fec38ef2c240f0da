"""Whether what a request names is there, in the state and the version that its verb needs."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from vxdata.sql.names import TOMBSTONE
from vxdata.sql.versions.tables import latest_table, staged_table

if TYPE_CHECKING:
    from vxdata.schemas.payload_type import PayloadType


class Presence(Enum):
    """What a verb needs a resource to be."""

    LIVE = "there, and not deleted"
    DELETED = "there, and deleted"
    KNOWN = "there, live or deleted"


def not_present(payload_type: PayloadType, needed: Presence) -> str:
    """Staged identifiers that are not what a verb needs, and whether they are live instead."""
    otherwise = {
        Presence.LIVE: f" OR r.{TOMBSTONE}",
        Presence.DELETED: f" OR NOT r.{TOMBSTONE}",
        Presence.KNOWN: "",
    }[needed]
    return (
        f"SELECT s.identifier, r.identifier IS NOT NULL AND NOT r.{TOMBSTONE} AS live "
        f"FROM {staged_table(payload_type)} AS s LEFT JOIN {latest_table(payload_type)} AS r "
        f"ON r.identifier = s.identifier WHERE r.identifier IS NULL{otherwise} ORDER BY 1"
    )


def version_conflicts(payload_type: PayloadType) -> str:
    """Staged identifiers whose stated version is not the present one, with both."""
    return (
        "SELECT s.identifier, s.expected_version AS expected, r.version AS found "
        f"FROM {staged_table(payload_type)} AS s JOIN {latest_table(payload_type)} AS r "
        "ON r.identifier = s.identifier WHERE s.expected_version <> r.version ORDER BY 1"
    )
