"""The columns that a cohort shows: the endpoint's, those of conditions and those added, save the excluded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vxdata.schemas.cohorts.model import DATA_SOURCE, ENDPOINTS, EXTERNAL_METADATA, EXTERNAL_REFERENCE
from vxdata.schemas.cohorts.plan import Match, SetOperation
from vxdata.schemas.errors import RelationshipNotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.schemas.cohorts.model import CohortColumn, CohortModel
    from vxdata.schemas.cohorts.plan import CohortCondition, CohortPlan, Entities

SUMMARISED: Final = frozenset({"categorical", "numeric"})
"""Types of column that there is a summary of."""


@dataclass(frozen=True)
class SelectedColumns:
    """The columns that are shown.

    Args:
        columns: All of them, each once, in order.
        has_references: Whether references to other databases are among them, as records.
    """

    columns: tuple[CohortColumn, ...]
    has_references: bool = False

    @property
    def summarised(self) -> tuple[CohortColumn, ...]:
        """Those that are summarised by their values."""
        return tuple(
            column
            for column in self.columns
            if column.summary in SUMMARISED and column.process != DATA_SOURCE
        )

    @property
    def by_source(self) -> tuple[CohortColumn, ...]:
        """Those that tell which data sources have a row."""
        return tuple(column for column in self.columns if column.process == DATA_SOURCE)


def select_columns(plan: CohortPlan, model: CohortModel, *, of_summary: bool = False) -> SelectedColumns:
    """Work out the columns of a cohort.

    Args:
        plan: The cohort.
        model: The tables and columns of its catalog.
        of_summary: Whether they are those of its summary.

    Returns:
        The columns.

    Raises:
        ColumnNotFound: A name is no column's.
        TableNotFound: A name is no table's.
        RelationshipNotFound: The endpoint has no references to other databases.
    """
    own = model.columns_of(plan.endpoint)
    wanted = [column for column in own if (column.is_in_summary if of_summary else column.is_in_data)]
    asked = [model.folded_column(condition.column) for condition in conditions_of(plan.entities)]
    asked += [column for name in plan.add for column in model.shown_columns(name)]
    wanted += [column for column in asked if column.is_in_summary or not of_summary]
    has_references = plan.external_reference and not of_summary
    if has_references:
        wanted += _references(plan.endpoint, model)
    excluded = {column.name for name in plan.exclude for column in model.shown_columns(name)}
    kept = {column.name: column for column in wanted if column.name not in excluded}
    return SelectedColumns(tuple(kept.values()), has_references)


def conditions_of(entities: Entities) -> Iterator[CohortCondition]:
    """All conditions on entities, in order; what is asked of those that they are linked to is left out."""
    if isinstance(entities, Match):
        yield from entities.conditions
    elif isinstance(entities, SetOperation):
        for part in entities.of:
            yield from conditions_of(part)


def _references(endpoint: str, model: CohortModel) -> list[CohortColumn]:
    if endpoint != ENDPOINTS[0]:
        raise RelationshipNotFound.between(endpoint, EXTERNAL_REFERENCE)
    return [column for column in model.columns.values() if column.process == EXTERNAL_METADATA]
