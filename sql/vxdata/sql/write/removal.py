"""Removing resources for good, with all that the database knows of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.sql.names import history, written
from vxdata.sql.write.tables import latest_table, pending_table

if TYPE_CHECKING:
    from vxdata.schemas.payload_type import PayloadType


def remove(payload_type: PayloadType) -> list[str]:
    """Remove every version of what is pending."""
    doomed = f"USING {pending_table(payload_type)} AS p WHERE p.identifier = r.identifier"
    return [
        f"DELETE FROM {latest_table(payload_type)} AS r {doomed}",
        f"DELETE FROM {written(history, payload_type.prefix)} AS r {doomed}",
    ]


def forget(payload_type: PayloadType) -> str:
    """Forget the external uids that belong to what is pending: they may name a person.

    The identifiers stay taken, so that no other resource is given one of them later.
    """
    return (
        "UPDATE vxdata.registration AS r SET parent_identifier = '', external_uid = gen_random_uuid()::text "
        f"FROM {pending_table(payload_type)} AS p WHERE p.identifier IN (r.identifier, r.parent_identifier)"
    )
