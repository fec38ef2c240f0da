"""The rows and columns that every candidate has to deliver, and the frames that writes begin with."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

import polars as pl

from bench._harness.copies import await_copies
from vxdata.schemas.catalog.registry import registry
from vxdata.sdk import Client
from vxdata.sdk._conversion.frames import table_from_frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

VOLUMES: Final = tuple(field.name for field in registry().get("volume").response_fields)
"""All columns of a volume."""

WHERE: Final = "NOT tombstone"
STAMPS: Final = ("valid_from", "created_at")
LINEAGE: Final = ("datasource_id", "patient_id", "study_id")


def select_volumes(where: str = WHERE) -> str:
    """The query that peers run: all live volumes with all columns."""
    return f"SELECT {', '.join(VOLUMES)} FROM vxdata.volume WHERE {where}"


def read_volumes(path: Path, rows: int, label: str = "") -> pl.DataFrame:
    """Read volumes as they were loaded.

    Args:
        path: Arrow file.
        rows: How many; where there are fewer, they come again under other identifiers.
        label: Added to each identifier, so that they are new.

    Returns:
        The frame that a user would create them from.
    """
    volumes = pl.read_ipc(path.read_bytes())
    suffixes = [label + (f"-{number}" if number else "") for number in range(-(-rows // volumes.height))]
    copies = [volumes.with_columns(pl.col("identifier") + suffix) for suffix in suffixes]
    return pl.concat(copies).head(rows).rechunk()


def stored(volumes: pl.DataFrame) -> pl.DataFrame:
    """Volumes as a plain table stores them: lineage, stamps and version are given, not computed.

    Args:
        volumes: The frame that a user would create them from.

    Returns:
        All columns, in the types of the table.
    """
    typed = pl.from_arrow(table_from_frame(registry(), registry().get("volume"), volumes))
    assert isinstance(typed, pl.DataFrame)
    stamp = pl.lit(0).cast(pl.Datetime("us", "UTC"))
    return typed.with_columns(
        *(pl.col("parent_identifier").alias(name) for name in LINEAGE),
        *(stamp.alias(name) for name in STAMPS),
        version=pl.lit(1, pl.Int64),
    )


def to_arrow(frame: pl.DataFrame) -> pa.Table:
    """An Arrow table that ADBC takes: text as `string`, which costs a copy only where Polars has another."""
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest())


class Toucher:
    """Makes tiny commits to the volumes, after which no earlier answer is the current one.

    Args:
        url: The server.
        identifier: A volume, whose `b_value` counts the commits.
        copied_at: Servers whose columnar copies have to hold a commit before it counts as made.
    """

    def __init__(self, url: str, identifier: str, copied_at: Sequence[str] = ()) -> None:
        """Connect."""
        self._client = Client(url)
        self._identifier = identifier
        self._copied_at = [Client(each) for each in copied_at]
        known = self._client.volumes.retrieve(identifier, include_children=False).b_value or 0.0
        self._values: Iterator[float] = itertools.count(known % 1000 + 1)

    def __call__(self) -> None:
        """Commit."""
        change = {"identifier": [self._identifier], "b_value": [float(next(self._values))]}
        receipt = self._client.volumes.update(pl.DataFrame(change))
        for client in self._copied_at:
            await_copies(client, receipt.version)

    def close(self) -> None:
        """Disconnect."""
        for client in (self._client, *self._copied_at):
            client.close()
