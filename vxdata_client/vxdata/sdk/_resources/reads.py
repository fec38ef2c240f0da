"""Reads of resources by identifier: their state, their history, and what changed in between."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Generic, TypeVar, cast, overload

from vxdata.schemas.models import ResourceResponse
from vxdata.sdk._resources.changes import names_of
from vxdata.sdk._resources.history import changes, deletion, history, numbered
from vxdata.sdk._resources.retrieve import retrieve

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vxdata.sdk._queries.query import Query
    from vxdata.sdk._resources.history import Change, Version
    from vxdata.sdk._session import Session
    from vxdata.sdk._snapshot import AsOf

Response = TypeVar("Response", bound=ResourceResponse)


class Reads(ABC, Generic[Response]):
    """Retrieve, history and diff.

    Args:
        session: The way to the server, and the instant to read at.
    """

    def __init__(self, session: Session) -> None:
        """Keep the session."""
        self._session = session

    @abstractmethod
    def _full(self, identifiers: Iterable[str]) -> list[str]:
        """Write identifiers in full, and refuse those that do not belong here."""

    @abstractmethod
    def query(self) -> Query[Response]:
        """Start a query over the resources."""

    def count(self) -> int:
        """Count the resources that are live, at the instant of the client.

        Returns:
            Their number.

        Raises:
            ServiceProblem: The server cannot be reached or cannot answer.
        """
        return self.query().count()

    # A text is an iterable of texts too: here and below the first overload that fits counts.
    @overload
    def retrieve(  # type: ignore[overload-overlap]
        self, identifiers: str, *, include_children: bool = True, as_of: AsOf | None = None
    ) -> Response: ...
    @overload
    def retrieve(
        self, identifiers: Iterable[str], *, include_children: bool = True, as_of: AsOf | None = None
    ) -> list[Response]: ...

    def retrieve(
        self, identifiers: str | Iterable[str], *, include_children: bool = True, as_of: AsOf | None = None
    ) -> Response | list[Response]:
        """Read resources by identifier: all of them, or none.

        Args:
            identifiers: One, or several.
            include_children: Whether each response lists its immediate children; large reads are faster
                without.
            as_of: Instant to read at: a date or instant as text or object, or the snapshot of an earlier
                read. By default that of the client, else the last commit.

        Returns:
            One response for one identifier; for several a list, in the order asked for.

        Raises:
            ResourceNotFound: At least one is missing or deleted at the instant; all such are named.
            UnexpectedPayload: An identifier belongs to another payload type.
            AsOfInFuture: The instant is later than the server's clock.
        """
        wanted = self._full(names_of(identifiers))
        instant = self._session.instant(as_of)
        found = retrieve(self._session, wanted, instant, include_children=include_children)
        return self._answer(found, single=isinstance(identifiers, str))

    def history(self, identifier: str, *, as_of: AsOf | None = None) -> list[Version]:
        """List the versions of a resource: what changed, by whom, in which commit.

        Args:
            identifier: The resource; it may be deleted.
            as_of: Instant up to which versions are listed.

        Returns:
            The versions, oldest first, deletions included.

        Raises:
            ResourceNotFound: The resource never existed.
        """
        (full,) = self._full([identifier])
        return history(self._session, full, self._session.instant(as_of))

    def diff(self, identifier: str, before: int | AsOf, after: int | AsOf) -> dict[str, Change]:
        """Compare two versions of a resource.

        Args:
            identifier: The resource.
            before: A version number, or an instant at which the version was current.
            after: Likewise.

        Returns:
            Field to its value before and after, where they differ; `deleted` stands for a deletion.

        Raises:
            ResourceNotFound: The resource never existed, or not yet at an instant.
            InvalidRequest: It has no version of that number.
        """
        first, second = (self._version(identifier, point) for point in (before, after))
        return changes(first.resource, second.resource) | deletion(first.deleted, second.deleted)

    def _version(self, identifier: str, point: int | AsOf) -> Version:
        if isinstance(point, int):
            return numbered(self.history(identifier), point)
        return self.history(identifier, as_of=point)[-1]

    def _answer(self, found: list[ResourceResponse], *, single: bool) -> Response | list[Response]:
        answers = cast("list[Response]", found)
        return answers[0] if single else answers
