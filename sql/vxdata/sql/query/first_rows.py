"""First rows: of several tables, the first rows are among the first ones of each."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.sql.literals import as_scalar, to_sql

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.schemas.binding import BoundPlan
    from vxdata.sql.query.target import Target


def first_of_each_table(query: exp.Select, plan: BoundPlan, target: Target) -> exp.Select:
    """Find the first rows of each table, and then those of all of them.

    DuckDB sorts one table by what rows are ordered by, and reads the other columns of the first rows alone
    (https://duckdb.org/2024/11/18/optimizers). Of a union it reads every column of every row. A condition
    that asks another query would be worked out once for each table, so it stays where it is.
    """
    if not (target.dialect.materializes_late and _asks_for_first_rows(plan)):
        return query
    rows, where = query.args["from_"].this, query.args.get("where")
    if not _is_united(rows) or (where is not None and where.find(exp.Select) is not None):
        return query
    tables = _tables(rows.this.args["from_"].this.this)
    parts: list[exp.Query] = [_first_rows(query, plan, table) for table in tables]
    united = reduce(lambda one, other: exp.union(one, other, distinct=False, copy=False), parts)
    rows.set("this", united)
    query.set("where", None)  # each part has it
    return query


def _asks_for_first_rows(plan: BoundPlan) -> bool:
    is_plain = plan.keys is None and plan.first is None and not plan.distinct
    return is_plain and bool(plan.order) and plan.limit is not None and not plan.offset


def _is_united(rows: exp.Expr) -> bool:
    """Whether rows at an instant come from several tables, as `at_instant` writes it."""
    return isinstance(rows.this.args["from_"].this.this, exp.Union)


def _tables(united: exp.Expr) -> Iterator[exp.Expr]:
    if isinstance(united, exp.Union):
        yield from _tables(united.this)
        yield from _tables(united.expression)
    else:
        yield united


def _first_rows(query: exp.Select, plan: BoundPlan, table: exp.Expr) -> exp.Subquery:
    """The rows of one table that may be among the first ones of all."""
    rows = query.args["from_"].this.copy()
    rows.this.args["from_"].this.set("this", table.copy())
    part = exp.select("*").from_(rows, copy=False)
    for clause in ("where", "order"):
        if query.args.get(clause) is not None:
            part.set(clause, query.args[clause].copy())
    assert plan.limit is not None  # noqa: S101 - the rule asks for it
    return part.limit(to_sql(as_scalar(plan.limit)), copy=False).subquery(copy=False)
