"""Lists: the values of columns of other tables, collected for each entity of a page.

Each table is read once for all of its columns. Rows that hang on other entities come through a mapping
table, and only of those entities that stand in a matching tuple.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.schemas.cohorts.bound import ListOutput
from vxdata.sql.cohorts.matching import narrowing, only_of
from vxdata.sql.cohorts.parts import KEY, alias, among, call, column_of, every, is_true, table
from vxdata.sql.cohorts.preselect import PAGE
from vxdata.sql.names import column

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vxdata.schemas.cohorts.bound import BoundCohort, BoundEntities, Endpoint, NestedOutput
    from vxdata.schemas.cohorts.model import CohortColumn
    from vxdata.schemas.cohorts.paths import Path
    from vxdata.sql.cohorts.parts import Keys

ROWS = "t"
"""Name of the rows of the table that is gathered."""

LINKS = "m"
"""Name of the rows of the mapping table."""


def gathered_rows(
    endpoint: Endpoint, entities: BoundEntities, path: Path, keys: Keys | None
) -> tuple[exp.Select, exp.Expr]:
    """Select the rows of a table that belong to the entities of a page.

    Args:
        endpoint: The entities.
        entities: Which of them are asked for.
        path: The way to the table.
        keys: The keys of the entities; None if all entities are shown.

    Returns:
        A query without columns, whose rows are named `ROWS`, and the column in it that names the entity.
    """
    rows = table(endpoint.schema, path.table, ROWS)
    if path.link is None:
        key: exp.Expr = column(path.column, ROWS)
        query = exp.Select().from_(rows)
    else:
        key = column(path.link.endpoint_column, LINKS)
        joined = exp.EQ(this=column(path.column, ROWS), expression=column(path.link.entity_column, LINKS))
        links = table(endpoint.schema, path.link.table, LINKS)
        query = exp.Select().from_(links).join(rows, on=joined, copy=False)
    terms = [only_of(path, ROWS), narrowing(entities, endpoint, path, LINKS)]
    if keys is not None:
        terms.append(keys(key.copy()))
    condition = every(terms)
    return query if is_true(condition) else query.where(condition, copy=False), key


def distinct_values(found: exp.Expr) -> exp.Expr:
    """`array_agg(DISTINCT column ORDER BY column)` without nulls; null where there are no values."""
    ordered = exp.Order(this=exp.Distinct(expressions=[found]), expressions=[exp.Ordered(this=found.copy())])
    present = exp.Not(this=exp.Is(this=found.copy(), expression=exp.null()))
    return exp.Filter(
        this=exp.ArrayAgg(this=ordered, nulls_excluded=False), expression=exp.Where(this=present)
    )


def or_empty(gathered: exp.Expr) -> exp.Expr:
    """A list; empty instead of null."""
    return exp.Coalesce(this=gathered, expressions=[exp.Literal.string("{}")])


def list_sources(cohort: BoundCohort) -> list[tuple[Path, list[ListOutput]]]:
    """The list outputs of a cohort, by the table that they are gathered from."""
    found: dict[Path, list[ListOutput]] = {}
    for output in cohort.outputs:
        if isinstance(output, ListOutput):
            found.setdefault(output.path, []).append(output)
    return list(found.items())


def join_lists(
    query: exp.Select,
    cohort: BoundCohort,
    keys: Keys,
    written: Callable[[CohortColumn, str], exp.Expr] = column_of,
) -> dict[str, exp.Expr]:
    """Join the lists of a cohort to its page.

    Args:
        query: The query of the page, to which subqueries are joined.
        cohort: The cohort.
        keys: The keys of the page.
        written: Writes a column of rows of a name.

    Returns:
        For each list output, by name, the column of the query that holds it.
    """
    found: dict[str, exp.Expr] = {}
    for number, (path, outputs) in enumerate(list_sources(cohort)):
        name = f"list{number}"
        rows, entity = gathered_rows(cohort.endpoint, cohort.entities, path, keys)
        columns = [alias(distinct_values(written(output.column, ROWS)), output.name) for output in outputs]
        grouped = rows.select(alias(entity, KEY), *columns, copy=False).group_by(entity.copy(), copy=False)
        join_grouped(query, grouped, name)
        found |= {output.name: column(output.name, name) for output in outputs}
    return found


def join_grouped(query: exp.Select, grouped: exp.Select, name: str) -> None:
    """Join to a page a query that has one row for each entity with values."""
    subquery = grouped.subquery(exp.to_identifier(name, quoted=True), copy=False)
    on = exp.EQ(this=column(KEY, name), expression=column(KEY, PAGE))
    query.join(subquery, on=on, join_type="left", copy=False)


def ordered_aggregate(name: str, value: exp.Expr, order: Iterable[exp.Expr]) -> exp.Expr:
    """An aggregate over ordered values."""
    return call(name, exp.Order(this=value, expressions=[exp.Ordered(this=item) for item in order]))


def join_inner(
    rows: exp.Select, output: NestedOutput, inner: ListOutput, name: str, endpoint: Endpoint, keys: Keys
) -> None:
    """Join the values of a column that records show, and that stands in a table of its own.

    Args:
        rows: The rows that become records, to which a subquery is joined.
        output: The records.
        inner: The column.
        name: Name of the subquery; it has one row for each record with values.
        endpoint: The entities.
        keys: The keys of the page.
    """
    values = inner_values(output, inner, endpoint, keys)
    gathered = exp.select(column(KEY, "d"), alias(distinct_values(column("value", "d")), inner.name)).from_(
        values.subquery(exp.to_identifier("d", quoted=True), copy=False), copy=False
    )
    gathered = gathered.group_by(column(KEY, "d"), copy=False)
    on = exp.EQ(this=column(KEY, name), expression=column(output.key[0], ROWS))
    rows.join(
        gathered.subquery(exp.to_identifier(name, quoted=True), copy=False),
        on=on,
        join_type="left",
        copy=False,
    )


def inner_values(
    output: NestedOutput,
    inner: ListOutput,
    endpoint: Endpoint,
    keys: Keys,
    written: Callable[[CohortColumn, str], exp.Expr] = column_of,
) -> exp.Select:
    """Select the distinct values of such a column with the keys of their records, for the page."""
    record, found = column(inner.path.column, "v"), written(inner.column, "v")
    values = exp.select(alias(record, KEY), alias(found, "value")).from_(
        table(endpoint.schema, inner.path.table, "v")
    )
    values = values.where(exp.Not(this=exp.Is(this=found.copy(), expression=exp.null())), copy=False)
    if output.path.link is not None:
        link = output.path.link
        on_page = keys(column(link.endpoint_column, "n"))
        linked = exp.select(column(link.entity_column, "n")).from_(table(endpoint.schema, link.table, "n"))
        values = values.where(among(record.copy(), linked.where(on_page, copy=False)), copy=False)
    return values.distinct(copy=False)
