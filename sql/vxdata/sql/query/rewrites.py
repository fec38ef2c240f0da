"""The rewrites that turn a bound plan into a query, in the order in which they run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from vxdata.sql.query.at_instant import at_instant
from vxdata.sql.query.checked_patterns import check_patterns
from vxdata.sql.query.clauses import distinct, order, paginate, project, relatives, restrict
from vxdata.sql.query.first import first_per
from vxdata.sql.query.first_rows import first_of_each_table
from vxdata.sql.query.group import group, having
from vxdata.sql.query.items import each_item
from vxdata.sql.query.whole_count import count_everything

if TYPE_CHECKING:
    from sqlglot import exp

    from vxdata.schemas.binding import BoundPlan
    from vxdata.sql.query.target import Target


class Rewrite(Protocol):
    """A pure function from a query to the next one, given the plan and the target."""

    def __call__(self, query: exp.Select, plan: BoundPlan, target: Target) -> exp.Select:
        """Apply the step."""


RULES: tuple[Rewrite, ...] = (
    project,  # SELECT: the columns, each in the type that the registry declares
    group,  # GROUP BY, with the aggregates
    count_everything,  # replaces a count of all live resources by the number that each commit keeps
    distinct,  # SELECT DISTINCT
    restrict,  # WHERE
    check_patterns,  # where rows are hidden, makes PostgreSQL check regular expressions before it reads any
    order,  # ORDER BY
    paginate,  # LIMIT and OFFSET
    first_per,  # keeps the first row of each group, after the condition and before everything else
    each_item,  # gives each item of a list a row of its own, for groups by item
    having,  # keeps the groups that meet a condition
    relatives,  # WITH: the recursive queries that conditions on ancestors share
    at_instant,  # reads the versions of the instant: no other rule names real tables, so none can bypass it
    first_of_each_table,  # takes the first rows of each table before the first rows of their union
)
