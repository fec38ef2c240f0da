"""The values of a bound cohort: every name resolved, every value checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from vxdata.schemas.cohorts.model import CohortColumn, NullMarker
    from vxdata.schemas.cohorts.paths import Path
    from vxdata.schemas.cohorts.plan import ConditionValue, Operator, SecondBound


@dataclass(frozen=True)
class Endpoint:
    """The entities that are asked for.

    Args:
        schema: PostgreSQL schema of all tables.
        table: Their table.
        key: The column that names them.
        key_type: Its type, as PostgreSQL writes it.
    """

    schema: str
    table: str
    key: str
    key_type: str


@dataclass(frozen=True)
class BoundCondition:
    """A condition on a column.

    Args:
        column: The column.
        path: The way from the endpoint to the table of the column, or to that of the marker.
        op: The operator.
        value: What is compared with.
        also: The other end of a range.
        marker: Where it stands that an entity has no value, if that is asked.
        quantifier: Whether some row has to fulfil it, or none may.
    """

    column: CohortColumn
    path: Path
    op: Operator
    value: ConditionValue | tuple[ConditionValue, ...]
    also: SecondBound | None = None
    marker: NullMarker | None = None
    quantifier: Literal["some", "none"] = "some"


@dataclass(frozen=True)
class BoundMatch:
    """Conditions, in the two lists of a match."""

    match_all: tuple[BoundCondition, ...] = ()
    match_some: tuple[BoundCondition, ...] = ()

    @property
    def is_everything(self) -> bool:
        """Whether it leaves nothing out."""
        return not self.match_all and not self.match_some


@dataclass(frozen=True)
class BoundSet:
    """An operation on sets of entities."""

    op: Literal["union", "intersection", "difference"]
    of: tuple[BoundMatch | BoundSet | BoundLinked, ...]


@dataclass(frozen=True)
class BoundLinked:
    """The entities that a mapping table connects with others.

    Args:
        path: The way to the others.
        endpoint: The others' table.
        of: Which others.
    """

    path: Path
    endpoint: Endpoint
    of: BoundMatch | BoundSet | BoundLinked


BoundEntities = BoundMatch | BoundSet | BoundLinked


@dataclass(frozen=True)
class ScalarOutput:
    """A column of the endpoint's own table: one value for an entity."""

    column: CohortColumn

    @property
    def name(self) -> str:
        """Name in the result."""
        return self.column.name


@dataclass(frozen=True)
class ListOutput:
    """A column of another table: the distinct values of an entity, in order, without nulls.

    Args:
        column: The column.
        path: The way to its table.
    """

    column: CohortColumn
    path: Path

    @property
    def name(self) -> str:
        """Name in the result."""
        return self.column.name


@dataclass(frozen=True)
class NestedOutput:
    """Columns of another table as a list of records, one for each row.

    Args:
        name: Name in the result.
        path: The way to the table.
        key: Columns of the table that order its rows.
        columns: The columns of the records that stand in the table, in order.
        lists: Columns that are shown in the table and stand in another one: lists in each record.
    """

    name: str
    path: Path
    key: tuple[str, ...]
    columns: tuple[CohortColumn, ...]
    lists: tuple[ListOutput, ...] = ()


Output = ScalarOutput | ListOutput | NestedOutput


@dataclass(frozen=True)
class BoundCohort:
    """A cohort that can be written as SQL.

    Args:
        endpoint: The entities.
        entities: Which of them.
        outputs: What is shown, in order.
        limit: Most entities; None for all.
        offset: Entities to leave out first.
    """

    endpoint: Endpoint
    entities: BoundEntities
    outputs: tuple[Output, ...]
    limit: int | None = None
    offset: int = 0

    @property
    def shows_linked(self) -> bool:
        """Whether something is shown that hangs on other entities, behind a mapping table."""
        return any(
            isinstance(output, ListOutput | NestedOutput) and output.path.link is not None
            for output in self.outputs
        )


@dataclass(frozen=True)
class SummaryOutput:
    """A column that is summarised.

    Args:
        column: The column.
        path: The way to its table.
        is_distinct: Whether no two rows of the table have the same entity and the same value.
    """

    column: CohortColumn
    path: Path
    is_distinct: bool = False


@dataclass(frozen=True)
class SourcesOutput:
    """The columns of one table that tell which data sources have a row.

    Args:
        name: Name in the result.
        columns: The columns, one for each source.
        path: The way to their table.
    """

    name: str
    columns: tuple[CohortColumn, ...]
    path: Path


@dataclass(frozen=True)
class BoundSummary:
    """A summary that can be written as SQL.

    Args:
        endpoint: The entities.
        entities: Which of them.
        other: The way to the other kind of entity, which is counted too.
        columns: What is summarised, in order.
        sources: What is counted by data source.
    """

    endpoint: Endpoint
    entities: BoundEntities
    other: Path
    columns: tuple[SummaryOutput, ...]
    sources: tuple[SourcesOutput, ...]


@dataclass(frozen=True)
class BoundValues:
    """All values of a column.

    Args:
        schema: PostgreSQL schema of the tables.
        column: The column.
        present_at: Columns that have to be true, of the table that the column is shown in.
        join: If that is another table: its column, and the column's table's column, that are equal.
    """

    schema: str
    column: CohortColumn
    present_at: tuple[CohortColumn, ...]
    join: tuple[str, str] | None = None
