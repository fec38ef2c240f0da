"""Pages as JSON: PostgreSQL writes each row as an object, so that its bytes can be sent as they come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from vxdata.schemas.cohorts.bound import ListOutput, NestedOutput
from vxdata.sql.cohorts.lists import (
    ROWS,
    gathered_rows,
    join_grouped,
    join_inner,
    join_lists,
    or_empty,
    ordered_aggregate,
)
from vxdata.sql.cohorts.parts import (
    ENTITY,
    KEY,
    alias,
    all_of,
    call,
    column_of,
    named,
    table,
    with_common,
    written,
)
from vxdata.sql.cohorts.preselect import FEW, PAGE, count, keys_of_page, page_of, portion_of, total
from vxdata.sql.names import column, render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.cohorts.bound import BoundCohort
    from vxdata.sql.cohorts.parts import Keys

RECORD: Final = "record"
TOTAL: Final = "total_row_count"


@dataclass(frozen=True)
class JsonPage:
    """The statements of a page.

    Args:
        rows_sql: Returns a text for each row: a comma and the object. If `is_counted`, a second column has
            the number of all rows there are.
        count_sql: Returns the number of all rows there are.
        is_counted: Whether the first statement counts.
        shown_sql: The first statement for people to read, with `$1` to `$n` in the place of values.
        keys_sql: If the page is read in portions instead of by `rows_sql`, the statement that returns its
        keys.
    """

    rows_sql: str
    count_sql: str
    is_counted: bool
    shown_sql: str
    keys_sql: str | None = None


def page_as_json(cohort: BoundCohort) -> JsonPage:
    """Write the statements of a page.

    Args:
        cohort: A bound cohort.

    Returns:
        The statements.
    """
    is_counted = cohort.limit is not None and cohort.limit <= FEW
    page = _lines(_rows(cohort, all_of(PAGE)))
    if is_counted:
        page = page.select(alias(total(), TOTAL), copy=False)
    whole = with_common(page, page_of(cohort, is_counted=is_counted))
    rows_sql, shown_sql = written(whole)
    return JsonPage(rows_sql, count(cohort), is_counted, shown_sql, keys_of_page(cohort))


def portion_as_json(cohort: BoundCohort, keys: Sequence[int | str]) -> str:
    """Write the statement that returns a part of a page.

    Args:
        cohort: A bound cohort.
        keys: Keys of the entities of the part, in order.

    Returns:
        The statement; it returns a text for each row: a comma and the object.
    """
    page, given = portion_of(cohort, keys)
    return render(with_common(_lines(_rows(cohort, given)), page))


def _lines(rows: exp.Select) -> exp.Select:
    subquery = rows.subquery(exp.to_identifier("r", quoted=True), copy=False)
    return exp.select(alias(json_line("r"), RECORD)).from_(subquery, copy=False)


def json_line(rows: str) -> exp.Expr:
    """A comma and a row as an object, as text."""
    written = exp.cast(call("row_to_json", exp.to_identifier(rows, quoted=True)), exp.DType.TEXT)
    return exp.DPipe(this=exp.Literal.string(","), expression=written)


def _rows(cohort: BoundCohort, keys: Keys) -> exp.Select:
    """Select the rows of a page, each column under its public name, in the order of the keys."""
    endpoint = cohort.endpoint
    key = column(KEY, PAGE)
    own = exp.EQ(this=column(endpoint.key, ENTITY), expression=key.copy())
    query = exp.Select().from_(named(PAGE))
    query.join(table(endpoint.schema, endpoint.table, ENTITY), on=own, copy=False)
    lists = join_lists(query, cohort, keys)
    nested = _join_records(query, cohort, keys)
    columns = []
    for output in cohort.outputs:
        if isinstance(output, ListOutput):
            columns.append(alias(or_empty(lists[output.name]), output.name))
        elif isinstance(output, NestedOutput):
            columns.append(alias(nested[output.name], output.name))
        else:
            columns.append(alias(column_of(output.column, ENTITY), output.name))
    return query.select(*columns, copy=False).order_by(key.copy(), copy=False)


def _join_records(query: exp.Select, cohort: BoundCohort, keys: Keys) -> dict[str, exp.Expr]:
    """Join the records of nested tables."""
    found: dict[str, exp.Expr] = {}
    for number, output in enumerate(cohort.outputs):
        if not isinstance(output, NestedOutput):
            continue
        name = f"nested{number}"
        rows, entity = gathered_rows(cohort.endpoint, cohort.entities, output.path, keys)
        fields = [alias(column_of(item, ROWS), item.name) for item in output.columns]
        for place, inner in enumerate(output.lists):
            join_inner(rows, output, inner, f"inner{place}", cohort.endpoint, keys)
            fields.append(alias(or_empty(column(inner.name, f"inner{place}")), inner.name))
        inner_rows = exp.Select().select(*fields, copy=False)
        record = exp.select(call("row_to_json", exp.to_identifier("x", quoted=True))).from_(
            inner_rows.subquery(exp.to_identifier("x", quoted=True), copy=False)
        )
        order = [column(item, ROWS) for item in output.key]
        records = ordered_aggregate("json_agg", exp.Subquery(this=record), order)
        grouped = rows.select(alias(entity, KEY), alias(records, output.name), copy=False)
        join_grouped(query, grouped.group_by(entity.copy(), copy=False), name)
        found[output.name] = column(output.name, name)
    return found
