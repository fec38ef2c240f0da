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
    """A pure step: takes the query so far, the plan and what it is for; returns the next query."""

    def __call__(self, query: exp.Select, plan: BoundPlan, target: Target) -> exp.Select:
        """Apply the step."""


RULES: tuple[Rewrite, ...] = (
    project,  # which columns, each in the type that the registry declares
    group,  # which aggregates of which groups
    count_everything,  # whether that is a number which is kept
    distinct,  # whether equal rows are one
    restrict,  # which rows
    check_patterns,  # whether its regular expressions can be read
    order,  # in which order
    paginate,  # how many of them
    first_per,  # which one of each group of rows, before all but the condition
    each_item,  # whether the items of a list make a row each
    having,  # which groups of rows with equal keys
    relatives,  # what the conditions on ancestors have in common
    at_instant,  # which versions: the only rule that names real tables, so nothing can bypass it
    first_of_each_table,  # whether the first rows of each table are found before those of all of them
)
