"""Queries: immutable builders of plans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from vxdata.sdk._queries.readable import ReadableQuery, Response_co
from vxdata.sdk._queries.result import resolve_snapshot
from vxdata.sdk._snapshot import instant_of

if TYPE_CHECKING:
    import polars as pl

    from vxdata.sdk._snapshot import AsOf


class Query(ReadableQuery[Response_co]):
    """A query for the resources of one type; nothing is sent until it is collected.

    Start with the `query()` of a namespace. Every step returns a new query, and checks names and types of
    values at once. Rows are filtered first; then the first of each group is taken; then rows are grouped or
    made distinct, then ordered, then limited. A step that comes too late for this order raises `InvalidPlan`.

    Args:
        session: The way to the server, and the instant that is read at unless the query states one.
        plan: What is asked so far.
    """

    __slots__ = ()

    def head(self, rows: int = 5) -> pl.DataFrame:
        """Run the query for its first rows only.

        Args:
            rows: Number of rows, at least 0.

        Returns:
            The frame.

        Raises:
            InvalidPlan: It is no whole number, or out of range.
            InvalidRequest: The server refuses the plan.
            ServiceProblem: The server cannot be reached or cannot answer.
        """
        return self.limit(rows).collect()

    def show(self, rows: int = 5) -> None:
        """Print the first rows, in a notebook as a table.

        Args:
            rows: Number of rows, at least 0.

        Raises:
            InvalidPlan: It is no whole number, or out of range.
            InvalidRequest: The server refuses the plan.
            ServiceProblem: The server cannot be reached or cannot answer.
        """
        self.head(rows).show(rows)

    def as_of(self, instant: AsOf) -> Self:
        """Read at an instant, instead of the client's own or the last commit.

        Args:
            instant: A date or instant as text or object, or the snapshot of an earlier read.

        Returns:
            The query at that instant.

        Raises:
            InvalidRequest: The text is no date or instant.
            FieldTypeMismatch: It is neither text nor date nor instant, and knows none.
        """
        return self._with(as_of=instant_of(instant))

    def pin(self) -> Self:
        """Fix the instant that the query reads at, by asking the server which one that is.

        Returns:
            The query at that instant; its result never changes.

        Raises:
            AsOfInFuture: The query's own instant is later than the server's clock.
            ServiceProblem: The server cannot be reached or cannot answer.
        """
        return self.as_of(resolve_snapshot(self._session.transport, self.plan.as_of))
