"""Namespaces: the verbs, over all resources or over those of one type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, Generic, TypeVar, overload

import polars as pl

from vxdata.schemas.errors import FieldTypeMismatch, UnexpectedPayload
from vxdata.schemas.models import ResourceCreate, ResourceModel, ResourceResponse, ResourceUpdate
from vxdata.schemas.plan import IsIn, Plan
from vxdata.schemas.registry import registry
from vxdata.sdk._frames import table_from_frame
from vxdata.sdk._models import responses, tables_from_models
from vxdata.sdk._query import Query
from vxdata.sdk._upload import upload

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.payload_type import PayloadType
    from vxdata.schemas.wire import CommitReceipt
    from vxdata.sdk._transport.base import Transport

Create = TypeVar("Create", bound=ResourceCreate)
Update = TypeVar("Update", bound=ResourceUpdate)
Response = TypeVar("Response", bound=ResourceResponse)

READ_BACK_ROWS: Final = 10_000
"""Identifiers of one query that reads back what was created: a plan holds some ten times as many."""


class Namespace(Generic[Create, Update, Response]):
    """The resources of one type.

    Args:
        transport: The way to the server.
        payload_type: The type.
        response: Its response model.
    """

    def __init__(self, transport: Transport, payload_type: PayloadType, response: type[Response]) -> None:
        """Keep the parts."""
        self._transport = transport
        self._payload_type = payload_type
        self._response = response

    @overload
    def create(self, resources: Create) -> Response: ...
    @overload
    def create(self, resources: Iterable[Create]) -> list[Response]: ...
    @overload
    def create(self, resources: pl.DataFrame) -> CommitReceipt: ...

    def create(
        self, resources: Create | Iterable[Create] | pl.DataFrame
    ) -> Response | list[Response] | CommitReceipt:
        """Create resources, all in one commit or none.

        Args:
            resources: One model, a list of models, or a frame whose columns are fields. In a frame,
                identifiers may be bare; parents must be full identifiers.

        Returns:
            What was stored: one response for a model, a list in the order given for a list. For a
            frame, the receipt of the commit with its version, instant and row count.

        Raises:
            UnexpectedPayload: A model or identifier belongs to another payload type.
            UnknownField: A frame has columns that are no fields of the type.
            FieldTypeMismatch: A column's type does not fit its field, or something is no model at all.
            ValidationFailed: Values break the constraints of their fields; each is listed.
            DuplicateIdentifiers: An identifier is given twice.
            ResourceAlreadyExists: An identifier exists, live or deleted.
            ParentNotFound: A parent is neither live nor part of the same call.
            LineageCycle: Resources would be their own ancestors.
        """
        if isinstance(resources, pl.DataFrame):
            table = table_from_frame(self._payload_type, resources)
            return upload(self._transport, {self._payload_type.prefix: table})
        created = self._create_all(_models(resources))
        return created[0] if isinstance(resources, ResourceCreate) else created

    def query(self) -> Query:
        """Start a query over the resources of this type.

        Returns:
            A query that reads all of them, to be narrowed.
        """
        return Query(self._transport, Plan(resource_type=self._payload_type.prefix))

    def _create_all(self, models: Sequence[ResourceCreate]) -> list[Response]:
        expected = self._payload_type.prefix
        foreign = [model.identifier for model in models if model.resource_type != expected]
        if foreign:
            raise UnexpectedPayload.from_identifiers(foreign, expected)
        return create_models(self._transport, models, {expected: self._response})


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


def create_models(
    transport: Transport, models: Sequence[ResourceCreate], answers: Mapping[str, type[Response]]
) -> list[Response]:
    """Create resources of any types in one commit, and read back what was stored.

    Args:
        transport: The way to the server.
        models: What to create.
        answers: Response model of each resource type among them.

    Returns:
        The stored resources, in the order of `models`.
    """
    if not models:
        return []
    tables = tables_from_models(models)
    receipt = upload(transport, tables)
    stored: dict[str, Response] = {}
    for resource_type, table in tables.items():
        model = answers[resource_type]
        for first in range(0, table.num_rows, READ_BACK_ROWS):
            identifiers = tuple(table["identifier"].slice(first, READ_BACK_ROWS).to_pylist())
            where = IsIn(field="identifier", values=identifiers)
            plan = Plan(resource_type=resource_type, where=where, as_of=receipt.as_of)
            answer = Query(transport, plan).to_arrow()
            stored |= {found.identifier: found for found in responses(answer, model)}
    return [stored[model.identifier] for model in models]


class Resources:
    """Resources of all types together.

    Args:
        transport: The way to the server.
        answers: Response model of each resource type.
    """

    def __init__(self, transport: Transport, answers: Mapping[str, type[ResourceResponse]]) -> None:
        """Keep the parts."""
        self._transport = transport
        self._answers = answers

    @overload
    def create(self, resources: ResourceCreate) -> ResourceResponse: ...
    @overload
    def create(self, resources: Mapping[str, pl.DataFrame]) -> CommitReceipt: ...
    @overload
    def create(self, resources: Iterable[ResourceCreate]) -> list[ResourceResponse]: ...

    def create(
        self, resources: ResourceCreate | Iterable[ResourceCreate] | Mapping[str, pl.DataFrame]
    ) -> ResourceResponse | list[ResourceResponse] | CommitReceipt:
        """Create resources of any types, all in one commit or none.

        Args:
            resources: One model, a list of models of any types, or frames by resource type, such as
                ``{"patient": patients, "volume": volumes}``. Parents may be part of the same call.

        Returns:
            What was stored, or for frames the receipt of the commit.

        Raises:
            VxDataError: As in the typed namespaces.
        """
        if isinstance(resources, Mapping):
            tables = {}
            for name, frame in resources.items():
                payload_type = registry().get(name)
                if not isinstance(frame, pl.DataFrame):
                    msg = f"{name!r} must be a Polars DataFrame, not {type(frame).__name__}."
                    raise FieldTypeMismatch(msg, resource_type=name, got=type(frame).__name__)
                tables[name] = table_from_frame(payload_type, frame)
            return upload(self._transport, tables)
        if isinstance(resources, pl.DataFrame):
            msg = (
                "A frame alone does not say its resource type: pass {'volume': frame}, or use client.volumes."
            )
            raise FieldTypeMismatch(msg)
        created = create_models(self._transport, _models(resources), self._answers)
        return created[0] if isinstance(resources, ResourceCreate) else created
