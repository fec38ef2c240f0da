"""Resources one by one: the state of one, its relatives, its versions."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vxdata.schemas.catalog.builtin import RESOURCE
from vxdata.schemas.errors import ResourceNotFound
from vxdata.schemas.identifiers import prefix_of
from vxdata.schemas.plan import And, Comparison, HasDescendant, IsIn, OrderBy, Plan
from vxdata.schemas.plan.relatives import (
    BOOKKEEPING,
    commits_plan,
    family_plan,
    is_child_of,
    is_resource,
    unread,
    upwards,
    versions_plan,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Sized
    from datetime import datetime

    from vxdata.schemas.catalog import Catalog
    from vxdata.schemas.catalog.registry import Registry
    from vxdata.schemas.plan import Predicate
    from vxdata.server.services.pinned import PinnedReads

Row = dict[str, Any]


def resource_plan(catalog: Catalog, identifier: str, as_of: datetime | None = None) -> Plan:
    """Make the plan that reads a resource.

    Args:
        catalog: What there is.
        identifier: Its full identifier.
        as_of: Instant to read at; the last commit if None.

    Returns:
        The plan.
    """
    relation = prefix_of(catalog.registry, identifier)
    return Plan(relation=relation, where=is_resource(identifier), as_of=as_of)


def resource(reads: PinnedReads, catalog: Catalog, identifier: str) -> Row:
    """Read a resource.

    Args:
        reads: Reads at one instant.
        catalog: What there is.
        identifier: Its full identifier.

    Returns:
        All of its fields.

    Raises:
        ResourceNotFound: It is missing or deleted.
    """
    found = reads.rows(resource_plan(catalog, identifier))
    require_found(found, identifier)
    return found[0]


def require_found(found: Sized, identifier: str) -> None:
    """Refuse an identifier for which nothing was found.

    Args:
        found: What was found.
        identifier: The full identifier that was looked for.

    Raises:
        ResourceNotFound: It was nothing.
    """
    if not len(found):
        raise ResourceNotFound.from_identifiers([identifier])


@dataclass(frozen=True)
class Page:
    """Which children are listed.

    Args:
        relation: Their type; all types if None.
        limit: Most of them.
        after: Where the page before ended.
    """

    relation: str | None
    limit: int
    after: str | None = None


@dataclass(frozen=True)
class Children:
    """A page of the children of a resource.

    Args:
        rows: Their metadata, each with its `type`, in identifier order.
        counts: Children by type, whatever the page holds.
        next: The last identifier of the page, if others follow.
    """

    rows: list[Row]
    counts: dict[str, int]
    next: str | None


def children(reads: PinnedReads, catalog: Catalog, identifier: str, wanted: Page) -> Children:
    """Read the immediate children of a resource, page by page.

    Args:
        reads: Reads at one instant.
        catalog: What there is.
        identifier: Its full identifier.
        wanted: Which page.

    Returns:
        The page.

    Raises:
        ResourceNotFound: The resource is missing or deleted.
        UnknownResourceType: There is no such type.
    """
    listed = catalog.relation(wanted.relation or RESOURCE)
    resource(reads, catalog, identifier)
    is_child = is_child_of(identifier)
    terms: list[Predicate] = [is_child]
    if wanted.after is not None:
        terms.append(Comparison(op=">", field="identifier", value=wanted.after))
    page = Plan(
        relation=listed.name,
        where=And(terms=tuple(terms)),
        select=tuple(column.name for column in catalog.relation(RESOURCE).columns),
        order_by=(OrderBy(field="identifier"),),
        limit=wanted.limit + 1,
    )
    found = reads.rows(page)
    names = reads.table(Plan(relation=RESOURCE, where=is_child, select=("identifier",)))["identifier"]
    counts = Counter(name.partition("/")[0] for name in names.to_pylist())
    shown = typed(found[: wanted.limit])
    following = shown[-1]["identifier"] if len(found) > wanted.limit else None
    return Children(shown, dict(sorted(counts.items())), following)


def lineage(reads: PinnedReads, identifier: str) -> list[Row]:
    """Read the live ancestors of a resource; the walk goes through deleted ones.

    Args:
        reads: Reads at one instant.
        identifier: Its full identifier.

    Returns:
        The metadata of each, with its `type`, the nearest first.

    Raises:
        ResourceNotFound: The resource is missing or deleted.
    """
    family = reads.table(family_plan(identifier, HasDescendant(identifier=identifier), None))
    live = dict(zip(*(column.to_pylist() for column in family.columns), strict=True))
    if identifier not in live:
        raise ResourceNotFound.from_identifiers([identifier])
    parents = _through_deleted(reads, live)
    chain = [name for name in upwards(identifier, parents) if name in live]
    if not chain:
        return []
    rows = reads.rows(Plan(relation=RESOURCE, where=IsIn(field="identifier", values=tuple(chain))))
    by_name = {row["identifier"]: row for row in rows}
    return typed([by_name[name] for name in chain])


def _through_deleted(reads: PinnedReads, live: Mapping[str, str | None]) -> dict[str, str | None]:
    """Add the deleted resources through which live ones hang."""
    parents = dict(live)
    while missing := unread(parents):
        parents |= dict.fromkeys(missing)
        where = IsIn(field="identifier", values=tuple(missing))
        columns = ("identifier", "parent_identifier", "valid_to")
        for row in reads.rows(Plan(relation=RESOURCE, where=where, select=columns, history=True)):
            if row["valid_to"] is None:
                parents[row["identifier"]] = row["parent_identifier"]
    return parents


@dataclass(frozen=True)
class Version:
    """A version of a resource.

    Args:
        row: All of its fields, with `deleted`.
        verb: What the commit that wrote it did.
        principal: Who made that commit, as the server knew the caller; None in commits of before.
        client: What the caller of that commit said of itself.
        changes: Field -> its value before and after; of the first version, empty.
    """

    row: Row
    verb: str
    principal: str | None
    client: dict[str, str]
    changes: dict[str, tuple[Any, Any]]


def history(reads: PinnedReads, registry: Registry, identifier: str) -> list[Version]:
    """Read the versions of a resource, deletions included.

    Args:
        reads: Reads at one instant, up to which versions are listed.
        registry: The payload types.
        identifier: Its full identifier.

    Returns:
        The versions, oldest first.

    Raises:
        ResourceNotFound: The resource never existed.
    """
    rows = reads.rows(versions_plan(prefix_of(registry, identifier), identifier, None))
    require_found(rows, identifier)
    rows.sort(key=lambda row: row["version"])
    commits = {row["version"]: row for row in reads.rows(commits_plan([row["version"] for row in rows]))}
    before = [rows[0], *rows[:-1]]
    return [
        Version(
            row=row,
            verb=commits[row["version"]]["verb"],
            principal=commits[row["version"]]["principal"],
            client=commits[row["version"]]["client"],
            changes=changes(old, row),
        )
        for old, row in zip(before, rows, strict=True)
    ]


def changes(before: Row, after: Row) -> dict[str, tuple[Any, Any]]:
    """Compare two versions.

    Args:
        before: The one.
        after: The other.

    Returns:
        Field -> its value before and after, where they differ; what differs between any two is left out.

    Example:
        >>> changes({"sex": "F", "version": 1}, {"sex": "M", "version": 2})
        {'sex': ('F', 'M')}
    """
    names = [name for name in after if name not in BOOKKEEPING]
    return {name: (before[name], after[name]) for name in names if before[name] != after[name]}


def typed(rows: Sequence[Row]) -> list[Row]:
    """Add to each row the type of its resource, after the identifier.

    Args:
        rows: Rows with an `identifier`.

    Returns:
        New rows.

    Example:
        >>> typed([{"identifier": "volume/a"}])
        [{'identifier': 'volume/a', 'type': 'volume'}]
    """
    return [
        {"identifier": row["identifier"], "type": row["identifier"].partition("/")[0], **row} for row in rows
    ]
