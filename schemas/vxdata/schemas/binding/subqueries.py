"""Conditions on what another query finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.binding.kinds import require_comparable, require_plain, require_same_kind
from vxdata.schemas.binding.ordering import bind_order
from vxdata.schemas.errors import FieldTypeMismatch
from vxdata.schemas.fields import Boolean
from vxdata.schemas.plan.bound import BoundIsInQuery, BoundQuantified, BoundSubquery
from vxdata.schemas.plan.values import type_name

if TYPE_CHECKING:
    from vxdata.schemas.binding import Scope
    from vxdata.schemas.plan.predicates import IsInQuery, Quantified, Subquery


def is_in_query(predicate: IsInQuery, scope: Scope) -> BoundIsInQuery:
    """A field, or some item of a list, among what a subquery finds."""
    operand = scope.operand(predicate.field, predicate.key)
    query = _subquery(predicate.query, scope)
    require_same_kind(operand, query.operand, scope.relation, query.relation)
    return BoundIsInQuery(operand, query)


def quantified(predicate: Quantified, scope: Scope) -> BoundQuantified:
    """A field compared with any, or all, of what a subquery finds."""
    operand = scope.operand(predicate.field, predicate.key)
    require_comparable(operand, scope.relation)
    query = _subquery(predicate.query, scope)
    require_plain(query.operand, predicate.op.upper())
    require_same_kind(operand, query.operand, scope.relation, query.relation)
    if isinstance(operand.type, Boolean):
        msg = f"{operand} is of type boolean, which has no order; ANY and ALL take numbers, texts and times."
        raise FieldTypeMismatch(msg, field=str(operand), field_type=type_name(operand.type))
    return BoundQuantified(predicate.op, predicate.comparison, operand, query)


def _subquery(query: Subquery, scope: Scope) -> BoundSubquery:
    inner = scope.within(scope.catalog.relation(query.resource_type))
    return BoundSubquery(
        relation=inner.relation,
        operand=inner.operand(query.select),
        where=None if query.where is None else inner.bind(query.where),
        order=bind_order(query, inner),
        limit=query.limit,
        offset=query.offset,
    )
