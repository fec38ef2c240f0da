"""Names of tables and columns in the statements of this package.

They call a row of the latest table `r`, a staged one `s` and a pending one `p`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vxdata.sql.literals import timestamp
from vxdata.sql.names import TOMBSTONE, latest, pending, render, written
from vxdata.sql.schema.ddl import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vxdata.schemas.payload_type import PayloadType
    from vxdata.sql.instant import Instant

ANALYZED_ROWS: Final = 10_000
"""Rows of a temporary table from which on PostgreSQL is told of them: it sizes memory by what it knows."""


def latest_table(payload_type: PayloadType) -> str:
    """The table of the present versions."""
    return written(latest, payload_type.prefix)


def pending_table(payload_type: PayloadType) -> str:
    """The table of the versions that will be written."""
    return written(pending, payload_type.prefix)


def analyze(table: str) -> str:
    """Tell the planner of a temporary table, which PostgreSQL never does by itself.

    Columns of the payload decide no plan, and wide ones would take long.
    """
    return f"ANALYZE {table} (identifier, parent_identifier)"


def columns_of(payload_type: PayloadType) -> list[str]:
    """The columns of a stored version, bare."""
    return [field.name for field in payload_type.response_fields] + [TOMBSTONE]


def listed(columns: Iterable[str]) -> str:
    """Columns, quoted and with commas between them."""
    return ", ".join(map(quote, columns))


def content(columns: Sequence[str], tombstone: str) -> str:
    """The columns of the present version, with another tombstone flag."""
    return ", ".join(tombstone if name == TOMBSTONE else f"r.{quote(name)}" for name in columns)


def stamp(commit: Instant) -> str:
    """The instant of a commit as a literal."""
    return render(timestamp(commit.as_of))


def flag(value: bool) -> str:  # noqa: FBT001 - rendered, not obeyed
    """A truth value as a literal."""
    return "true" if value else "false"
