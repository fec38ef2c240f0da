"""What the copier reads from PostgreSQL, all of it in one snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vxdata.sql.copies.tables import history_of, latest_of
from vxdata.sql.dialect.postgres import POSTGRESQL
from vxdata.sql.literals import timestamp
from vxdata.sql.names import column, render, text
from vxdata.sql.schema.ddl import quote
from vxdata.sql.types import mapping_type

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from vxdata.schemas.fields import FieldType
    from vxdata.schemas.payload_type import PayloadType
    from vxdata.sql.copies.tables import CopiedTable

CLOCK: Final = (
    "SELECT c.version, l.stamp, c.purge_epoch FROM vxdata.commit_clock AS c "
    "LEFT JOIN vxdata.commit_log AS l ON l.version = c.version"
)
"""The last commit and its own stamp, which a later read may have raised in the clock; and the purges so far.

The stamp is null before the first commit.
"""

TYPE_CLOCKS: Final = "SELECT resource_type, version, stamp FROM vxdata.type_clock"
"""The last commit that touched each type; a type without one has none."""

FOLDED: Final = (
    "SELECT point, vxdata.fold(letter) AS folded FROM (SELECT point, chr(point) AS letter FROM ("
    "SELECT generate_series(1, 55295) AS point UNION ALL SELECT generate_series(57344, 1114111)) AS p) AS l "
    "WHERE vxdata.fold(letter) <> letter ORDER BY point"
)
"""Each code point that loses its case, and what becomes of it."""

FINAL_SIGMA: Final = "ΑΣ ΑΣΑ ΣΣ"
"""A text in which a fold that looks at neighbours differs from one that does not."""


def fold_of_text(value: str) -> str:
    """Fold one text, in either engine."""
    return f"SELECT vxdata.fold({text(value)}) AS folded"


def commits_of(versions: Iterable[int]) -> str:
    """Read number and stamp of commits, those that there are."""
    listed = ", ".join(str(version) for version in versions)
    return f"SELECT version, stamp FROM vxdata.commit_log WHERE version IN ({listed})"


def rows_written_after(version: int) -> str:
    """Read how many versions later commits have written, by resource type."""
    return (
        "SELECT c.key AS resource_type, sum(c.value::bigint)::bigint AS rows FROM vxdata.commit_log AS l "
        f"CROSS JOIN jsonb_each_text(l.counts) AS c WHERE l.version > {version} GROUP BY c.key"
    )


def types_purged_after(version: int) -> str:
    """Read which types later commits have purged resources of."""
    return (
        "SELECT DISTINCT jsonb_object_keys(counts) AS resource_type FROM vxdata.commit_log "
        f"WHERE verb = 'purge' AND version > {version}"
    )


def sizes(payload_types: Iterable[PayloadType]) -> str:
    """Read the bytes of the tables of each type."""
    names = ", ".join(
        f"({text(each.prefix)}, {text(latest_of(each).name)}, {text(history_of(each).name)})"
        for each in payload_types
    )
    return (
        "SELECT t.resource_type, pg_table_size(t.latest::regclass) + pg_table_size(t.history::regclass) "
        f"AS bytes FROM (VALUES {names}) AS t (resource_type, latest, history)"
    )


def all_rows(table: CopiedTable) -> str:
    """Read a whole table."""
    columns = ", ".join(_output(name, kind) for name, kind in table.columns)
    return f"SELECT {columns} FROM {table.name}"


def rows_after(table: CopiedTable, version: int, stamp: datetime) -> str:
    """Read what was added to a table after a commit, through an index.

    Args:
        table: The table; superseded versions are found by the stamp of the commit that superseded them.
        version: Number of the commit.
        stamp: Its stamp.
    """
    moved = (
        f"{quote('valid_to')} > {render(timestamp(stamp))}" if table.is_history else f"version > {version}"
    )
    return f"{all_rows(table)} WHERE {moved}"


def kept_versions(payload_type: PayloadType) -> str:
    """Read the keys of all versions of a type that there are."""
    tables = (latest_of(payload_type).name, history_of(payload_type).name)
    return " UNION ALL ".join(f"SELECT identifier, version FROM {table}" for table in tables)


def _output(name: str, kind: FieldType) -> str:
    if mapping_type(kind) is None:
        return quote(name)
    return f"{render(POSTGRESQL.entries(column(name), kind))} AS {quote(name)}"  # type: ignore[arg-type]
