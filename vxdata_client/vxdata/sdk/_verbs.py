"""The verbs on resources that exist, the same for one type and for all of them together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, overload

from vxdata.schemas.errors import DuplicateIdentifiers, FieldTypeMismatch, InvalidRequest
from vxdata.schemas.models import ResourceResponse, ResourceUpdate
from vxdata.sdk._changes import tables_of_identifiers, tables_of_updates
from vxdata.sdk._history import changes, deletion, history
from vxdata.sdk._reader import retrieve
from vxdata.sdk._upload import Upload

if TYPE_CHECKING:
    import polars as pl

    from vxdata.schemas.wire import CommitReceipt, Verb
    from vxdata.sdk._changes import ExpectedVersions
    from vxdata.sdk._history import Change, Version
    from vxdata.sdk._session import Session
    from vxdata.sdk._time import AsOf
    from vxdata.sdk._upload import TypedTable

Update = TypeVar("Update", bound=ResourceUpdate)
Response = TypeVar("Response", bound=ResourceResponse)


class Verbs(ABC, Generic[Update, Response]):
    """Retrieve, update, delete, restore, purge and history.

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
    def _tables_of_frames(self, frames: object, verb: Verb) -> list[TypedTable] | None:
        """Turn whatever holds frames into tables; None for what holds none."""

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
            as_of: Instant to read at: a date or instant as text or object, or the token of an earlier
                read. By default that of the client, else the last commit.

        Returns:
            One response for one identifier; for several a list, in the order asked for.

        Raises:
            ResourceNotFound: At least one is missing or deleted at the instant; all such are named.
            UnexpectedPayload: An identifier belongs to another payload type.
            AsOfInFuture: The instant is later than the server's clock.
        """
        wanted = self._full(_names(identifiers))
        instant = self._session.instant(as_of)
        found = retrieve(self._session.transport, wanted, instant, include_children=include_children)
        return self._answer(found, single=isinstance(identifiers, str))

    @overload
    def update(
        self, resources: str, update: Update, *, expected_version: ExpectedVersions = None
    ) -> Response: ...
    @overload
    def update(
        self, resources: Mapping[str, Update], *, expected_version: ExpectedVersions = None
    ) -> list[Response]: ...
    @overload
    def update(self, resources: pl.DataFrame | Mapping[str, pl.DataFrame]) -> CommitReceipt: ...

    def update(
        self,
        resources: str | Mapping[str, Update] | pl.DataFrame | Mapping[str, pl.DataFrame],
        update: Update | None = None,
        *,
        expected_version: ExpectedVersions = None,
    ) -> Response | list[Response] | CommitReceipt:
        """Change resources, all in one commit or none.

        What an update does not state is kept; None makes a field null. An update that changes nothing
        writes no version. A new parent takes the descendants' lineage along.

        Args:
            resources: An identifier; or updates by identifier; or a frame with the column `identifier`.
                In a frame, a column that is absent is kept, and a null makes the field null; the column
                `expected_version` may state what each row expects.
            update: The update, for one identifier.
            expected_version: Version that must be there: a number for one identifier, else a dictionary
                by identifier.

        Returns:
            The new state: one response for an identifier, a list in the order given for a mapping. For
            a frame, the receipt of the commit.

        Raises:
            ResourceNotFound: A resource is missing or deleted; all such are named.
            ParentNotFound: A new parent is missing or deleted.
            LineageCycle: A resource would be its own ancestor.
            VersionConflict: A resource has another version than expected; both are told.
            UnexpectedPayload: An identifier or an update belongs to another payload type.
            ValidationFailed: Values break the constraints of their fields.
        """
        tables = self._tables_of_frames(resources, "update")
        if tables is not None:
            _refuse_beside_frame(update, expected_version)
            return self._send("update", tables)
        updates = self._updates(resources, update)
        expected = self._expected(expected_version)
        receipt = self._send("update", tables_of_updates(updates, expected))
        found = retrieve(self._session.transport, list(updates), receipt.as_of, include_children=False)
        return self._answer(found, single=isinstance(resources, str))

    # A mapping is an iterable of its keys, so the overload for frames comes first.
    @overload
    def delete(  # type: ignore[overload-overlap]
        self, resources: pl.DataFrame | Mapping[str, pl.DataFrame], *, cascade: bool = False
    ) -> CommitReceipt: ...
    @overload
    def delete(
        self,
        resources: str | Iterable[str],
        *,
        cascade: bool = False,
        expected_version: ExpectedVersions = None,
    ) -> None: ...

    def delete(
        self,
        resources: str | Iterable[str] | pl.DataFrame | Mapping[str, pl.DataFrame],
        *,
        cascade: bool = False,
        expected_version: ExpectedVersions = None,
    ) -> CommitReceipt | None:
        """Delete resources, all in one commit or none; `restore` brings them back.

        Their children stay live and keep their lineage, unless `cascade` takes them along.

        Args:
            resources: One identifier, several, or a frame with the column `identifier`.
            cascade: Whether all descendants are deleted in the same commit.
            expected_version: Version that must be there: a number for one identifier, else a dictionary
                by identifier.

        Returns:
            Nothing; for a frame, the receipt of the commit.

        Raises:
            ResourceNotFound: A resource is missing or deleted already; all such are named.
            VersionConflict: A resource has another version than expected.
            UnexpectedPayload: An identifier belongs to another payload type.
        """
        tables = self._tables_of_frames(resources, "delete")
        if tables is not None:
            _refuse_beside_frame(expected_version)
            return self._send("delete", tables, cascade=cascade)
        self._send("delete", self._tables_of(resources, expected_version), cascade=cascade)
        return None

    @overload
    def restore(  # type: ignore[overload-overlap]
        self, identifiers: str, *, cascade: bool = False, expected_version: ExpectedVersions = None
    ) -> Response: ...
    @overload
    def restore(
        self, identifiers: Iterable[str], *, cascade: bool = False, expected_version: ExpectedVersions = None
    ) -> list[Response]: ...

    def restore(
        self,
        identifiers: str | Iterable[str],
        *,
        cascade: bool = False,
        expected_version: ExpectedVersions = None,
    ) -> Response | list[Response]:
        """Bring deleted resources back, all in one commit or none.

        Each gets a new version that equals its last live one, with its lineage computed anew.

        Args:
            identifiers: One, or several.
            cascade: Whether what was deleted below them in the same commit comes back too.
            expected_version: Version that must be there: a number for one identifier, else a dictionary
                by identifier.

        Returns:
            The restored state: one response, or a list in the order given.

        Raises:
            ResourceNotFound: A resource never existed.
            NotDeleted: A resource is live.
            ParentNotFound: A parent is deleted, and not restored with it.
            VersionConflict: A resource has another version than expected.
        """
        wanted = self._full(_names(identifiers))
        tables = tables_of_identifiers(wanted, self._expected(expected_version))
        receipt = self._send("restore", tables, cascade=cascade)
        found = retrieve(self._session.transport, wanted, receipt.as_of, include_children=False)
        return self._answer(found, single=isinstance(identifiers, str))

    def purge(self, identifiers: str | Iterable[str]) -> CommitReceipt:
        """Remove every version of resources and of all below them, for good.

        The one verb that makes a past instant read differently. Servers refuse it unless their operator
        allows it.

        Args:
            identifiers: One, or several; live or deleted.

        Returns:
            The receipt, with the number of versions removed by resource type.

        Raises:
            NotAllowed: The server does not allow it.
            ResourceNotFound: A resource never existed.
        """
        return self._send("purge", self._tables_of(identifiers, None))

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
        return history(self._session.transport, full, self._session.instant(as_of))

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
        if not isinstance(point, int):
            return self.history(identifier, as_of=point)[-1]
        found = [version for version in self.history(identifier) if version.version == point]
        if not found:
            msg = f"{identifier} has no version {point}."
            raise InvalidRequest(msg, identifiers=[identifier], version=point)
        return found[0]

    def _updates(self, resources: object, update: Update | None) -> dict[str, ResourceUpdate]:
        given: dict[Any, Any] = dict(resources) if isinstance(resources, Mapping) else {resources: update}
        if not all(
            isinstance(key, str) and isinstance(value, ResourceUpdate) for key, value in given.items()
        ):
            msg = "update takes an identifier and its update, updates by identifier, or a frame."
            raise FieldTypeMismatch(msg)
        full = self._full(given)
        repeated = sorted(identifier for identifier, count in Counter(full).items() if count > 1)
        if repeated:
            raise DuplicateIdentifiers.from_identifiers(repeated)
        return dict(zip(full, given.values(), strict=True))

    def _tables_of(self, resources: object, expected: ExpectedVersions) -> list[TypedTable]:
        return tables_of_identifiers(self._full(_names(resources)), self._expected(expected))

    def _expected(self, expected: ExpectedVersions) -> ExpectedVersions:
        """Expected versions by full identifier."""
        if not isinstance(expected, Mapping):
            return expected
        return dict(zip(self._full(expected), expected.values(), strict=True))

    def _send(self, verb: Verb, tables: list[TypedTable], *, cascade: bool = False) -> CommitReceipt:
        return Upload(verb, tables, cascade=cascade).send(self._session.transport)

    def _answer(self, found: list[ResourceResponse], *, single: bool) -> Response | list[Response]:
        answers = cast("list[Response]", found)
        return answers[0] if single else answers


def _names(identifiers: object) -> list[str]:
    """One identifier or several, from whatever holds them, and nothing else."""
    if isinstance(identifiers, str):
        return [identifiers]
    names: list[Any] = list(identifiers) if isinstance(identifiers, Iterable) else [identifiers]
    foreign = sorted({type(name).__name__ for name in names if not isinstance(name, str)})
    if foreign:
        msg = f"Identifiers are texts, not {' or '.join(foreign)}; of a frame, pass its column."
        raise FieldTypeMismatch(msg, got=foreign)
    return names


def _refuse_beside_frame(*arguments: object) -> None:
    """Refuse what says nothing of a frame, rather than forget it."""
    if any(argument is not None for argument in arguments):
        msg = "A frame states its changes in its columns, and expected versions in `expected_version`."
        raise InvalidRequest(msg)
