"""Lazy frames: Polars pipelines over a query. The server runs the steps that a plan can express."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import pyarrow as pa
from polars.io.plugins import register_io_source

from vxdata.schemas.binding import bind
from vxdata.schemas.errors import InvalidPlan
from vxdata.schemas.notation.predicates import Predicate
from vxdata.schemas.plan import OrderBy, encode
from vxdata.schemas.types.arrow import arrow_type
from vxdata.sdk._conversion.frames import frame_of
from vxdata.sdk._queries.pushdown import pushed_down
from vxdata.sdk._queries.result import resolve_snapshot
from vxdata.sdk._queries.stream import BatchStream
from vxdata.sdk._transport.retry import retry_read

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl

    from vxdata.schemas.plan import Plan
    from vxdata.sdk._session import Session
    from vxdata.sdk._transport.base import Stream

PAUSE_SECONDS: Final = 0.2
"""How often a waiting source lets Polars look up."""


class LazyScan:
    """A query as a source of Polars, and what Polars had it send.

    The frame reads at one instant, fixed when the scan is made, so that all scans of a pipeline agree,
    and in one order, that of the query or else by identifier, so that positions agree as well. Columns,
    conditions and a number of first rows go to the server where a plan can say them; every condition is
    checked again here.

    Args:
        session: The way to the server, and what it offers.
        plan: What is asked.

    Raises:
        InvalidRequest: The plan names what does not exist.
        ServiceProblem: The server cannot be reached or cannot answer.
    """

    def __init__(self, session: Session, plan: Plan) -> None:
        """Fix the instant and the order."""
        bound = bind(plan, session.catalog)
        self._transport = session.transport
        self._catalog = session.catalog
        self._relation = bound.relation
        changes: dict[str, object] = {}
        if plan.as_of is None and not bound.is_timeless:
            changes["as_of"] = resolve_snapshot(session.transport, None).as_of
        if not plan.order_by:
            changes["order_by"] = _natural_order(plan, bound.relation.key)
        self._plan = plan.model_copy(update=changes)
        self._plans: list[Plan] = []
        arrow_schema = pa.schema([(column.name, arrow_type(column.type)) for column in bound.columns])
        schema = frame_of(arrow_schema.empty_table()).schema
        self.frame = register_io_source(self._scan, schema=schema, validate_schema=True, is_pure=True)

    @property
    def plans(self) -> tuple[Plan, ...]:
        """The plans that were sent so far, one for each time that Polars read the source."""
        return tuple(self._plans)

    def _scan(
        self, columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, _batch_rows: int | None
    ) -> Iterator[pl.DataFrame]:
        """Yield frames for Polars: the first `rows` rows, if given, and of these the ones that pass."""
        plan = self._narrowed(columns, predicate, rows)
        self._plans.append(plan)
        stream = retry_read(partial(self._transport.read, plan), self._transport)
        with BatchStream(stream) as frames:
            for frame in with_pauses(stream, frames):
                passing = frame if predicate is None else frame.filter(predicate)
                yield passing if columns is None else passing.select(columns)

    def _narrowed(self, columns: list[str] | None, predicate: pl.Expr | None, rows: int | None) -> Plan:
        """Return the plan with the steps of Polars that it can express without a change of the result."""
        plan = self._plan
        changes: dict[str, object] = {}
        if rows is not None:
            changes["limit"] = rows if plan.limit is None else min(rows, plan.limit)
        # The rows of a distinct or grouped answer follow from its columns.
        if columns and not plan.distinct and plan.group_by is None:
            changes["select"] = tuple(columns)
        # A plan checks its condition before it counts or groups rows, or takes the first of a group.
        is_whole = plan.group_by is None and plan.limit is None and not plan.offset and rows is None
        if predicate is not None and is_whole and plan.first_per is None:
            changes["where"] = self._where(predicate)
        return plan.model_copy(update=changes)

    def _where(self, predicate: pl.Expr) -> object:
        """The query's own condition together with what of Polars' can be said, if the plan can hold it."""
        own, more = self._plan.where, pushed_down(self._catalog, predicate, self._relation)
        if more is None:
            return own
        try:
            both = more if own is None else (Predicate.of(own) & Predicate.of(more)).node
            encode(self._plan.model_copy(update={"where": both}))
        except InvalidPlan:
            return own
        return both


def lazy(session: Session, plan: Plan) -> pl.LazyFrame:
    """Make a lazy frame of a plan.

    Args:
        session: The way to the server, and what it offers.
        plan: What is asked.

    Returns:
        A frame that reads when it is collected, at the instant at which it was made.

    Raises:
        InvalidRequest: The plan names what does not exist.
        ServiceProblem: The server cannot be reached or cannot answer.
    """
    return LazyScan(session, plan).frame


def with_pauses(stream: Stream, frames: BatchStream) -> Iterator[pl.DataFrame]:
    """Hand Polars an empty frame from time to time while the server computes: it heeds Ctrl-C in between.

    Args:
        stream: The answer.
        frames: Its frames.

    Returns:
        The frames, and empty ones between them.
    """
    nothing = frame_of(stream.arrow_schema.empty_table())
    while True:
        while not stream.batches.is_ready(PAUSE_SECONDS):
            yield nothing
        frame = next(frames, None)
        if frame is None:
            return
        yield frame


def _natural_order(plan: Plan, key: Sequence[str]) -> tuple[OrderBy, ...]:
    """The order of a plan that states none; ties need not be told apart, binding does so."""
    if plan.group_by is not None:
        key = [name if isinstance(name, str) else name.name for name in plan.group_by]
    elif plan.distinct and plan.select is not None:
        key = plan.select
    return tuple(OrderBy(field=name) for name in key[:1])
