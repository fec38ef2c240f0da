"""Ancestry: resources below or above another one, at any depth.

Parents are followed through resources of all types, deleted ones included, as lineage columns are. The
identifiers that are found become an array, which is looked up in an index. The queries below are written as
PostgreSQL reads them; the dialect sees to it that what stands beside each row is looked up row by row.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from sqlglot import exp, parse_one

from vxdata.sql.literals import to_sql
from vxdata.sql.names import DIALECT, column, unresolved

if TYPE_CHECKING:
    from vxdata.schemas.binding.bound_predicates import BoundAncestry
    from vxdata.sql.dialect.base import Dialect
    from vxdata.sql.query.target import ConditionScope

BELOW: Final = """
WITH RECURSIVE below(identifier) AS (
    SELECT child.identifier FROM everything AS child WHERE child.parent_identifier = :identifier
    UNION
    SELECT next.identifier FROM below CROSS JOIN LATERAL (
        SELECT child.identifier FROM everything AS child
        WHERE child.parent_identifier = below.identifier
    ) AS next
) SELECT identifier FROM below
"""

ABOVE: Final = """
WITH RECURSIVE above(identifier) AS (
    SELECT child.parent_identifier FROM everything AS child
    WHERE child.identifier = :identifier AND child.parent_identifier IS NOT NULL
    UNION
    SELECT next.parent_identifier FROM above CROSS JOIN LATERAL (
        SELECT child.parent_identifier FROM everything AS child
        WHERE child.identifier = above.identifier AND child.parent_identifier IS NOT NULL
    ) AS next
) SELECT identifier FROM above
"""

FAMILY: Final = """
WITH RECURSIVE family(identifier) AS (
    SELECT :identifier
    UNION
    SELECT next.identifier FROM family CROSS JOIN LATERAL (
        SELECT child.identifier FROM relatives AS child WHERE child.parent_identifier = family.identifier
        UNION ALL
        SELECT child.identifier FROM gone AS child WHERE child.parent_identifier = family.identifier
        UNION ALL
        SELECT nephew.identifier FROM others AS parent CROSS JOIN LATERAL (
            SELECT child.identifier FROM relatives AS child WHERE child.parent_identifier = parent.identifier
            UNION ALL
            SELECT child.identifier FROM gone AS child WHERE child.parent_identifier = parent.identifier
        ) AS nephew WHERE parent.lineage = family.identifier
    ) AS next
) SELECT identifier FROM family
"""
"""A resource and the resources of its own type below it.

Another resource hangs below it exactly if its nearest ancestor of that type is one of these. The query goes
through all that hangs below the resource. The lineage of a deleted resource is that of its deletion and may
have changed since, so deleted resources are walked through one by one.
"""

FAMILY_OF_FEW: Final = """
WITH RECURSIVE climb(relative, identifier) AS (
    SELECT child.identifier, child.parent_identifier FROM relatives AS child
    WHERE child.parent_identifier IS NOT NULL
    UNION
    SELECT climb.relative, next.parent_identifier FROM climb CROSS JOIN LATERAL (
        SELECT parent.parent_identifier FROM gone AS parent
        WHERE parent.identifier = climb.identifier AND parent.parent_identifier IS NOT NULL
    ) AS next
), pairs(relative, identifier) AS (
    SELECT climb.relative, next.identifier FROM climb CROSS JOIN LATERAL (
        SELECT parent.lineage AS identifier FROM others AS parent WHERE parent.identifier = climb.identifier
        UNION ALL
        SELECT parent.identifier FROM relatives AS parent WHERE parent.identifier = climb.identifier
    ) AS next
), family(identifier) AS (
    SELECT :identifier
    UNION
    SELECT pairs.relative FROM pairs JOIN family ON family.identifier = pairs.identifier
) SELECT identifier FROM family
"""
"""The same by way of all resources of the type that have a parent: of data sources hardly any has one,
but a million resources may hang below each."""

FEW: Final = frozenset({"datasource"})


def ancestry(predicate: BoundAncestry, scope: ConditionScope) -> exp.Expr:
    """The resource hangs below another one, or above it."""
    own = column("identifier", scope.table)
    if not predicate.below:
        return scope.dialect.is_among(own, _found(ABOVE, predicate, scope.dialect))
    if predicate.column is None:
        return scope.dialect.is_among(own, _found(BELOW, predicate, scope.dialect))
    lineage = column(predicate.column.name, scope.table)
    family = FAMILY_OF_FEW if predicate.family.name in FEW else FAMILY
    below = scope.dialect.is_among(lineage, _found(family, predicate, scope.dialect))
    if scope.negated:  # what has no such ancestor at all surely does not hang below this one
        below = exp.Coalesce(this=below, expressions=[exp.false()])
    itself = exp.NEQ(this=own, expression=to_sql(predicate.identifier))
    return exp.And(this=below, expression=itself)


def _found(template: str, predicate: BoundAncestry, dialect: Dialect) -> exp.Expr:
    tables = {
        "everything": predicate.everything.label,
        "relatives": predicate.family.label,
        "others": predicate.others.label,
        "gone": predicate.gone.label,
    }

    def fill(node: exp.Expr) -> exp.Expr:
        match node:
            case exp.Placeholder():
                return exp.cast(to_sql(predicate.identifier), "text", dialect=DIALECT)
            case exp.Table() if node.name in tables:
                return exp.alias_(unresolved(tables[node.name]), node.alias, table=True, quoted=True)
            case exp.Column() if node.name == "lineage" and predicate.column is not None:
                return column(predicate.column.name, node.table)
            case _:
                return node

    return _parsed(template, dialect).transform(fill)


@cache
def _parsed(template: str, dialect: Dialect) -> exp.Expr:
    """A query with what the dialect adds to it; the placeholders and the tables are still to be filled in."""
    tree = parse_one(template, dialect=DIALECT)
    for lateral in tree.find_all(exp.Lateral):
        dialect.step_by_step(lateral.this.this)
    for start in list(tree.find_all(exp.Placeholder)):
        if isinstance(start.parent, exp.Select):
            start.replace(dialect.text_by_code_points(start.copy()))
    return tree
