"""Namespaces: the verbs over the resources of one type, or over all of them together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, overload

from typing_extensions import TypeVar as WithDefault

from vxdata.schemas.catalog.builtin import RESOURCE
from vxdata.schemas.errors import FieldTypeMismatch, UnexpectedPayload
from vxdata.schemas.identifiers import normalise, normalise_all, prefix_of
from vxdata.schemas.models import ResourceCreate, ResourceResponse, ResourceUpdate
from vxdata.schemas.notation.show_names import show_namespace
from vxdata.schemas.plan import Plan
from vxdata.sdk._expressions.fields import Fields, FieldsOf, KnownFields
from vxdata.sdk._queries.query import Query
from vxdata.sdk._resources.local_files import with_uploads
from vxdata.sdk._resources.rows import is_one
from vxdata.sdk._resources.tables import Tables, tables_of
from vxdata.sdk._resources.verbs import Verbs
from vxdata.sdk._tabular_input import Columns, Peeked, Row, Table, frames_of, is_table, peeked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.payload_type import PayloadType
    from vxdata.schemas.wire import CommitReceipt, Verb
    from vxdata.sdk._expressions.fields_generated import ResourceFields
    from vxdata.sdk._session import Session

Create = TypeVar("Create", bound=ResourceCreate)
Update = TypeVar("Update", bound=ResourceUpdate)
Response = TypeVar("Response", bound=ResourceResponse)
FieldsT = WithDefault("FieldsT", bound=KnownFields, default=Fields)


class Namespace(Verbs[Update, Response], Generic[Create, Update, Response, FieldsT]):
    """The resources of one type.

    Args:
        session: The way to the server, and the instant to read at.
        payload_type: The type.

    Attributes:
        F: The fields of the type, as in ``client.volumes.F.b_value > 10``.
    """

    def __init__(self, session: Session, payload_type: PayloadType) -> None:
        """Keep the parts."""
        super().__init__(session)
        self._payload_type = payload_type
        self.F: FieldsT = cast("FieldsT", FieldsOf(session.catalog.relation(payload_type.prefix)))

    @overload
    def create(self, resources: Create, *, idempotency_key: str | None = None) -> Response: ...
    @overload
    def create(
        self, resources: Iterable[Create | Row], *, idempotency_key: str | None = None
    ) -> list[Response]: ...
    @overload
    def create(
        self,
        resources: Table | Iterable[Table] | Columns,
        *,
        idempotency_key: str | None = None,
        progress: bool = True,
    ) -> CommitReceipt: ...
    @overload
    def create(self, resources: Row, *, idempotency_key: str | None = None) -> Response: ...

    def create(
        self,
        resources: Create | Row | Iterable[Create | Row] | Table | Iterable[Table] | Columns,
        *,
        idempotency_key: str | None = None,
        progress: bool = True,
    ) -> Response | list[Response] | CommitReceipt:
        """Create resources, all in one commit or none.

        A blob field of a model may name a local file by its `Path`: it is uploaded first, and the
        resource holds its URL.

        Args:
            resources: One model, several models, or a frame whose columns are fields; for a model also a
                dictionary of its fields. A frame is one of Polars, eager or lazy, of pandas, pyarrow,
                DuckDB or whatever else gives Arrow streams, or a dictionary of columns. Batches that come
                one after the other, from a reader, a lazy frame or an iterator, are sent as they come:
                all in one commit, in bounded memory. In a frame, identifiers may be bare, parents must be
                full identifiers, and blobs must be URLs.
            idempotency_key: Name of the request. Called again under it with the same arguments, it
                answers as the first time and writes nothing.
            progress: Whether to show a progress bar for frames, if it takes more than two seconds.

        Returns:
            What was stored: one response for a model, a list in the order given for a list. For a
            frame, the receipt of the commit with its version, instant and row count.

        Raises:
            UnexpectedPayload: A model or identifier belongs to another payload type.
            UnknownField: A frame has columns that are no fields of the type, or that the server derives.
            FieldTypeMismatch: A column's type does not fit its field, or something is no model at all.
            ValidationFailed: Values break the constraints of their fields, or local files are missing;
                each is listed.
            StorageProblem: Local files could not be uploaded, so nothing was created.
            DuplicateIdentifiers: An identifier is given twice.
            ResourceAlreadyExists: An identifier exists, live or deleted.
            ParentNotFound: A parent is neither live nor part of the same call.
            LineageCycle: Resources would be their own ancestors.
            IdempotencyMismatch: The key was used before for another request.
        """
        given = peeked(resources)
        tables = self._tables_of_frames(given, "create")
        if tables is not None:
            return self._send("create", tables, idempotency_key=idempotency_key, progress=progress)
        models = with_uploads(self._session, self._of_this_type(self._models(given)))
        created = self._created(models, idempotency_key)
        return self._answer(created, single=is_one(resources))

    def query(self) -> Query[Response]:
        """Start a query over the resources of this type.

        Returns:
            A query that reads all of them, to be narrowed.
        """
        return Query(self._session, Plan(relation=self._payload_type.prefix))

    def _repr_html_(self) -> str:
        """Show the type, its fields and the number of resources in a notebook."""
        from vxdata.sdk._notebook import namespace_card  # noqa: PLC0415 - for notebooks alone

        prefix = self._payload_type.prefix
        relation = self._session.catalog.relation(prefix)
        description = self._payload_type.description
        return namespace_card(show_namespace(prefix), description, relation, self.query().count)

    def __repr__(self) -> str:
        """Show the namespace as it is written."""
        return show_namespace(self._payload_type.prefix)

    def _of_this_type(self, models: Sequence[ResourceCreate]) -> Sequence[ResourceCreate]:
        expected = self._payload_type.prefix
        foreign = [model.identifier for model in models if model.resource_type != expected]
        if foreign:
            raise UnexpectedPayload.from_identifiers(foreign, expected)
        return models

    def _full(self, identifiers: Iterable[str]) -> list[str]:
        """Add the prefix to bare identifiers, and refuse those of other types."""
        return normalise_all(self._session.registry, identifiers, self._payload_type.prefix)

    def _type_of(self, row: Mapping[str, Any]) -> PayloadType:  # noqa: ARG002 - all are of one type
        """The type of a row that is given as a dictionary."""
        return self._payload_type

    def _tables_of_frames(self, given: object, verb: Verb) -> Tables | None:
        """Turn frames of this type into tables."""
        frames = frames_of(given)
        if frames is None:
            return None
        return tables_of(self._session.registry, [(self._payload_type, frames)], verb)


class Resources(Verbs[ResourceUpdate, ResourceResponse]):
    """Resources of all types together.

    Args:
        session: The way to the server, and the instant to read at.

    Attributes:
        F: The fields that resources of all types have.
    """

    def __init__(self, session: Session) -> None:
        """Keep the session."""
        super().__init__(session)
        self.F: ResourceFields = cast("ResourceFields", FieldsOf(session.catalog.relation(RESOURCE)))

    @overload
    def create(
        self, resources: ResourceCreate, *, idempotency_key: str | None = None
    ) -> ResourceResponse: ...
    @overload
    def create(
        self,
        resources: Mapping[str, Table],
        *,
        idempotency_key: str | None = None,
        progress: bool = True,
    ) -> CommitReceipt: ...
    @overload
    def create(
        self, resources: Iterable[ResourceCreate | Row], *, idempotency_key: str | None = None
    ) -> list[ResourceResponse]: ...

    def create(
        self,
        resources: ResourceCreate | Iterable[ResourceCreate | Row] | Mapping[str, Table],
        *,
        idempotency_key: str | None = None,
        progress: bool = True,
    ) -> ResourceResponse | list[ResourceResponse] | CommitReceipt:
        """Create resources of any types, all in one commit or none.

        Args:
            resources: One model, several models of any types, or frames by resource type, such as
                ``{"patient": patients, "volume": volumes}``. Parents may be part of the same call.
            idempotency_key: Name of the request, as in the typed namespaces.
            progress: Whether to show a progress bar for frames, if it takes more than two seconds.

        Returns:
            What was stored, or for frames the receipt of the commit.

        Raises:
            VxDataError: As in the typed namespaces.
        """
        given = peeked(resources)
        tables = self._tables_of_frames(given, "create")
        if tables is not None:
            return self._send("create", tables, idempotency_key=idempotency_key, progress=progress)
        created = self._created(with_uploads(self._session, self._models(given)), idempotency_key)
        return self._answer(created, single=is_one(resources))

    def query(self) -> Query:
        """Start a query over the metadata of resources of all types.

        Returns:
            A query that reads all of them, to be narrowed.
        """
        return Query(self._session, Plan(relation=RESOURCE))

    def _repr_html_(self) -> str:
        """Show the common fields and the number of resources in a notebook."""
        from vxdata.sdk._notebook import namespace_card  # noqa: PLC0415 - for notebooks alone

        relation = self._session.catalog.relation(RESOURCE)
        return namespace_card(
            show_namespace(RESOURCE), "Resources of all types.", relation, self.query().count
        )

    def __repr__(self) -> str:
        """Show the namespace as it is written."""
        return show_namespace(RESOURCE)

    def _full(self, identifiers: Iterable[str]) -> list[str]:
        """Correct plural prefixes; every identifier must have one."""
        return [normalise(self._session.registry, identifier) for identifier in identifiers]

    def _type_of(self, row: Mapping[str, Any]) -> PayloadType:
        """The type of a row that is given as a dictionary: its identifier tells."""
        registry = self._session.registry
        return registry.get(prefix_of(registry, normalise(registry, str(row.get("identifier")))))

    def _tables_of_frames(self, given: object, verb: Verb) -> Tables | None:
        """Turn frames by resource type into tables."""
        if is_table(given) or (isinstance(given, Peeked) and is_table(given.first)):
            msg = (
                "A frame alone does not say its resource type: pass {'volume': frame}, or use client.volumes."
            )
            raise FieldTypeMismatch(msg, got=type(given).__name__)
        if not isinstance(given, Mapping) or is_one(given) or any(map(is_one, given.values())):
            return None
        if not given and verb != "create":
            return None
        by_type = []
        for name, one in given.items():
            payload_type, frames = self._session.registry.get(name), frames_of(peeked(one))
            if frames is None:
                msg = f"{name!r} must be a frame, such as one of Polars, not {type(one).__name__}."
                raise FieldTypeMismatch(msg, resource_type=name, got=type(one).__name__)
            by_type.append((payload_type, frames))
        return tables_of(self._session.registry, by_type, verb)
