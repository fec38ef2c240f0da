"""`/v1/types`: what can be asked for, with the number of resources of each type."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request
from pydantic import Field as ModelField
from starlette.responses import Response

from vxdata.schemas.binding.operators import has_entries, operators_of, parts_of
from vxdata.schemas.binding.values import type_name
from vxdata.schemas.catalog.builtin import COMMIT, RESOURCE
from vxdata.schemas.catalog.catalog import MAX_VIEWS
from vxdata.schemas.fields import Enum
from vxdata.schemas.payload_type import LINEAGE_PREFIXES, METADATA
from vxdata.schemas.plan import Plan
from vxdata.server.listeners.http.v1.instants import AsOf, read_instant
from vxdata.server.listeners.http.v1.models import Answer
from vxdata.server.listeners.http.v1.pinned_replies import pinned_reply
from vxdata.server.listeners.http.v1.replies import Asked
from vxdata.server.listeners.http.v1.snapshots import Snapshot
from vxdata.server.services.count import count

if TYPE_CHECKING:
    from vxdata.schemas.catalog import Catalog, Relation
    from vxdata.schemas.fields import Field
    from vxdata.schemas.identity import Grants
    from vxdata.server.call import Call
    from vxdata.server.listeners.http.responses import Reply
    from vxdata.server.listeners.http.v1.context import Context
    from vxdata.server.services.pinned import PinnedReads

SPANNING: Final = {
    RESOURCE: ("Resource", "resources", "The metadata of the resources of all types."),
    COMMIT: ("Commit", "commits", "The commit log: who has written what, and when."),
}
"""Relation that is no payload type -> title, namespace, description."""


class FieldInfo(Answer):
    """A field, and what can be asked about it."""

    name: str = ModelField(description="As plans name it.")
    type: str = ModelField(description="Such as text, integer, enum or textlist.")
    description: str = ModelField(description="What a value means.")
    unit: str | None = ModelField(None, description="Unit of measurement, in UCUM notation.")
    required: bool = ModelField(description="Whether every resource has a value.")
    group: str = ModelField(description="payload, lineage or metadata.")
    values: tuple[str, ...] | None = ModelField(None, description="The vocabulary, if it is closed.")
    synonyms: dict[str, str] | None = ModelField(None, description="Other word -> word of the vocabulary.")
    holds_blobs: bool = ModelField(description="Whether values are addresses of files.")
    has_entries: bool = ModelField(description="Whether conditions may name one entry of a value.")
    operators: tuple[str, ...] = ModelField(description="The conditions that fit.")
    entry_operators: tuple[str, ...] = ModelField(description="Those that fit one entry of a value.")
    parts: tuple[str, ...] = ModelField(description="The parts of a value, such as year or n_items.")
    part_operators: dict[str, tuple[str, ...]] = ModelField(
        description="Part of a value -> the conditions that fit; item makes groups only."
    )


class TypeInfo(Answer):
    """What can be read, with its fields."""

    name: str = ModelField(description="As plans name it; the prefix of identifiers.")
    title: str = ModelField(description="Name of the payload.")
    namespace: str = ModelField(description="Attribute of the Python client.")
    description: str = ModelField(description="What a resource of this type records.")
    count: int = ModelField(description="Live resources, or commits.")
    is_resource: bool = ModelField(description="Whether it is one type of resources, each with a payload.")
    fields: tuple[FieldInfo, ...] = ModelField(description="In the order of a full answer.")


class TypesAnswer(Answer):
    """Everything that can be asked for."""

    snapshot: Snapshot = ModelField(description="The state that was counted.")
    types: tuple[TypeInfo, ...] = ModelField(description="Parents before children, then what spans types.")


def types_routes(context: Context) -> APIRouter:
    """Make the route.

    Args:
        context: What it works with.

    Returns:
        A router of it alone.
    """
    router = APIRouter(tags=["types"])

    @lru_cache(MAX_VIEWS)
    def described(grants: Grants) -> dict[str, TypeInfo]:
        catalog = context.everything.seen_by(grants)
        return {name: describe(relation, catalog) for name, relation in catalog.relations.items()}

    @lru_cache(MAX_VIEWS)
    def form(grants: Grants) -> str:
        """What an answer depends on beside the commits: the types that are installed, and seen."""
        written = "".join(info.model_dump_json() for info in described(grants).values())
        return f"types {hashlib.blake2b(written.encode(), digest_size=16).hexdigest()}"

    def make(reads: PinnedReads, snapshot: Snapshot) -> TypesAnswer:
        infos = described(reads.call.principal.grants)
        return TypesAnswer(
            snapshot=snapshot,
            types=tuple(
                info.model_copy(update={"count": counted(name, reads)}) for name, info in infos.items()
            ),
        )

    @router.get("/types", response_model=TypesAnswer)
    async def types(request: Request, as_of: AsOf = None) -> Response:
        """List the types with their fields, units, vocabularies and operators."""
        known = request.headers.get("if-none-match")

        def run(_: bytes, call: Call) -> Reply:
            plan = Plan(relation=COMMIT, as_of=read_instant(as_of))
            asked = Asked(plan, form(call.principal.grants), known)
            return pinned_reply(context.services.read, asked, call, make)

        return await context.calls.answer(request, "types", run)

    return router


def counted(name: str, reads: PinnedReads) -> int:
    """Count the rows of a relation.

    Args:
        name: Name of the relation.
        reads: Reads at the instant that is counted at.

    Returns:
        Their number.
    """
    return count(reads.read, Plan(relation=name, as_of=reads.as_of), reads.call).rows()


def describe(relation: Relation, catalog: Catalog) -> TypeInfo:
    """Describe a relation.

    Args:
        relation: The relation.
        catalog: What it belongs to.

    Returns:
        What a reader can ask for; nothing is counted yet.
    """
    payload = catalog.registry.by_prefix.get(relation.name)
    spanning = SPANNING.get(relation.name, (relation.name, relation.name, relation.kind.value))
    title, namespace, description = (
        spanning if payload is None else (payload.name, payload.namespace, payload.description)
    )
    return TypeInfo(
        name=relation.name,
        title=title,
        namespace=namespace,
        description=description,
        count=0,
        is_resource=payload is not None,
        fields=tuple(_describe_field(field, relation, catalog) for field in relation.columns),
    )


def _describe_field(field: Field, relation: Relation, catalog: Catalog) -> FieldInfo:
    vocabulary = field.type if isinstance(field.type, Enum) else None
    parts = parts_of(field.type)
    of_entries = operators_of(catalog, relation.name, field.name, key="x") if has_entries(field.type) else ()
    return FieldInfo(
        name=field.name,
        type=type_name(field.type),
        description=field.description,
        unit=field.unit,
        required=field.required,
        group=_group_of(field),
        values=None if vocabulary is None else vocabulary.values,
        synonyms=None if vocabulary is None else dict(vocabulary.synonyms),
        holds_blobs=field.holds_blobs,
        has_entries=has_entries(field.type),
        operators=operators_of(catalog, relation.name, field.name),
        entry_operators=of_entries,
        parts=parts,
        part_operators={
            part: operators_of(catalog, relation.name, field.name, part=part)
            for part in parts
            if part != "item"
        },
    )


def _group_of(field: Field) -> str:
    if field.name in LINEAGE_PREFIXES:
        return "lineage"
    return "metadata" if field.name in _METADATA_NAMES else "payload"


_METADATA_NAMES: Final = frozenset(field.name for field in METADATA)
