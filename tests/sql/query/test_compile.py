"""Compiling whole plans: large and deep ones, and what no plan may reach."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import pytest

from vxdata.schemas.binding import bind
from vxdata.schemas.catalog import Catalog
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.plan import MAX_NESTING, And, Comparison, IsIn, IsNull, Or, Plan, decode, encode
from vxdata.sql.instant import Instant
from vxdata.sql.query.compile import compile_plan

if TYPE_CHECKING:
    from vxdata.schemas.plan import Predicate
    from vxdata.server.database.pool import ConnectionPool

CATALOG: Final = Catalog.from_registry(registry())
NOW: Final = Instant(1, datetime(2024, 2, 29, tzinfo=UTC), is_current=True)
PAST: Final = Instant(1, datetime(2024, 2, 29, tzinfo=UTC), is_current=False)


def compiled(where: Predicate, instant: Instant = NOW) -> str:
    """Compile a plan after it has gone over the wire."""
    plan = decode(encode(Plan(relation="volume", select=("identifier",), where=where)))
    return compile_plan(bind(plan, CATALOG), instant)


def run(database: ConnectionPool, sql: str) -> int:
    with database.connection() as connection, connection.stream(sql) as batches:
        return sum(batch.num_rows for batch in batches)


@pytest.mark.parametrize("junction", [And, Or])
@pytest.mark.parametrize("instant", [NOW, PAST], ids=["now", "past"])
def test_wide_predicate(database: ConnectionPool, junction: type[And | Or], instant: Instant) -> None:
    terms = tuple(Comparison(op="!=", field="series_number", value=number) for number in range(2_000))
    assert run(database, compiled(junction(terms=terms), instant)) == 0


def test_deep_predicate(database: ConnectionPool) -> None:
    where: Predicate = IsNull(op="is_null", field="b_value")
    for depth in range(MAX_NESTING):
        other = Comparison(op="==", field="b_value", value=depth)
        where = (And if depth % 2 else Or)(terms=(where, other))
    assert run(database, compiled(where)) == 0


def test_many_values(database: ConnectionPool) -> None:
    values = tuple(f"volume/{number}" for number in range(20_000))
    assert run(database, compiled(IsIn(field="identifier", values=values))) == 0


@pytest.mark.parametrize("prefix", list(registry().by_prefix))
@pytest.mark.parametrize("instant", [NOW, PAST], ids=["now", "past"])
def test_every_type_whole(database: ConnectionPool, prefix: str, instant: Instant) -> None:
    assert run(database, compile_plan(bind(Plan(relation=prefix), CATALOG), instant)) == 0
