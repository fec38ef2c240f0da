"""Count: how many rows a plan gives, without sending them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vxdata.schemas.plan.counting import ROWS, counting_plan, is_counted_by_database, rows_of_page

if TYPE_CHECKING:
    from vxdata.schemas.plan import Plan
    from vxdata.server.call import Call
    from vxdata.server.services.read import ReadService, Result


@dataclass(frozen=True)
class Count:
    """A count that has not been taken yet.

    Args:
        plan: What is counted.
        result: The running query that tells the number; the schema names the instant.
    """

    plan: Plan
    result: Result

    def rows(self) -> int:
        """Take the count; it can be taken once."""
        if is_counted_by_database(self.plan):
            (batch,) = self.result.batches
            return rows_of_page(self.plan, batch.column(ROWS)[0].as_py())
        rows: int = sum(batch.num_rows for batch in self.result.batches)
        return rows


def count(read: ReadService, plan: Plan, call: Call) -> Count:
    """Begin to count the rows that a plan gives.

    Args:
        read: Runs plans.
        plan: A plan that binds.
        call: The call, with its deadline.

    Returns:
        The count, before it is taken.

    Raises:
        InvalidRequest: The plan names what does not exist, or lies in the future.
        ServiceProblem: The database cannot be asked.
    """
    return Count(plan, read.run(counting_plan(plan), call))
