"""Summaries: one statement counts the entities of a cohort, and the values of its columns.

PostgreSQL writes the result as one JSON object. The entities are selected once, with the columns of their own table that
are summarised, and counted by all of those in one pass (`GROUPING SETS`).
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from vxdata.schemas.cohorts.model import SOURCE_PREFIX
from vxdata.sql.cohorts.lists import ROWS, gathered_rows
from vxdata.sql.cohorts.parts import (
    ENTITY,
    KEY,
    alias,
    call,
    column_of,
    common,
    every,
    named,
    shown,
    with_common,
)
from vxdata.sql.cohorts.preselect import PRESELECT, preselect, total
from vxdata.sql.names import column, render

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.schemas.cohorts.bound import BoundSummary, SourcesOutput, SummaryOutput
    from vxdata.schemas.cohorts.model import CohortColumn
    from vxdata.schemas.cohorts.paths import Path

COUNTED: Final = "counted"
"""The entities, counted by each categorical column of their own table."""

GROUPING: Final = "grouping"
NUMBER: Final = "n"
COUNT_RESULT: Final = "count_result"
SUFFIX: Final = "_summary"

QUARTILES: Final = (("median", 2), ("lower_quartile", 1), ("upper_quartile", 3))
"""Names of the percentiles -> their place among the quartiles."""

LOCAL: Final = ("subject", "file")
"""Tables whose rows are entities, and are counted as such."""


def summary_as_json(summary: BoundSummary) -> tuple[str, str]:
    """Write the statement of a summary.

    Args:
        summary: A bound summary.

    Returns:
        A statement that returns one row with one text, the JSON object; and the same to be shown.
    """
    own = [item for item in summary.columns if item.column.table == summary.endpoint.table]
    categorical = [item.column for item in own if item.column.summary == "categorical"]
    outputs = [alias(total(), "total_count"), alias(_others(summary), f"{summary.other.table}_count")]
    outputs += [
        alias(_column(item, summary, categorical), item.column.name + SUFFIX) for item in summary.columns
    ]
    outputs += [alias(_sources(item, summary), item.name) for item in summary.sources]
    row = exp.select(*outputs).subquery(exp.to_identifier("r", quoted=True), copy=False)
    text = exp.cast(call("row_to_json", exp.to_identifier("r", quoted=True)), exp.DType.TEXT)
    whole = exp.select(alias(text, "summary")).from_(row, copy=False)
    whole = with_common(whole, _common(summary, [item.column for item in own], categorical))
    return render(whole.copy()), shown(whole)


def _common(
    summary: BoundSummary, own: list[CohortColumn], categorical: list[CohortColumn]
) -> Iterator[exp.CTE]:
    """The entities with what is summarised of them, and the counts of all categorical columns."""
    sources = [item for group in summary.sources for item in group.columns]
    wanted = {item.name: item for item in (*own, *sources) if item.table == summary.endpoint.table}
    columns = [alias(column_of(item, ENTITY), item.name) for item in wanted.values()]
    yield common(PRESELECT, preselect(summary.entities, summary.endpoint, columns), kept=True)
    if categorical:
        yield common(COUNTED, _counted(categorical), kept=True)


def _counted(categorical: list[CohortColumn]) -> exp.Select:
    names = [column(item.name, PRESELECT) for item in categorical]
    which = alias(call("GROUPING", *[name.copy() for name in names]), GROUPING)
    query = exp.select(which, *names, alias(exp.Count(this=exp.Star()), NUMBER)).from_(named(PRESELECT))
    sets = [exp.Paren(this=name.copy()) for name in names]
    query.set("group", exp.Group(grouping_sets=[exp.GroupingSets(expressions=sets)]))
    return query


def _others(summary: BoundSummary) -> exp.Expr:
    """The number of other entities, such as the files of subjects."""
    rows, _ = gathered_rows(summary.endpoint, summary.entities, summary.other, PRESELECT)
    linked = rows.select(alias(column(summary.other.column, ROWS), KEY), copy=False).distinct(copy=False)
    return _count_of(linked)


def _count_of(rows: exp.Select) -> exp.Expr:
    counted = exp.select(exp.Count(this=exp.Star())).from_(
        rows.subquery(exp.to_identifier("d", quoted=True), copy=False), copy=False
    )
    return exp.Subquery(this=counted)


def _column(item: SummaryOutput, summary: BoundSummary, categorical: list[CohortColumn]) -> exp.Expr:
    """The summary of one column."""
    is_own = item.column.table == summary.endpoint.table
    if item.column.summary == "numeric":
        return _numbers(_own_values(item) if is_own else _row_values(item, summary))
    if is_own:
        return _by_grouping(item.column, categorical)
    if item.column.table in LOCAL:
        counts = _counts_of(_row_values(item, summary))
    else:
        counts = _counts_of_pairs(item, summary)
    return _records(item.column, counts)


def _by_grouping(own: CohortColumn, categorical: list[CohortColumn]) -> exp.Expr:
    """What `COUNTED` holds of a column: it is the only one that its rows are grouped by."""
    place = [item.name for item in categorical].index(own.name)
    everything = 2 ** len(categorical) - 1
    mask = everything - 2 ** (len(categorical) - 1 - place)
    rows = exp.select(alias(column(own.name, COUNTED), "value"), column(NUMBER, COUNTED)).from_(
        named(COUNTED)
    )
    is_group = exp.EQ(this=column(GROUPING, COUNTED), expression=exp.Literal.number(mask))
    return _records(own, rows.where(is_group, copy=False))


def _records(of: CohortColumn, counts: exp.Select) -> exp.Expr:
    """Values and their counts as records; null without any."""
    record = call(
        "json_build_object",
        exp.Literal.string(of.name),
        column("value", "c"),
        exp.Literal.string(COUNT_RESULT),
        column(NUMBER, "c"),
    )
    records = call("json_agg", record)
    rows = counts.subquery(exp.to_identifier("c", quoted=True), copy=False)
    return exp.Subquery(this=exp.select(records).from_(rows, copy=False))


def _own_values(item: SummaryOutput) -> exp.Select:
    return exp.select(alias(column(item.column.name, PRESELECT), "value")).from_(named(PRESELECT))


def _row_values(item: SummaryOutput, summary: BoundSummary) -> exp.Select:
    """The values of the rows of another table, each row once however many entities share it."""
    rows, _ = gathered_rows(summary.endpoint, summary.entities, item.path, PRESELECT)
    found = alias(column_of(item.column, ROWS), "value")
    if item.path.link is None:
        return rows.select(found, copy=False)
    # The place of a row in its table tells rows apart, whatever their key is.
    place = alias(exp.column("ctid", table=exp.to_identifier(ROWS, quoted=True)), "place")
    once = rows.select(place, found, copy=False).distinct(copy=False)
    return exp.select(column("value", "o")).from_(
        once.subquery(exp.to_identifier("o", quoted=True), copy=False)
    )


def _counts_of(values: exp.Select) -> exp.Select:
    rows = values.subquery(exp.to_identifier("v", quoted=True), copy=False)
    number = alias(exp.Count(this=exp.Star()), NUMBER)
    return (
        exp.select(column("value", "v"), number)
        .from_(rows, copy=False)
        .group_by(column("value", "v"), copy=False)
    )


def _pairs(path: Path, found: CohortColumn, summary: BoundSummary) -> exp.Select:
    rows, entity = gathered_rows(summary.endpoint, summary.entities, path, PRESELECT)
    return rows.select(alias(entity, KEY), alias(column_of(found, ROWS), "value"), copy=False)


def _counts_of_pairs(item: SummaryOutput, summary: BoundSummary) -> exp.Select:
    """The number of entities by value: each pair counts once, and null only of entities without another value."""
    pairs = _pairs(item.path, item.column, summary).distinct(copy=False)
    known = exp.Max(this=call("num_nonnulls", column("value", "p")))
    known_of = exp.Window(this=known, partition_by=[column(KEY, "p")])
    marked = exp.select(column("value", "p"), alias(known_of, "known")).from_(
        pairs.subquery(exp.to_identifier("p", quoted=True), copy=False), copy=False
    )
    rows = marked.subquery(exp.to_identifier("q", quoted=True), copy=False)
    is_value = exp.Not(this=exp.Is(this=column("value", "q"), expression=exp.null()))
    is_alone = exp.EQ(this=column("known", "q"), expression=exp.Literal.number(0))
    kept = (
        exp.select(column("value", "q"))
        .from_(rows, copy=False)
        .where(exp.or_(is_value, is_alone), copy=False)
    )
    return _counts_of(kept)


def _numbers(values: exp.Select) -> exp.Expr:
    """The least, the largest, the mean and the quartiles of numbers, as one record in a list."""
    found = column("value", "v")
    mean = call("round", exp.cast(exp.Avg(this=found.copy()), exp.DType.DECIMAL))
    quarters = exp.Array(expressions=[exp.Literal.number(part) for part in ("0.25", "0.5", "0.75")])
    discrete = exp.WithinGroup(
        this=call("percentile_disc", quarters),
        expression=exp.Order(expressions=[exp.Ordered(this=found.copy())]),
    )
    computed = exp.select(
        alias(exp.Min(this=found.copy()), "min"),
        alias(exp.Max(this=found.copy()), "max"),
        alias(mean, "mean"),
        alias(discrete, "quartiles"),
    ).from_(values.subquery(exp.to_identifier("v", quoted=True), copy=False), copy=False)
    fields: list[exp.Expr] = []
    for name in ("min", "max", "mean"):
        fields += [exp.Literal.string(name), column(name, "s")]
    for name, place in QUARTILES:
        quartile = exp.Bracket(
            this=exp.paren(column("quartiles", "s")), expressions=[exp.Literal.number(place)], offset=1
        )
        fields += [exp.Literal.string(name), quartile]
    record = call("json_build_array", call("json_build_object", *fields))
    rows = computed.subquery(exp.to_identifier("s", quoted=True), copy=False)
    return exp.Subquery(this=exp.select(record).from_(rows, copy=False))


def _sources(item: SourcesOutput, summary: BoundSummary) -> exp.Expr:
    """How many rows each combination of data sources has, the empty one left out."""
    if not item.columns:
        return call("json_build_object")
    rows = _source_rows(item, summary)
    flags = [column(found.name, "f") for found in item.columns]
    counted = exp.select(*flags, alias(exp.Count(this=exp.Star()), NUMBER)).from_(
        rows.subquery(exp.to_identifier("f", quoted=True), copy=False), copy=False
    )
    counted = counted.group_by(*[flag.copy() for flag in flags], copy=False)
    outputs = [_combination(present, item.columns) for present in _combinations(item.columns)]
    summed = exp.select(*outputs).from_(
        counted.subquery(exp.to_identifier("g", quoted=True), copy=False), copy=False
    )
    record = exp.select(call("row_to_json", exp.to_identifier("x", quoted=True))).from_(
        summed.subquery(exp.to_identifier("x", quoted=True), copy=False), copy=False
    )
    return exp.Subquery(this=record)


def _source_rows(item: SourcesOutput, summary: BoundSummary) -> exp.Select:
    table = item.path.table
    if table == summary.endpoint.table:
        return exp.select(*[column(found.name, PRESELECT) for found in item.columns]).from_(named(PRESELECT))
    rows, entity = gathered_rows(summary.endpoint, summary.entities, item.path, PRESELECT)
    flags = [alias(column_of(found, ROWS), found.name) for found in item.columns]
    # Entities are counted as rows; of all else, each combination once for an entity.
    who = column(item.path.column, ROWS) if table in LOCAL else entity
    return rows.select(alias(who, KEY), *flags, copy=False).distinct(copy=False)


def _combinations(columns: tuple[CohortColumn, ...]) -> Iterator[tuple[CohortColumn, ...]]:
    for size in range(1, len(columns) + 1):
        yield from combinations(columns, size)


def _combination(present: tuple[CohortColumn, ...], columns: tuple[CohortColumn, ...]) -> exp.Expr:
    """The number of rows that exactly these sources have."""
    name = "_".join(found.own_name.removeprefix(SOURCE_PREFIX) for found in present)
    suffix = "" if len(present) == len(columns) else "_exclusive"
    tests = [exp.Is(this=column(found.name, "g"), expression=exp.true()) for found in columns]
    exact = every(
        test if found in present else exp.Not(this=test) for found, test in zip(columns, tests, strict=True)
    )
    summed = exp.Filter(this=exp.Sum(this=column(NUMBER, "g")), expression=exp.Where(this=exact))
    return alias(exp.Coalesce(this=summed, expressions=[exp.Literal.number(0)]), name + suffix)
