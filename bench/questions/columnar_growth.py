"""How do the questions that no index answers grow with rows and versions, beside PostgreSQL and DuckDB?

The ten questions are asked of a server with columnar copies, of PostgreSQL in plain SQL, and of DuckDB over a
table of its own, as in the question before and under the same conditions: a commit goes before every
call of ours, and the copies hold it. Rows are synthetic, of sixteen columns; with `--huge` they grow to ten
million, and versions are those of a million rows instead of 200,000. Each point is the median of three calls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench._harness.figures import Answer
from bench.columnar.growth import rows, versions

if TYPE_CHECKING:
    from bench._harness.environment import Environment
    from bench._harness.scale import Scale


def answer(environment: Environment, scale: Scale) -> Answer:
    """Let rows grow, then versions."""
    found = {
        f"{grown.__name__}: {work}": each
        for grown in (rows, versions)
        for work, each in grown(environment, scale).items()
    }
    return Answer(curves=found)
