"""Descent: all descendants of resources, at any depth, each once.

A chain of resources below each other is as deep as it is long. So no statement is run for each level, which
would go through all rows again: one recursion takes from each resource to those below it by an index.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vxdata.schemas.payload_type import LINEAGE_PREFIXES
from vxdata.sql.names import TOMBSTONE, latest, pending, text, written
from vxdata.sql.write.create import LINEAGE
from vxdata.sql.write.granted import EVERYTHING
from vxdata.sql.write.lookup import INDEXES_NO_MORE, INDEXES_ONLY, any_of, each

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vxdata.sql.write.granted import Granted

WAITING: Final = "pg_temp.waiting"
"""Table of resources whose lineage waits for that of another one, with their parents."""

LINKED: Final = "pg_temp.linked"
"""Table of those whose lineage could be computed, with it."""

BELOW: Final = "pg_temp.below"
"""Table of resources that hang below what is pending."""

CREATE_WAITING: Final = (
    'CREATE TEMPORARY TABLE waiting (identifier text COLLATE "C" PRIMARY KEY, '
    'parent_identifier text COLLATE "C" NOT NULL) ON COMMIT DROP'
)
INDEX_WAITING: Final = f"CREATE INDEX ON {WAITING} (parent_identifier)"
COUNT_BELOW: Final = (
    f"SELECT split_part(identifier, '/', 1) AS prefix, count(*) AS rows FROM {BELOW} GROUP BY 1"
)


def wait_for_staged(staged: str, others: Iterable[str]) -> str:
    """Let those staged resources wait whose parent is staged.

    Args:
        staged: The relation of the staged rows.
        others: The relations of the rows that may be the parents, at least one.

    Returns:
        One INSERT; it fails where an identifier is staged twice.
    """
    names = " UNION ALL ".join(f"SELECT q.identifier FROM {other} AS q" for other in others)
    return (
        f"INSERT INTO {WAITING} SELECT s.identifier, s.parent_identifier FROM {staged} AS s "
        f"WHERE s.parent_identifier IN ({names})"
    )


def wait_for_pending(prefix: str) -> str:
    """Let those pending versions of a type wait whose lineage is still to be computed."""
    return (
        f"INSERT INTO {WAITING} SELECT identifier, parent_identifier FROM {written(pending, prefix)} "
        "WHERE relink AND parent_identifier IS NOT NULL"
    )


def link_below_live(parents: Iterable[str], granted: Granted = EVERYTHING) -> tuple[str, ...]:
    """Compute the lineage of what waits, from live parents down.

    Args:
        parents: Prefixes of the parents.
        granted: What the sender sees; a parent that is hidden is not there.

    Returns:
        Statements that make the table of what was linked.
    """
    columns = ", ".join(f"r.{name}" for name in (*LINEAGE, TOMBSTONE))
    tables = [granted.table(prefix) for prefix in sorted(parents)]
    return _link(any_of(tables, columns, "w.parent_identifier"), f"NOT p.{TOMBSTONE}")


def link_below_known(parents: Iterable[str], pended: frozenset[str]) -> tuple[str, ...]:
    """Compute the lineage of what waits, from parents down whose lineage is known.

    Args:
        parents: Prefixes of the parents.
        pended: Prefixes of the types that have a pending table.

    Returns:
        Statements that make the table of what was linked.
    """
    return _link(known_lineage(parents, pended, "w.parent_identifier"), "true")


def known_lineage(parents: Iterable[str], pended: frozenset[str], key: str) -> str:
    """Look up the lineage that a resource will have: the pending one where there is one, if it is known."""
    columns = ", ".join(LINEAGE)
    parts = []
    for prefix in sorted(parents):
        present = f"SELECT {columns} FROM {written(latest, prefix)} AS r WHERE r.identifier = {key}"
        if prefix in pended:
            table = written(pending, prefix)
            parts.append(f"SELECT {columns} FROM {table} AS q WHERE q.identifier = {key} AND NOT q.relink")
            present += f" AND NOT EXISTS (SELECT FROM {table} AS q WHERE q.identifier = {key})"
        parts.append(present)
    return each(*parts)


def _link(parent: str, condition: str) -> tuple[str, ...]:
    first = f"SELECT w.identifier, {_lineage('p')} FROM {WAITING} AS w CROSS JOIN {parent} AS p"
    waits = f"SELECT FROM {WAITING} AS q WHERE q.identifier = w.parent_identifier"
    below = each(f"SELECT w.identifier FROM {WAITING} AS w WHERE w.parent_identifier = l.identifier")
    recursion = (
        f"{first} WHERE {condition} AND NOT EXISTS ({waits}) UNION ALL "
        f"SELECT w.identifier, {_lineage('l')} FROM l CROSS JOIN {below} AS w"
    )
    return (
        *INDEXES_ONLY,
        f"CREATE TEMPORARY TABLE linked ON COMMIT DROP AS WITH RECURSIVE l AS ({recursion}) SELECT * FROM l",
        *INDEXES_NO_MORE,
    )


def _lineage(parent: str) -> str:
    """The nearest ancestor of each kind: the resource itself, or that of its parent."""
    return ", ".join(
        f"CASE WHEN starts_with(w.identifier, {text(f'{prefix}/')}) THEN w.identifier "
        f"ELSE {parent}.{name} END AS {name}"
        for name, prefix in LINEAGE_PREFIXES.items()
    )


def find_below(
    children: Mapping[str, Iterable[str]],
    pended: Iterable[str],
    *,
    relink: str,
    granted: Granted = EVERYTHING,
) -> tuple[str, ...]:
    """Find all resources below what is pending, deleted ones included.

    Args:
        children: By the prefix of a type, those of the parents that some of its resources have; not empty.
        pended: Prefixes of the types that have a pending table.
        relink: Whether of the pending versions those count whose lineage is to be computed, or the others.
        granted: What is gone through.

    Returns:
        Statements that make the table of what was found. What is pending itself is among it where it hangs
        below something else that is.
    """
    named = " UNION ALL ".join(
        f"SELECT identifier, true AS named FROM {written(pending, prefix)} WHERE relink = {relink}"
        for prefix in pended
    )
    below = each(
        *(
            f"SELECT r.identifier FROM {granted.table(prefix)} AS r "
            f"WHERE r.parent_identifier = b.identifier AND ({_is_any(parents)})"
            for prefix, parents in children.items()
        )
    )
    # A name that is found again ends the search there, so nested names cost no more than others.
    recursion = f"{named} UNION SELECT c.identifier, false FROM b CROSS JOIN {below} AS c"
    found = f"WITH RECURSIVE b AS ({recursion}) SELECT identifier FROM b WHERE NOT named"
    return (
        *INDEXES_ONLY,
        f"CREATE TEMPORARY TABLE below ON COMMIT DROP AS {found}",
        *INDEXES_NO_MORE,
    )


def _is_any(prefixes: Iterable[str]) -> str:
    return " OR ".join(f"starts_with(b.identifier, {text(f'{prefix}/')})" for prefix in prefixes)
