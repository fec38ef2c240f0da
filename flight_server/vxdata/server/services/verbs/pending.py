"""Pending versions: compute them, follow the cascade, compute lineage, write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.errors import LineageCycle, NotPermitted, ParentNotFound
from vxdata.sql.write import cascade, descent, lineage, publish
from vxdata.sql.write.cascade import Cascade
from vxdata.sql.write.granted import EVERYTHING, denied_of_pending
from vxdata.sql.write.lineage import MarkColumn
from vxdata.sql.write.lookup import HASH_JOINS
from vxdata.sql.write.pending import create_pending, pend, pended
from vxdata.sql.write.tables import ANALYZED_ROWS, analyze, pending_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vxdata.schemas.catalog.registry import Registry
    from vxdata.schemas.payload_type import PayloadType
    from vxdata.server.database.connection import Connection
    from vxdata.sql.instant import Instant
    from vxdata.sql.write.granted import Granted


class Pending:
    """The versions that a verb is about to write.

    They are kept as queries as long as that is enough, since creating a table takes longer than changing a
    row, and all writers have to wait for it. Once further versions follow from them, by a cascade or by
    lineage, they are put into temporary tables, one for each type.

    Args:
        connection: In the transaction that writes.
        registry: The payload types.
        granted: What the sender of the request sees and may write.
    """

    def __init__(self, connection: Connection, registry: Registry, granted: Granted = EVERYTHING) -> None:
        """Begin with nothing."""
        self._granted = granted
        self._connection = connection
        self._registry = registry
        self._queries: dict[str, str] = {}
        self._rows: dict[str, int | None] = {}
        self._prefixes: set[str] = set()
        self._cascaded: set[str] = set()

    @property
    def types(self) -> tuple[PayloadType, ...]:
        """The types that have a pending table, in the order of the registry: mostly parents first."""
        return self._named(self._prefixes)

    def add(self, payload_type: PayloadType, query: str, rows: int | None) -> None:
        """Add the rows of a query to the pending versions.

        Args:
            payload_type: Their type, which must not have been added before.
            query: A query with the columns of a pending table.
            rows: The most rows that it returns; None for a few.
        """
        self._queries[payload_type.prefix] = query
        self._rows[payload_type.prefix] = rows

    def spread(self) -> None:
        """Move the pending versions from queries into tables, before further ones are derived from them."""
        for payload_type in self._named(set(self._queries)):
            self._put(payload_type, pend(payload_type, self._queries.pop(payload_type.prefix)), 0)

    def _put(self, payload_type: PayloadType, statement: str, before: int) -> None:
        """Insert into the pending table of a type, which holds `before` rows so far."""
        if payload_type.prefix not in self._prefixes:
            self._connection.execute(HASH_JOINS, create_pending(payload_type))
            self._prefixes.add(payload_type.prefix)
        rows = before + self._connection.execute(statement)
        self._rows[payload_type.prefix] = rows
        if rows >= ANALYZED_ROWS:
            self._connection.execute(analyze(pending_table(payload_type)))

    def follow(self, reason: Cascade) -> None:
        """Add all descendants of the pending resources to the pending versions.

        If their lineage has to be computed again, these are all descendants; otherwise only those that the
        sender may see.
        """
        self.spread()
        children = self._child_types()
        if not children:
            return
        through = EVERYTHING if reason is Cascade.RELINK else self._granted
        self._connection.execute(
            *descent.find_below(children, self._prefixes, relink=cascade.relinks(reason), granted=through)
        )
        found = {row["prefix"]: row["rows"] for row in self._connection.rows(descent.COUNT_BELOW)}
        for payload_type in self._named(set(found)):
            rows = found[payload_type.prefix]
            statement = cascade.pend_below(payload_type, reason, rows)
            self._put(payload_type, statement, self._rows.get(payload_type.prefix) or 0)
        self._cascaded |= set(found)

    def _child_types(self) -> dict[str, list[str]]:
        """The types that may be below pending resources, at any depth, each with the types of its parents."""
        children: dict[str, list[str]] = {}
        new, known = set(self._prefixes), set(self._prefixes)
        while new:
            pairs = self._connection.rows(cascade.child_types(self._registry, sorted(new)))
            for pair in pairs:
                children.setdefault(pair["child"], []).append(pair["parent"])
            new = {pair["child"] for pair in pairs} - known
            known |= new
        return children

    def drop_unchanged(self, reason: Cascade, roots: Iterable[int] = ()) -> None:
        """Remove versions that a cascade has added although nothing changes in them.

        Args:
            reason: Why the cascade has added them.
            roots: Commits whose deletions a restore undoes.
        """
        roots = list(roots)
        for payload_type in self._named(self._cascaded):
            self._connection.execute(cascade.drop_unchanged(payload_type, reason, roots))

    def require_parents(self) -> None:
        """Refuse versions whose new parent is neither live nor about to become live.

        Raises:
            ParentNotFound: There are such versions.
        """
        self.spread()
        orphans = []
        for payload_type, counts in self._parents(MarkColumn.PLACED).items():
            if parents := _prefixes(counts):
                pended = frozenset(self._prefixes)
                query = lineage.missing_parents(payload_type, parents, pended, self._granted)
                orphans += self._connection.rows(query)
        if orphans:
            raise ParentNotFound.from_identifiers(
                sorted({row["parent_identifier"] for row in orphans}), [row["identifier"] for row in orphans]
            )

    def require_granted(self) -> None:
        """Refuse versions that the sender may see but not write, at their old place or at their new one.

        Raises:
            NotPermitted: There are such versions.
        """
        if not self._granted.limits_writes:
            return
        queries = (
            denied_of_pending(payload_type, pending_table(payload_type), self._granted)
            for payload_type in self.types
            if self._granted.shows(payload_type.prefix)
        )
        if denied := [row["identifier"] for query in queries for row in self._connection.rows(query)]:
            raise NotPermitted.to_write(denied)

    def link(self) -> None:
        """Compute the lineage of the versions that still lack it, parents before children.

        Raises:
            LineageCycle: Some resources would be their own ancestors.
        """
        self.spread()
        parents = self._parents(MarkColumn.RELINK)
        waiting = {payload_type: sum(counts.values()) for payload_type, counts in parents.items()}
        for payload_type, counts in parents.items():
            if None in counts:
                waiting[payload_type] -= self._connection.execute(lineage.link_roots(payload_type))
        for payload_type, counts in parents.items():
            if waiting[payload_type]:
                statement = lineage.link(payload_type, _prefixes(counts), frozenset(self._prefixes))
                waiting[payload_type] -= self._connection.execute(statement)
        if any(waiting.values()):
            self._link_apart(parents, waiting)

    def _link_apart(
        self, parents: dict[PayloadType, dict[str | None, int]], waiting: dict[PayloadType, int]
    ) -> None:
        """Compute the lineage of versions that are below each other."""
        prefixes = {prefix for counts in parents.values() for prefix in _prefixes(counts)}
        self._connection.execute(descent.CREATE_WAITING)
        left = [payload_type for payload_type, count in waiting.items() if count]
        for payload_type in left:
            self._connection.execute(descent.wait_for_pending(payload_type.prefix))
        self._connection.execute(descent.INDEX_WAITING, f"ANALYZE {descent.WAITING}")
        self._connection.execute(*descent.link_below_known(prefixes, frozenset(self._prefixes)))
        for payload_type in left:
            waiting[payload_type] -= self._connection.execute(lineage.take_linked(payload_type))
        if any(waiting.values()):
            raise self._circular()

    def write(self, commit: Instant) -> dict[str, int]:
        """Move present versions to history, and put the pending ones in their place.

        Returns:
            Versions written, by resource type.
        """
        counts = {}
        for payload_type in self._named(self._prefixes | set(self._queries)):
            query, rows = self._queries.get(payload_type.prefix), self._rows[payload_type.prefix]
            versions = pended(payload_type) if query is None else query
            statement = publish.publish(payload_type, versions, commit, computed=query is not None, rows=rows)
            counts[payload_type.prefix] = self._connection.execute(statement)
        return counts

    def _named(self, prefixes: set[str]) -> tuple[PayloadType, ...]:
        return tuple(payload_type for payload_type in self._registry if payload_type.prefix in prefixes)

    def _parents(self, marked: MarkColumn) -> dict[PayloadType, dict[str | None, int]]:
        """Count the marked versions of each type, by the type of their parent."""
        counts: dict[str, dict[str | None, int]] = {}
        for row in self._connection.rows(lineage.parent_types(self.types, marked)):
            counts.setdefault(row["prefix"], {})[row["parent"]] = row["rows"]
        return {payload_type: counts[payload_type.prefix] for payload_type in self._named(set(counts))}

    def _circular(self) -> LineageCycle:
        return LineageCycle.from_identifiers(
            [
                row["identifier"]
                for payload_type in self.types
                for row in self._connection.rows(lineage.not_linked(payload_type, self._granted))
            ]
        )


def _prefixes(counts: dict[str | None, int]) -> list[str]:
    return sorted(prefix for prefix in counts if prefix is not None)
