"""Parts: a query for whole relations as several, each over a range of the pages of every table.

While a table cannot be rewritten (any lock on it sees to that), a row version stays on its page. So the parts
of a query that run in one snapshot give each of its rows once, whatever is written meanwhile.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from vxdata.sql.compile import query_of
from vxdata.sql.names import SCHEMA, column, render, text
from vxdata.sql.shapes import MARK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vxdata.schemas.plan import BoundPlan
    from vxdata.sql.instant import Instant

CTID: Final = "ctid"
"""PostgreSQL's own column for where a row version lies: page, and place on the page."""

BEHIND_ALL: Final = 2**32 - 1
"""A page that no table has: https://www.postgresql.org/docs/current/limits.html"""

SMALL_PAGES: Final = 64
"""Pages of the first part: half a mebibyte, which is read in some milliseconds."""

BEGIN: Final = "begin"
END: Final = "end"
SLOT: Final = re.compile(f"'{MARK}(?P<bound>{BEGIN}|{END})(?P<table>[^{MARK}]*){MARK}'")
"""Where a page stands: all parts are rendered at once, which takes about as long as to read the first."""

EXPORT_SNAPSHOT: Final = "SELECT pg_export_snapshot() AS snapshot"
"""Let other connections read the state that this transaction reads, as long as it is open."""


def is_divisible(plan: BoundPlan) -> bool:
    """Whether a plan asks for all rows of its relation, in any order."""
    is_whole = plan.where is None and plan.limit is None and not plan.offset
    is_plain = plan.keys is None and not plan.distinct and not plan.order
    return is_whole and is_plain and plan.is_versioned


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
    """Render a divisible plan as parts: a small one, whose rows come soon, and others of about as many pages.

    Args:
        plan: A bound plan.
        instant: The instant to read at.
        pages: By table, its pages; those that are added meanwhile belong to the last part.
        count: How many parts.

    Returns:
        A SELECT for each part.
    """
    template = render(_with_slots(query_of(plan, instant)))
    bounds = {table: _bounds(size, count) for table, size in pages.items()}

    def page(slot: re.Match[str], number: int) -> str:
        return text(f"({bounds[slot['table']][number + (slot['bound'] == END)]},0)")

    return [SLOT.sub(partial(page, number=number), template) for number in range(count)]


def _bounds(pages: int, count: int) -> list[int]:
    """The first page of each part, and one after the last."""
    small = min(SMALL_PAGES, pages // count)
    others = count - 1
    return [0, *(small + (pages - small) * number // others for number in range(others)), BEHIND_ALL]


def _with_slots(query: exp.Select) -> exp.Select:
    """Demand of each table's rows that they lie between two pages, for which slots stand."""
    for table in list(_tables(query)):
        select = table.find_ancestor(exp.Select)
        assert isinstance(select, exp.Select)  # noqa: S101 - every table stands in the FROM of one
        select.where(column(CTID) >= _slot(BEGIN, table), column(CTID) < _slot(END, table), copy=False)
    return query


def _slot(bound: str, table: exp.Table) -> exp.Expr:
    mark = exp.Literal.string(f"{MARK}{bound}{_name(table)}{MARK}")
    return exp.cast(mark, exp.DataType.build("tid", udt=True))


def _tables(query: exp.Select) -> list[exp.Table]:
    return [table for table in query.find_all(exp.Table) if table.db == SCHEMA]


def _name(table: exp.Table) -> str:
    return render(table.copy())
