"""Ancestry: resources below or above another one, at any depth.

The identifiers of its relatives become an array, whose items are looked up in an index.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.sql.literals import to_sql
from vxdata.sql.names import column
from vxdata.sql.query.relatives import relatives_of

if TYPE_CHECKING:
    from vxdata.schemas.binding.bound_predicates import BoundAncestry
    from vxdata.sql.query.target import ConditionScope


def ancestry(predicate: BoundAncestry, scope: ConditionScope) -> exp.Expr:
    """Write the test whether a resource is below another one, or above it."""
    own = column("identifier", scope.table)
    lineage = predicate.column if predicate.below else None
    value = own.copy() if lineage is None else column(lineage.name, scope.table)
    among = scope.dialect.is_among(value, relatives_of(predicate, scope.dialect))
    if scope.negated and lineage is not None:  # without any such ancestor, a resource is not below this one
        among = exp.Coalesce(this=among, expressions=[exp.false()])
    itself = exp.NEQ(this=own, expression=to_sql(predicate.identifier))
    return exp.And(this=among, expression=itself)
