"""Relatives: plans that find the ancestors, descendants and versions of a resource, and walks over them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from vxdata.schemas.catalog.builtin import COMMIT, RESOURCE
from vxdata.schemas.plan.nodes import Plan
from vxdata.schemas.plan.predicates import Comparison, IsIn, Or

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from vxdata.schemas.plan.predicates import Predicate

Parents = dict[str, str | None]
"""Parent by identifier."""

BOOKKEEPING: Final = frozenset({"valid_from", "valid_to", "version", "children"})
"""Fields that differ between any two versions."""


def is_resource(identifier: str) -> Comparison:
    """Make the condition that a row is of one resource.

    Args:
        identifier: Its full identifier.

    Returns:
        The condition.
    """
    return Comparison(op="==", field="identifier", value=identifier)


def is_child_of(identifier: str) -> Comparison:
    """Make the condition that a resource is an immediate child of another one.

    Args:
        identifier: The full identifier of the parent.

    Returns:
        The condition.
    """
    return Comparison(op="==", field="parent_identifier", value=identifier)


def family_plan(identifier: str, relatives: Predicate, as_of: datetime | None) -> Plan:
    """Make the plan that reads a resource and its relatives: all live, each with its parent.

    Args:
        identifier: Its full identifier.
        relatives: Which resources are its relatives.
        as_of: Instant to read at; the last commit if None.

    Returns:
        The plan, whose columns are the identifier and that of the parent.
    """
    return Plan(
        relation=RESOURCE,
        where=Or(terms=(is_resource(identifier), relatives)),
        select=("identifier", "parent_identifier"),
        as_of=as_of,
    )


def versions_plan(resource_type: str, identifier: str, as_of: datetime | None) -> Plan:
    """Make the plan that reads all versions of a resource, deletions included.

    Args:
        resource_type: Its type.
        identifier: Its full identifier.
        as_of: Instant up to which versions are read; the last commit if None.

    Returns:
        The plan.
    """
    return Plan(relation=resource_type, where=is_resource(identifier), history=True, as_of=as_of)


def commits_plan(versions: Sequence[int]) -> Plan:
    """Make the plan that reads what some commits did, and who made them.

    Args:
        versions: Numbers of the commits.

    Returns:
        The plan, whose columns are `version`, `verb`, `principal` and `client`.
    """
    where = IsIn(field="version", values=tuple(versions))
    return Plan(relation=COMMIT, where=where, select=("version", "verb", "principal", "client"))


def unread(parents: Mapping[str, str | None]) -> list[str]:
    """Name the parents of which nothing is known yet: deleted resources, through which live ones hang.

    Args:
        parents: What is known.

    Returns:
        Their identifiers, sorted.

    Example:
        >>> unread({"volume/a": "imagingstudy/b", "volume/c": None})
        ['imagingstudy/b']
    """
    return sorted({above for above in parents.values() if above is not None} - parents.keys())


def upwards(start: str, parents: Mapping[str, str | None]) -> Iterator[str]:
    """Walk the chain above a resource, nearest first.

    Args:
        start: The resource.
        parents: The parent of it and of all above it.

    Yields:
        The ancestors.

    Example:
        >>> list(upwards("volume/a", {"volume/a": "patient/b", "patient/b": None}))
        ['patient/b']
    """
    above = parents[start]
    while above is not None:
        yield above
        above = parents[above]


def downwards(start: str, parents: Mapping[str, str | None]) -> Iterator[str]:
    """Walk all below a resource, level by level, each in identifier order.

    Args:
        start: The resource.
        parents: The parent of all below it.

    Yields:
        The descendants.

    Example:
        >>> list(downwards("patient/b", {"volume/d": "patient/b", "volume/a": "patient/b"}))
        ['volume/a', 'volume/d']
    """
    children: dict[str | None, list[str]] = defaultdict(list)
    for name, above in parents.items():
        children[above].append(name)
    level = [start]
    while level := sorted(name for above in level for name in children[above]):
        yield from level
