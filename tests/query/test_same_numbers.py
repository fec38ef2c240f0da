"""The same snapshot gives the same numbers, to the last bit, however PostgreSQL comes by the rows."""

from __future__ import annotations

import struct
from contextlib import ExitStack, closing
from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pytest

from tests.server.support import CALL, create, resources
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.plan import Aggregate, FirstPer, InShard, IsInQuery, OrderBy, Plan, Subquery
from vxdata.server.database.monitor import CancellationMonitor
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.database.upgrade import upgrade
from vxdata.server.embedded import EmbeddedStack
from vxdata.server.services.read import ReadService
from vxdata.server.services.write import WriteService

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vxdata.server.database.connection import Connection

ROWS: Final = 6_000
HOSTILE: Final = (
    *(1e16, 1.0, -1e16, 0.1, 0.0, -0.0, 5e-324, -5e-324, 2.2250738585072014e-308, 1e-30, 2.0**-72),
    *(2.0**63, -(2.0**63), 1e300, -1e300, 1 / 3, 123456.789, -1e-5, 2.0**53 + 2),
)
FUNCTIONS: Final = ("sum", "mean", "min", "max", "n_unique", "count")

SERIAL: Final = ("SET max_parallel_workers_per_gather = 0", "SET synchronize_seqscans = off")
PARALLEL: Final = (
    *(
        "SET max_parallel_workers_per_gather = 4",
        "SET parallel_setup_cost = 0",
        "SET parallel_tuple_cost = 0",
    ),
    *("SET min_parallel_table_scan_size = 0", "SET min_parallel_index_scan_size = 0"),
)
SETTINGS: Final = {
    "serial": SERIAL,
    "parallel": PARALLEL,
    "parallel where there is no use in it": (*PARALLEL, "SET debug_parallel_query = on"),
    "synchronised": ("SET max_parallel_workers_per_gather = 0",),
    "by an index": (*SERIAL, "SET enable_seqscan = off"),
    "sorted groups": (*SERIAL, "SET enable_hashagg = off"),
    "little memory": (*PARALLEL, "SET work_mem = '64kB'"),
}


