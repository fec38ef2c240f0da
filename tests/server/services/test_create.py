"""Creates: one commit, or nothing at all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from tests.server.support import CALL, batch, create, resources, scalar, state
from vxdata.schemas.errors import (
    DuplicateIdentifiers,
    FieldTypeMismatch,
    IncompleteUpload,
    LineageCycle,
    ParentNotFound,
    ResourceAlreadyExists,
    UnexpectedPayload,
    UnknownField,
    UnknownResourceType,
    ValidationFailed,
    VxDataError,
)
from vxdata.schemas.wire import LINEAGE_SCHEMA, WriteCommand
from vxdata.server.database.errors import UndefinedObject
from vxdata.server.ingest.lineage import CreatedLineage
from vxdata.server.ingest.staging import FEW
from vxdata.server.services.write import Section
from vxdata.sql import commit_clock as clock
from vxdata.sql.write.lookup import MAX_LOOKED_UP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.services.write import WriteService


@pytest.fixture(
    autouse=True,
    scope="module",
    params=[(FEW, MAX_LOOKED_UP), (0, MAX_LOOKED_UP), (0, 0)],
    ids=["rows in statements", "rows in tables", "many rows"],
)
def where(request: pytest.FixtureRequest) -> Iterator[None]:
    """Where staged rows are, and how their parents are found: it must not matter."""
    few, many = request.param
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vxdata.server.ingest.staging.FEW", few)
        patch.setattr("vxdata.sql.write.lookup.MAX_LOOKED_UP", many)
        yield


def datasource(rest: str) -> dict[str, Any]:
    return {"identifier": f"datasource/{rest}"}


def patient(rest: str, parent: str | None = None) -> dict[str, Any]:
    return {"identifier": f"patient/{rest}", "parent_identifier": parent or f"datasource/{rest}"}


def study(rest: str, parent: str | None = None) -> dict[str, Any]:
    return {"identifier": f"imagingstudy/{rest}", "parent_identifier": parent or f"patient/{rest}"}


def volume(rest: str, parent: str | None = None) -> dict[str, Any]:
    return {"identifier": f"volume/{rest}", "parent_identifier": parent or f"imagingstudy/{rest}"}


def lineage(database: ConnectionPool, identifier: str) -> tuple[str | None, ...]:
    table = identifier.partition("/")[0]
    with database.connection() as connection:
        (row,) = connection.rows(
            "SELECT parent_identifier, datasource_id, patient_id, study_id "
            f"FROM vxdata.\"{table}\" WHERE identifier = '{identifier}'"
        )
    return tuple(row.values())


@contextmanager
def refused(database: ConnectionPool, error: type[VxDataError], match: str | None = None) -> Iterator[Any]:
    """Expect an error, and that nothing at all was written."""
    before = state(database)
    with pytest.raises(error, match=match) as caught:
        yield caught
    assert state(database) == before


class TestCommit:
    def test_receipt_log_and_clocks(
        self, database: ConnectionPool, creates: WriteService, unique: str
    ) -> None:
        version = scalar(database, "SELECT version FROM vxdata.commit_clock")
        receipt = create(
            creates,
            resources("datasource", datasource(unique)),
            resources("patient", patient(f"{unique}1", f"datasource/{unique}")),
            resources("patient", patient(f"{unique}2", f"datasource/{unique}")),
            client={"user": "someone"},
        )
        assert receipt.version == version + 1
        assert receipt.counts == {"datasource": 1, "patient": 2}
        with database.connection() as connection:
            (log,) = connection.rows(
                "SELECT stamp, verb, counts::text AS counts, client::text AS client "
                f"FROM vxdata.commit_log WHERE version = {receipt.version}"
            )
            clocks = connection.rows(
                "SELECT resource_type, stamp FROM vxdata.type_clock "
                f"WHERE version = {receipt.version} ORDER BY resource_type"
            )
        assert log == {
            "stamp": receipt.as_of,
            "verb": "create",
            "counts": '{"patient": 2, "datasource": 1}',
            "client": '{"user": "someone"}',
        }
        assert clocks == [
            {"resource_type": "datasource", "stamp": receipt.as_of},
            {"resource_type": "patient", "stamp": receipt.as_of},
        ]

    def test_versions_are_open_live_and_first(
        self, database: ConnectionPool, creates: WriteService, unique: str
    ) -> None:
        receipt = create(creates, resources("datasource", datasource(unique)))
        with database.connection() as connection:
            (row,) = connection.rows(
                "SELECT valid_from, valid_to, created_at, version, tombstone, license FROM vxdata.datasource "
                f"WHERE identifier = 'datasource/{unique}'"
            )
        assert row == {
            "valid_from": receipt.as_of,
            "valid_to": None,
            "created_at": receipt.as_of,
            "version": receipt.version,
            "tombstone": False,
            "license": "CC BY 4.0",
        }
        assert scalar(database, "SELECT count(*) AS n FROM vxdata.datasource_history") == 0

    def test_lineage_is_kept_for_who_asks(
        self, database: ConnectionPool, creates: WriteService, unique: str
    ) -> None:
        # The volume's parent stands behind it, and the study's parent is a study: three passes.
        sections = [
            resources("volume", volume(unique, f"imagingstudy/{unique}-2")),
            resources("imagingstudy", study(f"{unique}-2", f"imagingstudy/{unique}"), study(unique)),
            resources("patient", patient(unique)),
            resources("datasource", datasource(unique)),
        ]
        kept = CreatedLineage()
        upload: Iterator[Section | int] = iter([*sections, 5])
        creates.write(WriteCommand(verb="create"), upload, CALL, kept)
        buffer = kept.to_buffer()
        assert buffer is not None
        table = pa.ipc.open_stream(buffer).read_all()
        assert table.schema.equals(LINEAGE_SCHEMA)
        rows = {row.pop("identifier"): tuple(row.values()) for row in table.to_pylist()}
        names = [name for part in sections for name in part.rows["identifier"].to_pylist()]
        assert rows == {name: lineage(database, name)[1:] for name in names}

    def test_lineage_of_many_is_not_kept(
        self, creates: WriteService, unique: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("vxdata.server.ingest.lineage.MAX_ROWS", 1)
        for rows in ([f"{unique}-1", f"{unique}-2"], [unique]):
            kept = CreatedLineage()
            part = resources("datasource", *map(datasource, rows))
            upload: Iterator[Section | int] = iter([part, len(rows)])
            creates.write(WriteCommand(verb="create"), upload, CALL, kept)
            assert (kept.to_buffer() is None) == (len(rows) > 1)

    def test_what_exists_is_named_to_who_asks_for_lineage(
        self, database: ConnectionPool, creates: WriteService, unique: str
    ) -> None:
        create(creates, resources("datasource", datasource(unique)))
        with refused(database, ResourceAlreadyExists, unique):
            creates.write(
                WriteCommand(verb="create"),
                iter([resources("datasource", datasource(unique)), 1]),
                CALL,
                CreatedLineage(),
            )

    def test_nothing_to_create_is_no_commit(self, database: ConnectionPool, creates: WriteService) -> None:
        before = state(database)
        receipt = create(creates)
        assert (receipt.version, receipt.as_of) == (
            before["clock"][0]["version"],
            before["clock"][0]["stamp"],
        )
        assert receipt.counts == {}
        assert state(database) == before


class TestLineage:
    def test_of_each_level(self, database: ConnectionPool, creates: WriteService, unique: str) -> None:
        create(
            creates,
            resources("datasource", datasource(unique)),
            resources("patient", patient(unique)),
            resources("imagingstudy", study(unique)),
            resources("volume", volume(unique)),
        )
        source, person, exam = f"datasource/{unique}", f"patient/{unique}", f"imagingstudy/{unique}"
        assert lineage(database, source) == (None, source, None, None)
        assert lineage(database, person) == (source, source, person, None)
        assert lineage(database, exam) == (person, source, person, exam)
        assert lineage(database, f"volume/{unique}") == (exam, source, person, exam)

    def test_over_several_commits(self, database: ConnectionPool, creates: WriteService, unique: str) -> None:
        create(creates, resources("datasource", datasource(unique)))
        create(creates, resources("imagingstudy", study(unique, f"datasource/{unique}")))
        create(creates, resources("volume", volume(unique)))
        source, exam = f"datasource/{unique}", f"imagingstudy/{unique}"
        assert lineage(database, f"volume/{unique}") == (exam, source, None, exam)

    def test_parents_after_their_children(
        self, database: ConnectionPool, creates: WriteService, unique: str
    ) -> None:
        create(
            creates,
            resources("volume", volume(unique)),
            resources("imagingstudy", study(unique)),
            resources("patient", patient(unique)),
            resources("datasource", datasource(unique)),
        )
        assert lineage(database, f"volume/{unique}")[1:] == (
            f"datasource/{unique}",
            f"patient/{unique}",
            f"imagingstudy/{unique}",
        )

    def test_against_the_order_of_types(
        self, database: ConnectionPool, creates: WriteService, unique: str
    ) -> None:
        """A patient below a volume below a data source: no built-in rule forbids it."""
        create(
            creates,
            resources("patient", patient(unique, f"volume/{unique}")),
            resources("volume", volume(unique, f"datasource/{unique}")),
            resources("datasource", datasource(unique)),
        )
        assert lineage(database, f"patient/{unique}")[1:] == (
            f"datasource/{unique}",
            f"patient/{unique}",
            None,
        )

    def test_a_chain_of_one_type_in_any_order(
        self, database: ConnectionPool, creates: WriteService, unique: str
    ) -> None:
        rows = [volume(f"{unique}-0", f"datasource/{unique}")]
        rows += [volume(f"{unique}-{depth}", f"volume/{unique}-{depth - 1}") for depth in range(1, 25)]
        shuffled = rows[::2][::-1] + rows[1::2]
        receipt = create(creates, resources("volume", *shuffled), resources("datasource", datasource(unique)))
        assert receipt.counts == {"volume": 25, "datasource": 1}
        assert lineage(database, f"volume/{unique}-24") == (
            f"volume/{unique}-23",
            f"datasource/{unique}",
            None,
            None,
        )

    def test_the_nearest_of_a_kind(
        self, database: ConnectionPool, creates: WriteService, unique: str
    ) -> None:
        create(
            creates,
            resources("datasource", datasource(unique)),
            resources("patient", patient(unique), patient(f"{unique}-child", f"patient/{unique}")),
        )
        assert lineage(database, f"patient/{unique}-child")[2] == f"patient/{unique}-child"

    def test_without_a_parent(self, database: ConnectionPool, creates: WriteService, unique: str) -> None:
        create(creates, resources("artefact", {"identifier": f"artefact/{unique}"}))
        assert lineage(database, f"artefact/{unique}") == (None, None, None, None)


class TestConflicts:
    def test_given_twice(self, database: ConnectionPool, creates: WriteService, unique: str) -> None:
        rows = [datasource(f"{unique}-{number % 3}") for number in range(5)] + [datasource(unique)]
        with refused(database, DuplicateIdentifiers) as caught:
            create(creates, resources("datasource", *rows))
        assert caught.value.details["identifiers"] == [f"datasource/{unique}-0", f"datasource/{unique}-1"]

    def test_given_twice_in_two_sections(
        self, database: ConnectionPool, creates: WriteService, unique: str
    ) -> None:
        with refused(database, DuplicateIdentifiers):
            create(
                creates,
                resources("datasource", datasource(unique)),
                resources("datasource", datasource(unique)),
            )

    def test_given_twice_with_two_parents(
        self, database: ConnectionPool, creates: WriteService, unique: str
    ) -> None:
        """One parent is live before the other, so the second row meets the first in a later pass."""
        with refused(database, DuplicateIdentifiers) as caught:
            create(
                creates,
                resources("datasource", datasource(unique)),
                resources(
                    "patient",
                    patient(f"{unique}-1", f"datasource/{unique}"),
                    patient(unique, f"datasource/{unique}"),
                    patient(unique, f"patient/{unique}-1"),
                ),
            )
        assert caught.value.details["identifiers"] == [f"patient/{unique}"]

    def test_exists(self, database: ConnectionPool, creates: WriteService, unique: str) -> None:
        create(creates, resources("datasource", datasource(f"{unique}-1"), datasource(f"{unique}-2")))
        with refused(database, ResourceAlreadyExists) as caught:
            rows = [datasource(f"{unique}-{number}") for number in (3, 2, 1)]
            create(creates, resources("datasource", *rows))
        expected = [f"datasource/{unique}-1", f"datasource/{unique}-2"]
        assert caught.value.details == {"identifiers": expected, "live": expected, "deleted": []}

    def test_exists_deleted(self, database: ConnectionPool, creates: WriteService, unique: str) -> None:
        create(creates, resources("datasource", datasource(unique)))
        bury(database, f"datasource/{unique}")
        with refused(database, ResourceAlreadyExists, "use restore") as caught:
            create(creates, resources("datasource", datasource(unique)))
        assert caught.value.details["deleted"] == [f"datasource/{unique}"]
        assert caught.value.details["live"] == []

    def test_one_of_several_types_exists(
        self, database: ConnectionPool, creates: WriteService, unique: str
    ) -> None:
        create(creates, resources("datasource", datasource(unique)), resources("patient", patient(unique)))
        with refused(database, ResourceAlreadyExists) as caught:
            create(
                creates,
                resources("datasource", datasource(f"{unique}-new")),
                resources("patient", patient(f"{unique}-new"), patient(unique)),
            )
        assert caught.value.details["identifiers"] == [f"patient/{unique}"]

    def test_two_at_once(self, database: ConnectionPool, creates: WriteService, unique: str) -> None:
        def attempt(names: tuple[str, str]) -> str:
            rows = [datasource(name) for name in names]
            try:
                create(creates, resources("datasource", *rows))
            except ResourceAlreadyExists:
                return "lost"
            return "won"

        with ThreadPoolExecutor(2) as executor:
            for shared in (f"{unique}-{number}" for number in range(8)):
                batches = [(shared, f"{shared}-a"), (shared, f"{shared}-b")]
                assert sorted(executor.map(attempt, batches)) == ["lost", "won"]
        found = f"identifier LIKE 'datasource/{unique}-%'"
        assert scalar(database, f"SELECT count(*) AS n FROM vxdata.datasource WHERE {found}") == 16


def bury(database: ConnectionPool, identifier: str) -> None:
    """Mark a resource as deleted; deleting is a verb that this version does not have yet."""
    table = identifier.partition("/")[0]
    with database.connection() as connection:
        connection.execute(
            f"UPDATE vxdata.\"{table}\" SET tombstone = true WHERE identifier = '{identifier}'"
        )


class TestParents:
    def test_every_missing_one_is_named(
        self, database: ConnectionPool, creates: WriteService, unique: str
    ) -> None:
        with refused(database, ParentNotFound) as caught:
            create(
                creates,
                resources("datasource", datasource(unique)),
                resources(
                    "patient",
                    patient(f"{unique}-ok", f"datasource/{unique}"),
                    patient(f"{unique}-a", "datasource/missing-b"),
                    patient(f"{unique}-b", "datasource/missing-a"),
                    patient(f"{unique}-c", "datasource/missing-a"),
                ),
                resources("imagingstudy", study(f"{unique}-a"), study(f"{unique}-d", "patient/missing")),
            )
        assert caught.value.details["identifiers"] == [
            "datasource/missing-a",
            "datasource/missing-b",
            "patient/missing",
        ]
        # The child of what could not be created is not blamed: its parent is in the batch.
        assert set(caught.value.details["children"]) == {
            f"patient/{unique}-a",
            f"patient/{unique}-b",
            f"patient/{unique}-c",
            f"imagingstudy/{unique}-d",
        }

    def test_deleted(self, database: ConnectionPool, creates: WriteService, unique: str) -> None:
        create(creates, resources("datasource", datasource(unique)))
        bury(database, f"datasource/{unique}")
        with refused(database, ParentNotFound):
            create(creates, resources("patient", patient(unique)))

    @pytest.mark.parametrize("length", [1, 2, 5])
    def test_cycle(self, database: ConnectionPool, creates: WriteService, unique: str, length: int) -> None:
        rows = [
            volume(f"{unique}-{number}", f"volume/{unique}-{(number + 1) % length}")
            for number in range(length)
        ]
        with refused(database, LineageCycle) as caught:
            create(creates, resources("volume", *rows))
        assert caught.value.details["identifiers"] == sorted(row["identifier"] for row in rows)

    def test_cycle_over_two_types(self, database: ConnectionPool, creates: WriteService, unique: str) -> None:
        with refused(database, LineageCycle):
            create(
                creates,
                resources("imagingstudy", study(unique, f"volume/{unique}")),
                resources("volume", volume(unique)),
            )

    def test_a_cycle_through_what_is_there_already(
        self, database: ConnectionPool, creates: WriteService, unique: str
    ) -> None:
        """What is there has a parent of its own, so there is no cycle, but an identifier that is taken."""
        create(creates, resources("datasource", datasource(unique)), resources("patient", patient(unique)))
        create(creates, resources("imagingstudy", study(unique)))
        bury(database, f"imagingstudy/{unique}")
        with refused(database, ResourceAlreadyExists, "use restore"):
            create(
                creates,
                resources("imagingstudy", study(unique, f"volume/{unique}")),
                resources("volume", volume(unique)),
            )


class TestUploads:
    @pytest.mark.parametrize("announced", [None, 0, 1, 3, -1])
    def test_marker_missing_or_wrong(
        self, database: ConnectionPool, creates: WriteService, unique: str, announced: int | None
    ) -> None:
        section = resources("datasource", datasource(f"{unique}-1"), datasource(f"{unique}-2"))
        upload: list[Section | int] = [section] if announced is None else [section, announced]
        with refused(database, IncompleteUpload, "nothing was written") as caught:
            creates.write(WriteCommand(verb="create"), iter(upload), CALL)
        assert caught.value.details == {"announced": announced, "received": 2}

    def test_broken_off_by_an_error(
        self, database: ConnectionPool, creates: WriteService, unique: str
    ) -> None:
        def sections() -> Iterator[Section | int]:
            yield resources("datasource", datasource(unique))
            raise IncompleteUpload("broken off")

        with refused(database, IncompleteUpload, "broken off"):
            creates.write(WriteCommand(verb="create"), sections(), CALL)

    def test_every_violation_is_told_and_counted_over_sections(
        self, database: ConnectionPool, creates: WriteService, unique: str
    ) -> None:
        with refused(database, ValidationFailed) as caught:
            create(
                creates,
                resources("datasource", datasource(unique)),
                resources(
                    "patient", {**patient(f"{unique}-0"), "sex": "M"}, {**patient(f"{unique}-1"), "sex": "X"}
                ),
                resources("patient", {**patient(f"{unique}-2"), "birth_year": 3000}),
            )
        assert [(found["row"], found["field"]) for found in caught.value.violations] == [
            (1, "sex"),
            (2, "birth_year"),
        ]

    @pytest.mark.parametrize(
        ("section", "error"),
        [
            (Section("nothing", pa.record_batch({"identifier": ["nothing/x"]})), UnknownResourceType),
            (Section("patient", pa.record_batch({"colour": ["red"]})), UnknownField),
            (Section("patient", pa.record_batch({"tombstone": [True]})), UnknownField),
            (Section("patient", pa.record_batch({"version": [1]})), UnknownField),
            (Section("patient", pa.record_batch({"identifier": [1]})), FieldTypeMismatch),
            (Section("patient", batch("datasource", [datasource("x")])), UnexpectedPayload),
            (Section("patient", pa.record_batch({"colour": pa.array([], pa.string())})), UnknownField),
        ],
    )
    def test_a_section_that_is_not_what_it_claims(
        self, database: ConnectionPool, creates: WriteService, section: Section, error: type[VxDataError]
    ) -> None:
        with refused(database, error):
            create(creates, section)

    def test_an_empty_section_is_nothing(self, creates: WriteService, unique: str) -> None:
        empty = Section("patient", batch("patient", [patient(unique)]).slice(0, 0))
        receipt = create(creates, empty, resources("datasource", datasource(unique)))
        assert receipt.counts == {"datasource": 1}

    def test_sections_of_one_type_may_have_other_columns(
        self, database: ConnectionPool, creates: WriteService, unique: str
    ) -> None:
        create(
            creates,
            resources("datasource", {**datasource(f"{unique}-1"), "name": "A", "country": "DE"}),
            resources("datasource", {**datasource(f"{unique}-2"), "description": "B"}),
        )
        with database.connection() as connection:
            rows = connection.rows(
                "SELECT name, country, description FROM vxdata.datasource "
                f"WHERE identifier LIKE 'datasource/{unique}-%' ORDER BY identifier"
            )
        assert rows == [
            {"name": "A", "country": "DE", "description": None},
            {"name": None, "country": None, "description": "B"},
        ]

    def test_a_slice_is_written_as_what_it_shows(
        self, database: ConnectionPool, creates: WriteService, unique: str
    ) -> None:
        rows = [
            {**datasource(f"{unique}-{number}"), "external_identifiers": [("n", str(number))], "license": "x"}
            if number % 2
            else {**datasource(f"{unique}-{number}"), "license": "x"}
            for number in range(9)
        ]
        whole = batch("datasource", rows)
        create(creates, Section("datasource", whole.slice(3, 4)))
        with database.connection() as connection:
            found = connection.rows(
                "SELECT identifier, external_identifiers->>'n' AS n FROM vxdata.datasource "
                f"WHERE identifier LIKE 'datasource/{unique}-%' ORDER BY identifier"
            )
        assert [(row["identifier"][-1], row["n"]) for row in found] == [
            ("3", "3"),
            ("4", None),
            ("5", "5"),
            ("6", None),
        ]


def test_a_failure_of_the_database_writes_nothing(
    database: ConnectionPool, creates: WriteService, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The very last statement fails."""
    before = state(database)
    with monkeypatch.context() as patch:
        patch.setattr(clock, "log_commit", lambda *_: ["INSERT INTO vxdata.no_such_table VALUES (1)"])
        with pytest.raises(UndefinedObject):
            create(creates, resources("datasource", datasource(unique)))
    assert state(database) == before
