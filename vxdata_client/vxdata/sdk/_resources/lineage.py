"""The lineage namespace: who is above and below a resource."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.catalog.builtin import RESOURCE
from vxdata.schemas.errors import ResourceNotFound
from vxdata.schemas.identifiers import normalise
from vxdata.schemas.plan import HasAncestor, HasDescendant
from vxdata.schemas.plan.relatives import downwards, family_plan, is_child_of, unread, upwards
from vxdata.sdk._queries.stream import read_whole
from vxdata.sdk._resources.retrieve import read_in, retrieve

if TYPE_CHECKING:
    from datetime import datetime

    from vxdata.schemas.models import ResourceResponse
    from vxdata.schemas.plan import Predicate
    from vxdata.schemas.plan.relatives import Parents
    from vxdata.sdk._session import Session
    from vxdata.sdk._snapshot import AsOf
    from vxdata.sdk._transport.base import Transport


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
        chain = [name for name in upwards(start, parents) if name in live]
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
        live, instant = self._family(start, is_child_of(start), as_of)
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
        below = [name for name in downwards(start, parents) if name in live]
        return retrieve(self._session, below, instant, include_children=False)

    def _family(self, start: str, relatives: Predicate, as_of: AsOf | None) -> tuple[Parents, datetime]:
        """Read a resource and its relatives, in one plan: all live, each with its parent."""
        plan = family_plan(start, relatives, self._session.instant(as_of))
        table, snapshot = read_whole(self._transport, plan)
        live: Parents = dict(zip(*(column.to_pylist() for column in table.columns), strict=True))
        if start not in live:
            raise ResourceNotFound.from_identifiers([start])
        return live, snapshot.as_of


def _through_deleted(transport: Transport, live: Parents, instant: datetime) -> Parents:
    """Add the deleted resources through which live ones hang; where there are none, nothing is read."""
    parents = dict(live)
    while missing := unread(parents):
        parents |= dict.fromkeys(missing)
        columns = ("identifier", "parent_identifier", "valid_to")
        for table, _ in read_in(transport, RESOURCE, "identifier", missing, instant, columns, history=True):
            rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
            parents |= {name: above for name, above, valid_to in rows if valid_to is None}
    return parents
