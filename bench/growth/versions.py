"""Cost against the number of versions of each identifier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from bench._harness.candidates import tell
from bench._harness.environment import served
from bench._harness.timing import curve, median_seconds
from bench.growth.synthetic import create_parents, create_volumes, name
from vxdata.sdk import Client

if TYPE_CHECKING:
    from datetime import datetime

    from bench._harness.environment import Environment
    from bench._harness.figures import Curve
    from bench._harness.scale import Scale

MEASURED_AT: Final = (1, 10, 100)


def versions(environment: Environment, scale: Scale) -> dict[str, Curve]:
    """Update all rows again and again, and measure at some numbers of versions.

    Args:
        environment: The stack.
        scale: The sizes.

    Returns:
        Curves by what is done.
    """
    rows = scale.of(10_000, 1_000)
    found: dict[str, dict[float, float]] = {}
    with (
        environment.database("bench_versions", with_data=False) as uri,
        served(uri, cache_bytes=0) as server,
        Client(server.url) as client,
    ):
        create_parents(client)
        create_volumes(client, 0, rows)
        names = pl.DataFrame({"identifier": [name(number) for number in range(rows)]})
        instants = [client.now().as_of]
        for version in range(1, MEASURED_AT[-1] + 1):
            if version > 1:
                changed = names.with_columns(b_value=pl.lit(float(version)))
                instants.append(client.volumes.update(changed).as_of)
            if version in MEASURED_AT:
                environment.administer("VACUUM (ANALYZE)", database="bench_versions")
                for work, seconds in _measured(client, instants, scale.rounds).items():
                    found.setdefault(work, {})[version] = seconds
                tell(f"  {version} versions of {rows:,} rows")
    return {work: curve("versions an identifier", "ms", points) for work, points in found.items()}


def _measured(client: Client, instants: list[datetime], rounds: int) -> dict[str, float]:
    """Reads of the present, of the middle of the past, and of one history, in milliseconds."""
    query, middle = client.volumes.query(), instants[len(instants) // 2]
    return {
        "current pull": 1e3 * median_seconds(query.collect, rounds),
        "pull as of the middle": 1e3 * median_seconds(query.as_of(middle).collect, rounds),
        "retrieve of one": 1e3 * median_seconds(lambda: client.volumes.retrieve(name(1)), 4 * rounds),
        "history of one": 1e3 * median_seconds(lambda: client.volumes.history(name(1)), 4 * rounds),
    }
