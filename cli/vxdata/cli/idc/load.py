"""The load: what is missing goes up in all-or-nothing batches of whole patients."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import polars as pl

from vxdata.cli.idc.mapping import LEVELS
from vxdata.sdk import F

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vxdata.cli.idc.mapping import Mapped
    from vxdata.sdk import Client

ROWS_PER_BATCH: Final = 50_000
"""Rows of a commit: a few seconds' work, so that an interrupted load loses little."""


@dataclass(frozen=True)
class Batch:
    """Resources of some patients, at all levels.

    Args:
        frames: By resource type; empty ones are left out.
    """

    frames: dict[str, pl.DataFrame]

    @property
    def rows(self) -> int:
        """Resources over all levels."""
        return sum(frame.height for frame in self.frames.values())


@dataclass
class Loaded:
    """The result of a load.

    Args:
        created: Resources created, by type.
        present: Resources that were there before, by type.
        commits: Number of commits.
        seconds: Time from the first upload to the last commit.
    """

    created: dict[str, int] = field(default_factory=lambda: dict.fromkeys(LEVELS, 0))
    present: dict[str, int] = field(default_factory=lambda: dict.fromkeys(LEVELS, 0))
    commits: int = 0
    seconds: float = 0.0


def missing(client: Client, mapped: Mapped) -> tuple[dict[str, pl.DataFrame], dict[str, int]]:
    """Find out what of an index is not stored yet.

    Args:
        client: Where to look.
        mapped: The resources of the index.

    Returns:
        The resources to create by type, and the number that is there already.
    """
    sources = mapped.frames["datasource"]["identifier"].to_list()
    absent, present = {}, {}
    for resource_type in LEVELS:
        stored = (
            client.namespace(resource_type)
            .query()
            .filter(F.datasource_id.is_in(sources))
            .select("identifier")
            .collect()
        )
        frame = mapped.frames[resource_type]
        absent[resource_type] = frame.join(stored, on="identifier", how="anti", maintain_order="left")
        present[resource_type] = frame.height - absent[resource_type].height
    return absent, present


def batches(absent: dict[str, pl.DataFrame], rows_per_batch: int = ROWS_PER_BATCH) -> Iterator[Batch]:
    """Cut what is missing into batches, each of whole patients with all that is above them.

    Args:
        absent: Frames with a `patient_key`, by resource type.
        rows_per_batch: Rows of a batch, about: no patient is cut in two.

    Yields:
        Batches in the order of the patients; a data source comes with its first patient.
    """
    keys = pl.concat(frame.select("patient_key") for frame in absent.values())
    numbers = (
        keys.group_by("patient_key")
        .len()
        .sort("patient_key")
        .select("patient_key", (pl.col("len").cum_sum() // rows_per_batch).alias("batch"))
    )
    parts = {
        name: frame.join(numbers, on="patient_key", how="left", maintain_order="left")
        .drop("patient_key")
        .partition_by("batch", as_dict=True, include_key=False)
        for name, frame in absent.items()
    }
    for key in sorted({key for part in parts.values() for key in part}):
        yield Batch({name: part[key] for name, part in parts.items() if key in part})


def load(
    client: Client,
    mapped: Mapped,
    on_progress: Callable[[int, int], None],
    rows_per_batch: int = ROWS_PER_BATCH,
) -> Loaded:
    """Create what is missing.

    Args:
        client: Where to.
        mapped: The resources of the index.
        on_progress: Called with the rows done and the rows to do: before the first and after each commit.
        rows_per_batch: Rows of a commit, about.

    Returns:
        What was created and what was there.

    Raises:
        VxDataError: The server refused a batch; the batches before it stay.
    """
    loaded = Loaded()
    absent, loaded.present = missing(client, mapped)
    total = sum(frame.height for frame in absent.values())
    done = 0
    on_progress(done, total)
    started = time.perf_counter()
    for batch in batches(absent, rows_per_batch):
        receipt = client.resources.create(batch.frames)
        for name, count in receipt.counts.items():
            loaded.created[name] += count
        loaded.commits += 1
        done += batch.rows
        on_progress(done, total)
    loaded.seconds = time.perf_counter() - started
    return loaded
