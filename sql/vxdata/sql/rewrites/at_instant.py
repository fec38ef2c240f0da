"""At instant: put the rows that could be seen at the instant in the place of each relation.

This is the one place where `as_of` is applied. Rules before it name relations in a schema that does
not exist, so whatever they build (filters, subqueries, aggregates) reads through here or not at all.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.schemas.relations import DELETED
from vxdata.sql.catalog import Rows
from vxdata.sql.literals import timestamp
from vxdata.sql.names import COMMIT_LOG, TOMBSTONE, UNRESOLVED, column, history, latest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vxdata.sql.bind import BoundPlan
    from vxdata.sql.catalog import Relation
    from vxdata.sql.instant import Instant


def at_instant(query: exp.Select, plan: BoundPlan, instant: Instant) -> exp.Select:
    """Resolve every relation of the query to what could be seen at the instant."""

    def resolve(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Table) and node.db == UNRESOLVED:
            rows = ROWS[plan.relation.rows](plan.relation, instant)
            return rows.subquery(exp.to_identifier(node.name, quoted=True))
        return node

    resolved = query.transform(resolve)
    assert isinstance(resolved, exp.Select)  # noqa: S101 - the root is never a table
    return resolved


def _state(relation: Relation, instant: Instant) -> exp.Query:
    """The live version of each resource at an instant; a deleted one has none."""
    return _union(_state_of(member, relation, instant) for member in relation.members)


def _state_of(member: str, relation: Relation, instant: Instant) -> exp.Query:
    """The state of one type; a version current at the instant is open there, however it ended later."""
    columns = {"valid_to": exp.cast(exp.null(), exp.DType.TIMESTAMPTZ)}
    current = _select(relation, columns).from_(latest(member)).where(column(TOMBSTONE).not_())
    if instant.is_current:
        return current
    as_of = timestamp(instant.as_of)
    superseded = (
        _select(relation, columns)
        .from_(history(member))
        .where(column(TOMBSTONE).not_(), column("valid_from") <= as_of, column("valid_to") > as_of.copy())
    )
    return _union((current.where(column("valid_from") <= as_of.copy()), superseded))


def _versions(relation: Relation, instant: Instant) -> exp.Query:
    """Every version written up to an instant, as it stood at that instant."""
    as_of = timestamp(instant.as_of)
    ended = exp.Case().when(column("valid_to") <= as_of, column("valid_to"))
    columns = {"valid_to": ended, DELETED.name: column(TOMBSTONE)}
    return _union(
        _select(relation, columns).from_(table).where(column("valid_from") <= as_of.copy())
        for member in relation.members
        for table in (latest(member), history(member))
    )


def _commits(relation: Relation, instant: Instant) -> exp.Query:
    """The commits up to an instant."""
    return (
        _select(relation, {"as_of": column("stamp")})
        .from_(COMMIT_LOG.copy())
        .where(column("stamp") <= timestamp(instant.as_of))
    )


ROWS = {Rows.RESOURCE: _state, Rows.VERSION: _versions, Rows.COMMIT: _commits}


def _select(relation: Relation, instead: Mapping[str, exp.Expr]) -> exp.Select:
    """All columns, some of them computed."""
    return exp.select(
        *(
            exp.alias_(instead[field.name].copy(), field.name, quoted=True)
            if field.name in instead
            else column(field.name)
            for field in relation.columns
        )
    )


def _union(queries: Iterable[exp.Query]) -> exp.Query:
    return reduce(lambda first, second: exp.union(first, second, distinct=False), queries)
