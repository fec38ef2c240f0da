"""Binding: a cohort's names and values are checked against the model of its catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.cohorts.bound import (
    BoundCohort,
    BoundLinked,
    BoundMatch,
    BoundSet,
    BoundSummary,
    BoundValues,
    Endpoint,
    ListOutput,
    NestedOutput,
    ScalarOutput,
    SourcesOutput,
    SummaryOutput,
)
from vxdata.schemas.cohorts.columns import SelectedColumns, select_columns
from vxdata.schemas.cohorts.conditions import bind_condition
from vxdata.schemas.cohorts.model import DATA_SOURCE, ENDPOINTS, EXTERNAL_REFERENCE, SOURCE_PREFIX
from vxdata.schemas.cohorts.plan import Linked, Match
from vxdata.schemas.cohorts.size import check_size
from vxdata.schemas.errors import EmptyCohortRow, SystemNotFound, TableNotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.schemas.cohorts.bound import BoundEntities, Output
    from vxdata.schemas.cohorts.model import CohortColumn, CohortModel
    from vxdata.schemas.cohorts.plan import CohortPlan, Entities


def bind_cohort(plan: CohortPlan, model: CohortModel) -> BoundCohort:
    """Resolve a cohort for its rows.

    Args:
        plan: The cohort.
        model: The tables and columns of its catalog.

    Returns:
        The bound cohort.

    Raises:
        ColumnNotFound: A name is no column's.
        TableNotFound: The endpoint, or a table whose columns are named, does not exist.
        FilterTypeMismatch: An operator or a value does not fit its column.
        NullNotFilterable: A column that entities share is asked for being null.
        RelationshipNotFound: A column hangs on nothing that the endpoint has.
        EmptyCohortRow: No column is left.
        LimitExceeded: It has more conditions than a statement can be written of in time.
    """
    check_size(plan.entities)
    selected = select_columns(plan, model)
    outputs = tuple(_outputs(plan, selected, model))
    if not outputs:
        raise EmptyCohortRow("No columns are left to return")
    return BoundCohort(
        _endpoint(plan.endpoint, model),
        _bind_entities(plan.entities, plan.endpoint, model),
        outputs,
        plan.limit,
        plan.offset,
    )


def bind_summary(plan: CohortPlan, model: CohortModel) -> BoundSummary:
    """Resolve a cohort for its summary.

    Args:
        plan: The cohort; what it says of pages and nesting does not matter.
        model: The tables and columns of its catalog.

    Returns:
        The bound summary.

    Raises:
        CohortError: As `bind_cohort` does, but that a summary is never empty.
        LimitExceeded: As `bind_cohort` does.
    """
    check_size(plan.entities)
    endpoint = _endpoint(plan.endpoint, model)
    entities = _bind_entities(plan.entities, plan.endpoint, model)
    selected = select_columns(plan, model, of_summary=True)
    other = _other_than(plan.endpoint)
    columns = [_summarised(column, plan.endpoint, model) for column in selected.summarised]
    own = _sources_of(model, plan.endpoint)
    sources = {plan.endpoint: SourcesOutput(DATA_SOURCE, own, model.path(plan.endpoint, plan.endpoint))}
    for column in selected.by_source:
        if column.table != plan.endpoint:
            group = _sources_of(model, column.table)
            path = model.path(plan.endpoint, column.table)
            sources[column.table] = SourcesOutput(f"{column.table}_{DATA_SOURCE}", group, path)
    return BoundSummary(
        endpoint, entities, model.path(plan.endpoint, other), tuple(columns), tuple(sources.values())
    )


def bind_values(column: str, data_source: str, model: CohortModel) -> BoundValues:
    """Resolve the question for all values of a column.

    Args:
        column: Its public name.
        data_source: Names of data sources that all must have the rows, between commas; empty for all rows.
        model: The tables and columns of the catalog.

    Returns:
        The bound question.

    Raises:
        ColumnNotFound: No column has the name.
        SystemNotFound: The table does not tell whether the source has its rows.
    """
    found = model.column(column)
    shown_in = {item.own_name: item for item in model.columns_of(found.shown_in)}
    wanted = [name.strip() for name in data_source.split(",") if name.strip()]
    for name in wanted:
        if f"{SOURCE_PREFIX}{name.lower()}" not in shown_in:
            raise SystemNotFound.from_name(name)
    present_at = tuple(shown_in[f"{SOURCE_PREFIX}{name.lower()}"] for name in dict.fromkeys(wanted))
    join = None
    if found.is_virtual and present_at:
        key = model.schema.table_by_name[found.table].foreign_key_to(found.shown_in)
        if key is None:
            raise SystemNotFound.from_name(wanted[0])
        join = (key.target[0], key.columns[0])
    return BoundValues(model.schema.name, found, present_at, join)


def _endpoint(name: str, model: CohortModel) -> Endpoint:
    if name not in ENDPOINTS:
        raise TableNotFound.from_name(name)
    key = model.key_of(name)
    return Endpoint(
        model.schema.name, name, key, model.schema.table_by_name[name].column_by_name[key].sql_type
    )


def _other_than(endpoint: str) -> str:
    (other,) = (name for name in ENDPOINTS if name != endpoint)
    return other


def _bind_entities(entities: Entities, endpoint: str, model: CohortModel) -> BoundEntities:
    if isinstance(entities, Match):
        return BoundMatch(
            tuple(bind_condition(item, endpoint, model) for item in entities.match_all),
            tuple(bind_condition(item, endpoint, model) for item in entities.match_some),
        )
    if isinstance(entities, Linked):
        other = _other_than(endpoint)
        of = _bind_entities(entities.of, other, model)
        return BoundLinked(model.path(endpoint, other), _endpoint(other, model), of)
    return BoundSet(entities.op, tuple(_bind_entities(item, endpoint, model) for item in entities.of))


def _outputs(plan: CohortPlan, selected: SelectedColumns, model: CohortModel) -> Iterator[Output]:
    """The outputs, each nested table at the place of the first of its columns."""
    done: set[str] = set()
    for column in selected.columns:
        if column.table == plan.endpoint:
            yield ScalarOutput(column)
        elif not _is_nested(column, plan, selected):
            yield ListOutput(column, model.path(plan.endpoint, column.table))
        elif column.shown_in not in done:
            done.add(column.shown_in)
            together = [item for item in selected.columns if item.shown_in == column.shown_in]
            yield _nested(plan.endpoint, column.shown_in, together, model)


def _is_nested(column: CohortColumn, plan: CohortPlan, selected: SelectedColumns) -> bool:
    if column.shown_in == plan.endpoint:
        return False
    if column.shown_in == EXTERNAL_REFERENCE and selected.has_references:
        return True
    return plan.nest if isinstance(plan.nest, bool) else column.shown_in in plan.nest


def _nested(endpoint: str, table: str, columns: list[CohortColumn], model: CohortModel) -> NestedOutput:
    lists = [ListOutput(column, model.virtual_path(column)) for column in columns if column.is_virtual]
    reflected = model.schema.table_by_name[table]
    key = reflected.primary_key or tuple(column.name for column in reflected.columns)
    return NestedOutput(
        f"{table}_columns",
        model.path(endpoint, table),
        key,
        tuple(column for column in columns if not column.is_virtual),
        tuple(lists),
    )


def _summarised(column: CohortColumn, endpoint: str, model: CohortModel) -> SummaryOutput:
    path = model.path(endpoint, column.table)
    key = model.schema.table_by_name[column.table].primary_key
    is_distinct = path.link is None and bool(key) and set(key) <= {path.column, column.own_name}
    return SummaryOutput(column, path, is_distinct)


def _sources_of(model: CohortModel, table: str) -> tuple[CohortColumn, ...]:
    found = [item for item in model.columns_of(table) if item.process == DATA_SOURCE and not item.is_virtual]
    return tuple(sorted(found, key=lambda item: item.own_name))
