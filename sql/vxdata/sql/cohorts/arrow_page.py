"""Pages for Arrow: a list of records is selected as one array for each of its fields.

PostgreSQL's driver cannot read arrays of records. The arrays of one list of records have the same rows in
the same order, so that they can share their offsets; a field that is itself a list comes as all its items in
one array, beside their numbers. `vxdata.server.services.cohort_batches` puts them together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.schemas.cohorts.bound import ListOutput, NestedOutput
from vxdata.schemas.cohorts.result import value_type
from vxdata.sql.cohorts.lists import (
    ROWS,
    gathered_rows,
    inner_values,
    join_grouped,
    join_lists,
    or_empty,
    ordered_aggregate,
)
from vxdata.sql.cohorts.parts import ENTITY, KEY, alias, all_of, named, table, with_common, written
from vxdata.sql.cohorts.preselect import PAGE, page_of, portion_of
from vxdata.sql.names import DIALECT, column, render
from vxdata.sql.types import catalog_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.cohorts.bound import BoundCohort
    from vxdata.schemas.cohorts.model import CohortColumn
    from vxdata.sql.cohorts.parts import Keys


def page_as_arrow(cohort: BoundCohort) -> tuple[str, str]:
    """Write the statement of a page.

    Args:
        cohort: A bound cohort.

    Returns:
        The statement, and the same to be shown. Its columns have the order of the outputs, whatever their
        names: one for a scalar or a list; for a list of records their number, an array for each field, an
        array of lengths for each field that is a list, and then the items of each of these.
    """
    query = _rows(cohort, all_of(PAGE))
    whole = with_common(query, page_of(cohort, is_counted=False))
    return written(whole)


def portion_as_arrow(cohort: BoundCohort, keys: Sequence[int | str]) -> str:
    """Write the statement that returns a part of a page.

    Args:
        cohort: A bound cohort.
        keys: Keys of the entities of the part, in order.

    Returns:
        The statement, with the columns of `page_as_arrow`.
    """
    page, given = portion_of(cohort, keys)
    return render(with_common(_rows(cohort, given), page))


def _rows(cohort: BoundCohort, keys: Keys) -> exp.Select:
    endpoint, key = cohort.endpoint, column(KEY, PAGE)
    own = exp.EQ(this=column(endpoint.key, ENTITY), expression=key.copy())
    query = exp.Select().from_(named(PAGE))
    query.join(table(endpoint.schema, endpoint.table, ENTITY), on=own, copy=False)
    lists = join_lists(query, cohort, keys, typed)
    columns: list[exp.Expr] = []
    for number, output in enumerate(cohort.outputs):
        if isinstance(output, ListOutput):
            columns.append(or_empty(lists[output.name]))
        elif isinstance(output, NestedOutput):
            columns += _join_fields(query, cohort, output, number, keys)
        else:
            columns.append(typed(output.column, ENTITY))
    numbered = [alias(found, f"c{place}") for place, found in enumerate(columns)]
    return query.select(*numbered, copy=False).order_by(key.copy(), copy=False)


def typed(found: CohortColumn, rows: str) -> exp.Expr:
    """A column in the type that its values have in Arrow."""
    wanted = catalog_type(value_type(found))
    own = column(found.own_name, rows)
    return own if wanted == found.reflected.sql_type else exp.cast(own, wanted, dialect=DIALECT)


def _join_fields(
    query: exp.Select, cohort: BoundCohort, output: NestedOutput, number: int, keys: Keys
) -> list[exp.Expr]:
    """Join the arrays of a list of records, and return their columns."""
    name = f"nested{number}"
    rows, entity = gathered_rows(cohort.endpoint, cohort.entities, output.path, keys)
    order = [column(item, ROWS) for item in output.key]
    fields: list[exp.Expr] = [exp.Count(this=exp.Star())]
    fields += [ordered_aggregate("array_agg", typed(item, ROWS), order) for item in output.columns]
    for place, inner in enumerate(output.lists):
        _join_lengths(rows, cohort, output, inner, f"inner{place}", keys)
        length = exp.Coalesce(this=column("n", f"inner{place}"), expressions=[exp.Literal.number(0)])
        fields.append(ordered_aggregate("array_agg", length, order))
    numbered = [alias(field, f"f{place}") for place, field in enumerate(fields)]
    grouped = rows.select(alias(entity, KEY), *numbered, copy=False).group_by(entity.copy(), copy=False)
    join_grouped(query, grouped, name)
    for place, inner in enumerate(output.lists):
        _join_items(query, cohort, output, inner, f"{name}_{place}", keys)
    return [
        *(column(f"f{place}", name) for place in range(len(fields))),
        *(column(inner.name, f"{name}_{place}") for place, inner in enumerate(output.lists)),
    ]


def _join_lengths(
    rows: exp.Select, cohort: BoundCohort, output: NestedOutput, inner: ListOutput, name: str, keys: Keys
) -> None:
    """Join the number of distinct values of each record."""
    values = inner_values(output, inner, cohort.endpoint, keys, typed)
    counted = exp.select(column(KEY, "d"), alias(exp.Count(this=exp.Star()), "n")).from_(
        values.subquery(exp.to_identifier("d", quoted=True), copy=False), copy=False
    )
    counted = counted.group_by(column(KEY, "d"), copy=False)
    on = exp.EQ(this=column(KEY, name), expression=column(output.key[0], ROWS))
    rows.join(
        counted.subquery(exp.to_identifier(name, quoted=True), copy=False),
        on=on,
        join_type="left",
        copy=False,
    )


def _join_items(
    query: exp.Select, cohort: BoundCohort, output: NestedOutput, inner: ListOutput, name: str, keys: Keys
) -> None:
    """Join all values of all records of an entity, in the order of the records."""
    rows, entity = gathered_rows(cohort.endpoint, cohort.entities, output.path, keys)
    values = inner_values(output, inner, cohort.endpoint, keys, typed)
    on = exp.EQ(this=column(KEY, "d"), expression=column(output.key[0], ROWS))
    rows.join(values.subquery(exp.to_identifier("d", quoted=True), copy=False), on=on, copy=False)
    order = [column(item, ROWS) for item in output.key]
    items = ordered_aggregate("array_agg", column("value", "d"), [*order, column("value", "d")])
    grouped = rows.select(alias(entity, KEY), alias(items, inner.name), copy=False)
    join_grouped(query, grouped.group_by(entity.copy(), copy=False), name)
