"""Bind conditions that read other rows: what a subquery finds, and what hangs below or above a resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vxdata.schemas.binding.bound import BoundSubquery
from vxdata.schemas.binding.bound_predicates import (
    BoundAggregated,
    BoundAncestry,
    BoundIsInQuery,
    BoundQuantified,
)
from vxdata.schemas.binding.kinds import require_comparable, require_plain, require_same_kind
from vxdata.schemas.binding.ordering import bind_order
from vxdata.schemas.binding.result import result_type
from vxdata.schemas.binding.values import Literal, type_name
from vxdata.schemas.catalog import RelationKind
from vxdata.schemas.catalog.builtin import RESOURCE
from vxdata.schemas.errors import FieldTypeMismatch, InvalidPlan
from vxdata.schemas.fields import Boolean, Float, Integer
from vxdata.schemas.identifiers import normalise
from vxdata.schemas.payload_type import LINEAGE_PREFIXES
from vxdata.schemas.plan.predicates import (
    Aggregated,
    HasAncestor,
    HasDescendant,
    IsInQuery,
    Quantified,
)

if TYPE_CHECKING:
    from vxdata.schemas.binding.bind import Binders, BindingScope
    from vxdata.schemas.plan.predicates import Subquery


def is_in_query(predicate: IsInQuery, scope: BindingScope) -> BoundIsInQuery:
    """A field, or some item of a list, among what a subquery finds."""
    operand = scope.operand_of(predicate)
    query = _subquery(predicate.query, scope)
    require_same_kind(operand, query.operand, scope.relation, query.relation)
    return BoundIsInQuery(operand, query)


def quantified(predicate: Quantified, scope: BindingScope) -> BoundQuantified:
    """A field compared with any, or all, of what a subquery finds."""
    operand = scope.operand_of(predicate)
    require_comparable(operand, scope.relation)
    query = _subquery(predicate.query, scope)
    require_plain(query.operand, predicate.op.upper())
    require_same_kind(operand, query.operand, scope.relation, query.relation)
    if isinstance(operand.type, Boolean):
        msg = f"{operand} is of type boolean, which has no order; ANY and ALL take numbers, texts and times."
        raise FieldTypeMismatch(msg, field=str(operand), field_type=type_name(operand.type))
    return BoundQuantified(predicate.op, predicate.comparison, operand, query)


def aggregated(predicate: Aggregated, scope: BindingScope) -> BoundAggregated:
    """A field compared with an aggregate of what a subquery finds."""
    operand, function = scope.operand_of(predicate), predicate.op
    require_comparable(operand, scope.relation)
    query = _subquery(predicate.query, scope)
    require_plain(query.operand, function.upper())
    type_of_result = result_type(function, query.operand)
    if function in {"min", "max"}:
        require_same_kind(operand, query.operand, scope.relation, query.relation)
    elif not isinstance(operand.type, Integer | Float):
        found, made = type_name(operand.type), type_name(type_of_result)
        msg = f"{operand} is of type {found}, and {function.upper()} of type {made}: they cannot be compared."
        raise FieldTypeMismatch(msg, field=str(operand), field_type=found, function=function)
    return BoundAggregated(function, predicate.comparison, operand, query)


def _subquery(query: Subquery, scope: BindingScope) -> BoundSubquery:
    inner = scope.within(scope.catalog.relation(query.relation))
    return BoundSubquery(
        relation=inner.relation,
        operand=inner.operand(query.select),
        where=None if query.where is None else inner.bind(query.where),
        order=bind_order(query, inner),
        limit=query.limit,
        offset=query.offset,
    )


def has_ancestor(predicate: HasAncestor, scope: BindingScope) -> BoundAncestry:
    """The resource hangs below another one."""
    return _ancestry(predicate.identifier, scope, below=True)


def has_descendant(predicate: HasDescendant, scope: BindingScope) -> BoundAncestry:
    """Another resource hangs below this one."""
    return _ancestry(predicate.identifier, scope, below=False)


def _ancestry(identifier: str, scope: BindingScope, *, below: bool) -> BoundAncestry:
    if not scope.relation.kind.is_versioned:
        msg = f"{scope.relation.name} has no lineage."
        raise InvalidPlan(msg, resource_type=scope.relation.name)
    full = normalise(scope.catalog.registry, identifier)
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


BINDERS: Final[Binders] = {
    IsInQuery: is_in_query,
    Quantified: quantified,
    Aggregated: aggregated,
    HasAncestor: has_ancestor,
    HasDescendant: has_descendant,
}
"""Kind of condition -> how it is bound."""
