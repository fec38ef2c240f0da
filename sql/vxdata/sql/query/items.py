"""Items: where the items of a list or the keys of a mapping make groups, each is a row of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.schemas.fields import TextList
from vxdata.sql.names import column
from vxdata.sql.query.nested import with_column
from vxdata.sql.query.operands import item_column

if TYPE_CHECKING:
    from vxdata.schemas.binding import BoundPlan
    from vxdata.sql.query.target import Target


def each_item(query: exp.Select, plan: BoundPlan, target: Target) -> exp.Select:
    """Repeat each row for the items of a key, with the item in a column of its own."""
    for key in dict.fromkeys(key for key in plan.keys or () if key.part == "item"):
        value = column(key.column.name, plan.relation.name)
        is_list = isinstance(key.column.type, TextList)
        item = target.dialect.each_item(value) if is_list else target.dialect.each_key(value)
        query = with_column(query, plan, exp.alias_(item, item_column(key), quoted=True))
    return query
