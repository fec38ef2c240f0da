"""Reading by identifier: strict, in the order asked for, at one instant."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from vxdata.schemas.catalog.builtin import RESOURCE
from vxdata.schemas.errors import ResourceNotFound
from vxdata.schemas.identifiers import prefix_of
from vxdata.schemas.plan import IsIn, Plan
from vxdata.sdk._conversion.models import responses
from vxdata.sdk._queries.stream import read_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    import pyarrow as pa

    from vxdata.schemas.models import ResourceResponse
    from vxdata.sdk._session import Session
    from vxdata.sdk._transport.base import Transport

IDENTIFIERS_PER_PLAN: Final = 50_000
"""Identifiers of one plan: a few megabytes of ticket."""


def retrieve(
    session: Session, identifiers: Sequence[str], as_of: datetime | None, *, include_children: bool
) -> list[ResourceResponse]:
    """Read resources of any types.

    Args:
        session: The way to the server.
        identifiers: Full identifiers; one that is repeated is answered as often.
        as_of: Instant to read at; the last commit if None.
        include_children: Whether the responses list their children.

    Returns:
        One response for each identifier, in order.

    Raises:
        ResourceNotFound: At least one is missing or deleted at the instant; all such are named.
    """
    by_type: dict[str, list[str]] = defaultdict(list)
    for identifier in dict.fromkeys(identifiers):
        by_type[prefix_of(session.registry, identifier)].append(identifier)
    found: dict[str, ResourceResponse] = {}
    for resource_type, wanted in by_type.items():
        payload_type = session.registry.get(resource_type)
        for table, instant in read_in(session.transport, resource_type, "identifier", wanted, as_of):
            as_of = instant
            found |= {response.identifier: response for response in responses(table, payload_type)}
    missing = [identifier for identifier in dict.fromkeys(identifiers) if identifier not in found]
    if missing:
        raise ResourceNotFound.from_identifiers(missing)
    if include_children and found:
        children = children_of(session.transport, list(found), as_of)
        found = {
            identifier: response.model_copy(update={"children": children.get(identifier, [])})
            for identifier, response in found.items()
        }
    return [found[identifier] for identifier in identifiers]


def children_of(
    transport: Transport, identifiers: Sequence[str], as_of: datetime | None
) -> Mapping[str, list[str]]:
    """Find the immediate children of resources.

    Args:
        transport: The way to the server.
        identifiers: Full identifiers of the parents.
        as_of: Instant to read at; the last commit if None.

    Returns:
        Identifiers of the live children, sorted, by parent; parents without children are left out.
    """
    children: dict[str, list[str]] = defaultdict(list)
    columns = ("identifier", "parent_identifier")
    for table, _ in read_in(transport, RESOURCE, "parent_identifier", identifiers, as_of, columns):
        for row in table.to_pylist():
            children[row["parent_identifier"]].append(row["identifier"])
    return {parent: sorted(identifiers) for parent, identifiers in children.items()}


def read_in(
    transport: Transport,
    relation: str,
    field: str,
    values: Sequence[str],
    as_of: datetime | None,
    select: tuple[str, ...] | None = None,
    *,
    history: bool = False,
) -> Iterator[tuple[pa.Table, datetime]]:
    """Read the rows whose field is one of many values, in as many plans as it takes, at one instant.

    Args:
        transport: The way to the server.
        relation: What to read.
        field: The field.
        values: The values.
        as_of: Instant to read at; if None, the first plan resolves it for the others.
        select: Fields to fetch; all if None.
        history: Whether to read every version up to the instant, those of deleted resources included.

    Yields:
        The rows of each plan, with the instant that they were read at.
    """
    for part in _parts(values):
        where = IsIn(field=field, values=tuple(part))
        plan = Plan(relation=relation, where=where, select=select, as_of=as_of, history=history)
        table, snapshot = read_whole(transport, plan)
        as_of = snapshot.as_of
        yield table, as_of


def _parts(values: Sequence[str]) -> Iterable[Sequence[str]]:
    return (
        values[start : start + IDENTIFIERS_PER_PLAN] for start in range(0, len(values), IDENTIFIERS_PER_PLAN)
    )
