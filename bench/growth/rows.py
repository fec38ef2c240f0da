"""Cost against the number of rows in the table."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import polars as pl

from bench.candidates import tell
from bench.environment import served
from bench.growth.synthetic import create_parents, create_volumes, name, volumes
from bench.growth.timing import curve, median_seconds
from vxdata.sdk import Client

if TYPE_CHECKING:
    from bench.environment import Environment
    from bench.figures import Curve
    from bench.scale import Scale

FEW = 1_000
"""Rows of the writes that are timed at each size."""


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
        for before, size in itertools.pairwise((0, *sizes)):
            create_volumes(client, before, size - FEW * (scale.rounds + 1))
            created = itertools.count(size - FEW * (scale.rounds + 1), FEW)
            for work, seconds in _measured(client, created, size, scale).items():
                found.setdefault(work, {})[size] = seconds
            tell(f"  {size:,} rows: " + ", ".join(f"{key} {each[size]:.4f}" for key, each in found.items()))
    return {work: curve("rows", _unit(work), points) for work, points in found.items()}


def _measured(client: Client, created: itertools.count[int], size: int, scale: Scale) -> dict[str, float]:
    """What single calls take in a table of a size."""
    values = itertools.count(1)
    some = [name(number * 7919 % max(size - FEW * (scale.rounds + 1), 1)) for number in range(FEW)]
    names = pl.DataFrame({"identifier": sorted(set(some))})

    def create() -> None:
        begin = next(created)
        client.volumes.create(volumes(begin, begin + FEW))

    def update() -> None:
        client.volumes.update(names.with_columns(b_value=pl.lit(float(next(values)))))

    return {
        f"create of {FEW:,} rows": median_seconds(create, scale.rounds),
        f"update of {FEW:,} rows": median_seconds(update, scale.rounds),
        "full pull": median_seconds(client.volumes.query().collect, scale.rounds),
        "retrieve of one": 1e3
        * median_seconds(lambda: client.volumes.retrieve(some[0], include_children=False), 30),
        "limit(10)": 1e3 * median_seconds(client.volumes.query().limit(10).collect, 30),
    }


def _unit(work: str) -> str:
    return "ms" if work in {"retrieve of one", "limit(10)"} else "s"
