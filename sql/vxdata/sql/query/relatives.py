"""Relatives: what hangs below or above the resources that the conditions of a query name.

Parents are followed through resources of all types, deleted ones included, as lineage columns are. All
conditions of a query that follow them in the same way share one recursive query, in its WITH clause: its plan
names every table, and PostgreSQL takes several megabytes for such a plan.

PostgreSQL allocates the hash table of a recursive query by its estimate of the rows. A step is estimated at
ten rows, whatever the tables hold (`Dialect.optimization_fence`), so the table begins small and grows with
what is found. The queries below are written as PostgreSQL reads them.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Final

from sqlglot import exp, parse_one

from vxdata.schemas.binding.bound_predicates import BoundAncestry, walk
from vxdata.sql.literals import to_sql
from vxdata.sql.names import DIALECT, column, unresolved

if TYPE_CHECKING:
    from vxdata.schemas.binding import BoundPlan
    from vxdata.schemas.binding.values import Scalar
    from vxdata.sql.dialect.base import Dialect

BELOW: Final = """
WITH RECURSIVE found(root, identifier) AS (
    SELECT roots.root, roots.root FROM roots
    UNION
    SELECT found.root, next.identifier FROM found CROSS JOIN LATERAL (
        SELECT child.identifier FROM everything AS child WHERE child.parent_identifier = found.identifier
    ) AS next
) SELECT root, ARRAY_AGG(identifier) AS identifiers FROM found GROUP BY root
"""
"""Each resource, and what hangs below it."""

ABOVE: Final = """
WITH RECURSIVE found(root, identifier) AS (
    SELECT roots.root, roots.root FROM roots
    UNION
    SELECT found.root, next.identifier FROM found CROSS JOIN LATERAL (
        SELECT child.parent_identifier AS identifier FROM everything AS child
        WHERE child.identifier = found.identifier AND child.parent_identifier IS NOT NULL
    ) AS next
) SELECT root, ARRAY_AGG(identifier) AS identifiers FROM found GROUP BY root
"""
"""Each resource, and its ancestors."""

FAMILY: Final = """
WITH RECURSIVE found(root, identifier) AS (
    SELECT roots.root, roots.root FROM roots
    UNION
    SELECT found.root, next.identifier FROM found CROSS JOIN LATERAL (
        SELECT child.identifier FROM relatives AS child WHERE child.parent_identifier = found.identifier
        UNION ALL
        SELECT child.identifier FROM gone AS child WHERE child.parent_identifier = found.identifier
        UNION ALL
        SELECT nephew.identifier FROM others AS parent CROSS JOIN LATERAL (
            SELECT child.identifier FROM relatives AS child WHERE child.parent_identifier = parent.identifier
            UNION ALL
            SELECT child.identifier FROM gone AS child WHERE child.parent_identifier = parent.identifier
        ) AS nephew WHERE parent.lineage = found.identifier
    ) AS next
) SELECT root, ARRAY_AGG(identifier) AS identifiers FROM found GROUP BY root
"""
"""Each resource, and the resources of its own type below it.

