"""Parts: a query for whole relations as several, each over a range of the pages of every table.

While a table cannot be rewritten (any lock on it sees to that), a row version stays on its page. So the parts
of a query that run in one snapshot give each of its rows once, whatever is written meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from vxdata.sql.compile import query_of
from vxdata.sql.names import SCHEMA, column, render, text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vxdata.schemas.plan import BoundPlan
    from vxdata.sql.instant import Instant

CTID: Final = "ctid"
"""PostgreSQL's own column for where a row version lies: page, and place on the page."""

EXPORT_SNAPSHOT: Final = "SELECT pg_export_snapshot() AS snapshot"
"""Let other connections read the state that this transaction reads, as long as it is open."""


def is_divisible(plan: BoundPlan) -> bool:
    """Whether a plan asks for all rows of its relation, in any order."""
    is_whole = plan.where is None and plan.limit is None and not plan.offset
    is_plain = plan.keys is None and not plan.distinct and not plan.order
    return is_whole and is_plain and not plan.reads_log


def tables_of(plan: BoundPlan, instant: Instant) -> list[str]:
    """The tables that a plan reads at an instant, quoted."""
    return sorted({_name(table) for table in _tables(query_of(plan, instant))})


def count_pages(tables: Sequence[str]) -> str:
    """A query for the pages of tables: one row each, `name` and `pages`."""
    names = ", ".join(f"({text(table)})" for table in tables)
    return (
        "SELECT name, pg_relation_size(name::regclass) / current_setting('block_size')::bigint AS pages "
        f"FROM (VALUES {names}) AS given (name)"
    )


def keep_in_place(tables: Sequence[str]) -> str:
    """Take the weakest lock on tables: rows may be written, but none is moved until the transaction ends."""
    return f"LOCK TABLE {', '.join(tables)} IN ACCESS SHARE MODE"


def import_snapshot(snapshot: str) -> str:
    """Make a transaction that has read nothing yet read the state of another one."""
    return f"SET TRANSACTION SNAPSHOT {text(snapshot)}"


def divide(plan: BoundPlan, instant: Instant, pages: Mapping[str, int], count: int) -> list[str]:
    """Render a divisible plan as parts that have about as many pages each.

    Args:
        plan: A bound plan.
        instant: The instant to read at.
        pages: By table, its pages; those that are added meanwhile belong to the last part.
        count: How many parts.

    Returns:
        A SELECT for each part.
    """
    return [render(_part(query_of(plan, instant), pages, number, count)) for number in range(count)]


def _part(query: exp.Select, pages: Mapping[str, int], number: int, count: int) -> exp.Select:
    for table in list(_tables(query)):
        begin, end = (pages[_name(table)] * bound // count for bound in (number, number + 1))
        select = table.find_ancestor(exp.Select)
        assert isinstance(select, exp.Select)  # noqa: S101 - every table stands in the FROM of one
        select.where(column(CTID) >= _page(begin), copy=False)
        if number + 1 < count:
            select.where(column(CTID) < _page(end), copy=False)
    return query


def _tables(query: exp.Select) -> list[exp.Table]:
    return [table for table in query.find_all(exp.Table) if table.db == SCHEMA]


def _name(table: exp.Table) -> str:
    return render(table.copy())


def _page(number: int) -> exp.Expr:
    return exp.cast(exp.Literal.string(f"({number},0)"), exp.DataType.build("tid", udt=True))
