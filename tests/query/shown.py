"""A plan as its user would write it, for failures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.notation.show import SHOWN, Writer, show
from vxdata.schemas.notation.show_names import show_key

if TYPE_CHECKING:
    from vxdata.schemas.plan import Plan


def shown(plan: Plan) -> str:
    """Write a plan as one chain of calls, one a line.

    Example:
        >>> from vxdata.schemas.plan import IsNull, Plan
        >>> print(shown(Plan(relation="volume", where=IsNull(op="is_null", field="b_value"), limit=3)))
        volume
          .filter(F.b_value.is_null())
          .limit(3)
    """
    steps = [] if plan.where is None else [f"filter({show(plan.where)})"]
    if plan.first_per is not None:
        steps.append(Writer(SHOWN).first(plan.first_per).removeprefix("."))
    if plan.select is not None:
        steps.append(f"select{plan.select}")
    if plan.distinct:
        steps.append("distinct()")
    if plan.group_by is not None:
        keys, aggregates = map(show_key, plan.group_by), map(show, plan.aggregates)
        having = "" if plan.having is None else f"\n  .filter({show(plan.having)})"
        steps.append(f"group_by({', '.join(keys)}).agg({', '.join(aggregates)}){having}")
    if plan.order_by:
        steps.append(f"order_by({', '.join(map(show, plan.order_by))})")
    if plan.offset:
        steps.append(f"offset({plan.offset})")
    if plan.limit is not None:
        steps.append(f"limit({plan.limit})")
    if plan.as_of is not None:
        steps.append(f"as_of({plan.as_of.isoformat()})")
    if plan.history:
        steps.append("history()")
    return "\n  .".join((plan.relation, *steps))
