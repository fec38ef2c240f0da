"""Group: rows with equal keys become one, with their aggregates; and conditions on groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from vxdata.schemas.binding.bound import BoundAggregate
from vxdata.sql.names import column
from vxdata.sql.query.aggregates import aggregate_of
from vxdata.sql.query.conditions import scope_of
from vxdata.sql.query.operands import one_of_equals, operand

if TYPE_CHECKING:
    from vxdata.schemas.binding import BoundPlan
    from vxdata.sql.query.target import Target


GROUPS: Final = "groups"
"""Name of the groups of which a condition keeps some."""


def group(query: exp.Select, plan: BoundPlan, target: Target) -> exp.Select:
    """Add the aggregates and the GROUP BY clause, where the plan groups."""
    if plan.keys is None:
        return query
    table, dialect = plan.relation.name, target.dialect
    aggregates = [
        exp.alias_(aggregate_of(output.source, table, dialect), output.field.name, quoted=True)
        for output in plan.outputs
        if isinstance(output.source, BoundAggregate)
    ]
    keys = [one_of_equals(operand(key, table, dialect), key) for key in plan.keys]
    query = query.select(*aggregates, copy=False)
    return query.group_by(*keys, copy=False) if keys else query


def having(query: exp.Select, plan: BoundPlan, target: Target) -> exp.Select:
    """Keep the groups that fulfil a condition: rows of a query for all groups, whose columns it names.

    The order and the part of the rows are those of the groups that are left.

    PostgreSQL itself moves a condition on keys down to the rows, and the others into a HAVING clause.
    """
    if plan.having is None:
        return query
    last = {name: query.args.pop(name) for name in ("order", "limit", "offset") if name in query.args}
    columns = (column(output.field.name, GROUPS) for output in plan.outputs)
    groups = exp.select(*columns).from_(query.subquery(exp.to_identifier(GROUPS, quoted=True), copy=False))
    groups = groups.where(scope_of(GROUPS, target.dialect).condition(plan.having), copy=False)
    for name, clause in last.items():
        groups.set(name, clause)
    return groups
