"""Statements of register and resolve, on the real PostgreSQL."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from vxdata.server.database.connection import READ_WRITE
from vxdata.server.database.errors import UniqueViolation
from vxdata.sql.write import registration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vxdata.server.database.connection import Connection
    from vxdata.server.database.pool import ConnectionPool

HOSTILE = ["a'b", 'a"b', "a\\b", "{a,b}", "NULL", "", "ä€😀", " a ", "a\nb", "%_"]


@pytest.fixture
def connection(database: ConnectionPool) -> Iterator[Connection]:
    """A connection in a transaction that is rolled back."""
    with database.connection() as lent:
        lent.execute(READ_WRITE)
        yield lent
        lent.rollback()


def add(connection: Connection, resource_type: str, *identifiers: str, tombstone: bool = False) -> None:
    """Put resources into the table of the present, without the means of the server."""
    values = ", ".join(f"('{name}', now(), now(), 1, {tombstone})" for name in identifiers)
    connection.execute(
        f'INSERT INTO vxdata."{resource_type}" (identifier, valid_from, created_at, version, tombstone) '
        f"VALUES {values}"
    )


def register(connection: Connection, *rows: tuple[str, str, str, str, int]) -> None:
    assert connection.execute(registration.insert("patient", rows)) == len(rows)


def numbers(connection: Connection, *series: str, resource_type: str = "patient") -> list[int]:
    """The highest numbers, in the order in which they were asked for."""
    found = connection.rows(registration.last_numbers(resource_type, series))
    assert sorted(row["series"] for row in found) == sorted(series)
    return [next(row["number"] for row in found if row["series"] == name) for name in series]


class TestInsertAndLookup:
    def test_pairs_come_back_and_others_do_not(self, connection: Connection) -> None:
        register(
            connection,
            *(("datasource/a", uid, f"patient/a{number}", "s", number) for number, uid in enumerate(HOSTILE)),
            ("datasource/b", "x", "patient/b", "s", 100),
        )
        parents = ["datasource/a"] * len(HOSTILE) + ["datasource/a", "datasource/b", "datasource/c"]
        found = connection.rows(
            registration.lookup("patient", "datasource", parents, [*HOSTILE, "x", "x", "x"])
        )
        assert {(row["parent_identifier"], row["external_uid"]): row["identifier"] for row in found} == {
            **{("datasource/a", uid): f"patient/a{number}" for number, uid in enumerate(HOSTILE)},
            ("datasource/b", "x"): "patient/b",
        }

    def test_each_type_has_its_own(self, connection: Connection) -> None:
        register(connection, ("datasource/a", "x", "patient/a", "s", 1))
        assert connection.rows(registration.lookup("imagingstudy", "patient", ["datasource/a"], ["x"])) == []

    @pytest.mark.parametrize(
        "row",
        [
            ("datasource/a", "x", "patient/other", "s", 2),
            ("datasource/a", "other", "patient/a", "s", 2),
            ("datasource/a", "other", "patient/other", "s", 1),
        ],
        ids=["the pair", "the identifier", "the number"],
    )
    def test_nothing_is_given_twice(
        self, connection: Connection, row: tuple[str, str, str, str, int]
    ) -> None:
        register(connection, ("datasource/a", "x", "patient/a", "s", 1))
        with pytest.raises(UniqueViolation), connection.savepoint():
            register(connection, row)


@pytest.mark.parametrize("names", [[], HOSTILE, ["datasource/live", "datasource/dead", "datasource/never"]])
def test_live_parents(connection: Connection, names: Sequence[str]) -> None:
    add(connection, "datasource", "datasource/live")
    add(connection, "datasource", "datasource/dead", tombstone=True)
    columns = ("identifier", "patient_code")
    found = connection.rows(registration.live_parents("datasource", names, columns))
    live = [{"identifier": "datasource/live", "patient_code": None, "denied": False}]
    assert found == (live if "datasource/live" in names else [])


class TestLastNumbers:
    def test_of_nothing(self, connection: Connection) -> None:
        assert numbers(connection) == []
        assert numbers(connection, "patient/AA", *HOSTILE) == [0] * (1 + len(HOSTILE))

    def test_the_higher_one_counts(self, connection: Connection) -> None:
        add(connection, "patient", "patient/AA00007", "patient/BB00003", "patient/DD00002")
        register(
            connection,
            ("datasource/a", "1", "patient/AA00005", "patient/AA", 5),
            ("datasource/b", "1", "patient/BB00005", "patient/BB", 5),
            ("datasource/c", "1", "patient/CC00001", "patient/CC", 1),
            ("datasource/c", "2", "patient/CC00002", "patient/CC", 2),
        )
        series = [f"patient/{code}" for code in ("AA", "BB", "CC", "DD", "EE")]
        assert numbers(connection, *series) == [7, 5, 2, 2, 0]
        assert numbers(connection, "patient/CC", resource_type="imagingstudy") == [0]

    def test_a_number_that_is_deleted_stays_taken(self, connection: Connection) -> None:
        add(connection, "patient", "patient/AA00007", tombstone=True)
        assert numbers(connection, "patient/AA") == [7]

    def test_more_digits_than_usual_or_fewer(self, connection: Connection) -> None:
        add(connection, "patient", "patient/AA99999", "patient/AA100000", "patient/BB7", "patient/BB00006")
        add(connection, "patient", "patient/CC" + "9" * 18, "patient/DD" + "9" * 19)
        series = [f"patient/{code}" for code in ("AA", "BB", "CC", "DD")]
        assert numbers(connection, *series) == [100_000, 7, 10**18 - 1, 0]

    def test_what_only_begins_alike_is_no_number(self, connection: Connection) -> None:
        names = ("AA", "AAA00009", "AA00009x", "AA 9", "AA-9", "AA:9", "AA/9", "AA9.", "A00009", "AA٣")
        add(connection, "patient", "patient/AA00001", *(f"patient/{name}" for name in names))
        assert numbers(connection, "patient/AA", "patient/A") == [1, 9]

    def test_each_series_is_a_range_of_an_index(self, connection: Connection) -> None:
        for table, identifier in (
            ("patient", "'patient/BB' || lpad(n::text, 6, '0')"),
            ("imagingstudy", "'imagingstudy/BB' || lpad(n::text, 6, '0') || '/001'"),
        ):
            connection.execute(
                f"INSERT INTO vxdata.{table} (identifier, valid_from, created_at, version) "
                f"SELECT {identifier}, now(), now(), 1 FROM generate_series(1, 100000) AS n"
            )
        series = [f"imagingstudy/BB{number:06}/" for number in range(1, 1001)]
        plan = explained(connection, registration.last_numbers("imagingstudy", series))
        assert [node["Relation Name"] for node in plan if node["Node Type"] == "Seq Scan"] == []
        looked_up = [node for node in plan if node.get("Index Name") == "imagingstudy_pkey"]
        # One study a patient is looked at, and no more.
        assert [(node["Actual Loops"], node["Actual Rows"]) for node in looked_up] == [(1000, 1)]


def explained(connection: Connection, sql: str) -> list[dict[str, Any]]:
    """Run a query and tell all nodes of its plan."""
    text = connection.rows(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")[0]["QUERY PLAN"]
    waiting, nodes = [json.loads(text)[0]["Plan"]], []
    while waiting:
        node = waiting.pop()
        waiting += node.pop("Plans", [])
        nodes.append(node)
    return nodes
