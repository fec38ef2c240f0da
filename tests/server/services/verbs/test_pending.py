"""Pending versions: tables are made for what has rows and more to come, and for nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vxdata.schemas.catalog.registry import registry
from vxdata.server.database.connection import READ_WRITE
from vxdata.server.services.verbs.pending import Pending
from vxdata.sql.write.cascade import Cascade
from vxdata.sql.write.pending import marked
from vxdata.sql.write.staged import staged_rows

if TYPE_CHECKING:
    from tests.server.services.verbs.support import Store
    from vxdata.server.database.connection import Connection


def tables(connection: Connection) -> set[str]:
    rows = connection.rows(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = pg_my_temp_schema()"
    )
    return {row["relname"] for row in rows if row["relname"].startswith("pending_")}


@pytest.mark.parametrize(
    ("key", "types"),
    [
        ("artefact", ["artefact"]),
        ("volume", ["volume", "artefact"]),
        ("patient", ["patient", "imagingstudy", "volume", "artefact"]),
    ],
)
def test_a_cascade_makes_tables_of_the_types_below(
    store: Store, tree: dict[str, str], key: str, types: list[str]
) -> None:
    payload_type = registry().get(tree[key].partition("/")[0])
    with store.database.connection() as connection, connection.transaction(READ_WRITE):
        staged = staged_rows(payload_type, [{"identifier": tree[key], "column_set": 0}])
        pending = Pending(connection, registry())
        pending.add(payload_type, marked(payload_type, staged, tombstone=True), None)
        assert tables(connection) == set()
        pending.follow(Cascade.DELETE)
        found = [pended.prefix for pended in pending.types]
        assert sorted(found) == sorted(types)
        assert found == [known.prefix for known in registry() if known.prefix in types]
        assert tables(connection) == {f"pending_{prefix}" for prefix in types}


def test_they_end_with_the_transaction(store: Store, tree: dict[str, str]) -> None:
    store.move({tree["patient"]: tree["other"]})
    with store.database.connection() as connection:
        assert tables(connection) == set()
