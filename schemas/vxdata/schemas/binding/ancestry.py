"""Ancestry: what hangs below or above a resource."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.catalog import RelationKind
from vxdata.schemas.errors import InvalidPlan
from vxdata.schemas.identifiers import normalise
from vxdata.schemas.payload_type import LINEAGE_PREFIXES
from vxdata.schemas.plan.bound import BoundAncestry
from vxdata.schemas.plan.values import Literal
from vxdata.schemas.relations import RESOURCE

if TYPE_CHECKING:
    from vxdata.schemas.binding import Scope
    from vxdata.schemas.plan.predicates import HasAncestor, HasDescendant


def has_ancestor(predicate: HasAncestor, scope: Scope) -> BoundAncestry:
    """The resource hangs below another one."""
    return _ancestry(predicate.identifier, scope, below=True)


def has_descendant(predicate: HasDescendant, scope: Scope) -> BoundAncestry:
    """Another resource hangs below this one."""
    return _ancestry(predicate.identifier, scope, below=False)


def _ancestry(identifier: str, scope: Scope, *, below: bool) -> BoundAncestry:
    if not scope.relation.kind.is_versioned:
        msg = f"{scope.relation.name} has no lineage."
        raise InvalidPlan(msg, resource_type=scope.relation.name)
    full = normalise(identifier)
    prefix = full.partition("/")[0]
    live = scope.catalog.relation(RESOURCE)
    others = live.without(prefix)
    everything, gone = live.with_deleted(), others.only_deleted()
    family = scope.catalog.relation(prefix).with_deleted()
    scope.reads.update((everything, family, others, gone))
    column = next((name for name, ancestor in LINEAGE_PREFIXES.items() if ancestor == prefix), None)
    if scope.relation.kind is RelationKind.VERSION:
        column = None  # it tells where the version hung, not where the resource hangs at the instant
    return BoundAncestry(
        identifier=Literal(full),
        below=below,
        column=None if column is None else scope.operand(column).column,
        family=family,
        others=others,
        gone=gone,
        everything=everything,
    )
