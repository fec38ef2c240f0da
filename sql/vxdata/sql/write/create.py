"""Statements of a create: from what is staged to the latest tables, in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vxdata.schemas.payload_type import LINEAGE_PREFIXES
from vxdata.sql.literals import timestamp
from vxdata.sql.names import TOMBSTONE, latest, render, written
from vxdata.sql.schema.ddl import map_columns, quote
from vxdata.sql.types import mapping_type

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from vxdata.schemas.fields import Field
    from vxdata.schemas.payload_type import PayloadType
    from vxdata.sql.instant import Instant

LINEAGE = tuple(LINEAGE_PREFIXES)

MAX_LOOKED_UP: Final = 100_000
"""Rows whose parents are looked up one by one at most; for more, all of the parents' types are read.

Left to itself, PostgreSQL would read them all from some 8,000 rows on, as it takes a page of an index for one
on disk. Among 168,506 studies it found the 793 parents of 10,000 volumes in 136 ms so, and one by one in 8;
the parents of 100,000 volumes in 169 and 134 ms, the 150,544 of 1,000,000 in 0.5 and 1.3 s.
"""


def insert_staged(
    payload_type: PayloadType,
    staged: str,
    parents: Collection[str],
    commit: Instant,
    *,
    rows: int | None = None,
    again: bool = False,
    returning: bool = False,
) -> str:
    """Insert the staged resources whose parent is live, with their lineage.

    Rows whose parent is not there yet are left alone: a later pass takes them once the parent, part
    of the same batch, has been inserted.

    Args:
        payload_type: What to insert.
        staged: The relation of the staged rows.
        parents: Prefixes of the parents that the staged rows have.
        commit: Sequence number and stamp of this commit.
        rows: How many there are in a staging table, which PostgreSQL cannot know; None if they stand in the
            statement.
        again: Whether some of the staged rows may have been inserted by an earlier pass.
        returning: Whether to answer with the identifier and the lineage of each row.

    Returns:
        One INSERT statement.
    """
    stamp = render(timestamp(commit.as_of))
    values = {
        **{field.name: staged_value(field) for field in payload_type.create_fields},
        **{name: _lineage(payload_type, name, bool(parents)) for name in LINEAGE},
        "valid_from": stamp,
        "created_at": stamp,
        "version": str(commit.version),
    }
    join, condition = _parent_join(
        parents, wanted=staged if rows is not None and rows <= MAX_LOOKED_UP else None
    )
    if again:
        condition += f" AND NOT EXISTS ({_inserted(payload_type, commit)})"
    return (
        f"INSERT INTO {written(latest, payload_type.prefix)} ({', '.join(map(quote, values))}) "
        f"SELECT {', '.join(values.values())} FROM {staged} AS s"
        f"{join} WHERE {condition}"
        + (f" RETURNING {', '.join(('identifier', *LINEAGE))}" if returning else "")
    )


def duplicates(staged: str) -> str:
    """Identifiers staged more than once."""
    return f"SELECT identifier FROM {staged} AS s GROUP BY identifier HAVING count(*) > 1 ORDER BY identifier"


def existing(payload_type: PayloadType, staged: str) -> str:
    """Staged identifiers that exist already, and whether they are deleted."""
    return (
        f"SELECT r.identifier, r.{TOMBSTONE} FROM {written(latest, payload_type.prefix)} AS r "
        f"JOIN {staged} AS s USING (identifier) ORDER BY r.identifier"
    )


def left_over(payload_type: PayloadType, staged: str, commit: Instant) -> str:
    """Staged identifiers, with their parents, that no pass could insert."""
    return (
        f"SELECT s.identifier, s.parent_identifier FROM {staged} AS s "
        f"WHERE NOT EXISTS ({_inserted(payload_type, commit)}) ORDER BY s.identifier"
    )


def _inserted(payload_type: PayloadType, commit: Instant) -> str:
    return (
        f"SELECT FROM {written(latest, payload_type.prefix)} AS r "
        f"WHERE r.identifier = s.identifier AND r.version = {commit.version}"
    )


def _parent_join(parents: Iterable[str], wanted: str | None) -> tuple[str, str]:
    """The join that finds live parents, and the condition that a row may be inserted.

    Args:
        parents: Their prefixes.
        wanted: The relation of the rows whose parents are looked up one by one; all parents are read if None.
    """
    columns = ", ".join(f"r.{name}" for name in ("identifier", *LINEAGE))
    those = ""
    if wanted is not None:
        named = f"SELECT DISTINCT parent_identifier AS identifier FROM {wanted} AS s"
        those = f" JOIN ({named}) AS n ON n.identifier = r.identifier"
    live = [
        f"SELECT {columns} FROM {written(latest, prefix)} AS r{those} WHERE NOT r.{TOMBSTONE}"
        for prefix in parents
    ]
    if not live:
        return "", "s.parent_identifier IS NULL"
    join = f" LEFT JOIN ({' UNION ALL '.join(live)}) AS p ON p.identifier = s.parent_identifier"
    return join, "(s.parent_identifier IS NULL OR p.identifier IS NOT NULL)"


def _lineage(payload_type: PayloadType, name: str, has_parents: bool) -> str:  # noqa: FBT001 - private
    """The nearest ancestor of a kind, the resource itself included."""
    if LINEAGE_PREFIXES[name] == payload_type.prefix:
        return "s.identifier"
    return f"p.{name}" if has_parents else "NULL"


def staged_value(field: Field) -> str:
    """A staged column as stored; the two arrays of a mapping become one jsonb object.

    The driver cannot ingest Arrow maps, and arrays keep the rows out of Python.
    """
    if mapping_type(field.type) is None:
        return f"s.{quote(field.name)}"
    keys, values = (f"s.{quote(name)}" for name in map_columns(field.name))
    return (
        f"CASE WHEN {keys} IS NOT NULL THEN (SELECT coalesce(jsonb_object_agg(e.k, e.v), '{{}}') "
        f"FROM unnest({keys}, {values}) AS e(k, v)) END"
    )
