"""How do costs grow with rows, versions, clients and plans?

Every point is the median of a few calls from one process, on a server whose cache is off; only concurrent
clients are several processes. Two lines are put through the points of each curve: one through the
logarithms, whose slope is the power that the cost grows with (1 is in proportion, 0 is not at all), and a
straight one. Synthetic volumes fill twelve columns each.

What is no straight line. A pull as of the past passes over every version that is kept. From two clients on
both cores are busy: each call waits for the others, and all together are no faster. Reads of a few rows
scatter with the load of the machine, whatever the size: of ten million rows PostgreSQL itself reads five
pages for `limit(10)`, and takes 0.1 ms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench._harness.figures import Answer
from bench.growth.clients import clients
from bench.growth.plans import plans
from bench.growth.rows import rows
from bench.growth.versions import versions

if TYPE_CHECKING:
    from bench._harness.environment import Environment
    from bench._harness.scale import Scale


def answer(environment: Environment, scale: Scale) -> Answer:
    """Let one thing grow after the other."""
    found = {
        f"{grown.__name__}: {work}": each
        for grown in (rows, versions, clients, plans)
        for work, each in grown(environment, scale).items()
    }
    return Answer(curves=found)
