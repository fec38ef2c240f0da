"""Statements that compute and write versions: what they name, and what they do to a real database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import sqlglot
from sqlglot import exp

from vxdata.schemas.catalog.registry import registry
from vxdata.sql.instant import Instant
from vxdata.sql.write import cascade, descent, lineage, pending, publish, removal
from vxdata.sql.write import preconditions as presence
from vxdata.sql.write.cascade import Cascade
from vxdata.sql.write.lineage import MarkColumn
from vxdata.sql.write.preconditions import Precondition
from vxdata.sql.write.staged import create_staging, staged_table
from vxdata.sql.write.tables import analyze, pending_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.schemas.payload_type import PayloadType
    from vxdata.server.database.connection import Connection
    from vxdata.server.database.pool import ConnectionPool

DATASOURCE, VOLUME, ARTEFACT = (registry().get(name) for name in ("datasource", "volume", "artefact"))
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
COMMIT = Instant(2, datetime(2026, 1, 2, tzinfo=UTC), is_current=True)


@pytest.fixture
def connection(database: ConnectionPool) -> Iterator[Connection]:
    """A transaction that leaves nothing, with `v/1 ← a/1` and `v/2`, the deleted `v/3 ← a/3`, and tables."""
    with database.connection() as lent:
        lent.execute("BEGIN")
        for name, parent, deleted in (
            ("datasource/1", None, False),
            ("datasource/2", None, False),
            ("volume/1", "datasource/1", False),
            ("volume/2", "datasource/1", False),
            ("volume/3", "datasource/1", True),
            ("artefact/1", "volume/1", False),
            ("artefact/3", "volume/3", False),
        ):
            store(lent, name, parent, deleted=deleted)
        for payload_type in (VOLUME, ARTEFACT):
            lent.execute(create_staging(payload_type))
            lent.execute(pending.create_pending(payload_type))
        yield lent
        lent.execute("ROLLBACK")


def store(connection: Connection, name: str, parent: str | None, *, deleted: bool) -> None:
    """Write the first version of a resource, all of which lie below the first data source."""
    above = "NULL" if parent is None else f"'{parent}'"
    source = f"'{name}'" if parent is None else "'datasource/1'"
    connection.execute(
        f'INSERT INTO vxdata."{name.partition("/")[0]}" '
        "(identifier, parent_identifier, datasource_id, valid_from, created_at, version, tombstone) "
        f"VALUES ('{name}', {above}, {source}, '{FIRST.isoformat()}', '{FIRST.isoformat()}', 1, {deleted})"
    )


def stage(connection: Connection, *names: str, number: int = 0, **values: str) -> None:
    """Stage rows of one type and one set of columns."""
    columns = "".join(f", {name}" for name in values)
    texts = "".join(f", '{value}'" for value in values.values())
    for name in names:
        connection.execute(
            f"INSERT INTO pg_temp.stage_{name.partition('/')[0]} (identifier, column_set{columns}) "
            f"VALUES ('{name}', {number}{texts})"
        )


def change(connection: Connection, payload_type: PayloadType, *sets: tuple[str, ...]) -> int:
    """Pend what the staged columns change, which are of one set or of several."""
    numbers = {names: number for number, names in enumerate(sets)}
    query = pending.changed(payload_type, staged_table(payload_type), numbers)
    return connection.execute(pending.pend(payload_type, query))


def mark(connection: Connection, payload_type: PayloadType, *, tombstone: bool) -> None:
    """Pend what is staged as deleted, or as live."""
    query = pending.marked(payload_type, staged_table(payload_type), tombstone=tombstone)
    connection.execute(pending.pend(payload_type, query))


def find_below(connection: Connection, reason: Cascade) -> None:
    """Find what hangs below the pending volumes and artefacts."""
    children = {"artefact": ["volume"]}
    relink = cascade.relinks(reason)
    connection.execute(*descent.find_below(children, ["volume", "artefact"], relink=relink))


def pended(connection: Connection, prefix: str, *columns: str) -> list[tuple[Any, ...]]:
    """Columns of what is pending, by identifier."""
    names = ", ".join(("identifier", *columns))
    rows = connection.rows(f"SELECT {names} FROM pg_temp.pending_{prefix} ORDER BY identifier")
    return [tuple(row.values()) for row in rows]


def tables(sql: str) -> set[str]:
    """The tables that a statement names."""
    found = sqlglot.parse_one(sql, dialect="postgres").find_all(exp.Table)
    return {f"{table.db}.{table.name}" for table in found}


class TestPresence:
    @pytest.mark.parametrize(
        ("needed", "failed_preconditions"),
        [
            (Precondition.LIVE, {"volume/3": False, "volume/4": False}),
            (Precondition.DELETED, {"volume/1": True, "volume/4": False}),
            (Precondition.KNOWN, {"volume/4": False}),
        ],
    )
    def test_what_is_not_as_needed(
        self, connection: Connection, needed: Precondition, failed_preconditions: dict[str, bool]
    ) -> None:
        stage(connection, "volume/1", "volume/3", "volume/4")
        rows = connection.rows(presence.failed_preconditions(VOLUME, staged_table(VOLUME), needed))
        assert {row["identifier"]: row["live"] for row in rows} == failed_preconditions
        assert all(row["absent"] and not row["repeated"] for row in rows)

    def test_versions_that_differ(self, connection: Connection) -> None:
        stage(connection, "volume/1", expected_version="1")
        stage(connection, "volume/3", expected_version="7")
        stage(connection, "volume/2")
        (row,) = connection.rows(
            presence.failed_preconditions(VOLUME, staged_table(VOLUME), Precondition.KNOWN)
        )
        assert (row["identifier"], row["expected"], row["found"]) == ("volume/3", 7, 1)
        assert not row["absent"]

    def test_what_is_named_twice(self, connection: Connection) -> None:
        stage(connection, "volume/1", "volume/2", "volume/1")
        (row,) = connection.rows(
            presence.failed_preconditions(VOLUME, staged_table(VOLUME), Precondition.LIVE)
        )
        assert (row["identifier"], row["repeated"], row["absent"]) == ("volume/1", True, False)


class TestPending:
    def test_an_update_pends_what_changes_and_marks_what_moves(self, connection: Connection) -> None:
        stage(connection, "volume/1", parent_identifier="datasource/2", license="x")
        stage(connection, "volume/2", parent_identifier="datasource/1", license="x")
        names = ("parent_identifier", "license")
        assert change(connection, VOLUME, names) == 2
        assert pended(connection, "volume", "parent_identifier", "placed", "relink", "cascaded") == [
            ("volume/1", "datasource/2", True, True, False),
            ("volume/2", "datasource/1", False, False, False),
        ]

    def test_a_row_states_the_columns_of_its_set(self, connection: Connection) -> None:
        stage(connection, "volume/1", b_value="5")
        stage(connection, "volume/2", number=1, license="x")
        assert change(connection, VOLUME, ("b_value",), ()) == 1
        assert pended(connection, "volume", "b_value", "license") == [("volume/1", 5.0, None)]

    def test_rows_of_many_sets_in_one_pass(self, connection: Connection) -> None:
        """A field that a set leaves out is kept, a null in one that it names is written."""
        connection.execute("UPDATE vxdata.volume SET license = 'old', b_value = 1 WHERE version = 1")
        stage(connection, "volume/1", b_value="5")
        stage(connection, "volume/2", number=1, license="x")
        stage(connection, "volume/3", number=2)
        sets = [("b_value",), ("b_value", "license"), ("license",), *((f"no_{n}",) for n in range(20))]
        query = pending.changed(
            VOLUME, staged_table(VOLUME), {names: number for number, names in enumerate(sets)}
        )
        assert query.count(staged_table(VOLUME)) == 1
        assert connection.execute(pending.pend(VOLUME, query)) == 3
        assert pended(connection, "volume", "b_value", "license") == [
            ("volume/1", 5.0, "old"),
            ("volume/2", None, "x"),
            ("volume/3", 1.0, None),
        ]

    def test_tombstones_and_what_comes_back(self, connection: Connection) -> None:
        stage(connection, "volume/1")
        stage(connection, "artefact/1")
        mark(connection, VOLUME, tombstone=True)
        mark(connection, ARTEFACT, tombstone=False)
        assert pended(connection, "volume", "tombstone", "placed", "relink") == [
            ("volume/1", True, False, False)
        ]
        assert pended(connection, "artefact", "tombstone", "placed", "relink") == [
            ("artefact/1", False, True, True)
        ]
        assert connection.rows(pending.deleted_in(VOLUME)) == [{"version": 1}]

    def test_the_planner_is_told_of_both_tables(self, connection: Connection) -> None:
        stage(connection, "volume/1", "volume/2")
        mark(connection, VOLUME, tombstone=True)
        for table in (staged_table(VOLUME), pending_table(VOLUME)):
            connection.execute(analyze(table))
            (known,) = connection.rows(f"SELECT reltuples FROM pg_class WHERE oid = '{table}'::regclass")
            assert known["reltuples"] == 2


class TestCascade:
    def test_only_types_with_children_are_found(self, connection: Connection) -> None:
        stage(connection, "volume/1", "volume/2")
        mark(connection, VOLUME, tombstone=True)
        query = cascade.child_types(registry(), ["volume", "artefact"])
        assert connection.rows(query) == [{"child": "artefact", "parent": "volume"}]
        assert {f"vxdata.{payload_type.prefix}" for payload_type in registry()} == tables(query)

    def test_children_of_others_are_not(self, connection: Connection) -> None:
        stage(connection, "volume/2")
        mark(connection, VOLUME, tombstone=True)
        find_below(connection, Cascade.DELETE)
        assert connection.rows(descent.COUNT_BELOW) == []

    def test_what_was_taken_is_not_taken_again(self, connection: Connection) -> None:
        stage(connection, "volume/1", "volume/3")
        mark(connection, VOLUME, tombstone=True)
        find_below(connection, Cascade.DELETE)
        assert connection.rows(descent.COUNT_BELOW) == [{"prefix": "artefact", "rows": 2}]
        children = cascade.pend_below(ARTEFACT, Cascade.DELETE, 2)
        assert connection.execute(children) == 2
        assert connection.execute(children) == 0
        assert pended(connection, "artefact", "tombstone", "relink", "cascaded") == [
            ("artefact/1", True, False, True),
            ("artefact/3", True, False, True),
        ]

    def test_a_move_marks_what_is_pending_already(self, connection: Connection) -> None:
        stage(connection, "artefact/1", license="x")
        change(connection, ARTEFACT, ("license",))
        stage(connection, "volume/1", parent_identifier="datasource/2")
        change(connection, VOLUME, ("parent_identifier",))
        find_below(connection, Cascade.RELINK)
        children = cascade.pend_below(ARTEFACT, Cascade.RELINK, 1)
        assert connection.execute(children) == 1
        assert connection.execute(children) == 0
        assert pended(connection, "artefact", "license", "relink", "cascaded") == [
            ("artefact/1", "x", True, False)
        ]

    @pytest.mark.parametrize(
        ("reason", "roots", "kept"),
        [
            (Cascade.DELETE, [], ["volume/1", "volume/2"]),
            (Cascade.RELINK, [], []),
            (Cascade.RESTORE, [1], ["volume/3"]),
            (Cascade.RESTORE, [7], []),
            (Cascade.RESTORE, [], []),
        ],
    )
    def test_what_needs_no_version_is_dropped(
        self, connection: Connection, reason: Cascade, roots: list[int], kept: list[str]
    ) -> None:
        stage(connection, "volume/1", "volume/2", "volume/3")
        mark(connection, VOLUME, tombstone=False)
        connection.execute("UPDATE pg_temp.pending_volume SET cascaded = true")
        connection.execute(cascade.drop_unchanged(VOLUME, reason, roots))
        assert [name for (name,) in pended(connection, "volume")] == kept


class TestLineage:
    def test_parents_are_counted_by_type(self, connection: Connection) -> None:
        stage(connection, "volume/1", "volume/2")
        stage(connection, "artefact/1")
        mark(connection, VOLUME, tombstone=False)
        mark(connection, ARTEFACT, tombstone=True)
        connection.execute(
            "UPDATE pg_temp.pending_volume SET parent_identifier = NULL WHERE identifier = 'volume/2'"
        )
        for marked in MarkColumn:
            rows = connection.rows(lineage.parent_types([VOLUME, ARTEFACT], marked))
            assert {(row["prefix"], row["parent"], row["rows"]) for row in rows} == {
                ("volume", "datasource", 1),
                ("volume", None, 1),
            }

    def test_parents_that_are_neither_live_nor_pending(self, connection: Connection) -> None:
        stage(connection, "artefact/1", "artefact/3")
        mark(connection, ARTEFACT, tombstone=False)
        missing = lineage.missing_parents(ARTEFACT, ["volume"], frozenset({"volume", "artefact"}))
        assert connection.rows(missing) == [{"identifier": "artefact/3", "parent_identifier": "volume/3"}]
        stage(connection, "volume/3")
        mark(connection, VOLUME, tombstone=False)
        assert connection.rows(missing) == []

    def test_lineage_comes_from_the_pending_parent(self, connection: Connection) -> None:
        stage(connection, "volume/1", parent_identifier="datasource/2")
        change(connection, VOLUME, ("parent_identifier",))
        find_below(connection, Cascade.RELINK)
        connection.execute(cascade.pend_below(ARTEFACT, Cascade.RELINK, 1))
        both = frozenset({"volume", "artefact"})
        below = lineage.link(ARTEFACT, ["volume"], both)
        assert connection.execute(below) == 0
        assert connection.rows(lineage.not_linked(ARTEFACT)) == [{"identifier": "artefact/1"}]
        assert connection.execute(lineage.link(VOLUME, ["datasource"], both)) == 1
        assert connection.execute(below) == 1
        assert pended(connection, "artefact", "datasource_id") == [("artefact/1", "datasource/2")]
        assert connection.rows(lineage.not_linked(ARTEFACT)) == []

    def test_only_tables_that_are_there_are_named(self) -> None:
        query = lineage.link(VOLUME, ["datasource"], frozenset({"volume"}))
        assert tables(query) == {"pg_temp.pending_volume", "vxdata.datasource"}

    def test_without_a_parent(self, connection: Connection) -> None:
        stage(connection, "artefact/1", "artefact/3")
        mark(connection, ARTEFACT, tombstone=False)
        connection.execute(
            "UPDATE pg_temp.pending_artefact SET parent_identifier = NULL WHERE identifier = 'artefact/1'"
        )
        assert connection.execute(lineage.link_roots(ARTEFACT)) == 1
        assert pended(connection, "artefact", "datasource_id", "relink") == [
            ("artefact/1", None, False),
            ("artefact/3", "datasource/1", True),
        ]

    def test_a_type_of_the_lineage_names_itself(self, connection: Connection) -> None:
        connection.execute(create_staging(DATASOURCE))
        connection.execute(pending.create_pending(DATASOURCE))
        stage(connection, "datasource/2")
        mark(connection, DATASOURCE, tombstone=False)
        connection.execute(lineage.link_roots(DATASOURCE))
        assert pended(connection, "datasource", "datasource_id", "patient_id") == [
            ("datasource/2", "datasource/2", None)
        ]


class TestPublish:
    @pytest.mark.parametrize("computed", [False, True])
    def test_the_present_version_ends_where_the_new_one_begins(
        self, connection: Connection, *, computed: bool
    ) -> None:
        stage(connection, "volume/1", b_value="5")
        change(connection, VOLUME, ("b_value",))
        versions = pending.pended(VOLUME)
        if computed:
            versions = pending.changed(VOLUME, staged_table(VOLUME), {("b_value",): 0})
        assert connection.execute(publish.publish(VOLUME, versions, COMMIT, computed=computed)) == 1
        columns = "b_value, version, valid_from, valid_to, created_at"
        where = "identifier = 'volume/1'"
        (ended,) = connection.rows(f"SELECT {columns} FROM vxdata.volume_history WHERE {where}")
        (open_,) = connection.rows(f"SELECT {columns} FROM vxdata.volume WHERE {where}")
        assert tuple(ended.values()) == (None, 1, FIRST, COMMIT.as_of, FIRST)
        assert tuple(open_.values()) == (5.0, 2, COMMIT.as_of, None, FIRST)

    def test_several_sets_of_columns_at_once(self, connection: Connection) -> None:
        stage(connection, "volume/1", b_value="5")
        stage(connection, "volume/2", number=1, license="x")
        query = pending.changed(VOLUME, staged_table(VOLUME), {("b_value",): 0, ("license",): 1})
        assert connection.execute(publish.publish(VOLUME, query, COMMIT, computed=True)) == 2
        rows = connection.rows("SELECT b_value, license, version FROM vxdata.volume ORDER BY identifier")
        assert [tuple(row.values()) for row in rows] == [(5.0, None, 2), (None, "x", 2), (None, None, 1)]


class TestRemoval:
    def test_every_version_goes(self, connection: Connection) -> None:
        stage(connection, "volume/1")
        mark(connection, VOLUME, tombstone=True)
        connection.execute(publish.publish(VOLUME, pending.pended(VOLUME), COMMIT, computed=False))
        assert [connection.execute(statement) for statement in removal.remove(VOLUME)] == [1, 1]
        left = connection.rows("SELECT identifier FROM vxdata.volume ORDER BY 1")
        assert [row["identifier"] for row in left] == ["volume/2", "volume/3"]

    def test_external_uids_are_forgotten(self, connection: Connection) -> None:
        connection.execute(
            "INSERT INTO vxdata.registration "
            "(resource_type, parent_identifier, external_uid, identifier, series, number) "
            "VALUES ('volume', 'datasource/1', 'uid', 'volume/1', 's', 1), "
            "('volume', 'datasource/1', 'other', 'volume/2', 's', 2)"
        )
        stage(connection, "volume/1")
        mark(connection, VOLUME, tombstone=True)
        assert sum(connection.execute(statement) for statement in removal.forget(VOLUME)) == 1
        rows = connection.rows("SELECT identifier, external_uid FROM vxdata.registration ORDER BY number")
        assert [row["identifier"] for row in rows] == ["volume/1", "volume/2"]
        assert rows[0]["external_uid"] != "uid"
        assert rows[1]["external_uid"] == "other"
