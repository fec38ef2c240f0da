"""Conditions on ancestors take little memory, however many there are and however large the tables are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.query.data import fill
from vxdata.schemas.binding import bind
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.catalog.builtin import RESOURCE
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.plan import HasAncestor, HasDescendant, Or, Plan
from vxdata.server.database.connection import READ_ONLY
from vxdata.sql import commit_clock as clock
from vxdata.sql.instant import Instant
from vxdata.sql.query.compile import compile_plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.services.write import WriteService

MAX_MEMORY: Final = 64 * 1024 * 1024
"""Memory of the process in PostgreSQL that runs the statement, in bytes."""

MEMORY: Final = "SELECT sum(total_bytes)::bigint AS memory FROM pg_backend_memory_contexts"

ROWS: Final = 1_000_000
"""Rows of each table, as PostgreSQL takes them for."""

KINDS: Final = ("datasource", "patient", "imagingstudy", "volume", "artefact")


@pytest.fixture(scope="module")
def present(database: ConnectionPool, creates: WriteService) -> Instant:
    """The last commit of a few resources, in tables that PostgreSQL takes for large ones."""
    fill(database, creates, (0, 0))
    tables = [f"{prefix}{suffix}" for prefix in registry().by_prefix for suffix in ("", "_history")]
    with database.connection() as connection:
        for table in tables:
            connection.rows(
                f"SELECT pg_restore_relation_stats('schemaname', 'vxdata', 'relname', '{table}', "
                f"'relpages', 1, 'reltuples', {ROWS}::real) AS done"
            )
        row = connection.rows(clock.READ)[0]
    return Instant(row["version"], row["stamp"], is_current=True)


@pytest.fixture(scope="module", autouse=True)
def may_see_memory(admin: ConnectionPool) -> Iterator[None]:
    """Let the role of the server see the memory of its own process."""
    with admin.connection() as connection:
        connection.execute("GRANT pg_read_all_stats TO vxdata")
        yield
        connection.execute("REVOKE pg_read_all_stats FROM vxdata")


@pytest.mark.parametrize("number", [1, 10, 100])
@pytest.mark.parametrize("time", ["now", "past"])
@pytest.mark.parametrize("node", [HasAncestor, HasDescendant])
@pytest.mark.parametrize("kinds", [*((kind,) for kind in KINDS), KINDS], ids=",".join)
def test_many_conditions_fit_into_little_memory(
    number: int, time: str, node: Any, kinds: tuple[str, ...], database: ConnectionPool, present: Instant
) -> None:
    names = [f"{kinds[place % len(kinds)]}/{place}" for place in range(number)]
    terms = tuple(node(identifier=name) for name in names)
    where = Or(terms=terms) if number > 1 else terms[0]
    plan = bind(Plan(relation=RESOURCE, select=("identifier",), where=where), default_catalog())
    sql = compile_plan(plan, Instant(present.version, present.as_of, is_current=time == "now"))
    with database.connection() as connection, connection.transaction(READ_ONLY):
        connection.execute(f"DECLARE running CURSOR FOR {sql}", "MOVE ALL IN running")
        assert connection.rows(MEMORY)[0]["memory"] < MAX_MEMORY  # the statement has not been closed
