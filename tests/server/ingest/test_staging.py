"""Staging: few rows stand in the statements, many in a table, and both are the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fixtures.payloads import payloads
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.errors import ValidationFailed
from vxdata.schemas.types.arrow import create_schema
from vxdata.sdk._conversion.models import arrow_value
from vxdata.server.database.connection import READ_WRITE
from vxdata.server.ingest.reception import Reception
from vxdata.server.ingest.spool import Spool
from vxdata.server.ingest.staging import FEW, FEW_BYTES, Staging
from vxdata.server.spool_space import SpoolSpace

if TYPE_CHECKING:
    from vxdata.schemas.payload_type import PayloadType
    from vxdata.server.database.connection import Connection
    from vxdata.server.database.pool import ConnectionPool

SOURCE = registry().get("datasource")


def rows_of(payload_type: PayloadType, *rows: dict[str, Any]) -> pa.RecordBatch:
    schema = create_schema(payload_type)
    columns = [pa.array([arrow_value(row.get(field.name)) for row in rows], field.type) for field in schema]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def sources(count: int, text: str = "x") -> pa.RecordBatch:
    row = {"license": "x", "description": text}
    return rows_of(SOURCE, *({"identifier": f"datasource/{number}"} | row for number in range(count)))


def staged(connection: Connection, payload_type: PayloadType, *batches: pa.RecordBatch) -> str:
    reception = Reception(registry(), "create", Spool(SpoolSpace()))
    for batch in batches:
        reception.add(payload_type, batch)
    reception.finish()
    return Staging(connection, reception, registry()).relation(payload_type)


def is_table(relation: str) -> bool:
    return relation.startswith('"pg_temp"')


@pytest.mark.parametrize(
    ("batches", "in_table"),
    [
        ([sources(1)], False),
        ([sources(FEW)], False),
        ([sources(FEW + 1)], True),
        ([sources(FEW), sources(1)], True),
        ([sources(2, "x" * 1000)], False),
        ([sources(FEW, "x" * (FEW_BYTES // FEW))], True),
    ],
    ids=["one", "few", "many", "one by one", "long", "too long"],
)
def test_where_rows_are(database: ConnectionPool, batches: list[pa.RecordBatch], *, in_table: bool) -> None:
    with database.connection() as connection, connection.transaction(READ_WRITE):
        relation = staged(connection, SOURCE, *batches)
        assert is_table(relation) is in_table
        (found,) = connection.rows(f"SELECT count(*) AS n FROM {relation} AS s")
        assert found["n"] == sum(batch.num_rows for batch in batches)


def test_what_is_wrong_is_not_spooled() -> None:
    spool = Spool(SpoolSpace())
    reception = Reception(registry(), "create", spool)
    reception.add(SOURCE, sources(1, "a\x00"))
    with pytest.raises(ValidationFailed):
        reception.finish()
    with pytest.raises(KeyError):
        spool.rows("datasource")


def test_many_batches_are_copied_at_once(database: ConnectionPool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those in memory and those in the file alike, and in their order."""
    monkeypatch.setattr("vxdata.server.ingest.spool.MEMORY_BYTES", 4096)
    rows = sources(FEW * 5)
    with database.connection() as connection, connection.transaction(READ_WRITE):
        ingest, copied = connection.ingest, []

        def counting(table: str, reader: pa.RecordBatchReader) -> int:
            copied.append(ingest(table, reader))
            return copied[-1]

        monkeypatch.setattr(connection, "ingest", counting)
        relation = staged(connection, SOURCE, *(rows.slice(number, 1) for number in range(rows.num_rows)))
        assert copied == [rows.num_rows]
        found = connection.rows(f"SELECT identifier FROM {relation} AS s ORDER BY ctid")
    assert [row["identifier"] for row in found] == rows["identifier"].to_pylist()


@pytest.mark.parametrize("payload_type", list(registry()), ids=lambda payload_type: payload_type.prefix)
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_both_hold_the_same(database: ConnectionPool, payload_type: PayloadType, data: st.DataObject) -> None:
    made = data.draw(st.lists(payloads(payload_type), min_size=1, max_size=5))
    metadata = {"parent_identifier": "datasource/a", "license": "x"}
    names = (f"{payload_type.prefix}/{number}" for number in range(len(made)))
    rows = [{"identifier": name} | metadata | row for name, row in zip(names, made, strict=True)]
    batch = rows_of(payload_type, *rows)
    with database.connection() as connection, connection.transaction(READ_WRITE):
        relation = staged(connection, payload_type, batch)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("vxdata.server.ingest.staging.FEW", 0)
            table = staged(connection, payload_type, batch)
        assert (is_table(relation), is_table(table)) == (False, True)
        query = "SELECT * FROM {} AS s ORDER BY identifier"
        assert repr(connection.rows(query.format(relation))) == repr(connection.rows(query.format(table)))
        connection.execute(f"DROP TABLE {table}")
