"""Plans and conditions as text, whole: nothing is cut short."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vxdata.schemas.notation.show import Writer
from vxdata.schemas.notation.show_query import show_query

if TYPE_CHECKING:
    from vxdata.schemas.plan import Plan, Predicate

WHOLE: Final = Writer()
"""Writes every value of every list."""


def write_filter(predicate: Predicate) -> str:
    """Write a condition as Python.

    Args:
        predicate: The condition.

    Returns:
        What `read_filter` reads as the same condition.

    Example:
        >>> from vxdata.schemas.plan import IsIn
        >>> write_filter(IsIn(field="volume_type", values=("T2", "ADC")))
        "F.volume_type.is_in(['T2', 'ADC'])"
    """
    return WHOLE.node(predicate)


def write_query(plan: Plan) -> str:
    """Write a plan as the chain of calls that makes it.

    Args:
        plan: The plan.

    Returns:
        What `read_query` reads as a plan of the same digest.

    Example:
        >>> from vxdata.schemas.plan import Plan
        >>> write_query(Plan(relation="volume", limit=3))
        'client.volumes.query().limit(3)'
    """
    return show_query(plan, WHOLE)
