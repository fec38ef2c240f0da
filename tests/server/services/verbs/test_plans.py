"""Plans of the statements that write: none compares each row with each, whatever PostgreSQL believes.

Each statement is explained in the moment in which it runs. The statistics say that no table holds any rows,
as they do while a large load is not yet analysed, or that each holds a billion.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.server.services.verbs.support import Store
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.errors import (
    DuplicateIdentifiers,
    LineageCycle,
    ParentNotFound,
    ResourceAlreadyExists,
    ResourceNotFound,
    VersionConflict,
    VxDataError,
)
from vxdata.server.database.connection import Connection
from vxdata.server.services.write import WriteService

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.schemas.wire import Verb
    from vxdata.server.database.monitor import CancellationMonitor
    from vxdata.server.database.pool import ConnectionPool

Row = dict[str, Any]

TABLES = ("CREATE TEMPORARY TABLE linked", "CREATE TEMPORARY TABLE below")
EXPLAINED = ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE", *TABLES)
STORED = 2_000
"""Resources of each type that are there before: so many that to read them all is no way to find one."""
TYPES = ("datasource", "patient", "imagingstudy", "volume", "artefact")


@pytest.fixture(scope="module", params=[0, 10**9], ids=["none", "a billion"])
def store(database: ConnectionPool, monitor: CancellationMonitor, request: pytest.FixtureRequest) -> Store:
    """A store with some thousand resources of some types, of which PostgreSQL believes something else."""
    made = Store(WriteService(database, registry(), monitor, allow_purge=True), database)
    belief = request.param
    rows = []
    for above, prefix in zip((None, *TYPES), TYPES, strict=False):
        rows += [
            {
                "identifier": f"{prefix}/old-{belief}-{number}",
                "parent_identifier": above and f"{above}/old-{belief}-{number}",
                "license": "x",
            }
            for number in range(STORED)
        ]
    made.send("create", *rows)
    made.send("update", *({"identifier": row["identifier"], "license": "y"} for row in rows))
    believe(database, belief)
    return made


def believe(database: ConnectionPool, rows: int) -> None:
    """Tell PostgreSQL how many rows all tables hold; how many pages they have it sees for itself."""
    with database.connection() as connection:
        connection.rows(
            "SELECT pg_restore_relation_stats('schemaname', 'vxdata', 'relname', relname::text, "
            "'relpages', greatest(pg_relation_size(oid) / 8192, 1)::integer, "
            f"'reltuples', {rows}::real)::text AS done "
            "FROM pg_class WHERE relnamespace = 'vxdata'::regnamespace AND relkind IN ('r', 'i')"
        )


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Row]]:
    """Every statement that runs, with its plan."""
    seen: list[tuple[str, Row]] = []
    execute, table = Connection.execute, Connection.table

    def explain(connection: Connection, statement: str) -> None:
        if statement.startswith(EXPLAINED) and "FOR UPDATE" not in statement:
            (found,) = table(connection, f"EXPLAIN (FORMAT JSON) {statement}").to_pylist()
            seen.append((statement, json.loads(found["QUERY PLAN"])[0]["Plan"]))

    def executing(self: Connection, *statements: str) -> int:
        count = -1
        for statement in statements:
            explain(self, statement)
            count = execute(self, statement)
        return count

    def tabling(self: Connection, sql: str) -> Any:
        explain(self, sql)
        return table(self, sql)

    monkeypatch.setattr(Connection, "execute", executing)
    monkeypatch.setattr(Connection, "table", tabling)
    return seen


def comparing(plan: Row) -> Iterator[str]:
    """The parts of a plan that go through a relation again and again, for each row of another one."""
    children = plan.get("Plans", [])
    for child in children:
        is_inner = plan["Node Type"] == "Nested Loop" and child["Parent Relationship"] == "Inner"
        is_step = plan["Node Type"] == "Recursive Union" and child["Parent Relationship"] == "Inner"
        is_correlated = child["Parent Relationship"] == "SubPlan" and not is_hashed(plan, child)
        if is_inner or is_step or is_correlated:
            yield from rescanned(child)
        yield from comparing(child)


def is_hashed(plan: Row, child: Row) -> bool:
    name = child.get("Subplan Name", "")
    return name.startswith("CTE ") or any(f"hashed {name}" in str(value) for value in plan.values())


def rescanned(plan: Row) -> Iterator[str]:
    """The scans of whole relations in a plan that is run again and again."""
    if plan["Node Type"] in {"Seq Scan", "CTE Scan"}:
        yield f"{plan['Node Type']} on {plan.get('Relation Name', plan.get('CTE Name'))}"
    for child in plan.get("Plans", []):
        # What was hashed once is not read again.
        if plan["Node Type"] != "Hash":
            yield from rescanned(child)


def rows_of(tag: str, count: int, parent: str) -> list[Row]:
    """Volumes below a study, the last below each other; studies and artefacts with them."""
    names = [f"volume/{tag}-{number}" for number in range(count)]
    chain = count // 4
    parents = [parent] * (count - chain) + names[count - chain - 1 : -1]
    found = [row("imagingstudy", f"{tag}-{number}", f"patient/{tag}") for number in range(count)]
    found += [
        row("volume", name.partition("/")[2], above) for name, above in zip(names, parents, strict=True)
    ]
    found += [row("artefact", f"{tag}-{number}", names[number]) for number in range(count)]
    found.append(row("patient", tag, f"datasource/{tag}"))
    found.append(row("datasource", tag, None))
    return found


def refuse(store: Store, error: type[VxDataError], verb: Verb, *rows: Row) -> None:
    with store.refuses(error):
        store.send(verb, *rows)


@pytest.mark.parametrize(
    ("few", "looked_up", "count"),
    [(100, 100_000, 60), (0, 100_000, 1_000), (0, 100, 1_000)],
    ids=["in statements", "looked up", "joined"],
)
def test_no_statement_compares_each_row_with_each(
    store: Store,
    plans: list[tuple[str, Row]],
    unique: str,
    few: int,
    looked_up: int,
    count: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("vxdata.server.ingest.staging.FEW", few)
    monkeypatch.setattr("vxdata.sql.write.lookup.MAX_LOOKED_UP", looked_up)
    rows = rows_of(unique, count, f"imagingstudy/{unique}-0")
    names = [{"identifier": row["identifier"]} for row in rows]
    store.send("create", *rows)
    again = rows_of(f"{unique}-again", count, f"imagingstudy/{unique}-0")
    refuse(store, ResourceAlreadyExists, "create", *again, rows[0])
    refuse(store, DuplicateIdentifiers, "create", *again, again[0])
    refuse(store, ParentNotFound, "create", *again, row("volume", f"{unique}-x", "imagingstudy/none"))
    loop = [row("volume", f"{unique}-{a}", f"volume/{unique}-{b}") for a, b in ("xy", "yx")]
    refuse(store, LineageCycle, "create", *again, *loop)
    store.send("update", *({**name, "license": f"v{place % 3}"} for place, name in enumerate(names)))
    moved = [{**name, "parent_identifier": f"datasource/{unique}"} for name in names[-count // 2 : -2]]
    store.send("update", *({**name, "license": "two"} for name in names[: count // 2]), *moved)
    refuse(store, ResourceNotFound, "update", *names, {"identifier": "volume/none"})
    refuse(store, VersionConflict, "update", *({**name, "expected_version": 1} for name in names))
    other = f"datasource/{unique}-other"
    store.plant({other: None})
    store.move({f"patient/{unique}": other})
    last = f"volume/{unique}-{count - 1}"
    refuse(store, LineageCycle, "update", {"identifier": other, "parent_identifier": last})
    store.name("delete", other, cascade=True)
    store.name("restore", other, cascade=True)
    store.send("delete", *names)
    store.send("restore", *names)
    store.name("purge", other, f"datasource/{unique}")
    verbs = Counter(statement.split()[0] for statement, _ in plans)
    assert verbs["INSERT"] > 10
    assert verbs["CREATE"] > 4
    found = {f"{part}: {statement:.300}" for statement, plan in plans for part in comparing(plan)}
    assert not found, "\n\n".join(sorted(found))


def row(prefix: str, rest: str, parent: str | None) -> Row:
    return {"identifier": f"{prefix}/{rest}", "parent_identifier": parent, "license": "x"}


@pytest.mark.parametrize(
    "query",
    [
        "SELECT FROM vxdata.volume AS s JOIN vxdata.patient AS r ON r.license < s.license",
        (
            "SELECT (SELECT count(*) FROM vxdata.patient AS r WHERE r.license > s.license) "
            "FROM vxdata.volume AS s"
        ),
        (
            "WITH RECURSIVE b AS (SELECT 'a' COLLATE \"C\" AS name UNION "
            "SELECT r.license FROM b JOIN vxdata.volume AS r ON r.license > b.name) SELECT FROM b"
        ),
    ],
    ids=["join", "subquery", "recursion"],
)
def test_what_this_looks_for_is_seen(store: Store, query: str) -> None:
    with store.database.connection() as connection:
        (plan,) = connection.rows(f"EXPLAIN (FORMAT JSON) {query}")
    assert list(comparing(json.loads(plan["QUERY PLAN"])[0]["Plan"]))


def test_what_is_hashed_once_is_not_read_again(store: Store) -> None:
    query = (
        "SELECT FROM vxdata.volume AS s WHERE s.license IN (SELECT license FROM vxdata.patient LIMIT 10) "
        "OR s.parent_identifier IS NULL"
    )
    with store.database.connection() as connection:
        (plan,) = connection.rows(f"EXPLAIN (FORMAT JSON) {query}")
    assert "hashed" in plan["QUERY PLAN"]
    assert not list(comparing(json.loads(plan["QUERY PLAN"])[0]["Plan"]))
