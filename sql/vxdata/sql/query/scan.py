"""Parallel scans: a query for whole relations as several, each over a range of the pages of every table.

While a table cannot be rewritten (any lock on it sees to that), a row version stays on its page. So the parts
of a query that run in one snapshot give each of its rows once, whatever is written meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from vxdata.schemas.binding.values import Parameter
from vxdata.sql.dialect.postgres import POSTGRESQL
from vxdata.sql.literals import to_sql
from vxdata.sql.names import SCHEMA, column, render, text
from vxdata.sql.query.compile import query_of
from vxdata.sql.query.template import Shape, Template, remembered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vxdata.schemas.binding import BoundPlan
    from vxdata.sql.instant import Instant

CTID: Final = "ctid"
"""PostgreSQL's own column for where a row version lies: page, and place on the page."""

BEHIND_ALL: Final = 2**32 - 1
"""A page that no table has: https://www.postgresql.org/docs/current/limits.html"""

SMALL_PAGES: Final = 64
"""Pages of the first part: half a mebibyte, which is read in some milliseconds."""

EXPORT_SNAPSHOT: Final = "SELECT pg_export_snapshot() AS snapshot"
"""Let other connections read the state that this transaction reads, as long as it is open."""


@dataclass(frozen=True)
class Scan:
    """A statement that can be divided.

    Args:
        tables: The tables that it reads, quoted, one for each time that it reads them.
        template: The statement for a range of pages; the parameters are the first page of each table and the
            page after its last, table by table.
    """

    tables: tuple[str, ...]
    template: Template

    @property
    def size(self) -> int:
        """Memory that it takes, roughly."""
        return self.template.size

    def parts(self, pages: Mapping[str, int], number: int) -> list[str]:
        """Divide it: into a small part, whose rows come soon, and others of about as many pages.

        Args:
            pages: By table, its pages; those that are added meanwhile belong to the last part.
            number: How many parts.

        Returns:
            A SELECT for each part.
        """
        bounds = [_bounds(pages[table], number) for table in self.tables]
        return [
            self.template.fill([text(f"({page},0)") for table in bounds for page in table[part : part + 2]])
            for part in range(number)
        ]


def scan_of(plan: BoundPlan, instant: Instant) -> Scan | None:
    """Make a plan divisible.

    Args:
        plan: A bound plan.
        instant: The instant to read at.

    Returns:
        Its statement with parameters for pages; None unless it asks for all rows of its relation, in any
        order.
    """
    return _scan(Shape.of(plan, instant, POSTGRESQL)) if is_divisible(plan) else None


def is_divisible(plan: BoundPlan) -> bool:
    """Whether a plan asks for all rows of its relation, in any order."""
    is_whole = plan.where is None and plan.limit is None and not plan.offset
    is_plain = plan.keys is None and plan.first is None and not plan.distinct and not plan.order
    return is_whole and is_plain and plan.is_versioned


@remembered
def _scan(shape: Shape) -> Scan:
    """Demand of each table's rows that they lie between two pages, which are parameters."""
    query = query_of(shape.plan, shape.instant, shape.dialect)
    tables, numbers = [], count(1)
    for table in [table for table in query.find_all(exp.Table) if table.db == SCHEMA]:
        select = table.find_ancestor(exp.Select)
        assert isinstance(select, exp.Select)  # noqa: S101 - every table stands in the FROM of one
        first, end = (_row_at(Parameter(next(numbers))) for _ in range(2))
        select.where(column(CTID) >= first, column(CTID) < end, copy=False)
        tables.append(render(table.copy()))
    return Scan(tuple(tables), Template.of(render(query)))


def _row_at(page: Parameter) -> exp.Expr:
    return exp.cast(to_sql(page), exp.DataType.build("tid", udt=True))


def _bounds(pages: int, number: int) -> list[int]:
    """The first page of each part, and one after the last."""
    small = min(SMALL_PAGES, pages // number)
    others = number - 1
    return [0, *(small + (pages - small) * part // others for part in range(others)), BEHIND_ALL]


def count_pages(tables: Sequence[str]) -> str:
    """A query for the pages of tables: one row each, `name` and `pages`."""
    names = ", ".join(f"({text(table)})" for table in sorted(set(tables)))
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
