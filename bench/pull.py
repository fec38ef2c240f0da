"""How long does a full pull of all volumes into Polars take, beside ADBC alone?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from adbc_driver_postgresql import dbapi

from bench.measure import Figures, compare
from vxdata.schemas.registry import registry

if TYPE_CHECKING:
    from bench.environment import Environment

PEER = "ADBC to Polars"


def pull(environment: Environment, rounds: int) -> dict[str, Figures]:
    """Compare cold pulls: there is no cache on either side.

    Args:
        environment: The server under test.
        rounds: How often.

    Returns:
        Figures by candidate.
    """
    columns = ", ".join(f'"{field.name}"' for field in registry().get("volume").response_fields)
    query = f"SELECT {columns} FROM vxdata.volume WHERE NOT tombstone"

    def ours() -> int:
        return environment.client.volumes.query().collect().height

    with (
        dbapi.connect(environment.database_uri, autocommit=True) as connection,
        connection.cursor() as cursor,
    ):

        def adbc() -> int:
            cursor.execute(query)
            frame = pl.from_arrow(cursor.fetch_arrow_table(), rechunk=False)
            assert isinstance(frame, pl.DataFrame)
            return frame.height

        return compare({"VxData": ours, PEER: adbc}, PEER, rounds, environment.process)
