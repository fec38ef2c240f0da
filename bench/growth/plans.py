"""Cost against the size of a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bench._harness.candidates import tell
from bench._harness.environment import served
from bench._harness.timing import curve, median_seconds
from bench.growth.synthetic import name
from vxdata.sdk import Client, F

if TYPE_CHECKING:
    from bench._harness.environment import Environment
    from bench._harness.figures import Curve
    from bench._harness.scale import Scale
    from vxdata.sdk import Query

TERMS: Final = (1, 10, 100, 1_000, 10_000)
ROWS: Final = 10
"""Few, so that PostgreSQL's own work stays small."""


def plans(environment: Environment, scale: Scale) -> dict[str, Curve]:
    """Ask for few rows with ever more conditions, and with ever longer lists.

    Args:
        environment: The stack.
        scale: The sizes.

    Returns:
        Curves by kind of plan.
    """
    found: dict[str, dict[float, float]] = {}
    with served(environment.uri, cache_bytes=0) as server, Client(server.url) as client:
        for terms in TERMS:
            for kind, query in _queries(client, terms).items():
                found.setdefault(kind, {})[terms] = 1e3 * median_seconds(query.collect, scale.rounds)
                tell(f"  {terms:,} terms, {kind}: {found[kind][terms]:.1f} ms")
    return {kind: curve("terms", "ms", points) for kind, points in found.items()}


def _queries(client: Client, terms: int) -> dict[str, Query[Any]]:
    names = [name(number) for number in range(terms)]
    query = client.volumes.query()
    return {
        "conditions": query.filter(*(F.identifier != each for each in names)).limit(ROWS),
        "values of one list": query.filter(F.identifier.is_in(names)).limit(ROWS),
    }
