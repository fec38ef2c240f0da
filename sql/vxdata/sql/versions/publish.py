"""The one way in which versions are written: present ones to history, pending ones in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.sql.ddl import quote
from vxdata.sql.names import history, render
from vxdata.sql.versions.tables import columns_of, latest_table, listed, pending_table, stamp

if TYPE_CHECKING:
    from vxdata.schemas.payload_type import PayloadType
    from vxdata.sql.instant import Instant


def supersede(payload_type: PayloadType, commit: Instant) -> str:
    """Move the present versions of what is pending to history."""
    columns = columns_of(payload_type)
    ended = [stamp(commit) if name == "valid_to" else f"r.{quote(name)}" for name in columns]
    return (
        f"INSERT INTO {render(history(payload_type.prefix))} ({listed(columns)}) SELECT {', '.join(ended)} "
        f"FROM {latest_table(payload_type)} AS r "
        f"JOIN {pending_table(payload_type)} AS p ON p.identifier = r.identifier"
    )


def publish(payload_type: PayloadType, commit: Instant) -> str:
    """Put the pending versions in the place of the present ones."""
    fixed = {"valid_from": stamp(commit), "version": str(commit.version), "valid_to": "NULL"}
    assignments = ", ".join(
        f"{quote(name)} = {fixed.get(name, f'p.{quote(name)}')}"
        for name in columns_of(payload_type)
        if name not in {"identifier", "created_at"}
    )
    return (
        f"UPDATE {latest_table(payload_type)} AS r SET {assignments} "
        f"FROM {pending_table(payload_type)} AS p WHERE p.identifier = r.identifier"
    )
