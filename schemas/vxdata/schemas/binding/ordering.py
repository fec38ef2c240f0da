"""Bind orders: of rows, with the key of the relation to break ties, and of results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.binding.bound import BoundFirst, BoundOrder
from vxdata.schemas.binding.bound_predicates import Operand
from vxdata.schemas.binding.hashes import require_hashable, seed_of
from vxdata.schemas.binding.kinds import require_plain
from vxdata.schemas.errors import InvalidPlan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.binding.bind import BindingScope
    from vxdata.schemas.binding.bound import Output
    from vxdata.schemas.plan.nodes import FirstPer, Plan
    from vxdata.schemas.plan.predicates import OrderBy, Orders, Subquery


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
    if not ordered.order_by and ordered.limit is None and not ordered.offset:
        return ()
    return _whole(ordered.order_by, scope)


def bind_first(first: FirstPer, scope: BindingScope) -> BoundFirst:
    """Resolve which row of each group is kept.

    Args:
        first: What makes a group, and what comes first in it.
        scope: What it may name.

    Returns:
        The groups and the whole order of their rows.

    Raises:
        UnknownField: A field does not exist.
        FieldTypeMismatch: A field is a list or a mapping.
        InvalidPlan: A field is named twice.
    """
    keys = tuple(scope.operand(name) for name in first.fields)
    if len(set(keys)) < len(keys):
        msg = f"first_per names a field twice: {', '.join(first.fields)}."
        raise InvalidPlan(msg, fields=list(first.fields))
    for key in keys:
        require_plain(key, "first_per")
    return BoundFirst(keys, _whole(first.order_by, scope))


def _whole(order_by: Orders, scope: BindingScope) -> tuple[BoundOrder, ...]:
    """An order with what breaks its ties."""
    stated = []
    for order in order_by:
        operand = scope.operand_of(order)
        require_plain(operand, "order_by")
        stated.append(_by(order, operand) if order.seed is None else _shuffled(order, order.seed, operand))
    named = {order.field for order in order_by if order.seed is None}
    ties = [scope.operand(name) for name in scope.relation.key if name not in named]
    return (*stated, *map(BoundOrder, ties))


def _by(order: OrderBy, value: Operand | Output) -> BoundOrder:
    return BoundOrder(value, order.descending, order.nulls_first)


def _shuffled(order: OrderBy, seed: int, operand: Operand) -> BoundOrder:
    require_hashable(operand)
    if order.descending or order.nulls_first:
        msg = f"An order by the hash of {operand} has no direction, and nulls come last in it."
        raise InvalidPlan(msg, field=str(operand))
    return BoundOrder(operand, seed=seed_of(seed))


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
        if order.seed is not None:
            msg = "A grouped or distinct query is ordered by its columns, not by their hashes."
            raise InvalidPlan(msg, field=order.field)
        require_plain(Operand(by_name[order.field].field), "order_by")
        stated.append(_by(order, by_name[order.field]))
    if not stated and plan.limit is None and not plan.offset:
        return ()
    named = {order.field for order in plan.order_by}
    ties = [
        output
        for output in outputs
        if output.field.name not in named and (plan.distinct or isinstance(output.source, Operand))
    ]
    return (*stated, *(BoundOrder(output) for output in ties))
