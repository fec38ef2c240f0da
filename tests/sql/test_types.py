"""Types: each field type to PostgreSQL and, through the driver, back to the Arrow type of the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import pyarrow as pa
import pytest

from vxdata.schemas.fields import FieldType, Nested, NumberMap, TextMap
from vxdata.schemas.types.arrow import ARROW_TYPES
from vxdata.sql.types import POSTGRES_TYPES

if TYPE_CHECKING:
    from vxdata.server.database.pool import ConnectionPool

MAPPINGS = {kind for kind, postgres in POSTGRES_TYPES.items() if postgres.mapping is not None}


def test_every_field_type_has_a_column_type() -> None:
    assert set(POSTGRES_TYPES) == set(get_args(FieldType)) == set(ARROW_TYPES)
    assert MAPPINGS == {TextMap, NumberMap} < set(get_args(Nested))


@pytest.mark.parametrize("kind", set(POSTGRES_TYPES) - MAPPINGS, ids=lambda kind: kind.__name__)
def test_the_driver_reads_the_declared_arrow_type(database: ConnectionPool, kind: type[FieldType]) -> None:
    with database.connection() as connection, connection.transaction("BEGIN"):
        connection.execute(
            f"CREATE TEMPORARY TABLE probe (value {POSTGRES_TYPES[kind].column}) ON COMMIT DROP"
        )
        connection.execute("INSERT INTO probe VALUES (NULL)")
        with connection.stream("SELECT value FROM probe") as batches:
            (batch,) = batches
    assert pa.types.is_list(batch.schema.field(0).type) == pa.types.is_list(ARROW_TYPES[kind])
    assert batch.schema.field(0).type == ARROW_TYPES[kind]