@pytest.fixture(scope="module")
def database(session_dir: Path) -> Iterator[ConnectionPool]:
    """A stack of its own, with so few buffers that scans of a small table are synchronised."""
    folder = session_dir / "same-numbers"
    with EmbeddedStack.start(folder):
        pass
    with (folder / "postgres" / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write("shared_buffers = '128kB'\n")
    with EmbeddedStack.start(folder) as stack:
        with closing(ConnectionPool(stack.postgres_uri, size=1)) as pool:
            upgrade(pool, registry())
        with closing(ConnectionPool(stack.postgres_uri, size=2)) as pool:
            _fill(pool)
            yield pool


def _fill(database: ConnectionPool) -> None:
    random = Random(8)
    values = [
        random.choice(HOSTILE)
        if random.random() < 0.3
        else random.uniform(-1, 1) * 10.0 ** random.randint(-9, 9)
        for _ in range(ROWS)
    ]
    rows = [
        {
            "identifier": f"benchmarking/{number}",
            "parent_identifier": "datasource/a",
            "eval_task": "ab"[number % 2],
            "summary_metrics": [("value", value)],
        }
        for number, value in enumerate(values)
    ]
    with closing(CancellationMonitor()) as monitor:
        writes = WriteService(database, registry(), monitor, allow_purge=False)
        create(writes, resources("datasource", {"identifier": "datasource/a"}))
        create(writes, resources("benchmarking", *rows))
    with database.connection() as connection:
        connection.execute("ANALYZE vxdata.benchmarking")


PLANS: Final = {
    "groups": Plan(
        relation="benchmarking",
        group_by=("eval_task",),
        aggregates=(
            *(
                Aggregate(function=name, field="summary_metrics", key="value", name=name)
                for name in FUNCTIONS
            ),
            *(
                Aggregate(
                    function="quantile",
                    quantile=q,
                    field="summary_metrics",
                    key="value",
                    name=f"quantile {q}",
                )
                for q in (0.0, 0.37, 0.5, 1.0)
            ),
        ),
        order_by=(OrderBy(field="eval_task"),),
    ),
    "order with ties": Plan(
        relation="benchmarking",
        select=("eval_task", "identifier", "summary_metrics"),
        order_by=(OrderBy(field="eval_task", descending=True),),
        limit=100,
    ),
    "first of each group": Plan(
        relation="benchmarking",
        select=("identifier",),
        first_per=FirstPer(
            fields=("eval_task",),
            order_by=(OrderBy(field="summary_metrics", key="value", descending=True),),
        ),
        order_by=(OrderBy(field="identifier"),),
    ),
    "shard": Plan(
        relation="benchmarking",
        select=("identifier",),
        where=InShard(field="identifier", index=1, count=3),
        order_by=(OrderBy(field="identifier"),),
    ),
    "sample": Plan(
        relation="benchmarking",
        select=("identifier",),
        where=IsInQuery(
            field="identifier",
            query=Subquery(
                relation="benchmarking",
                select="identifier",
                order_by=(OrderBy(field="identifier", seed=7),),
                limit=50,
            ),
        ),
        order_by=(OrderBy(field="identifier"),),
    ),
    "distinct": Plan(
        relation="benchmarking",
        select=("eval_task", "parent_identifier"),
        distinct=True,
        order_by=(OrderBy(field="eval_task"),),
    ),
}


def answer(database: ConnectionPool, plan: Plan) -> list[tuple[Any, ...]]:
    with closing(CancellationMonitor()) as monitor:
        result = ReadService(database, default_catalog(), monitor).run(plan, CALL)
        table = pa.Table.from_batches(list(result.batches), schema=result.arrow_schema)
    return [tuple(map(in_bits, row.values())) for row in table.to_pylist()]


def in_bits(value: Any) -> Any:
    return struct.pack("<d", value) if isinstance(value, float) else value


@pytest.fixture(params=list(SETTINGS))
def set_up(request: pytest.FixtureRequest, database: ConnectionPool) -> Iterator[str]:
    """All connections of the pool with other settings; a scan by another one that has come half-way."""
    statements = SETTINGS[request.param]
    with ExitStack() as stack:
        first, second = (stack.enter_context(database.connection()) for _ in range(2))
        for connection in (first, second):
            connection.execute(*statements)
    with database.connection() as other:
        other.execute("BEGIN", "DECLARE half CURSOR FOR SELECT * FROM vxdata.benchmarking")
        other.execute(f"MOVE {ROWS // 2} IN half")
        yield request.param
        other.execute("ROLLBACK")
    with ExitStack() as stack:
        for connection in [stack.enter_context(database.connection()) for _ in range(2)]:
            connection.execute("RESET ALL", "SET TIME ZONE 'UTC'")


@pytest.fixture(scope="module")
def expected(database: ConnectionPool) -> dict[str, list[tuple[Any, ...]]]:
    return {name: answer(database, plan) for name, plan in PLANS.items()}


@pytest.mark.parametrize("name", list(PLANS))
def test_the_same_numbers(
    name: str, set_up: str, database: ConnectionPool, expected: dict[str, list[tuple[Any, ...]]]
) -> None:
    assert answer(database, PLANS[name]) == expected[name], set_up


def test_sums_are_those_of_exact_arithmetic(database: ConnectionPool) -> None:
    with database.connection() as connection:
        rows = connection.rows(
            "SELECT eval_task, (summary_metrics ->> 'value')::double precision AS value "
            "FROM vxdata.benchmarking"
        )
    for task, total, mean, *_ in answer(database, PLANS["groups"]):
        values = [row["value"] for row in rows if row["eval_task"] == task]
        nearest = float(sum(map(Fraction, values)))
        assert (total, mean) == (in_bits(nearest), in_bits(nearest / len(values)))


def test_the_settings_change_the_order_of_rows(database: ConnectionPool) -> None:
    """Else the tests above would prove nothing."""
    with database.connection() as first, database.connection() as second:
        first.execute(*SERIAL)
        in_order = names(first)
        first.execute("RESET ALL")
        second.execute(*SETTINGS["synchronised"])
        # A scan begins where the one before it has come to, wherever that began: of two different distances,
        # one at most ends at the beginning of the table.
        synchronised = [beside_a_scan(first, second, rows) for rows in (ROWS // 2, ROWS // 3)]
        second.execute("RESET ALL", *PARALLEL)
        plan = "\n".join(row["QUERY PLAN"] for row in second.rows(f"EXPLAIN {NAMES}"))
        for connection in (first, second):
            connection.execute("RESET ALL", "SET TIME ZONE 'UTC'")
    assert [sorted(order) for order in synchronised] == [sorted(in_order)] * 2
    assert any(order != in_order for order in synchronised)
    assert "Gather" in plan


def beside_a_scan(first: Connection, second: Connection, rows: int) -> list[str]:
    """The names, read while another scan has come some way."""
    first.execute(
        "BEGIN", "DECLARE part CURSOR FOR SELECT * FROM vxdata.benchmarking", f"MOVE {rows} IN part"
    )
    try:
        return names(second)
    finally:
        first.execute("ROLLBACK")


NAMES: Final = "SELECT identifier FROM vxdata.benchmarking"


def names(connection: Connection) -> list[str]:
    return [row["identifier"] for row in connection.rows(NAMES)]
