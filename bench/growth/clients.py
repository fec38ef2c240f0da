"""Cost against the number of clients that ask at the same time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bench._harness.candidates import Candidate, run_once, tell
from bench._harness.environment import served
from bench._harness.summary import percentile
from bench._harness.timing import curve
from bench.peers.calls import crowd, retrieving

if TYPE_CHECKING:
    from bench._harness.environment import Environment
    from bench._harness.figures import Curve
    from bench._harness.scale import Scale

CLIENTS: Final = (1, 2, 4, 8, 16, 32, 64)
QUICK_CLIENTS: Final = (1, 8, 64)


def clients(environment: Environment, scale: Scale) -> dict[str, Curve]:
    """Retrieve one volume from ever more clients, and from as many through ADBC.

    Args:
        environment: The stack.
        scale: The sizes.

    Returns:
        Curves by candidate and figure.
    """
    calls = scale.of(1_280, 128)
    found: dict[str, dict[float, float]] = {}
    with served(environment.uri, cache_bytes=0) as server:
        for count in scale.of(CLIENTS, QUICK_CLIENTS):
            for who, uri in (("VxData", None), ("ADBC", environment.uri)):
                arguments = (retrieving, (server.url, uri, environment.first_volume), count, calls)
                one = run_once(Candidate(crowd, arguments), 1)
                seconds = one.moved.series["seconds"]
                found.setdefault(f"{who}: a call (p50)", {})[count] = 1e3 * percentile(seconds, 50)
                found.setdefault(f"{who}: a call (p99)", {})[count] = 1e3 * percentile(seconds, 99)
                found.setdefault(f"{who}: time ÷ calls", {})[count] = 1e3 * one.seconds / len(seconds)
                tell(f"  {count} clients, {who}: {len(seconds) / one.seconds:,.0f} calls/s")
    return {name: curve("clients", "ms", points) for name, points in found.items()}
