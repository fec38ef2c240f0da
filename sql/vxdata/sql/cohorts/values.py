"""All values of a column, each with the number of its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.sql.cohorts.json_page import RECORD, JsonPage, json_line
from vxdata.sql.cohorts.parts import alias, column_of, table, written
from vxdata.sql.names import column, render

if TYPE_CHECKING:
    from vxdata.schemas.cohorts.bound import BoundValues

COUNT = "value_count"


def values_as_json(asked: BoundValues, limit: int | None = None, offset: int = 0) -> JsonPage:
    """Write the statements of a page of values.

    Args:
        asked: The bound question.
        limit: Most values; None for all.
        offset: Values to leave out first.

    Returns:
        The statements; the values are in their order, null last.
    """
    groups = _groups(asked)
    number = alias(exp.Count(this=exp.Star()), COUNT)
    found = column_of(asked.column, "t")
    order = exp.Ordered(this=found.copy(), nulls_first=False)
    page = groups.copy().select(alias(found, asked.column.name), number, copy=False)
    page = page.group_by(found.copy(), copy=False).order_by(order, copy=False)
    if limit is not None:
        page = page.limit(limit, copy=False)
    if offset:
        page = page.offset(offset, copy=False)
    rows = page.subquery(exp.to_identifier("r", quoted=True), copy=False)
    whole = exp.select(alias(json_line("r"), RECORD)).from_(rows, copy=False)
    distinct = groups.select(alias(found.copy(), "value"), copy=False).distinct(copy=False)
    counted = exp.select(alias(exp.Count(this=exp.Star()), "total")).from_(
        distinct.subquery(exp.to_identifier("v", quoted=True), copy=False), copy=False
    )
    rows_sql, shown_sql = written(whole)
    return JsonPage(rows_sql, render(counted), is_counted=False, shown_sql=shown_sql)


def _groups(asked: BoundValues) -> exp.Select:
    """The rows whose values are counted: those that all the sources have."""
    query = exp.Select().from_(table(asked.schema, asked.column.table, "t"))
    rows = "t"
    if asked.join is not None:
        rows, (key, own) = "s", asked.join
        on = exp.EQ(this=column(key, rows), expression=column(own, "t"))
        query.join(table(asked.schema, asked.column.shown_in, rows), on=on, copy=False)
    for source in asked.present_at:
        query.where(exp.Is(this=column(source.own_name, rows), expression=exp.true()), copy=False)
    return query
