"""At instant: put the versions that were current at the instant in the place of each relation.

This is the one place where `as_of` is applied. Rules before it name relations in a schema that does
not exist, so whatever they build (filters, subqueries, aggregates) reads through here or not at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.sql.literals import timestamp
from vxdata.sql.names import TOMBSTONE, UNRESOLVED, column, history, latest

if TYPE_CHECKING:
    from vxdata.sql.bind import BoundPlan
    from vxdata.sql.catalog import Relation
    from vxdata.sql.instant import Instant


def at_instant(query: exp.Select, plan: BoundPlan, instant: Instant) -> exp.Select:
    """Resolve every relation of the query to the versions of the instant."""

    def resolve(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Table) and node.db == UNRESOLVED:
            return _versions(plan.relation, instant).subquery(exp.to_identifier(node.name, quoted=True))
        return node

    resolved = query.transform(resolve)
    assert isinstance(resolved, exp.Select)  # noqa: S101 - the root is never a table
    return resolved


def _versions(relation: Relation, instant: Instant) -> exp.Query:
    """The live versions of a relation at an instant; a deleted resource has none."""
    current = _select(relation).from_(latest(relation.name)).where(column(TOMBSTONE).not_())
    if instant.is_current:
        return current
    as_of = timestamp(instant.as_of)
    superseded = (
        _select(relation)
        .from_(history(relation.name))
        .where(
            column(TOMBSTONE).not_(),
            column("valid_from") <= as_of,
            column("valid_to") > as_of.copy(),
        )
    )
    return exp.union(current.where(column("valid_from") <= as_of.copy()), superseded, distinct=False)


def _select(relation: Relation) -> exp.Select:
    """All columns; a version current at the instant is open there, however it ended later."""
    return exp.select(
        *(
            exp.alias_(exp.cast(exp.null(), exp.DType.TIMESTAMPTZ), "valid_to", quoted=True)
            if field.name == "valid_to"
            else column(field.name)
            for field in relation.columns
        )
    )
