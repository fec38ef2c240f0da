"""The lineage namespace: who is above and below a resource."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.errors import ResourceNotFound
from vxdata.schemas.identifiers import normalise
from vxdata.schemas.relations import RESOURCE
from vxdata.sdk._reader import children_of, read_in, retrieve

if TYPE_CHECKING:
    from datetime import datetime

    from vxdata.schemas.models import ResourceResponse
    from vxdata.sdk._session import Session
    from vxdata.sdk._time import AsOf


class Lineage:
    """Walks the hierarchy of resources, over all types.

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
            The live ancestors, the parent first. The chain ends below a deleted one.

        Raises:
            ResourceNotFound: The resource itself is missing or deleted.
        """
        instant = self._session.instant(as_of)
        chain: list[str] = []
        wanted: str | None = normalise(identifier)
        columns = ("identifier", "parent_identifier")
        while wanted is not None:
            ((table, instant),) = read_in(self._transport, RESOURCE, "identifier", [wanted], instant, columns)
            if not table.num_rows:
                break
            chain.append(wanted)
            wanted = table["parent_identifier"][0].as_py()
        if not chain:
            raise ResourceNotFound.from_identifiers([normalise(identifier)])
        return retrieve(self._transport, chain[1:], instant, include_children=False)

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
        instant = self._require(identifier, as_of)
        children = children_of(self._transport, [normalise(identifier)], instant)
        found = children.get(normalise(identifier), [])
        return retrieve(self._transport, found, instant, include_children=False)

    def descendants(self, identifier: str, *, as_of: AsOf | None = None) -> list[ResourceResponse]:
        """Everything below a resource, through live resources.

        Args:
            identifier: A full identifier.
            as_of: Instant to read at.

        Returns:
            The live descendants, level by level, each level in identifier order.

        Raises:
            ResourceNotFound: The resource itself is missing or deleted.
        """
        instant = self._require(identifier, as_of)
        level = [normalise(identifier)]
        below: list[str] = []
        while level:
            children = children_of(self._transport, level, instant)
            level = sorted(child for group in children.values() for child in group)
            below += level
        return retrieve(self._transport, below, instant, include_children=False)

    def _require(self, identifier: str, as_of: AsOf | None) -> datetime:
        """Check that a resource is live, and fix the instant for what follows."""
        wanted = [normalise(identifier)]
        columns = ("identifier",)
        ((table, instant),) = read_in(
            self._transport, RESOURCE, "identifier", wanted, self._session.instant(as_of), columns
        )
        if not table.num_rows:
            raise ResourceNotFound.from_identifiers(wanted)
        return instant
