"""Pinned reads: several plans that are read at one instant, each small enough to be held whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from vxdata.schemas.plan import Plan
    from vxdata.server.call import Call
    from vxdata.server.services.read import ReadService


@dataclass(frozen=True)
class PinnedReads:
    """Reads plans at one instant, through the service that reads all plans.

    Args:
        read: Runs plans.
        as_of: The instant.
        call: The call, with its deadline.
    """

    read: ReadService
    as_of: datetime
    call: Call

    def at(self, as_of: datetime) -> PinnedReads:
        """The same reads at another instant."""
        return PinnedReads(self.read, as_of, self.call)

    def table(self, plan: Plan) -> pa.Table:
        """Read a plan.

        Args:
            plan: The plan; its own instant does not count.

        Returns:
            All of its rows.

        Raises:
            InvalidRequest: The plan names what does not exist.
            ServiceProblem: The database cannot be asked.
        """
        result = self.read.run(plan.model_copy(update={"as_of": self.as_of}), self.call)
        return pa.Table.from_batches(list(result.batches), schema=result.arrow_schema)

    def rows(self, plan: Plan) -> list[dict[str, Any]]:
        """Read a plan, as values of Python.

        Args:
            plan: The plan; its own instant does not count.

        Returns:
            Its rows; a mapping is a dictionary.
        """
        return rows_of(self.table(plan))


def rows_of(table: pa.Table) -> list[dict[str, Any]]:
    """Take the rows of a table as values of Python.

    Args:
        table: The table.

    Returns:
        Its rows, each by name of the column; a mapping is a dictionary.

    Example:
        >>> rows_of(pa.table({"n": pa.array([[("a", 1.0)], None], pa.map_(pa.string(), pa.float64()))}))
        [{'n': {'a': 1.0}}, {'n': None}]
    """
    columns = [_values(column) for column in table.columns]
    return [dict(zip(table.column_names, row, strict=True)) for row in zip(*columns, strict=True)]


def _values(column: pa.ChunkedArray) -> Sequence[Any]:
    values: list[Any] = column.to_pylist()
    if pa.types.is_map(column.type):
        return [None if value is None else dict(value) for value in values]
    return values
