"""Bind: resolve the names and types of a plan against a catalog.

Both sides bind: the client to refuse what is wrong before any call, the server because it trusts nobody.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from vxdata.schemas.binding import Scope
from vxdata.schemas.binding.kinds import require_plain
from vxdata.schemas.binding.ordering import bind_order
from vxdata.schemas.binding.result import bind_outputs
from vxdata.schemas.catalog.relation import RelationKind
from vxdata.schemas.errors import InvalidPlan
from vxdata.schemas.plan.bound import BoundOrder, BoundPlan, Operand

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from vxdata.schemas.catalog import Catalog
    from vxdata.schemas.plan.bound import Output
    from vxdata.schemas.plan.nodes import Plan


def bind(plan: Plan, catalog: Catalog) -> BoundPlan:
    """Resolve a plan.

    Args:
        plan: A well-formed plan.
        catalog: What may be named.

    Returns:
        The bound plan.

    Raises:
        UnknownResourceType: The plan reads a type that the catalog does not have.
        UnknownField: The plan names fields that the type does not have.
        FieldTypeMismatch: A literal does not fit its field, or an operator does not apply to it.
        InvalidIdentifier: An ancestor or descendant is malformed.
        InvalidPlan: Parts contradict each other, a field is selected twice, or `as_of` has no time zone or
            lies outside the calendar.
    """
    relation = catalog.relation(plan.resource_type)
    if plan.history:
        relation = relation.with_history()
    scope = Scope.of(relation, catalog)
    where = None if plan.where is None else scope.bind(plan.where)
    outputs = bind_outputs(plan, scope)
    keys = None if plan.group_by is None else tuple(scope.operand(name) for name in plan.group_by)
    is_derived = plan.distinct or keys is not None
    as_of = None if plan.as_of is None else _bind_as_of(plan.as_of, scope)
    return BoundPlan(
        relation=relation,
        outputs=outputs,
        where=where,
        keys=keys,
        distinct=plan.distinct,
        order=_order_of_outputs(plan, outputs) if is_derived else bind_order(plan, scope),
        limit=plan.limit,
        offset=plan.offset,
        as_of=as_of,
        reads=frozenset(scope.reads),
    )


def _order_of_outputs(plan: Plan, outputs: Sequence[Output]) -> tuple[BoundOrder, ...]:
    """The order of a grouped or distinct result; ties are broken by all else that tells its rows apart."""
    by_name = {output.field.name: output for output in outputs}
    stated = []
    for order in plan.order_by:
        if order.key is not None or order.field not in by_name:
            msg = (
                f"A grouped or distinct query is ordered by a column of its result "
                f"({', '.join(by_name)}), not by {order.field}."
            )
            raise InvalidPlan(msg, field=order.field, columns=list(by_name))
        require_plain(Operand(by_name[order.field].field), "order_by")
        stated.append(BoundOrder(by_name[order.field], order.descending, order.nulls_first))
    if not stated and plan.limit is None and not plan.offset:
        return ()
    named = {order.field for order in plan.order_by}
    ties = [
        output
        for output in outputs
        if output.field.name not in named and (plan.distinct or isinstance(output.source, Operand))
    ]
    return (*stated, *(BoundOrder(output) for output in ties))


def _bind_as_of(as_of: datetime, scope: Scope) -> datetime:
    timeless = sorted(relation.name for relation in scope.reads if relation.kind is RelationKind.PLAIN)
    if timeless:
        msg = f"{', '.join(timeless)}: a table without versions has no past; leave as_of out."
        raise InvalidPlan(msg, relations=timeless, as_of=as_of.isoformat())
    if as_of.tzinfo is None:
        msg = f"as_of {as_of.isoformat()} has no time zone; plans carry instants in UTC."
        raise InvalidPlan(msg, as_of=as_of.isoformat())
    try:
        return as_of.astimezone(UTC)
    except OverflowError as error:
        msg = f"as_of {as_of.isoformat()} lies outside the years 1 to 9999 in UTC."
        raise InvalidPlan(msg, as_of=as_of.isoformat()) from error
