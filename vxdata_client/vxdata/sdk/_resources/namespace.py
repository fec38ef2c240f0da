"""Namespaces: the verbs over the resources of one type, or over all of them together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Generic, TypeVar, overload

import polars as pl

from vxdata.schemas.catalog.builtin import RESOURCE
from vxdata.schemas.errors import FieldTypeMismatch, UnexpectedPayload
from vxdata.schemas.identifiers import normalise, normalise_all
from vxdata.schemas.models import ResourceCreate, ResourceModel, ResourceResponse, ResourceUpdate
from vxdata.schemas.plan import Plan
from vxdata.sdk._conversion.frames import table_from_frame
from vxdata.sdk._queries.query import Query
from vxdata.sdk._resources.local_files import with_uploads
from vxdata.sdk._resources.verbs import Verbs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.payload_type import PayloadType
    from vxdata.schemas.wire import CommitReceipt, Verb
    from vxdata.sdk._resources.upload import TypedTable
    from vxdata.sdk._session import Session

Create = TypeVar("Create", bound=ResourceCreate)
Update = TypeVar("Update", bound=ResourceUpdate)
Response = TypeVar("Response", bound=ResourceResponse)


class Namespace(Verbs[Update, Response], Generic[Create, Update, Response]):
    """The resources of one type.

    Args:
        session: The way to the server, and the instant to read at.
        payload_type: The type.
    """

    def __init__(self, session: Session, payload_type: PayloadType) -> None:
        """Keep the parts."""
        super().__init__(session)
        self._payload_type = payload_type

    @overload
    def create(self, resources: Create, *, idempotency_key: str | None = None) -> Response: ...
    @overload
    def create(
        self, resources: Iterable[Create], *, idempotency_key: str | None = None
    ) -> list[Response]: ...
    @overload
    def create(self, resources: pl.DataFrame, *, idempotency_key: str | None = None) -> CommitReceipt: ...

    def create(
        self, resources: Create | Iterable[Create] | pl.DataFrame, *, idempotency_key: str | None = None
    ) -> Response | list[Response] | CommitReceipt:
        """Create resources, all in one commit or none.

        A blob field of a model may name a local file by its `Path`: it is uploaded first, and the
        resource holds its URL.

        Args:
            resources: One model, a list of models, or a frame whose columns are fields. In a frame,
                identifiers may be bare, parents must be full identifiers, and blobs must be URLs.
            idempotency_key: Name of the request. Called again under it with the same arguments, it
                answers as the first time and writes nothing.

        Returns:
            What was stored: one response for a model, a list in the order given for a list. For a
            frame, the receipt of the commit with its version, instant and row count.

        Raises:
            UnexpectedPayload: A model or identifier belongs to another payload type.
            UnknownField: A frame has columns that are no fields of the type.
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
        tables = self._tables_of_frames(resources, "create")
        if tables is not None:
            return self._send("create", tables, idempotency_key=idempotency_key)
        models = with_uploads(self._session, self._of_this_type(_models(resources)))
        created = self._created(models, idempotency_key)
        return self._answer(created, single=isinstance(resources, ResourceCreate))

    def query(self) -> Query[Response]:
        """Start a query over the resources of this type.

        Returns:
            A query that reads all of them, to be narrowed.
        """
        return Query(self._session, Plan(relation=self._payload_type.prefix))

    def _of_this_type(self, models: Sequence[ResourceCreate]) -> Sequence[ResourceCreate]:
        expected = self._payload_type.prefix
        foreign = [model.identifier for model in models if model.resource_type != expected]
        if foreign:
            raise UnexpectedPayload.from_identifiers(foreign, expected)
        return models

    def _full(self, identifiers: Iterable[str]) -> list[str]:
        """Add the prefix to bare identifiers, and refuse those of other types."""
        return normalise_all(self._session.registry, identifiers, self._payload_type.prefix)

    def _tables_of_frames(self, frames: object, verb: Verb) -> list[TypedTable] | None:
        """Turn a frame of this type into a table."""
        if not isinstance(frames, pl.DataFrame):
            return None
        return [
            (
                self._payload_type.prefix,
                table_from_frame(self._session.registry, self._payload_type, frames, verb),
            )
        ]


