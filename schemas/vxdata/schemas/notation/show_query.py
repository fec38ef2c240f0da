"""Whole plans as the chain of calls that makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vxdata.schemas.notation.show import SHOWN, Writer, show_slice
from vxdata.schemas.notation.show_names import show_keys, show_source

if TYPE_CHECKING:
    from vxdata.schemas.plan import Plan

CUT: Final = Writer(SHOWN)
"""Cuts long lists short."""


def show_query(plan: Plan, writer: Writer = CUT) -> str:
    """Write a plan as Python.

    Args:
        plan: The plan.
        writer: How lists are written; by default cut short.

    Returns:
        What a user would write for it.

    Example:
        >>> from vxdata.schemas.plan import Plan
        >>> show_query(Plan(relation="volume", select=("identifier",), limit=3))
        "client.volumes.query().limit(3).select('identifier')"
    """
    return "".join(show_steps(plan, writer))


def show_steps(plan: Plan, writer: Writer = CUT) -> list[str]:
    """Write a plan as the source of its rows and the steps that follow, in their order.

    Args:
        plan: The plan.
        writer: How lists are written; by default cut short.

    Returns:
        The source, then each step with the dot before it.

    Example:
        >>> from vxdata.schemas.plan import Plan
        >>> show_steps(Plan(relation="volume", offset=5, history=True))
        ['client.volumes.query()', '.history()', '.offset(5)']
    """
    offset, limit = show_slice(plan.offset, None), show_slice(0, plan.limit)
    order, columns = writer.order(plan.order_by), _columns(plan, writer)
    is_derived = plan.distinct or plan.group_by is not None
    steps = (
        ".history()" if plan.history else "",
        writer.filter(plan.where),
        writer.first(plan.first_per),
        *((*columns, writer.filter(plan.having)) if is_derived else ()),
        *(order, offset, limit),
        *(() if is_derived else columns),
        "" if plan.as_of is None else f".as_of({plan.as_of.isoformat()!r})",
    )
    return [show_source(plan.relation), *filter(None, steps)]


def _columns(plan: Plan, writer: Writer) -> tuple[str, ...]:
    """The steps that settle the columns; none without one."""
    if plan.group_by is not None:
        aggregates = ", ".join(map(writer.node, plan.aggregates))
        return f".group_by({show_keys(plan.group_by)})", f".agg({aggregates})"
    if plan.select is None:
        return ()
    return (f".{'distinct' if plan.distinct else 'select'}({', '.join(map(repr, plan.select))})",)
