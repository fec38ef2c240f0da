"""Seen commits: what commits have written of the resources that are visible, counted by an index.

The commit log has the counts of all versions. Where resources are hidden, the versions themselves are counted
by the data sources and licences that are granted now, as every read finds them. A version that was purged
since is counted no more.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.sql.names import COMMIT_LOG, column, history, latest
from vxdata.sql.visible import is_visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.catalog import VisibleRows
    from vxdata.sql.dialect.base import Dialect

SEEN = "seen"
"""Name of the counts by type."""


def counts_of_seen(types: Sequence[str], rows: VisibleRows, dialect: Dialect) -> exp.Expr:
    """The number of visible versions that a commit wrote, by type; null if there is none.

    Args:
        types: The types that are seen.
        rows: What is visible of them.
        dialect: The dialect of the engine.

    Returns:
        A subquery of one value, beside a row of the commit log.
    """
    if not types:
        return exp.cast(exp.null(), exp.DType.JSONB)
    counted: list[exp.Query] = [_counted(name, rows, dialect) for name in types]
    united = reduce(lambda first, second: exp.union(first, second, distinct=False, copy=False), counted)
    numbers = exp.Anonymous(this="jsonb_object_agg", expressions=[column("type", SEEN), column("rows", SEEN)])
    found = exp.select(numbers).from_(united.subquery(SEEN, copy=False), copy=False)
    return found.where(column("rows", SEEN) > 0, copy=False).subquery(copy=False)


def wrote_any_seen(types: Sequence[str], rows: VisibleRows, dialect: Dialect) -> exp.Expr:
    """The commit wrote a visible version.

    Args:
        types: The types that are seen.
        rows: What is visible of them.
        dialect: The dialect of the engine.

    Returns:
        A condition on a row of the commit log.
    """
    wrote = [
        exp.and_(_wrote(name), exp.Exists(this=_versions(table, rows, dialect).select("1", copy=False)))
        for name in types
        for table in (latest(name), history(name))
    ]
    return exp.or_(*wrote) if wrote else exp.false()


def _counted(name: str, rows: VisibleRows, dialect: Dialect) -> exp.Select:
    """The number of visible versions of a type; no row where the log says that there are none at all."""
    numbers = [
        _versions(table, rows, dialect).select(exp.Count(this=exp.Star()), copy=False).subquery(copy=False)
        for table in (latest(name), history(name))
    ]
    both = exp.Add(this=numbers[0], expression=numbers[1])
    named = exp.alias_(exp.Literal.string(name), "type", quoted=True)
    return exp.select(named, exp.alias_(both, "rows", quoted=True)).where(_wrote(name), copy=False)


def _wrote(name: str) -> exp.Expr:
    counts = column("counts", COMMIT_LOG.name)
    return exp.Anonymous(this="jsonb_exists", expressions=[counts, exp.Literal.string(name)])


def _versions(table: exp.Table, rows: VisibleRows, dialect: Dialect) -> exp.Select:
    of_commit = exp.EQ(this=column("version", "v"), expression=column("version", COMMIT_LOG.name))
    source = exp.alias_(table, "v", table=True, quoted=True)
    return (
        exp.Select().from_(source, copy=False).where(of_commit, *is_visible(rows, dialect, "v"), copy=False)
    )