def _models(resources: object) -> list[ResourceCreate]:
    """Take one model or several, from whatever holds them, and nothing else."""
    if isinstance(resources, Iterable) and not isinstance(resources, ResourceModel | Mapping | str):
        return [_model(resource) for resource in resources]
    return [_model(resources)]


def _model(resource: object) -> ResourceCreate:
    if isinstance(resource, ResourceCreate):
        return resource
    name = type(resource).__name__
    if isinstance(resource, ResourceModel):
        stem = name.removesuffix("Update").removesuffix("Response")
        msg = f"create takes {stem}Create, not {name}."
        raise UnexpectedPayload(msg, resource_type=resource.resource_type, got=name)
    hint = " Call collect() on it first." if isinstance(resource, pl.LazyFrame) else ""
    msg = f"create takes models or a Polars DataFrame, not {name}.{hint}"
    raise FieldTypeMismatch(msg, got=name)


class Resources(Verbs[ResourceUpdate, ResourceResponse]):
    """Resources of all types together."""

    @overload
    def create(
        self, resources: ResourceCreate, *, idempotency_key: str | None = None
    ) -> ResourceResponse: ...
    @overload
    def create(
        self, resources: Mapping[str, pl.DataFrame], *, idempotency_key: str | None = None
    ) -> CommitReceipt: ...
    @overload
    def create(
        self, resources: Iterable[ResourceCreate], *, idempotency_key: str | None = None
    ) -> list[ResourceResponse]: ...

    def create(
        self,
        resources: ResourceCreate | Iterable[ResourceCreate] | Mapping[str, pl.DataFrame],
        *,
        idempotency_key: str | None = None,
    ) -> ResourceResponse | list[ResourceResponse] | CommitReceipt:
        """Create resources of any types, all in one commit or none.

        Args:
            resources: One model, a list of models of any types, or frames by resource type, such as
                ``{"patient": patients, "volume": volumes}``. Parents may be part of the same call.
            idempotency_key: Name of the request, as in the typed namespaces.

        Returns:
            What was stored, or for frames the receipt of the commit.

        Raises:
            VxDataError: As in the typed namespaces.
        """
        tables = self._tables_of_frames(resources, "create")
        if tables is not None:
            return self._send("create", tables, idempotency_key=idempotency_key)
        created = self._created(with_uploads(self._session, _models(resources)), idempotency_key)
        return self._answer(created, single=isinstance(resources, ResourceCreate))

    def query(self) -> Query:
        """Start a query over the metadata of resources of all types.

        Returns:
            A query that reads all of them, to be narrowed.
        """
        return Query(self._session, Plan(relation=RESOURCE))

    def _full(self, identifiers: Iterable[str]) -> list[str]:
        """Correct plural prefixes; every identifier must have one."""
        return [normalise(self._session.registry, identifier) for identifier in identifiers]

    def _tables_of_frames(self, frames: object, verb: Verb) -> list[TypedTable] | None:
        """Turn frames by resource type into tables."""
        if isinstance(frames, pl.DataFrame):
            msg = (
                "A frame alone does not say its resource type: pass {'volume': frame}, or use client.volumes."
            )
            raise FieldTypeMismatch(msg)
        if not isinstance(frames, Mapping) or any(
            isinstance(value, ResourceModel) for value in frames.values()
        ):
            return None
        tables = []
        for name, frame in frames.items():  # no comprehension: a warning counts stack frames up to the user
            payload_type = self._session.registry.get(name)
            if not isinstance(frame, pl.DataFrame):
                msg = f"{name!r} must be a Polars DataFrame, not {type(frame).__name__}."
                raise FieldTypeMismatch(msg, resource_type=name, got=type(frame).__name__)
            tables.append((name, table_from_frame(self._session.registry, payload_type, frame, verb)))
        return tables
