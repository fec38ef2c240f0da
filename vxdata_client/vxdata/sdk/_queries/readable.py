"""The results of a query: its rows, their number, their schema, and how it is run."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Generic, Self, cast

import pyarrow as pa
from typing_extensions import TypeVar

from vxdata.schemas.errors import InvalidPlan
from vxdata.schemas.models import ResourceResponse
from vxdata.schemas.notation.query import PlannedQuery
from vxdata.schemas.plan import digest, encode
from vxdata.schemas.plan.counting import counting_plan, is_counted_by_database, keys_alone
from vxdata.schemas.types.arrow import arrow_type
from vxdata.schemas.wire import Action, Explanation
from vxdata.sdk._conversion.frames import frame_of
from vxdata.sdk._conversion.models import responses
from vxdata.sdk._expressions.lint import warn_of_unlikely
from vxdata.sdk._queries.lazy import lazy
from vxdata.sdk._queries.pages import Pager
from vxdata.sdk._queries.result import Result, count_by_server, count_rows, with_snapshot
from vxdata.sdk._queries.stream import iter_batches, read_whole, read_with_origin
from vxdata.sdk._queries.unread import Unread
from vxdata.sdk._queries.writer import sink_parquet
from vxdata.sdk._transport.retry import retry_read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from os import PathLike

    import pandas as pd
    import polars as pl

    from vxdata.schemas.binding.bound_predicates import BoundPredicate
    from vxdata.schemas.catalog import Catalog
    from vxdata.schemas.plan import Plan
    from vxdata.sdk._queries.pages import Page
    from vxdata.sdk._queries.stream import BatchStream
    from vxdata.sdk._session import Session
    from vxdata.sdk._snapshot import Snapshot

Response_co = TypeVar("Response_co", bound=ResourceResponse, default=ResourceResponse, covariant=True)


class ReadableQuery(PlannedQuery, Unread, Generic[Response_co]):
    """A plan that can be run.

    Args:
        session: The way to the server, and the instant that is read at unless the plan states one.
        plan: What is asked.
    """

    __slots__ = ("_plan", "_session")

    _noun = "query"
    _counted = "rows"

    def __init__(self, session: Session, plan: Plan) -> None:
        """Keep both."""
        self._session = session
        self._plan = plan

    def _repr_html_(self) -> str:
        """Show the query and its columns in a notebook; the server is not asked."""
        from vxdata.sdk._notebook import query_card  # noqa: PLC0415 - for notebooks alone

        return query_card(repr(self), self._bound(self._plan).columns)

    @property
    def plan(self) -> Plan:
        """The plan as `collect` sends it: at the instant of the query, else at that of the client."""
        if self._plan.as_of is not None or self._session.as_of is None:
            return self._plan
        return self._plan.model_copy(update={"as_of": self._session.as_of})

    @property
    def digest(self) -> str:
        """Names the plan by 32 hexadecimal digits, which are equal for equal queries."""
        return digest(self.plan)

    @property
    def schema(self) -> pl.Schema:
        """Columns and types of the result; no call is made."""
        columns = self._bound(self._plan).columns
        arrow_schema = pa.schema([(field.name, arrow_type(field.type)) for field in columns])
        return frame_of(arrow_schema.empty_table()).schema

    @property
    def columns(self) -> list[str]:
        """Names of the columns of the result; no call is made."""
        return [field.name for field in self._bound(self._plan).columns]

    def collect(self) -> pl.DataFrame:
        """Run the query.

        Returns:
            A frame with exactly the columns and types that the registry declares.

        Raises:
            InvalidRequest: The server refuses the plan.
            ServiceProblem: The server cannot be reached or cannot answer.
        """
        return self.run().frame

    def run(self) -> Result:
        """Run the query, and keep the instant that it was read at.

        Returns:
            The frame with its instant.

        Raises:
            InvalidRequest: The server refuses the plan.
            ServiceProblem: The server cannot be reached or cannot answer.
        """
        table, stream = read_with_origin(self._session.transport, self.plan)
        return Result(frame_of(table), stream.as_of, stream.version, stream.origin)

    def collect_as_pydantic(self) -> list[Response_co]:
        """Run the query and make a model of every row.

        Returns:
            Responses of the resource type, in the order of the rows.

        Raises:
            InvalidPlan: The rows are no whole resources of one type.
            InvalidRequest: The server refuses the plan.
            ServiceProblem: The server cannot be reached or cannot answer.
        """
        plan = self.plan
        if plan.select is not None or plan.group_by is not None:
            msg = "collect_as_pydantic makes whole resources; after select, distinct or agg use collect."
            raise InvalidPlan(msg)
        if plan.history:
            msg = "collect_as_pydantic makes resources as they are; for versions use collect."
            raise InvalidPlan(msg)
        if plan.relation not in self._session.registry.by_prefix:
            msg = (
                f"Rows of {plan.relation} are no resources of one type, so they have no model; "
                "use collect, or client.resources.retrieve(identifiers)."
            )
            raise InvalidPlan(msg, resource_type=plan.relation)
        table, _ = read_whole(self._session.transport, plan)
        payload_type = self._session.registry.get(plan.relation)
        return cast("list[Response_co]", responses(table, payload_type))

    def to_arrow(self) -> pa.Table:
        """Run the query and return an Arrow table.

        Returns:
            A table of the registry's Arrow schema, whose metadata hold the snapshot: the instant under
            ``vxdata.as_of``, and the number of the last commit under ``vxdata.version``.

        Raises:
            InvalidRequest: The server refuses the plan.
            ServiceProblem: The server cannot be reached or cannot answer.
        """
        return with_snapshot(*read_whole(self._session.transport, self.plan))

    def to_pandas(self) -> pd.DataFrame:
        """Run the query and return a pandas frame; pandas must be installed.

        Returns:
            The frame, with the types that hold nulls (`pd.ArrowDtype`).

        Raises:
            ModuleNotFoundError: pandas is not installed.
            InvalidRequest: The server refuses the plan.
            ServiceProblem: The server cannot be reached or cannot answer.
        """
        try:
            import pandas as pd  # noqa: PLC0415 - no dependency of the SDK
        except ModuleNotFoundError as error:
            msg = "to_pandas needs pandas: pip install pandas. Or take collect(), a Polars frame."
            raise ModuleNotFoundError(msg, name="pandas") from error
        return self.to_arrow().to_pandas(types_mapper=pd.ArrowDtype)

    def lazy(self) -> pl.LazyFrame:
        """Scan the query as a Polars pipeline. The server runs the steps that a plan can express.

        Returns:
            A lazy frame. It reads when it is collected, at the instant at which it was made.

        Raises:
            ServiceProblem: The server cannot be reached or cannot answer.
        """
        return lazy(self._session, self.plan)

    def iter_batches(self, batch_rows: int | None = None) -> BatchStream:
        """Run the query and stream its rows, in bounded memory.

        Args:
            batch_rows: Rows of each frame but the last; as they arrive if None.

        Returns:
            The frames, at least one; leaving them early cancels the query.

        Raises:
            InvalidRequest: The server refuses the plan, or `batch_rows` is no number of rows.
            ServiceProblem: The server cannot be reached or cannot answer.
        """
        return iter_batches(self._session.transport, self.plan, batch_rows)

    def iter_pages(self, rows: int = 10_000, *, after: str | None = None) -> Iterator[Page]:
        """Read the result page by page, all at one instant, in the order of the query or else by identifier.

        A page begins after the last row of the previous one, so a late page takes no longer than an early
        one if an index has the order, as one has that of identifiers. Each page is a call of its own: a
        reader may take its time, and go on later, in another process, with the cursor of a page.

        Args:
            rows: Rows of each page but the last.
            after: The cursor of a page of the same query, to continue after it, at the instant of that page.

        Returns:
            The pages, at least one. The first that is asked for fixes the instant.

        Raises:
            InvalidPlan: Rows are grouped, or their relation keeps no versions; or `rows` is no number.
            InvalidRequest: `after` is no cursor of this query; or the server refuses the plan.
            ServiceProblem: The server cannot be reached or cannot answer.
        """
        return Pager(self._session, self.plan, rows).read(after)

    def sink_parquet(self, path: str | PathLike[str], *, progress: bool = True) -> Snapshot:
        """Run the query and write its rows to a Parquet file while they arrive.

        Args:
            path: The file; one that exists is replaced once the new one is whole, and keeps its mode. Links
                are followed; ``~`` is the home folder.
            progress: Whether to show a progress bar.

        Returns:
            The snapshot of what was read; the file's metadata hold it, too.

        Raises:
            InvalidRequest: The server refuses the plan.
            ServiceProblem: The server cannot be reached or cannot answer.
            LocalFileProblem: The file system cannot hold the name.
            OSError: The file cannot be written, or there is something that is no file, such as a device.
        """
        return sink_parquet(self._session.transport, self.plan, path, progress=progress)

    def count(self) -> int:
        """Count the rows that `collect` would give, without fetching them.

        Of a grouped or distinct query the keys are fetched, and counted as they pass by.

        Returns:
            Their number.

        Raises:
            InvalidRequest: The server refuses the plan.
            ServiceProblem: The server cannot be reached or cannot answer.
        """
        plan = self.plan
        if not is_counted_by_database(plan):
            return count_rows(self._session.transport, counting_plan(plan))
        rows, _ = count_by_server(self._session.transport, plan)
        return rows

    def exists(self) -> bool:
        """Tell whether `collect` would give any row.

        Returns:
            Whether there is one.

        Raises:
            InvalidRequest: The server refuses the plan.
            ServiceProblem: The server cannot be reached or cannot answer.
        """
        plan = keys_alone(self.plan)
        if not plan.distinct and plan.group_by is None:
            plan = plan.model_copy(update={"select": self._relation.key[:1]})
        first = plan.model_copy(update={"limit": 1 if plan.limit is None else min(plan.limit, 1)})
        return count_rows(self._session.transport, first) > 0

    def explain(self) -> Explanation:
        """Ask the server how it would run the query.

        Returns:
            The plan in its canonical form, the SQL that it becomes, and PostgreSQL's plan for that; printed,
            all three below each other.

        Raises:
            InvalidRequest: The server refuses the plan.
            ServiceProblem: The server cannot be reached or cannot answer.
        """
        ask = partial(self._session.transport.act, Action.EXPLAIN, encode(self.plan))
        return Explanation.model_validate_json(retry_read(ask, self._session.transport))

    @property
    def _catalog(self) -> Catalog:
        return self._session.catalog

    @property
    def _client_as_of(self) -> datetime | None:
        return self._session.as_of

    def _following(self, plan: Plan) -> Self:
        return type(self)(self._session, plan)

    def _look_over(self, condition: BoundPredicate) -> None:
        warn_of_unlikely(self._session.registry, condition, self._plan.relation)
