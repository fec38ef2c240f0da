"""Bind orders: of rows, with the key of the relation to break ties, and of results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.binding.bound import BoundOrder
from vxdata.schemas.binding.bound_predicates import Operand
from vxdata.schemas.binding.kinds import require_plain
from vxdata.schemas.errors import InvalidPlan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.binding.bind import BindingScope
    from vxdata.schemas.binding.bound import Output
    from vxdata.schemas.plan.nodes import Plan
    from vxdata.schemas.plan.predicates import Subquery


def bind_order(ordered: Plan | Subquery, scope: BindingScope) -> tuple[BoundOrder, ...]:
    """Resolve an order of rows.

    Args:
        ordered: What is ordered.
        scope: What it may name.

    Returns:
        The whole order; nothing where neither an order nor a part of the rows is asked for.

    Raises:
        UnknownField: A field does not exist.
        FieldTypeMismatch: A field is a list or a mapping.
    """
    stated = []
    for order in ordered.order_by:
        operand = scope.operand(order.field, order.key)
        require_plain(operand, "order_by")
        stated.append(BoundOrder(operand, order.descending, order.nulls_first))
    if not stated and ordered.limit is None and not ordered.offset:
        return ()
    named = {order.field for order in ordered.order_by}
    ties = [scope.operand(name) for name in scope.relation.key if name not in named]
    return (*stated, *map(BoundOrder, ties))


def bind_order_of_outputs(plan: Plan, outputs: Sequence[Output]) -> tuple[BoundOrder, ...]:
    """Resolve the order of a grouped or distinct result.

    Args:
        plan: What is ordered.
        outputs: The columns of its result.

    Returns:
        The whole order; ties are broken by all other columns that tell the rows apart.

    Raises:
        InvalidPlan: The order names what is no column of the result.
        FieldTypeMismatch: A column is a list or a mapping.
    """
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
