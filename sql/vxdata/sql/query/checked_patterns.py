"""Checked patterns: a malformed regular expression is refused whatever rows there are.

PostgreSQL reads an expression when it compares the first row with it. So whether it refuses one would tell
whether there is a row, and it may ask that of rows that are hidden before it leaves them out.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.schemas.binding.bound_predicates import BoundTextTest, walk
from vxdata.sql.literals import to_sql

if TYPE_CHECKING:
    from vxdata.schemas.binding import BoundPlan
    from vxdata.sql.query.target import Target


def check_patterns(query: exp.Select, plan: BoundPlan, target: Target) -> exp.Select:
    """Where rows are hidden, compare each expression with a constant, which PostgreSQL does as it plans."""
    if not plan.hides_rows:
        return query
    checks = (
        target.dialect.matches(exp.Literal.string(""), to_sql(node.text), ignore_case=node.ignore_case)
        for node in chain.from_iterable(map(walk, plan.conditions))
        if isinstance(node, BoundTextTest) and node.op == "matches"
    )
    return query.where(*(exp.not_(check.is_(exp.null())) for check in checks), copy=False)
