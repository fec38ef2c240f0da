"""Counting: the plan whose answer tells how many rows another plan gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vxdata.schemas.plan.nodes import Aggregate

if TYPE_CHECKING:
    from vxdata.schemas.plan.nodes import Plan

ROWS: Final = "rows"
"""Column of the number, where the database counts."""


def is_counted_by_database(plan: Plan) -> bool:
    """Tell whether the answer of `counting_plan` is one number; else its rows are to be counted.

    Args:
        plan: What would be read.

    Returns:
        Whether the plan is neither grouped nor distinct.
    """
    return not plan.distinct and plan.group_by is None


def counting_plan(plan: Plan) -> Plan:
    """Make the plan that tells how many rows a plan gives.

    Args:
        plan: What would be read.

    Returns:
        A plan whose one number is to be read by `rows_of_page`; for a grouped or distinct plan, the same rows
        without what does not tell them apart.

    Example:
        >>> from vxdata.schemas.plan import Plan
        >>> counting_plan(Plan(relation="volume", limit=5)).aggregates[0].function
        'count'
    """
    if is_counted_by_database(plan):
        everything = {"select": None, "order_by": (), "limit": None, "offset": 0}
        counting = Aggregate(function="count", field=None, name=ROWS)
        return plan.model_copy(update={**everything, "group_by": (), "aggregates": (counting,)})
    return keys_alone(plan)


def keys_alone(plan: Plan) -> Plan:
    """Make the plan of the same number of rows, without what does not tell them apart.

    Args:
        plan: What would be read.

    Returns:
        The plan without its order, and without aggregates that no condition asks for.
    """
    aggregates = () if plan.group_by and plan.having is None else plan.aggregates
    return plan.model_copy(update={"order_by": (), "aggregates": aggregates})


def rows_of_page(plan: Plan, rows: int) -> int:
    """Tell how many rows are left by the offset and the limit of a plan.

    Args:
        plan: What would be read.
        rows: Rows without either.

    Returns:
        The number of rows of the page.

    Example:
        >>> from vxdata.schemas.plan import Plan
        >>> rows_of_page(Plan(relation="volume", limit=5, offset=2), 4)
        2
    """
    left = max(rows - plan.offset, 0)
    return left if plan.limit is None else min(left, plan.limit)
