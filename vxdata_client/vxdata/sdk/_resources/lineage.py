"""The lineage namespace: who is above and below a resource."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from vxdata.schemas.catalog.builtin import RESOURCE
from vxdata.schemas.errors import ResourceNotFound
from vxdata.schemas.identifiers import normalise
from vxdata.schemas.plan import Comparison, HasAncestor, HasDescendant, Or, Plan
from vxdata.sdk._queries.stream import read_whole
from vxdata.sdk._resources.retrieve import read_in, retrieve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from vxdata.schemas.models import ResourceResponse
    from vxdata.schemas.plan import Predicate
    from vxdata.sdk._session import Session
    from vxdata.sdk._snapshot import AsOf
    from vxdata.sdk._transport.base import Transport

Parents = dict[str, str | None]
"""Parent by identifier."""


class Lineage:
    """Walks the hierarchy of resources, over all types.

    Every walk goes through deleted resources, as lineage fields and `has_ancestor` do, and leaves them out.

    Args:
        session: The way to the server, and the instant to read at.
    """

    def __init__(self, session: Session) -> None:
        """Keep the session."""
        self._session = session
        self._transport = session.transport

    def parents(self, identifier: str, *, as_of: AsOf | None = None) -> list[ResourceResponse]:
        """The chain of ancestors.

        Args:
            identifier: A full identifier.
            as_of: Instant to read at.

        Returns:
            The live ancestors, the nearest first.

        Raises:
            ResourceNotFound: The resource itself is missing or deleted.
        """
        start = normalise(self._session.registry, identifier)
        live, instant = self._family(start, HasDescendant(identifier=start), as_of)
        parents = _through_deleted(self._transport, live, instant)
        chain = [name for name in _upwards(start, parents) if name in live]
        return retrieve(self._session, chain, instant, include_children=False)

    def children(self, identifier: str, *, as_of: AsOf | None = None) -> list[ResourceResponse]:
        """The immediate children.

        Args:
            identifier: A full identifier.
            as_of: Instant to read at.

        Returns:
            The live children, in identifier order.

        Raises:
            ResourceNotFound: The resource itself is missing or deleted.
        """
        start = normalise(self._session.registry, identifier)
        is_child = Comparison(op="==", field="parent_identifier", value=start)
        live, instant = self._family(start, is_child, as_of)
        children = sorted(name for name in live if name != start)
        return retrieve(self._session, children, instant, include_children=False)

    def descendants(self, identifier: str, *, as_of: AsOf | None = None) -> list[ResourceResponse]:
        """Everything below a resource.

        Args:
            identifier: A full identifier.
            as_of: Instant to read at.

        Returns:
            The live descendants, level by level, each level in identifier order; what hangs below a deleted
            resource keeps its level.

        Raises:
            ResourceNotFound: The resource itself is missing or deleted.
        """
        start = normalise(self._session.registry, identifier)
        live, instant = self._family(start, HasAncestor(identifier=start), as_of)
        parents = _through_deleted(self._transport, {**live, start: None}, instant)
        below = [name for name in _downwards(start, parents) if name in live]
        return retrieve(self._session, below, instant, include_children=False)

    def _family(self, start: str, relatives: Predicate, as_of: AsOf | None) -> tuple[Parents, datetime]:
        """Read a resource and its relatives, in one plan: all live, each with its parent."""
        where = Or(terms=(Comparison(op="==", field="identifier", value=start), relatives))
        plan = Plan(
            relation=RESOURCE,
            where=where,
            select=("identifier", "parent_identifier"),
            as_of=self._session.instant(as_of),
        )
        table, snapshot = read_whole(self._transport, plan)
        live: Parents = dict(zip(*(column.to_pylist() for column in table.columns), strict=True))
        if start not in live:
            raise ResourceNotFound.from_identifiers([start])
        return live, snapshot.as_of


def _through_deleted(transport: Transport, live: Parents, instant: datetime) -> Parents:
    """Add the deleted resources through which live ones hang; where there are none, nothing is read."""
    parents = dict(live)
    while missing := sorted({above for above in parents.values() if above is not None} - parents.keys()):
        parents |= dict.fromkeys(missing)
        columns = ("identifier", "parent_identifier", "valid_to")
        for table, _ in read_in(transport, RESOURCE, "identifier", missing, instant, columns, history=True):
            rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
            parents |= {name: above for name, above, valid_to in rows if valid_to is None}
    return parents


def _upwards(start: str, parents: Parents) -> Iterator[str]:
    """The chain above a resource, nearest first."""
    above = parents[start]
    while above is not None:
        yield above
        above = parents[above]


def _downwards(start: str, parents: Parents) -> Iterator[str]:
    """All below a resource, level by level, each in identifier order."""
    children: dict[str | None, list[str]] = defaultdict(list)
    for name, above in parents.items():
        children[above].append(name)
    level = [start]
    while level := sorted(name for above in level for name in children[above]):
        yield from level
