"""Cost against the number of rows in the table."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

import polars as pl

from bench._harness.candidates import tell
from bench._harness.environment import served
from bench._harness.timing import curve, median_seconds
from bench.growth.synthetic import create_parents, create_volumes, name, volumes
from vxdata.sdk import Client

if TYPE_CHECKING:
    from bench._harness.environment import Environment
    from bench._harness.figures import Curve
    from bench._harness.scale import Scale

MAX_WRITES: Final = 5
"""Writes that are timed at each size: they make the table grow, too."""


def rows(environment: Environment, scale: Scale) -> dict[str, Curve]:
    """Let one table grow, and stop at each size to measure.

    Args:
        environment: The stack.
        scale: The sizes.

    Returns:
        Curves by what is done.
    """
    sizes = scale.of((10_000, 30_000, 100_000, 300_000, 1_000_000), (1_000, 3_000, 10_000, 30_000))
    sizes += (3_000_000, 10_000_000) if scale.huge else ()
    found: dict[str, dict[float, float]] = {}
    with (
        environment.database("bench_rows", with_data=False) as uri,
        served(uri, cache_bytes=0) as server,
        Client(server.url) as client,
    ):
        create_parents(client)
        few = scale.of(1_000, 100)
        times = min(scale.rounds, MAX_WRITES)
        for before, size in itertools.pairwise((0, *sizes)):
            filled = size - few * (times + 1)
            create_volumes(client, before, filled)
            for work, seconds in _measured(client, filled, few, times).items():
                found.setdefault(work, {})[size] = seconds
            tell(f"  {size:,} rows: " + ", ".join(f"{key} {each[size]:.4f}" for key, each in found.items()))
    return {work: curve("rows", _unit(work), points) for work, points in found.items()}


def _measured(client: Client, filled: int, few: int, times: int) -> dict[str, float]:
    """What single calls take in a table that is filled so far."""
    created, values = itertools.count(filled, few), itertools.count(1)
    some = sorted({name(number * 7919 % filled) for number in range(few)})
    names = pl.DataFrame({"identifier": some})

    def create() -> None:
        begin = next(created)
        client.volumes.create(volumes(begin, begin + few))

    def update() -> None:
        client.volumes.update(names.with_columns(b_value=pl.lit(float(next(values)))))

    def retrieve() -> None:
        client.volumes.retrieve(some[0], include_children=False)

    return {
        f"create of {few:,} rows": median_seconds(create, times),
        f"update of {few:,} rows": median_seconds(update, times),
        "full pull": median_seconds(client.volumes.query().collect, times),
        "retrieve of one": 1e3 * median_seconds(retrieve, 30),
        "limit(10)": 1e3 * median_seconds(client.volumes.query().limit(10).collect, 30),
    }


def _unit(work: str) -> str:
    return "ms" if work in {"retrieve of one", "limit(10)"} else "s"
