"""The order of rows, with the key of the relation to break ties."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.binding.kinds import require_plain
from vxdata.schemas.plan.bound import BoundOrder

if TYPE_CHECKING:
    from vxdata.schemas.binding import Scope
    from vxdata.schemas.plan.nodes import Plan
    from vxdata.schemas.plan.predicates import Subquery


def bind_order(ordered: Plan | Subquery, scope: Scope) -> tuple[BoundOrder, ...]:
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
