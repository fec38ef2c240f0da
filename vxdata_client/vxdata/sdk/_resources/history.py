"""History: the versions of a resource, and what changed from one to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from vxdata.schemas.catalog.builtin import DELETED
from vxdata.schemas.errors import InvalidRequest, ResourceNotFound
from vxdata.schemas.errors.messages import abridged
from vxdata.schemas.identifiers import prefix_of
from vxdata.schemas.plan.relatives import BOOKKEEPING, commits_plan, versions_plan
from vxdata.sdk._conversion.models import responses

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from vxdata.schemas.models import ResourceResponse
    from vxdata.schemas.plan import Plan
    from vxdata.sdk._session import Session
    from vxdata.sdk._transport.base import Transport

Change = tuple[Any, Any]
"""A value before and after."""


@dataclass(frozen=True)
class Version:
    """One version of a resource.

    Args:
        resource: Its content; of a tombstone, what was deleted.
        deleted: Whether it is a tombstone.
        changes: Field to its value before and after; of the first version, empty.
        verb: What the commit that wrote it did.
        principal: Who made that commit, as the server knew the caller; None in commits of before.
        client: What the caller of that commit said of itself.
    """

    resource: ResourceResponse
    deleted: bool
    changes: dict[str, Change]
    verb: str
    principal: str | None
    client: dict[str, str]

    @property
    def version(self) -> int:
        """Sequence number of the commit that wrote it."""
        return self.resource.version

    @property
    def as_of(self) -> datetime:
        """Instant of that commit; reading as of it shows this version."""
        return self.resource.valid_from


def history(session: Session, identifier: str, as_of: datetime | None) -> list[Version]:
    """List the versions of a resource, deletions included.

    Args:
        session: The way to the server.
        identifier: A full identifier.
        as_of: Instant up to which versions are listed; the last commit if None.

    Returns:
        The versions, oldest first.

    Raises:
        ResourceNotFound: The resource never existed.
    """
    resource_type = prefix_of(session.registry, identifier)
    plan = versions_plan(resource_type, identifier, as_of)
    table = _read(session.transport, plan).sort_by("version")
    if not table.num_rows:
        raise ResourceNotFound.from_identifiers([identifier])
    flags = table[DELETED.name].to_pylist()
    resources = responses(table.drop_columns([DELETED.name]), session.registry.get(resource_type))
    commits = _commits(session.transport, [resource.version for resource in resources])
    return [
        Version(
            resource=resource,
            deleted=flags[number],
            changes=_changes_of(number, resources, flags),
            verb=commits[resource.version]["verb"],
            principal=commits[resource.version]["principal"],
            client=dict(commits[resource.version]["client"]),
        )
        for number, resource in enumerate(resources)
    ]


def numbered(versions: Sequence[Version], number: int) -> Version:
    """Find a version by its number.

    Args:
        versions: All versions of a resource.
        number: Sequence number of the commit that wrote it.

    Returns:
        The version.

    Raises:
        InvalidRequest: There is none of that number; those that there are are named.
    """
    by_number = {version.version: version for version in versions}
    if number not in by_number:
        identifier = versions[0].resource.identifier
        has = abridged([str(known) for known in by_number])
        msg = f"{identifier} has no version {number}; it has {has}."
        raise InvalidRequest(msg, identifiers=[identifier], version=number, versions=list(by_number))
    return by_number[number]


def _changes_of(
    number: int, resources: Sequence[ResourceResponse], flags: Sequence[bool]
) -> dict[str, Change]:
    """Return the fields that a version changed, with its deletion or restoration."""
    if number == 0:
        return {}
    return changes(resources[number - 1], resources[number]) | deletion(flags[number - 1], flags[number])


def changes(before: ResourceResponse, after: ResourceResponse) -> dict[str, Change]:
    """Compare the content of two versions.

    Args:
        before: The one version.
        after: The other version, of the same resource type.

    Returns:
        Field to its value before and after, where they differ.
    """
    return {
        name: (getattr(before, name), getattr(after, name))
        for name in type(after).model_fields
        if name not in BOOKKEEPING and getattr(before, name) != getattr(after, name)
    }


def deletion(before: bool, after: bool) -> dict[str, Change]:  # noqa: FBT001 - two flags of one kind
    """The change that a deletion or a return is; none where both flags agree."""
    return {} if before == after else {DELETED.name: (before, after)}


def _commits(transport: Transport, versions: Sequence[int]) -> dict[int, dict[str, Any]]:
    return {row["version"]: row for row in _read(transport, commits_plan(versions)).to_pylist()}


def _read(transport: Transport, plan: Plan) -> pa.Table:
    stream = transport.read(plan)
    return pa.Table.from_batches(stream.batches, schema=stream.arrow_schema)
