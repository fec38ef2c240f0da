"""Summaries: one statement counts the entities of a cohort and the values of its columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from vxdata.schemas.cohorts.model import ENDPOINTS, SOURCE_PREFIX
from vxdata.sql.cohorts.parts import KEY, alias, call, common, named, with_common, written
from vxdata.sql.cohorts.preselect import total
from vxdata.sql.cohorts.summary_rows import PAIRED, SummaryRows
from vxdata.sql.names import column

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vxdata.schemas.cohorts.bound import BoundSummary, SourcesOutput, SummaryOutput
    from vxdata.schemas.cohorts.model import CohortColumn

COUNTED: Final = "_counted"
"""Suffix of rows that are counted by each of their categorical columns in one pass (`GROUPING SETS`)."""

KNOWN: Final = "_known"
"""Suffix of the numbers of entities that have rows of a table, and no value of a column in them."""

HELD: Final = "held"
"""Name of the column with the combination of data sources that a row has."""

GROUPING: Final = "grouping"
NUMBER: Final = "n"
SUFFIX: Final = "_summary"

QUARTILES: Final = (("median", 2), ("lower_quartile", 1), ("upper_quartile", 3))
"""Names of the percentiles -> their place among the quartiles."""


def summary_as_json(summary: BoundSummary) -> tuple[str, str]:
    """Write the statement of a summary.

    Args:
        summary: A bound summary.

    Returns:
        A statement that returns one row with one text, the JSON object; and the same to be shown.
    """
    rows = SummaryRows(summary)
    outputs = [
        alias(total(), "total_count"),
        alias(_number_of(rows.others()), f"{summary.other.table}_count"),
    ]
    outputs += [alias(_column(item, summary, rows), item.column.name + SUFFIX) for item in summary.columns]
    outputs += [alias(_sources(item, rows), item.name) for item in summary.sources]
    row = exp.select(*outputs).subquery(exp.to_identifier("r", quoted=True), copy=False)
    text = exp.cast(call("row_to_json", exp.to_identifier("r", quoted=True)), exp.DType.TEXT)
    whole = exp.select(alias(text, "summary")).from_(row, copy=False)
    expressions = [*rows.expressions(), *_counted(summary, rows), *_known(summary, rows)]
    whole = with_common(whole, expressions)
    return written(whole)


def _number_of(rows: exp.Select) -> exp.Expr:
    counted = exp.select(exp.Count(this=exp.Star())).from_(
        rows.subquery(exp.to_identifier("d", quoted=True), copy=False), copy=False
    )
    return exp.Subquery(this=counted)


def _categorical(summary: BoundSummary, rows: SummaryRows) -> dict[str, list[CohortColumn]]:
    """The columns that are counted by their values, by the expression that has their rows."""
    found: dict[str, list[CohortColumn]] = {}
    for item in summary.columns:
        if item.column.summary == "categorical":
            found.setdefault(rows.source_of(item.column, item.path), []).append(item.column)
    return found


def _counted(summary: BoundSummary, rows: SummaryRows) -> Iterator[exp.CTE]:
    """Count rows by each categorical column in one pass; count pairs column by column."""
    for source, columns in _categorical(summary, rows).items():
        if source.endswith(PAIRED):
            continue
        names = [column(item.name, source) for item in columns]
        which = alias(call("GROUPING", *[name.copy() for name in names]), GROUPING)
        query = exp.select(which, *names, alias(exp.Count(this=exp.Star()), NUMBER)).from_(named(source))
        sets = [exp.Paren(this=name.copy()) for name in names]
        query.set("group", exp.Group(grouping_sets=[exp.GroupingSets(expressions=sets)]))
        yield common(source + COUNTED, query, kept=True)


def _known(summary: BoundSummary, rows: SummaryRows) -> Iterator[exp.CTE]:
    """Count, for each column counted by pairs, the entities that have rows but no value in any of them."""
    for source, counted_columns in _categorical(summary, rows).items():
        columns = [item for item in counted_columns if item.reflected.is_nullable]
        if not source.endswith(PAIRED) or not columns:
            continue
        values = [alias(exp.Count(this=column(item.name, source)), item.name) for item in columns]
        known = exp.select(*values).from_(named(source)).group_by(column(KEY, source), copy=False)
        numbers = [alias(_count_where_zero(item), item.name) for item in columns]
        counted = exp.select(*numbers).from_(
            known.subquery(exp.to_identifier("k", quoted=True), copy=False), copy=False
        )
        yield common(source + KNOWN, counted, kept=True)


def _count_where_zero(item: CohortColumn) -> exp.Expr:
    is_zero = exp.EQ(this=column(item.name, "k"), expression=exp.Literal.number(0))
    return exp.Filter(this=exp.Count(this=exp.Star()), expression=exp.Where(this=is_zero))


def _column(item: SummaryOutput, summary: BoundSummary, rows: SummaryRows) -> exp.Expr:
    """The summary of one column."""
    source = rows.source_of(item.column, item.path)
    if item.column.summary == "numeric":
        return _numbers(item.column, source)
    if source.endswith(PAIRED):
        return _records(item.column, _counts_of_pairs(item, source))
    return _records(item.column, _by_grouping(item.column, source, _categorical(summary, rows)[source]))


def _by_grouping(counted: CohortColumn, source: str, columns: list[CohortColumn]) -> exp.Select:
    """Select the counts of a column: the groups of its own grouping set."""
    place = [item.name for item in columns].index(counted.name)
    mask = 2 ** len(columns) - 1 - 2 ** (len(columns) - 1 - place)
    name = source + COUNTED
    rows = exp.select(alias(column(counted.name, name), "value"), column(NUMBER, name)).from_(named(name))
    return rows.where(exp.EQ(this=column(GROUPING, name), expression=exp.Literal.number(mask)), copy=False)


def _counts_of_pairs(item: SummaryOutput, source: str) -> exp.Query:
    """Count entities by value; null stands for those that have rows but no value."""
    counted, found = item.column, column(item.column.name, source)
    is_value = exp.Not(this=exp.Is(this=found.copy(), expression=exp.null()))
    pairs = exp.select(column(KEY, source), alias(found, "value")).from_(named(source))
    pairs = pairs.where(is_value, copy=False).distinct(distinct=not item.is_distinct, copy=False)
    by_value = exp.select(column("value", "p"), alias(exp.Count(this=exp.Star()), NUMBER)).from_(
        pairs.subquery(exp.to_identifier("p", quoted=True), copy=False), copy=False
    )
    by_value = by_value.group_by(column("value", "p"), copy=False)
    if not counted.reflected.is_nullable:
        return by_value
    known = source + KNOWN
    nulls = exp.select(exp.null(), column(counted.name, known)).from_(named(known))
    some_have_none = exp.GT(this=column(counted.name, known), expression=exp.Literal.number(0))
    return exp.union(by_value, nulls.where(some_have_none, copy=False), distinct=False, copy=False)


def _records(of: CohortColumn, counts: exp.Query) -> exp.Expr:
    """Aggregate values and their counts into records; null if there are none."""
    name, count_result = exp.Literal.string(of.name), exp.Literal.string("count_result")
    record = call("json_build_object", name, column("value", "c"), count_result, column(NUMBER, "c"))
    rows = exp.Subquery(this=counts, alias=exp.TableAlias(this=exp.to_identifier("c", quoted=True)))
    return exp.Subquery(this=exp.select(call("json_agg", record)).from_(rows, copy=False))


def _numbers(of: CohortColumn, source: str) -> exp.Expr:
    """Aggregate numbers into one record in a list: minimum, maximum, mean and quartiles."""
    found = column(of.name, source)
    mean = call("round", exp.cast(exp.Avg(this=found.copy()), exp.DType.DECIMAL))
    quarters = exp.Array(expressions=[exp.Literal.number(part) for part in ("0.25", "0.5", "0.75")])
    order = exp.Order(expressions=[exp.Ordered(this=found.copy())])
    discrete = exp.WithinGroup(this=call("percentile_disc", quarters), expression=order)
    computed = exp.select(
        alias(exp.Min(this=found.copy()), "min"),
        alias(exp.Max(this=found.copy()), "max"),
        alias(mean, "mean"),
        alias(discrete, "quartiles"),
    ).from_(named(source))
    fields: list[exp.Expr] = []
    for name in ("min", "max", "mean"):
        fields += [exp.Literal.string(name), column(name, "s")]
    for name, place in QUARTILES:
        array = exp.paren(column("quartiles", "s"))
        fields += [
            exp.Literal.string(name),
            exp.Bracket(this=array, expressions=[exp.Literal.number(place)], offset=1),
        ]
    record = call("json_build_array", call("json_build_object", *fields))
    rows = computed.subquery(exp.to_identifier("s", quoted=True), copy=False)
    return exp.Subquery(this=exp.select(record).from_(rows, copy=False))


def _sources(item: SourcesOutput, rows: SummaryRows) -> exp.Expr:
    """Count the rows, or entities, that have exactly each combination of data sources but the empty one.

    A combination is a number with one binary digit for each source, so that they are counted in one pass; its
    name is the item of that number in the list of all names.
    """
    if not item.columns:
        return call("json_build_object")
    source = rows.source_of(item.columns[0], item.path)
    held = exp.select(alias(_combination_of(item.columns, source), HELD)).from_(named(source))
    if item.path.table not in ENDPOINTS:  # what says something of an entity counts once
        held = held.select(column(KEY, source), copy=False).distinct(copy=False)
    number = alias(exp.Count(this=exp.Star()), NUMBER)
    counted = exp.select(column(HELD, "h"), number).from_(_derived(held, "h"), copy=False)
    counted = counted.group_by(column(HELD, "h"), copy=False)
    on = exp.EQ(this=column(HELD, "g"), expression=column(HELD, "c"))
    times = exp.Coalesce(this=column(NUMBER, "g"), expressions=[exp.Literal.number(0)])
    order = exp.Order(this=times, expressions=[exp.Ordered(this=column(HELD, "c"))])
    record = exp.select(call("json_object_agg", column("name", "c"), order))
    record = record.from_(_combinations(item.columns), copy=False)
    return exp.Subquery(this=record.join(_derived(counted, "g"), on=on, join_type="left", copy=False))


def _derived(query: exp.Select, name: str) -> exp.Subquery:
    return query.subquery(exp.to_identifier(name, quoted=True), copy=False)


def _combination_of(columns: Sequence[CohortColumn], source: str) -> exp.Expr:
    """The number of the combination of sources of a row."""
    number: exp.Expr = exp.Literal.number(0)
    for place, found in enumerate(columns):
        is_held = exp.Is(this=column(found.name, source), expression=exp.true())
        digit = exp.case().when(is_held, exp.Literal.number(2**place)).else_(exp.Literal.number(0))
        number = exp.Add(this=number, expression=digit)
    return number


def _combinations(columns: Sequence[CohortColumn]) -> exp.Expr:
    """The names of all combinations of sources, with their numbers, which begin at 1."""
    sources = [found.own_name.removeprefix(SOURCE_PREFIX) for found in columns]
    names = [_name_of(number, sources) for number in range(1, 2 ** len(sources))]
    return exp.Unnest(
        expressions=[exp.Array(expressions=[exp.Literal.string(name) for name in names])],
        alias=exp.TableAlias(
            this=exp.to_identifier("c", quoted=True),
            columns=[exp.to_identifier("name", quoted=True)],
        ),
        offset=exp.to_identifier(HELD, quoted=True),
    )


def _name_of(number: int, sources: Sequence[str]) -> str:
    """The name of a combination, such as `gdc_idc_exclusive`; that of all sources only lists them.

    Example:
        >>> [_name_of(number, ["gdc", "idc"]) for number in (1, 2, 3)]
        ['gdc_exclusive', 'idc_exclusive', 'gdc_idc']
    """
    present = [source for place, source in enumerate(sources) if number >> place & 1]
    return "_".join(present) + ("" if len(present) == len(sources) else "_exclusive")
