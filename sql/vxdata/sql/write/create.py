"""Statements of a create: from what is staged to the latest tables, in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.payload_type import LINEAGE_PREFIXES
from vxdata.sql.literals import timestamp
from vxdata.sql.names import TOMBSTONE, latest, render, written
from vxdata.sql.schema.ddl import map_columns, quote
from vxdata.sql.types import mapping_type
from vxdata.sql.write.granted import EVERYTHING
from vxdata.sql.write.lookup import any_of, are_many, stored_row

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from vxdata.schemas.fields import Field
    from vxdata.schemas.payload_type import PayloadType
    from vxdata.sql.instant import Instant
    from vxdata.sql.write.granted import Granted

LINEAGE = tuple(LINEAGE_PREFIXES)


def insert_below_live(
    payload_type: PayloadType,
    staged: str,
    parents: Collection[str],
    commit: Instant,
    *,
    rows: int | None = None,
    without: str | None = None,
    returning: bool = False,
    granted: Granted = EVERYTHING,
) -> str:
    """Insert the staged resources whose parent is live or that have none, with their lineage.

    Args:
        payload_type: What to insert.
        staged: The relation of the staged rows.
        parents: Prefixes of the parents that the staged rows have.
        commit: Sequence number and stamp of this commit.
        rows: How many there are in a staging table; None if they stand in the statement.
        without: A table of identifiers that are left out.
        returning: Whether to answer with the identifier and the lineage of each row.
        granted: What the sender sees; a parent that is hidden is not there.

    Returns:
        One INSERT statement.
    """
    join, condition = _parent_join(parents, rows, granted)
    if without is not None:
        condition += f" AND NOT EXISTS (SELECT FROM {without} AS w WHERE w.identifier = s.identifier)"
    lineage = {name: _lineage(payload_type, name, bool(parents)) for name in LINEAGE}
    return _insert(payload_type, lineage, commit, f"{staged} AS s{join} WHERE {condition}", returning)


def insert_linked(
    payload_type: PayloadType, staged: str, linked: str, commit: Instant, *, returning: bool = False
) -> str:
    """Insert the staged resources whose lineage was computed apart.

    Args:
        payload_type: What to insert.
        staged: The relation of the staged rows.
        linked: A table of identifiers with their lineage.
        commit: Sequence number and stamp of this commit.
        returning: Whether to answer with the identifier and the lineage of each row.

    Returns:
        One INSERT statement.
    """
    lineage = {name: f"l.{name}" for name in LINEAGE}
    source = f"{linked} AS l JOIN {staged} AS s ON s.identifier = l.identifier"
    return _insert(payload_type, lineage, commit, source, returning)


def _insert(
    payload_type: PayloadType,
    lineage: dict[str, str],
    commit: Instant,
    source: str,
    returning: bool,  # noqa: FBT001 - private
) -> str:
    stamp = render(timestamp(commit.as_of))
    values = {
        **{field.name: staged_value(field) for field in payload_type.create_fields},
        **lineage,
        "valid_from": stamp,
        "created_at": stamp,
        "version": str(commit.version),
    }
    return (
        f"INSERT INTO {written(latest, payload_type.prefix)} ({', '.join(map(quote, values))}) "
        f"SELECT {', '.join(values.values())} FROM {source}"
        + (f" RETURNING {', '.join(('identifier', *LINEAGE))}" if returning else "")
    )


def duplicates(staged: str) -> str:
    """Identifiers staged more than once."""
    return f"SELECT identifier FROM {staged} AS s GROUP BY identifier HAVING count(*) > 1 ORDER BY identifier"


def existing(
    payload_type: PayloadType, staged: str, rows: int | None = None, granted: Granted = EVERYTHING
) -> str:
    """Staged identifiers that exist already, and whether they are deleted, of what is hidden never."""
    stored = stored_row(written(latest, payload_type.prefix), "s.identifier", rows)
    deleted = _seen_as_deleted(payload_type, granted)
    return f"SELECT r.identifier, {deleted} AS {TOMBSTONE} FROM {staged} AS s{stored} ORDER BY r.identifier"


def _seen_as_deleted(payload_type: PayloadType, granted: Granted) -> str:
    """Whether a stored resource is deleted and seen; null where there is none."""
    if granted.visible is None:
        return f"r.{TOMBSTONE}"
    seen = granted.is_visible(payload_type.prefix, "r")
    return f"CASE WHEN r.{TOMBSTONE} THEN ({seen}) IS TRUE ELSE r.{TOMBSTONE} END"


def missing_parents(
    staged: str,
    parents: Collection[str],
    others: Iterable[str],
    rows: int | None = None,
    granted: Granted = EVERYTHING,
) -> str:
    """Staged identifiers, with their parents, where these are neither live nor staged.

    Args:
        staged: The relation of the staged rows.
        parents: Prefixes of the parents that the staged rows have, at least one.
        others: The relations of the staged rows of these types, as far as there are such.
        rows: How many rows there are in a staging table; None if they stand in the statement.
        granted: What the sender sees; a parent that is hidden is not there.

    Returns:
        A query for both.
    """
    join, is_live = _parent_join(parents, rows, granted)
    absent = "".join(
        f" AND NOT EXISTS (SELECT FROM {other} AS q WHERE q.identifier = s.parent_identifier)"
        for other in others
    )
    return (
        f"SELECT s.identifier, s.parent_identifier FROM {staged} AS s{join} "
        f"WHERE ({is_live}) IS NOT TRUE{absent} ORDER BY s.identifier"
    )


def left_over(
    payload_type: PayloadType,
    staged: str,
    commit: Instant,
    rows: int | None = None,
    granted: Granted = EVERYTHING,
) -> str:
    """Staged identifiers that were not inserted, and whether what has that name already is deleted.

    The version is looked at when the row has been found: as a condition of the search it would tell
    PostgreSQL that there is next to nothing to find.
    """
    stored = stored_row(written(latest, payload_type.prefix), "s.identifier", rows, outer=True)
    return (
        f"SELECT s.identifier, {_seen_as_deleted(payload_type, granted)} AS {TOMBSTONE} "
        f"FROM {staged} AS s{stored} WHERE r.version IS DISTINCT FROM {commit.version} ORDER BY s.identifier"
    )


def _parent_join(parents: Collection[str], rows: int | None, granted: Granted) -> tuple[str, str]:
    """The join that finds stored parents, called `p`, and the condition that a row has a live one or none.

    Whether a parent is deleted is asked when it has been found: how many are, PostgreSQL may not know.
    """
    if not parents:
        return "", "s.parent_identifier IS NULL"
    columns = ", ".join(f"r.{name}" for name in ("identifier", *LINEAGE, TOMBSTONE))
    tables = [granted.table(prefix) for prefix in sorted(parents)]
    is_live = f"(s.parent_identifier IS NULL OR NOT p.{TOMBSTONE})"
    if are_many(rows):
        found = " UNION ALL ".join(f"SELECT {columns} FROM {table} AS r" for table in tables)
        return f" LEFT JOIN ({found}) AS p ON p.identifier = s.parent_identifier", is_live
    # Row by row they also keep the order in which they were sent.
    return f" LEFT JOIN {any_of(tables, columns, 's.parent_identifier')} AS p ON true", is_live


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