Another resource hangs below it exactly if its nearest ancestor of that type is one of these. The query goes
through all that hangs below the resource. The lineage of a deleted resource is that of its deletion and may
have changed since, so deleted resources are walked through one by one.
"""

FAMILY_OF_FEW: Final = """
WITH RECURSIVE climb(relative, identifier) AS (
    SELECT few.identifier, above.identifier FROM (VALUES (0)) AS start CROSS JOIN LATERAL (
        SELECT child.identifier FROM relatives AS child WHERE child.parent_identifier IS NOT NULL
    ) AS few CROSS JOIN LATERAL (
        SELECT child.parent_identifier AS identifier FROM relatives AS child
        WHERE child.identifier = few.identifier
    ) AS above
    UNION
    SELECT climb.relative, next.identifier FROM climb CROSS JOIN LATERAL (
        SELECT parent.parent_identifier AS identifier FROM gone AS parent
        WHERE parent.identifier = climb.identifier AND parent.parent_identifier IS NOT NULL
    ) AS next
), pairs(relative, identifier) AS (
    SELECT climb.relative, next.identifier FROM climb CROSS JOIN LATERAL (
        SELECT parent.lineage AS identifier FROM others AS parent WHERE parent.identifier = climb.identifier
        UNION ALL
        SELECT parent.identifier FROM relatives AS parent WHERE parent.identifier = climb.identifier
    ) AS next
), families(identifier, relatives) AS (
    SELECT pairs.identifier, ARRAY_AGG(pairs.relative) FROM pairs GROUP BY pairs.identifier
), found(root, identifier) AS (
    SELECT roots.root, roots.root FROM roots
    UNION
    SELECT found.root, UNNEST(families.relatives) FROM found
    JOIN families ON families.identifier = found.identifier
) SELECT root, ARRAY_AGG(identifier) AS identifiers FROM found GROUP BY root
"""
"""The same by way of all resources of the type that have a parent: of data sources hardly any has one,
but a million resources may hang below each. Families are joined and not pairs, because PostgreSQL takes them
for few."""

FEW: Final = frozenset({"datasource"})


def relatives_of(predicate: BoundAncestry, dialect: Dialect) -> exp.Expr:
    """The array of a resource and its relatives, from the WITH clause that `with_relatives` adds.

    Args:
        predicate: A condition that names the resource.
        dialect: The dialect of the engine.

    Returns:
        A query of one row and one column, without a row if the resource is not in the clause.
    """
    found = exp.select(column("identifiers")).from_(exp.table_(_name(predicate), quoted=True), copy=False)
    is_root = exp.EQ(this=column("root"), expression=_root(predicate.identifier, dialect))
    return found.where(is_root, copy=False)


def with_relatives(query: exp.Select, plan: BoundPlan, dialect: Dialect) -> exp.Select:
    """Add a recursive query for each way in which the conditions of a plan follow parents.

    Args:
        query: The query of the plan.
        plan: A bound plan.
        dialect: The dialect of the engine.

    Returns:
        The query, with a WITH clause if any condition needs one.
    """
    for name, predicates in _by_name(plan).items():
        found = _found([one.identifier for one in predicates], predicates[0], dialect)
        query = query.with_(exp.to_identifier(name, quoted=True), as_=found, copy=False)
    return query


def _by_name(plan: BoundPlan) -> dict[str, list[BoundAncestry]]:
    """The conditions on ancestry, those of subqueries included, by the query that they share."""
    found: defaultdict[str, list[BoundAncestry]] = defaultdict(list)
    for node in chain.from_iterable(map(walk, plan.conditions)):
        if isinstance(node, BoundAncestry):
            found[_name(node)].append(node)
    return found


def _name(predicate: BoundAncestry) -> str:
    """The name of the query that finds the relatives."""
    if not predicate.below:
        return "above"
    return "below" if predicate.column is None else f"below_by_{predicate.column.name}"


def _template(predicate: BoundAncestry) -> str:
    if not predicate.below:
        return ABOVE
    if predicate.column is None:
        return BELOW
    return FAMILY_OF_FEW if predicate.family.name in FEW else FAMILY


def _root(identifier: Scalar, dialect: Dialect) -> exp.Expr:
    return dialect.text_by_code_points(exp.cast(to_sql(identifier), "text", dialect=DIALECT))


def _found(identifiers: list[Scalar], predicate: BoundAncestry, dialect: Dialect) -> exp.Expr:
    """A recursive query for the relatives of several resources that are followed alike."""
    tables = {
        "everything": predicate.everything.label,
        "relatives": predicate.family.label,
        "others": predicate.others.label,
        "gone": predicate.gone.label,
    }
    rows = [exp.Tuple(expressions=[_root(identifier, dialect)]) for identifier in identifiers]
    names = exp.TableAlias(this=exp.to_identifier("roots"), columns=[exp.to_identifier("root")])

    def fill(node: exp.Expr) -> exp.Expr:
        match node:
            case exp.Table() if node.name == "roots":
                return exp.Values(expressions=rows, alias=names)
            case exp.Table() if node.name in tables:
                return exp.alias_(unresolved(tables[node.name]), node.alias, table=True, quoted=True)
            case exp.Column() if node.name == "lineage" and predicate.column is not None:
                return column(predicate.column.name, node.table)
            case _:
                return node

    return _parsed(_template(predicate), dialect).transform(fill)


@cache
def _parsed(template: str, dialect: Dialect) -> exp.Expr:
    """A query with what the dialect adds to it; the roots and the tables are still to be filled in."""
    tree = parse_one(template, dialect=DIALECT)
    for lateral in reversed(list(tree.find_all(exp.Lateral))):  # what stands inside others first
        lateral.this.set("this", dialect.optimization_fence(lateral.this.this))
    return tree
