"""How long does creating volumes from a frame take, beside a plain ingest of the same rows?

The peer appends to a bare copy of the table with the same columns and indexes: no checks, no
lineage, no versions. Both tables grow by the same rows each round.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa
from adbc_driver_postgresql import dbapi

from bench.measure import Figures, compare
from vxdata.schemas.registry import registry
from vxdata.sdk._frames import table_from_frame

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.environment import Environment

PEER = "adbc_ingest"
BARE = "bench_volume"


def create(environment: Environment, rounds: int, rows: int) -> dict[str, Figures]:
    """Compare bulk creates.

    Args:
        environment: The server under test.
        rounds: How often.
        rows: Volumes of a round.

    Returns:
        Figures by candidate.
    """
    volumes = environment.mapped.frames["volume"].drop("patient_key").head(rows)
    copies = {name: _numbered(volumes) for name in ("VxData", PEER)}

    def ours() -> int:
        return environment.client.volumes.create(next(copies["VxData"])).counts["volume"]

    with (
        dbapi.connect(environment.database_uri, autocommit=True) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(f"CREATE TABLE {BARE} (LIKE vxdata.volume INCLUDING ALL)")

        def ingest() -> int:
            table = _with_metadata(next(copies[PEER]))
            return int(cursor.adbc_ingest(BARE, table, mode="append"))

        return compare({"VxData": ours, PEER: ingest}, PEER, rounds, environment.process)


def _numbered(volumes: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The same volumes again and again, under new identifiers."""
    for number in itertools.count():
        yield volumes.with_columns(pl.col("identifier") + f"/copy-{number}")


def _with_metadata(volumes: pl.DataFrame) -> pa.Table:
    """The row as the server stores it: lineage, stamps and version are given, not computed."""
    table = table_from_frame(registry().get("volume"), volumes)
    size = table.num_rows
    study = table["parent_identifier"]
    stamp = pa.scalar(0, pa.timestamp("us", "UTC"))
    for name, column in {
        "datasource_id": study,
        "patient_id": study,
        "study_id": study,
        "valid_from": pa.repeat(stamp, size),
        "created_at": pa.repeat(stamp, size),
        "version": pa.repeat(pa.scalar(1, pa.int64()), size),
    }.items():
        table = table.append_column(name, column)
    return table
