"""Statements of every verb that changes what exists: compute the new versions, then write them.

A verb fills one *pending* table for each resource type with the versions that it will write; the last
statements of this module move the present versions to history and put the pending ones in their place.
So the verbs differ in what they compute, and there is one way to write.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from vxdata.schemas.payload_type import LINEAGE_PREFIXES
from vxdata.sql.ddl import COLUMN_SET, quote
from vxdata.sql.literals import timestamp
from vxdata.sql.names import TOMBSTONE, history, latest, pending, render, staging
from vxdata.sql.writes import LINEAGE, staged_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vxdata.schemas.payload_type import PayloadType
    from vxdata.sql.instant import Instant


class Cascade(Enum):
    """Why a verb follows the children of what it pends."""

    DELETE = "delete"
    RESTORE = "restore"
    RELINK = "relink"


def create_pending(payload_type: PayloadType) -> str:
    """Make the pending table of a type; it ends with the transaction.

    `relink` marks a version whose lineage is still to be computed, `cascaded` one that is there only
    because of an ancestor.
    """
    return (
        f'CREATE TEMPORARY TABLE "pending_{payload_type.prefix}" '
        f"(LIKE {_latest(payload_type)}, relink boolean NOT NULL, cascaded boolean NOT NULL, "
        "PRIMARY KEY (identifier)) ON COMMIT DROP"
    )


def not_live(payload_type: PayloadType) -> str:
    """Staged identifiers that are missing or deleted."""
    return (
        f"SELECT s.identifier FROM {_staged(payload_type)} AS s LEFT JOIN {_latest(payload_type)} AS r "
        f"ON r.identifier = s.identifier AND NOT r.{TOMBSTONE} WHERE r.identifier IS NULL ORDER BY 1"
    )


def not_deleted(payload_type: PayloadType) -> str:
    """Staged identifiers that are not deleted, and whether they are live or missing."""
    return (
        f"SELECT s.identifier, r.identifier IS NOT NULL AS live FROM {_staged(payload_type)} AS s "
        f"LEFT JOIN {_latest(payload_type)} AS r ON r.identifier = s.identifier "
        f"WHERE r.identifier IS NULL OR NOT r.{TOMBSTONE} ORDER BY 1"
    )


def never_existed(payload_type: PayloadType) -> str:
    """Staged identifiers that no version has, live or deleted."""
    return (
        f"SELECT s.identifier FROM {_staged(payload_type)} AS s LEFT JOIN {_latest(payload_type)} AS r "
        "ON r.identifier = s.identifier WHERE r.identifier IS NULL ORDER BY 1"
    )


def version_conflicts(payload_type: PayloadType) -> str:
    """Staged identifiers whose stated version is not the present one, with both."""
    return (
        "SELECT s.identifier, s.expected_version AS expected, r.version AS found "
        f"FROM {_staged(payload_type)} AS s JOIN {_latest(payload_type)} AS r ON r.identifier = s.identifier "
        "WHERE s.expected_version <> r.version ORDER BY 1"
    )


def pend_update(payload_type: PayloadType, number: int, names: Sequence[str]) -> str:
    """Pend the staged changes of one set of columns, leaving out what would change nothing.

    Args:
        payload_type: The type.
        number: The set's number in the staging table.
        names: The fields that it states.

    Returns:
        One INSERT into the pending table.
    """
    stated = {field.name: staged_value(field) for field in payload_type.create_fields if field.name in names}
    columns = _columns(payload_type)
    values = [stated.get(name, f"r.{quote(name)}") for name in columns]
    new_parent = stated.get("parent_identifier", "r.parent_identifier")
    changed = " OR ".join(f"r.{quote(name)} IS DISTINCT FROM {value}" for name, value in stated.items())
    return (
        f"INSERT INTO {_pending(payload_type)} ({_names(columns)}, relink, cascaded) "
        f"SELECT {', '.join(values)}, r.parent_identifier IS DISTINCT FROM {new_parent}, false "
        f"FROM {_staged(payload_type)} AS s JOIN {_latest(payload_type)} AS r ON r.identifier = s.identifier "
        f"WHERE s.{COLUMN_SET} = {number} AND ({changed or 'false'})"
    )


def pend_staged(payload_type: PayloadType, *, tombstone: bool) -> str:
    """Pend the staged resources as deleted, or as live again with their lineage computed anew.

    A tombstone keeps the payload, so that a restore finds it.
    """
    columns = _columns(payload_type)
    flags = _flag(tombstone)
    return (
        f"INSERT INTO {_pending(payload_type)} ({_names(columns)}, relink, cascaded) "
        f"SELECT {_content(columns, flags)}, NOT {flags}, false "
        f"FROM {_staged(payload_type)} AS s JOIN {_latest(payload_type)} AS r ON r.identifier = s.identifier"
    )


def pend_children(payload_type: PayloadType, above: Iterable[str], cascade: Cascade) -> str:
    """Pend the children of what is pending, one level of a cascade, deleted ones included.

    Deleted resources are passed through, since live ones may hang below them; `drop_unchanged` takes
    those out again that the verb has no version to write for.

    Args:
        payload_type: Type of the children.
        above: Types that have a pending table.
        cascade: Why.

    Returns:
        One INSERT that affects as many rows as are newly pending or newly marked.
    """
    columns = _columns(payload_type)
    tombstone = {Cascade.DELETE: "true", Cascade.RESTORE: "false", Cascade.RELINK: f"r.{TOMBSTONE}"}[cascade]
    relink = "false" if cascade is Cascade.DELETE else "true"
    parents = " UNION ALL ".join(
        f"SELECT identifier FROM {render(pending(prefix))} WHERE {relink} = relink" for prefix in above
    )
    on_conflict = (
        "NOTHING" if cascade is Cascade.DELETE else "UPDATE SET relink = true WHERE NOT target.relink"
    )
    return (
        f"INSERT INTO {_pending(payload_type)} AS target ({_names(columns)}, relink, cascaded) "
        f"SELECT {_content(columns, tombstone)}, {relink}, true FROM ({parents}) AS a "
        f"JOIN {_latest(payload_type)} AS r ON r.parent_identifier = a.identifier "
        f"ON CONFLICT (identifier) DO {on_conflict}"
    )


def missing_parents(
    payload_type: PayloadType, parents: Iterable[str], pended: frozenset[str], *, linked: bool
) -> str:
    """Pending versions whose parent is neither live nor pending to be.

    Args:
        payload_type: The type.
        parents: Prefixes of the parents.
        pended: Types that have a pending table.
        linked: Whether to ask of those whose lineage is computed, not of those that wait for it.

    Returns:
        A query for identifiers with their parents.
    """
    absent = " AND ".join(
        f"NOT EXISTS (SELECT FROM {render(latest(prefix))} AS r WHERE r.identifier = p.parent_identifier "
        f"AND NOT r.{TOMBSTONE})"
        + (
            f" AND NOT EXISTS (SELECT FROM {render(pending(prefix))} AS q "
            f"WHERE q.identifier = p.parent_identifier AND NOT q.{TOMBSTONE})"
            if prefix in pended
            else ""
        )
        for prefix in parents
    )
    return (
        f"SELECT p.identifier, p.parent_identifier FROM {_pending(payload_type)} AS p "
        f"WHERE p.relink = {_flag(not linked)} AND NOT p.cascaded AND p.parent_identifier IS NOT NULL"
        f"{f' AND {absent}' if absent else ''} ORDER BY 1"
    )


def pending_parent_types(payload_type: PayloadType, *, linked: bool = False) -> str:
    """Prefixes of the parents of pending versions whose lineage is computed or not; null stands for none."""
    return (
        "SELECT DISTINCT split_part(parent_identifier, '/', 1) AS prefix "
        f"FROM {_pending(payload_type)} WHERE relink = {_flag(not linked)}"
    )


def link_roots(payload_type: PayloadType) -> str:
    """Compute the lineage of pending versions without a parent: themselves alone."""
    return (
        f"UPDATE {_pending(payload_type)} AS p SET relink = false, {_lineage(payload_type, 'NULL')} "
        "WHERE p.relink AND p.parent_identifier IS NULL"
    )


def link(payload_type: PayloadType, parents: Iterable[str], pended: frozenset[str]) -> str:
    """Compute the lineage of pending versions whose parent's lineage is known.

    Args:
        payload_type: The type.
        parents: Prefixes of the parents, at least one.
        pended: Types that have a pending table.

    Returns:
        One UPDATE; it affects as many rows as it could compute.
    """
    known = []
    for prefix in parents:
        stored = f"SELECT identifier, {', '.join(LINEAGE)} FROM {render(latest(prefix))} AS r"
        if prefix in pended:
            waiting = render(pending(prefix))
            stored += f" WHERE NOT EXISTS (SELECT FROM {waiting} AS q WHERE q.identifier = r.identifier)"
            known.append(f"SELECT identifier, {', '.join(LINEAGE)} FROM {waiting} WHERE NOT relink")
        known.append(stored)
    return (
        f"UPDATE {_pending(payload_type)} AS p SET relink = false, {_lineage(payload_type, 'a')} "
        f"FROM ({' UNION ALL '.join(known)}) AS a WHERE p.relink AND a.identifier = p.parent_identifier"
    )


def not_linked(payload_type: PayloadType) -> str:
    """Pending versions whose lineage could not be computed: they hang in a cycle."""
    return f"SELECT identifier FROM {_pending(payload_type)} WHERE relink ORDER BY 1"


def drop_unchanged(payload_type: PayloadType, cascade: Cascade, roots: Iterable[int] = ()) -> str:
    """Take out cascaded rows that need no new version.

    Args:
        payload_type: The type.
        cascade: Why they were pended.
        roots: Commits whose deletions a restore undoes.

    Returns:
        One DELETE.
    """
    same_lineage = " AND ".join(f"p.{name} IS NOT DISTINCT FROM r.{name}" for name in LINEAGE)
    needless = {
        Cascade.DELETE: f"r.{TOMBSTONE}",
        Cascade.RELINK: f"(r.{TOMBSTONE} OR ({same_lineage}))",
        Cascade.RESTORE: f"NOT (r.{TOMBSTONE} AND r.version IN ({', '.join(map(str, roots)) or 'NULL'}))",
    }[cascade]
    return (
        f"DELETE FROM {_pending(payload_type)} AS p USING {_latest(payload_type)} AS r "
        f"WHERE p.identifier = r.identifier AND p.cascaded AND {needless}"
    )


def deleted_in(payload_type: PayloadType) -> str:
    """Commits that deleted the pending resources."""
    return f"SELECT DISTINCT version FROM {_pending(payload_type)} WHERE NOT cascaded"


def supersede(payload_type: PayloadType, commit: Instant) -> str:
    """Move the present versions of what is pending to history."""
    columns = _columns(payload_type)
    ended = [_stamp(commit) if name == "valid_to" else f"r.{quote(name)}" for name in columns]
    return (
        f"INSERT INTO {render(history(payload_type.prefix))} ({_names(columns)}) SELECT {', '.join(ended)} "
        f"FROM {_latest(payload_type)} AS r JOIN {_pending(payload_type)} AS p ON p.identifier = r.identifier"
    )


def publish(payload_type: PayloadType, commit: Instant) -> str:
    """Put the pending versions in the place of the present ones."""
    fixed = {"valid_from": _stamp(commit), "version": str(commit.version), "valid_to": "NULL"}
    content = ", ".join(
        f"{quote(name)} = {fixed.get(name, f'p.{quote(name)}')}"
        for name in _columns(payload_type)
        if name not in {"identifier", "created_at"}
    )
    return (
        f"UPDATE {_latest(payload_type)} AS r SET {content} FROM {_pending(payload_type)} AS p "
        "WHERE p.identifier = r.identifier"
    )


def remove(payload_type: PayloadType) -> list[str]:
    """Remove every version of what is pending."""
    doomed = f"USING {_pending(payload_type)} AS p WHERE p.identifier = r.identifier"
    return [
        f"DELETE FROM {_latest(payload_type)} AS r {doomed}",
        f"DELETE FROM {render(history(payload_type.prefix))} AS r {doomed}",
    ]


def forget(payload_type: PayloadType) -> str:
    """Forget the external uids that belong to what is pending: they may name a person.

    The identifiers stay taken, so that none is given to somebody else later.
    """
    return (
        "UPDATE vxdata.registration AS r SET parent_identifier = '', external_uid = gen_random_uuid()::text "
        f"FROM {_pending(payload_type)} AS p WHERE p.identifier IN (r.identifier, r.parent_identifier)"
    )


def _flag(value: bool) -> str:  # noqa: FBT001 - rendered, not obeyed
    return "true" if value else "false"


def _lineage(payload_type: PayloadType, source: str) -> str:
    """Assignments of the nearest ancestors: the resource itself, or what its parent has, or nothing."""
    return ", ".join(
        f"{name} = p.identifier"
        if prefix == payload_type.prefix
        else f"{name} = {source}"
        if source == "NULL"
        else f"{name} = {source}.{name}"
        for name, prefix in LINEAGE_PREFIXES.items()
    )


def _columns(payload_type: PayloadType) -> list[str]:
    return [field.name for field in payload_type.response_fields] + [TOMBSTONE]


def _content(columns: Sequence[str], tombstone: str) -> str:
    """The columns of the present version `r`, with another tombstone flag."""
    return ", ".join(tombstone if name == TOMBSTONE else f"r.{quote(name)}" for name in columns)


def _names(columns: Iterable[str]) -> str:
    return ", ".join(map(quote, columns))


def _stamp(commit: Instant) -> str:
    return render(timestamp(commit.as_of))


def _latest(payload_type: PayloadType) -> str:
    return render(latest(payload_type.prefix))


def _pending(payload_type: PayloadType) -> str:
    return render(pending(payload_type.prefix))


def _staged(payload_type: PayloadType) -> str:
    return render(staging(payload_type.prefix))
