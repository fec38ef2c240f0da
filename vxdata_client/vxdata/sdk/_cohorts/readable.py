"""The results of a cohort: its rows, their number, their summary, and how it is run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from vxdata.schemas.cohorts import Match, bind_cohort
from vxdata.schemas.cohorts.codec import encode_cohort
from vxdata.schemas.cohorts.columns import select_columns
from vxdata.schemas.cohorts.result import cohort_schema
from vxdata.schemas.html import card, table
from vxdata.schemas.wire import Action, CohortCount, Explanation
from vxdata.schemas.wire import CohortSummary as SummaryMessage
from vxdata.schemas.wire.tickets import CohortTicket, encode_ticket
from vxdata.sdk._cohorts.lazy import LazyCohort
from vxdata.sdk._cohorts.show_cohort import show_cohort
from vxdata.sdk._cohorts.summary import CohortSummary
from vxdata.sdk._conversion.frames import frame_of
from vxdata.sdk._queries.result import metadata_of
from vxdata.sdk._queries.stream import iter_batches, read_with_origin
from vxdata.sdk._queries.unread import Unread
from vxdata.sdk._queries.writer import sink_parquet

if TYPE_CHECKING:
    from os import PathLike

    import polars as pl
    import pyarrow as pa

    from vxdata.schemas.cohorts import CohortPlan
    from vxdata.schemas.cohorts.plan import Entities
    from vxdata.sdk._cohorts.source import CohortSource
    from vxdata.sdk._queries.stream import BatchStream
    from vxdata.sdk._transport.base import Stream


@dataclass(frozen=True)
class CohortResult:
    """The rows of a cohort, and what they show.

    Args:
        frame: The rows.
        catalog: Name of the catalog.
        digest: Digest of its tables, columns and keys.
        release: Release of its data; None if nothing tells it.
    """

    frame: pl.DataFrame
    catalog: str
    digest: str
    release: str | None


class ReadableCohort(Unread):
    """A cohort that can be read.

    Args:
        source: What cohorts of the catalog share.
        plan: What is asked.
        base: The set of entities that conditions narrow down; None for all.
        match: Those conditions.
    """

    __slots__ = ("_base", "_match", "_plan", "_source")

    _noun = "cohort"
    _counted = "entities"

    def __init__(
        self,
        source: CohortSource,
        plan: CohortPlan,
        base: Entities | None = None,
        match: Match | None = None,
    ) -> None:
        """Keep the parts."""
        self._source = source
        self._plan = plan
        self._base = base
        self._match = match or Match()

    @property
    def plan(self) -> CohortPlan:
        """The plan as `collect` sends it."""
        plan = self._plan
        if isinstance(plan.nest, bool):
            return plan
        shown = {column.shown_in for column in select_columns(plan, self._source.model).columns}
        whole = tuple(f"{name}.*" for name in plan.nest if name not in shown)
        return plan.model_copy(update={"add": plan.add + whole})

    @property
    def schema(self) -> pl.Schema:
        """Columns and types of the result; no call is made.

        Raises:
            EmptyCohortRow: All columns are excluded.
        """
        return frame_of(self._arrow_schema.empty_table()).schema

    @property
    def columns(self) -> list[str]:
        """Names of the columns of the result; no call is made.

        Raises:
            EmptyCohortRow: All columns are excluded.
        """
        return list(self._arrow_schema.names)

    def collect(self) -> pl.DataFrame:
        """Fetch the rows.

        Returns:
            A frame, in the order of the entities' keys. Columns of other tables are lists, which are never
            null; nested tables are lists of records, which are null where an entity has none.

        Raises:
            InvalidRequest: The server refuses the plan.
            ServiceProblem: The server cannot be reached or cannot answer.
        """
        return self.run().frame

    def run(self) -> CohortResult:
        """Fetch the rows, and keep which release they show.

        Returns:
            The frame with its release.

        Raises:
            InvalidRequest: The server refuses the plan.
            ServiceProblem: The server cannot be reached or cannot answer.
        """
        rows, stream = self._read()
        origin = stream.origin
        assert origin is not None  # noqa: S101 - rows of cohorts come from a catalog
        return CohortResult(frame_of(rows), origin.catalog, origin.digest, origin.release)

    def to_arrow(self) -> pa.Table:
        """Fetch the rows as an Arrow table.

        Returns:
            The table; the metadata of its schema name catalog, digest and release.

        Raises:
            InvalidRequest: The server refuses the plan.
            ServiceProblem: The server cannot be reached or cannot answer.
        """
        rows, stream = self._read()
        return rows.replace_schema_metadata(metadata_of(stream))

    def lazy(self) -> pl.LazyFrame:
        """Scan the cohort as a Polars pipeline, which asks for the columns and rows that it needs.

        Returns:
            A lazy frame. It reads whenever it is collected.

        Raises:
            EmptyCohortRow: All columns are excluded.
        """
        return LazyCohort(self._source, self.plan).frame

    def iter_batches(self, batch_rows: int | None = None) -> BatchStream:
        """Stream the rows, in bounded memory.

        Args:
            batch_rows: Rows of each frame but the last; as they arrive if None.

        Returns:
            The frames, at least one; leaving them early cancels the query.

        Raises:
            InvalidRequest: The server refuses the plan, or `batch_rows` is no number of rows.
            ServiceProblem: The server cannot be reached or cannot answer.
        """
        return iter_batches(self._source.transport, self.plan, batch_rows)

    def sink_parquet(self, path: str | PathLike[str], *, progress: bool = True) -> None:
        """Write the rows to a Parquet file while they arrive; its metadata name catalog, digest and release.

        Args:
            path: The file; one that exists is replaced once the new one is whole. ``~`` is the home folder.
            progress: Whether to show a progress bar.

        Raises:
            InvalidRequest: The server refuses the plan.
            ServiceProblem: The server cannot be reached or cannot answer.
            LocalFileProblem: The file system cannot hold the name.
            OSError: The file cannot be written, or there is something that is no file, such as a device.
        """
        sink_parquet(self._source.transport, self.plan, path, progress=progress)

    def count(self) -> int:
        """Count the entities that `collect` would give, without fetching them.

        Returns:
            Their number.

        Raises:
            InvalidRequest: The server refuses the plan.
            ServiceProblem: The server cannot be reached or cannot answer.
        """
        plan = self._plan
        answer = self._source.ask(Action.COHORT_COUNT, encode_cohort(plan))
        found = max(CohortCount.model_validate_json(answer).count - plan.offset, 0)
        return found if plan.limit is None else min(found, plan.limit)

    def exists(self) -> bool:
        """Tell whether `collect` would give any row.

        Returns:
            Whether there is one.

        Raises:
            InvalidRequest: The server refuses the plan.
            ServiceProblem: The server cannot be reached or cannot answer.
        """
        return self.count() > 0

    def summary(self) -> CohortSummary:
        """Summarise the whole cohort, whatever its limit and offset.

        Returns:
            How many entities there are, how many of the other kind are linked to them, and a frame for each
            column that is summarised.

        Raises:
            InvalidRequest: The server refuses the plan.
            ServiceProblem: The server cannot be reached or cannot answer.
        """
        answer = self._source.ask(Action.COHORT_SUMMARY, encode_cohort(self._plan))
        content = SummaryMessage.model_validate_json(answer).summary
        return CohortSummary(self._plan.endpoint, content, self._source.model)

    def explain(self) -> Explanation:
        """Ask the server how it would fetch the rows.

        Returns:
            The plan, the SQL that it becomes, and PostgreSQL's plan for that; printed, all below each other.

        Raises:
            InvalidRequest: The server refuses the plan.
            ServiceProblem: The server cannot be reached or cannot answer.
        """
        body = encode_ticket(CohortTicket(self.plan))
        return Explanation.model_validate_json(self._source.ask(Action.EXPLAIN, body))

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        """Share everything: nothing in a cohort ever changes."""
        return self

    def _repr_html_(self) -> str:
        """Show the cohort and its columns in a notebook; the server is not asked."""
        rows = [(name, str(dtype)) for name, dtype in self.schema.items()]
        return card(repr(self), "", table(("column", "type"), rows))

    def __repr__(self) -> str:
        """Show the cohort as it is written."""
        return show_cohort(self._plan, self._source.model)

    @property
    def _arrow_schema(self) -> pa.Schema:
        return cohort_schema(bind_cohort(self.plan, self._source.model).outputs)

    def _read(self) -> tuple[pa.Table, Stream]:
        return read_with_origin(self._source.transport, self.plan)
