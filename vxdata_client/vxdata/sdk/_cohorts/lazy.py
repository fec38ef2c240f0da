"""Lazy frames of cohorts: Polars pipelines that read a cohort when they are collected."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from polars.io.plugins import register_io_source

from vxdata.schemas.cohorts import bind_cohort
from vxdata.schemas.cohorts.bound import NestedOutput
from vxdata.schemas.cohorts.result import cohort_schema
from vxdata.sdk._conversion.frames import frame_of
from vxdata.sdk._queries.lazy import with_pauses
from vxdata.sdk._queries.stream import BatchStream
from vxdata.sdk._transport.retry import retry_read

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from vxdata.schemas.cohorts import CohortPlan
    from vxdata.schemas.cohorts.bound import Output
    from vxdata.sdk._cohorts.source import CohortSource


class LazyCohort:
    """A cohort as a source of Polars.

    Columns that the pipeline does not need are not asked for, and a number of first rows goes to the server.

    Args:
        source: What cohorts of the catalog share.
        plan: The cohort.
    """

    def __init__(self, source: CohortSource, plan: CohortPlan) -> None:
        """Fix the schema."""
        self._transport = source.transport
        self._plan = plan
        self._outputs = bind_cohort(plan, source.model).outputs
        schema = frame_of(cohort_schema(self._outputs).empty_table()).schema
        self.frame = register_io_source(self._scan, schema=schema, validate_schema=True, is_pure=True)

    def _scan(
        self, columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, _batch_rows: int | None
    ) -> Iterator[pl.DataFrame]:
        """Yield frames for Polars: the first `rows` rows, if given, and of these the ones that pass."""
        stream = retry_read(partial(self._transport.read, self._narrowed(columns, rows)), self._transport)
        with BatchStream(stream) as frames:
            for frame in with_pauses(stream, frames):
                passing = frame if predicate is None else frame.filter(predicate)
                yield passing if columns is None else passing.select(columns)

    def _narrowed(self, columns: list[str] | None, rows: int | None) -> CohortPlan:
        """The plan of what Polars needs; which entities are found does not depend on what is shown."""
        changes: dict[str, object] = {}
        if rows is not None:
            changes["limit"] = rows if self._plan.limit is None else min(rows, self._plan.limit)
        if columns:
            left_out = [output for output in self._outputs if output.name not in columns]
            names = tuple(name for output in left_out for name in _columns_of(output))
            changes["exclude"] = tuple(dict.fromkeys((*self._plan.exclude, *names)))
        return self._plan.model_copy(update=changes)


def _columns_of(output: Output) -> list[str]:
    """The columns that a column of the result is made of."""
    if isinstance(output, NestedOutput):
        return [column.name for column in output.columns] + [each.name for each in output.lists]
    return [output.name]
