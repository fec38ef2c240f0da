"""The verbs that change resources, the same for one type and for all of them together."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from vxdata.schemas.errors import DuplicateIdentifiers, InvalidRequest
from vxdata.schemas.models import ResourceResponse, ResourceUpdate
from vxdata.sdk._resources.changes import (
    is_pair,
    names_of,
    pairs_of,
    tables_of_identifiers,
    tables_of_updates,
)
from vxdata.sdk._resources.create_result import CreateResult
from vxdata.sdk._resources.reads import Reads
from vxdata.sdk._resources.rows import creates_of, is_one, updates_of
from vxdata.sdk._resources.tables import Tables
from vxdata.sdk._resources.upload import WriteRequest
from vxdata.sdk._resources.write_response import read_back
from vxdata.sdk._tabular_input import peeked

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vxdata.schemas.models import ResourceCreate
    from vxdata.schemas.payload_type import PayloadType
    from vxdata.schemas.wire import CommitReceipt, Verb
    from vxdata.sdk._resources.changes import ExpectedVersions
    from vxdata.sdk._resources.upload import TypedTable
    from vxdata.sdk._tabular_input import Columns, Row, Table

Update = TypeVar("Update", bound=ResourceUpdate)
Response = TypeVar("Response", bound=ResourceResponse)


class Verbs(Reads[Response], Generic[Update, Response]):
    """Update, delete, restore and purge, beside the reads.

    Args:
        session: The way to the server, and the instant to read at.
    """

    @abstractmethod
    def _tables_of_frames(self, given: object, verb: Verb) -> Tables | None:
        """Turn whatever holds frames into tables; None for what holds none."""

    @abstractmethod
    def _type_of(self, row: Mapping[str, Any]) -> PayloadType:
        """The type of a row that is given as a dictionary."""

    def _models(self, given: object) -> list[ResourceCreate]:
        """Take one resource to create or several."""
        return creates_of(given, self._type_of)

    @overload
    def update(
        self,
        resources: str,
        update: Update,
        *,
        expected_version: ExpectedVersions = None,
        idempotency_key: str | None = None,
    ) -> Response: ...
    @overload
    def update(
        self,
        resources: tuple[str, Update],
        *,
        expected_version: ExpectedVersions = None,
        idempotency_key: str | None = None,
    ) -> Response: ...
    @overload
    def update(
        self,
        resources: Mapping[str, Update] | Iterable[tuple[str, Update]] | Iterable[Row],
        *,
        expected_version: ExpectedVersions = None,
        idempotency_key: str | None = None,
    ) -> list[Response]: ...
    @overload
    def update(
        self,
        resources: Table | Iterable[Table] | Mapping[str, Table] | Columns,
        *,
        idempotency_key: str | None = None,
    ) -> CommitReceipt: ...
    @overload
    def update(self, resources: Row, *, idempotency_key: str | None = None) -> Response: ...

    def update(
        self,
        resources: str
        | tuple[str, Update]
        | Mapping[str, Update]
        | Iterable[tuple[str, Update]]
        | Row
        | Iterable[Row]
        | Table
        | Iterable[Table]
        | Mapping[str, Table]
        | Columns,
        update: Update | None = None,
        *,
        expected_version: ExpectedVersions = None,
        idempotency_key: str | None = None,
    ) -> Response | list[Response] | CommitReceipt:
        """Change resources, all in one commit or none.

        What an update does not state is kept; None makes a field null. An update that changes nothing
        writes no version. A new parent takes the descendants' lineage along.

        Args:
            resources: An identifier, or a pair of identifier and update; or several such pairs, or
                updates by identifier; or dictionaries of an identifier and the fields to change; or a
                frame with the column `identifier`, as `create` takes them. In a frame, a column that is
                absent is kept, and a null makes the field null; the column `expected_version` may state
                what each row expects.
            update: The update, for one identifier.
            expected_version: Version that must be there: a number for one identifier, else a dictionary
                by identifier.
            idempotency_key: Name of the request. Called again under it with the same arguments, it
                answers as the first time and writes nothing.

        Returns:
            The new state: one response for an identifier or a pair, a list in the order given for
            several. For a frame, the receipt of the commit.

        Raises:
            DuplicateIdentifiers: A resource is named twice.
            IdempotencyMismatch: The key was used before for another request.
            ResourceNotFound: A resource is missing or deleted; all such are named.
            ParentNotFound: A new parent is missing or deleted.
            LineageCycle: A resource would be its own ancestor.
            VersionConflict: A resource has another version than expected; both are told.
            UnexpectedPayload: An identifier or an update belongs to another payload type.
            ValidationFailed: Values break the constraints of their fields.
        """
        given = peeked(resources)
        pairs = updates_of(given, self._type_of)
        if pairs is not None and update is not None:
            msg = "A dictionary states its changes itself; an update beside it would be left out."
            raise InvalidRequest(msg)
        frames = self._tables_of_frames(given, "update") if pairs is None else None
        if frames is not None:
            _refuse_beside_frame(update, expected_version)
            return self._send("update", frames, idempotency_key=idempotency_key)
        updates = self._by_identifier(pairs_of(given, update) if pairs is None else pairs)
        tables = tables_of_updates(self._session.registry, updates, self._expected(expected_version))
        stored = self._stored("update", tables, list(updates), idempotency_key=idempotency_key)
        single = isinstance(resources, str) or is_pair(resources) or is_one(resources)
        return self._answer(stored, single=single)

    # A mapping is an iterable of its keys, so the overload for frames comes first.
    @overload
    def delete(  # type: ignore[overload-overlap]
        self,
        resources: Table | Iterable[Table] | Mapping[str, Table] | Columns,
        *,
        cascade: bool = False,
        idempotency_key: str | None = None,
    ) -> CommitReceipt: ...
    @overload
    def delete(
        self,
        resources: str | Iterable[str],
        *,
        cascade: bool = False,
        expected_version: ExpectedVersions = None,
        idempotency_key: str | None = None,
    ) -> None: ...

    def delete(
        self,
        resources: str | Iterable[str] | Table | Iterable[Table] | Mapping[str, Table] | Columns,
        *,
        cascade: bool = False,
        expected_version: ExpectedVersions = None,
        idempotency_key: str | None = None,
    ) -> CommitReceipt | None:
        """Delete resources, all in one commit or none; `restore` brings them back.

        Their children stay live and keep their lineage, unless `cascade` takes them along.

        Args:
            resources: One identifier, several, or a frame with the column `identifier`.
            cascade: Whether all descendants are deleted in the same commit.
            expected_version: Version that must be there: a number for one identifier, else a dictionary
                by identifier.
            idempotency_key: Name of the request. Called again under it with the same arguments, it
                answers as the first time and writes nothing.

        Returns:
            Nothing; for a frame, the receipt of the commit.

        Raises:
            ResourceNotFound: A resource is missing or deleted already; all such are named.
            VersionConflict: A resource has another version than expected.
            IdempotencyMismatch: The key was used before for another request.
            UnexpectedPayload: An identifier belongs to another payload type.
        """
        given = peeked(resources)
        frames = self._tables_of_frames(given, "delete")
        if frames is not None:
            _refuse_beside_frame(expected_version)
            return self._send("delete", frames, cascade=cascade, idempotency_key=idempotency_key)
        tables = self._tables_of(given, expected_version)
        if tables.tables:
            self._send("delete", tables, cascade=cascade, idempotency_key=idempotency_key)
        return None

    @overload
    def restore(  # type: ignore[overload-overlap]
        self,
        identifiers: str,
        *,
        cascade: bool = False,
        expected_version: ExpectedVersions = None,
        idempotency_key: str | None = None,
    ) -> Response: ...
    @overload
    def restore(
        self,
        identifiers: Iterable[str],
        *,
        cascade: bool = False,
        expected_version: ExpectedVersions = None,
        idempotency_key: str | None = None,
    ) -> list[Response]: ...

    def restore(
        self,
        identifiers: str | Iterable[str],
        *,
        cascade: bool = False,
        expected_version: ExpectedVersions = None,
        idempotency_key: str | None = None,
    ) -> Response | list[Response]:
        """Bring deleted resources back, all in one commit or none.

        Each gets a new version that equals its last live one, with its lineage computed anew.

        Args:
            identifiers: One, or several.
            cascade: Whether what was deleted below them in the same commit comes back too.
            expected_version: Version that must be there: a number for one identifier, else a dictionary
                by identifier.
            idempotency_key: Name of the request. Called again under it with the same arguments, it
                answers as the first time and writes nothing.

        Returns:
            The restored state: one response, or a list in the order given.

        Raises:
            ResourceNotFound: A resource never existed.
            NotDeleted: A resource is live.
            ParentNotFound: A parent is deleted, and not restored with it.
            VersionConflict: A resource has another version than expected.
            IdempotencyMismatch: The key was used before for another request.
        """
        wanted = self._full(names_of(identifiers))
        tables = tables_of_identifiers(self._session.registry, wanted, self._expected(expected_version))
        stored = self._stored("restore", tables, wanted, cascade=cascade, idempotency_key=idempotency_key)
        return self._answer(stored, single=isinstance(identifiers, str))

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

    def _by_identifier(self, pairs: Sequence[tuple[str, ResourceUpdate]]) -> dict[str, ResourceUpdate]:
        """Return the updates by full identifier; an identifier that is named twice is an error."""
        full = self._full(name for name, _ in pairs)
        repeated = sorted(identifier for identifier, count in Counter(full).items() if count > 1)
        if repeated:
            raise DuplicateIdentifiers.from_identifiers(repeated)
        return dict(zip(full, (update for _, update in pairs), strict=True))

    def _tables_of(self, resources: object, expected: ExpectedVersions) -> Tables:
        wanted = self._full(names_of(resources))
        return Tables(tables_of_identifiers(self._session.registry, wanted, self._expected(expected)))

    def _expected(self, expected: ExpectedVersions) -> ExpectedVersions:
        """Expected versions by full identifier."""
        if not isinstance(expected, Mapping):
            return expected
        return dict(zip(self._full(expected), expected.values(), strict=True))

    def _send(
        self,
        verb: Verb,
        tables: Tables,
        *,
        cascade: bool = False,
        idempotency_key: str | None = None,
        progress: bool = False,
    ) -> CommitReceipt:
        request = WriteRequest(verb, tables.tables, cascade, idempotency_key, tables.rows, progress)
        return request.send(self._session.transport).receipt

    def _stored(
        self,
        verb: Verb,
        tables: Sequence[TypedTable],
        identifiers: Sequence[str],
        *,
        cascade: bool = False,
        idempotency_key: str | None = None,
    ) -> list[ResourceResponse]:
        """Write and read back; where nothing is given, the server is not asked."""
        if not tables:
            return []
        receipt = self._send(verb, Tables(tables), cascade=cascade, idempotency_key=idempotency_key)
        return read_back(self._session, identifiers, receipt)

    def _created(
        self, models: Sequence[ResourceCreate], idempotency_key: str | None
    ) -> list[ResourceResponse]:
        """Create; where nothing is given, the server is not asked."""
        if not models:
            return []
        created = CreateResult(self._session.registry, models)
        return created.store(self._session.transport, idempotency_key)


def _refuse_beside_frame(*arguments: object) -> None:
    """Refuse what says nothing of a frame, rather than forget it."""
    if any(argument is not None for argument in arguments):
        msg = "A frame states its changes in its columns, and expected versions in `expected_version`."
        raise InvalidRequest(msg)
