"""Removing resources for good, with all that the database knows of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.sql.names import history, written
from vxdata.sql.write.lookup import each
from vxdata.sql.write.tables import latest_table, pending_table

if TYPE_CHECKING:
    from vxdata.schemas.payload_type import PayloadType


def remove(payload_type: PayloadType) -> list[str]:
    """Remove every version of what is pending: find them by their keys, then remove them where they lie."""
    return [
        f"DELETE FROM {table} WHERE ctid = ANY (ARRAY(SELECT r.ctid FROM {pending_table(payload_type)} AS p "
        f"CROSS JOIN {each(f'SELECT r.ctid FROM {table} AS r WHERE r.identifier = p.identifier')} AS r))"
        for table in (latest_table(payload_type), written(history, payload_type.prefix))
    ]


def forget(payload_type: PayloadType) -> list[str]:
    """Forget the external uids that belong to what is pending: they may name a person.

    The identifiers stay taken, so that no other resource is given one of them later. One statement for each
    column, since what may fit either would be compared with everything.
    """
    return [
        "UPDATE vxdata.registration AS r SET parent_identifier = '', external_uid = gen_random_uuid()::text "
        f"FROM {pending_table(payload_type)} AS p WHERE p.identifier = r.{name}"
        for name in ("identifier", "parent_identifier")
    ]
