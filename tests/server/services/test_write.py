"""The write service itself, whatever the verb: receipts, keys, refusals, silence and deadlocks."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, get_args

import pyarrow as pa
import pyarrow.flight as fl
import pytest
from structlog.testing import capture_logs

from tests.server.database.deadlocks import deadlocked
from tests.server.support import CALL, batch, ipc, put, resources, scalar, section, state, until
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.errors import (
    IdempotencyMismatch,
    IncompleteUpload,
    NotAllowed,
    ResourceAlreadyExists,
    ResourceNotFound,
    ServerBusy,
)
from vxdata.schemas.wire import UPLOAD_SCHEMA, CommitMarker, Verb, WireError, WriteCommand
from vxdata.server.app import Server
from vxdata.server.database.pool import ConnectionPool, Lane
from vxdata.server.ingest.lineage import CreatedLineage
from vxdata.server.services.write import Section, WriteService

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pydantic import SecretStr

    from vxdata.schemas.errors import VxDataError
    from vxdata.schemas.wire import CommitReceipt
    from vxdata.server.config import Settings
    from vxdata.server.database.monitor import CancellationMonitor
    from vxdata.server.listeners.boundary import Outcome


def upload(*sections: Section) -> Iterator[Section | int]:
    """Sections, then a marker that fits."""
    return iter([*sections, sum(part.rows.num_rows for part in sections)])


def write(
    service: WriteService, verb: Verb, *sections: Section, key: str | None = None, cascade: bool = False
) -> CommitReceipt:
    command = WriteCommand(verb=verb, cascade=cascade, idempotency_key=key)
    return service.write(command, upload(*sections), CALL)


def named(*identifiers: str, **fields: Any) -> Section:
    """Rows of data sources that state what a verb needs, and no licence."""
    rows = [{"identifier": name, **fields} for name in identifiers]
    return Section("datasource", batch("datasource", rows))


def sources(*identifiers: str, **fields: Any) -> Section:
    return resources("datasource", *({"identifier": name, **fields} for name in identifiers))


@contextmanager
def refused(database: ConnectionPool, error: type[VxDataError], match: str | None = None) -> Iterator[Any]:
    """Expect an error that leaves everything as it was, answers included."""
    answers = "SELECT count(*) AS n FROM vxdata.idempotency_record"
    before = (state(database), scalar(database, answers))
    with pytest.raises(error, match=match) as caught:
        yield caught
    assert (state(database), scalar(database, answers)) == before


@pytest.fixture
def name(unique: str) -> str:
    """Identifier of a data source that does not exist yet."""
    return f"datasource/{unique}"


class TestReceipts:
    def test_of_every_verb(self, database: ConnectionPool, monitor: CancellationMonitor, name: str) -> None:
        service = WriteService(database, registry(), monitor, allow_purge=True)
        before = service.write(WriteCommand(verb="create"), upload(), CALL)
        sections: dict[Verb, Section] = {
            "create": sources(name),
            "update": named(name, license="other"),
            "delete": named(name),
            "restore": named(name),
            "purge": named(name),
        }
        assert sorted(sections) == sorted(get_args(Verb))
        for number, (verb, rows) in enumerate(sections.items(), 1):
            receipt = write(service, verb, rows)
            assert receipt.version == before.version + number
            assert set(receipt.counts) == {"datasource"}
            with database.connection() as connection:
                (logged,) = connection.rows(
                    f"SELECT verb, stamp FROM vxdata.commit_log WHERE version = {receipt.version}"
                )
            assert (logged["verb"], logged["stamp"]) == (verb, receipt.as_of)

    def test_counts_name_the_types_that_were_written_and_no_others(
        self, creates: WriteService, name: str
    ) -> None:
        patient = name.replace("datasource", "patient")
        rows = resources("patient", {"identifier": patient, "parent_identifier": name})
        made = write(creates, "create", rows, sources(name, f"{name}-2"))
        assert made.counts == {"datasource": 2, "patient": 1}
        changed = Section("patient", batch("patient", [{"identifier": patient, "sex": "M"}]))
        updated = write(creates, "update", changed, named(name, license="CC BY 4.0"))
        assert updated.counts == {"patient": 1}

    @pytest.mark.parametrize("rows", [(), ("CC BY 4.0",)], ids=["no rows", "rows that change nothing"])
    def test_of_a_write_that_changes_nothing(
        self, database: ConnectionPool, creates: WriteService, name: str, rows: tuple[str, ...]
    ) -> None:
        last = write(creates, "create", sources(name))
        before = state(database)
        receipt = write(creates, "update", *(named(name, license=text) for text in rows))
        assert (receipt.version, receipt.as_of, receipt.counts) == (last.version, last.as_of, {})
        assert state(database) == before


class TestIdempotency:
    def test_the_same_request_gets_the_same_answer(
        self, database: ConnectionPool, creates: WriteService, name: str
    ) -> None:
        first = write(creates, "create", sources(name, f"{name}-2"), key=name)
        assert write(creates, "create", sources(name, f"{name}-2"), key=name) == first
        later = write(creates, "create", sources(f"{name}-3"))
        assert later.version == first.version + 1
        before = state(database)
        assert write(creates, "create", sources(name, f"{name}-2"), key=name) == first
        assert state(database) == before

    def test_an_answer_without_a_commit_is_kept_as_well(self, creates: WriteService, name: str) -> None:
        made = write(creates, "create", sources(name))
        same = named(name, license="CC BY 4.0")
        first = write(creates, "update", same, key=name)
        assert (first.version, first.counts) == (made.version, {})
        write(creates, "update", named(name, license="other"))
        # Now it would change something: the answer is still that of then.
        assert write(creates, "update", same, key=name) == first

    @pytest.mark.parametrize(
        "change",
        [
            "other rows",
            "fewer rows",
            "another order",
            "another verb",
            "another flag",
            "another set of columns",
        ],
    )
    def test_another_request_under_the_same_key(
        self, database: ConnectionPool, creates: WriteService, name: str, change: str
    ) -> None:
        other = f"{name}-2"
        write(creates, "create", sources(name, other))
        write(creates, "update", sources(name, other, name="a"), key=name)
        verb: Verb = "create" if change == "another verb" else "update"
        rows = {
            "other rows": sources(name, other, name="b"),
            "fewer rows": sources(name, name="a"),
            "another order": sources(other, name, name="a"),
            "another set of columns": sources(name, other, description="a"),
        }.get(change, sources(name, other, name="a"))
        with refused(database, IdempotencyMismatch, "used before for another request") as caught:
            write(creates, verb, rows, key=name, cascade=change == "another flag")
        assert caught.value.details == {"idempotency_key": name}

    def test_a_refused_request_keeps_no_answer(
        self, database: ConnectionPool, creates: WriteService, name: str
    ) -> None:
        with refused(database, ResourceNotFound):
            write(creates, "update", named(name, license="x"), key=name)
        with refused(database, IncompleteUpload):
            creates.write(WriteCommand(verb="create", idempotency_key=name), iter([sources(name)]), CALL)
        receipt = write(creates, "create", sources(name), key=name)
        assert receipt.counts == {"datasource": 1}

    def test_without_a_key_it_is_done_again(
        self, database: ConnectionPool, creates: WriteService, name: str
    ) -> None:
        write(creates, "create", sources(name))
        with refused(database, ResourceAlreadyExists):
            write(creates, "create", sources(name))


class TestPurge:
    def test_off_unless_allowed(self, database: ConnectionPool, creates: WriteService, name: str) -> None:
        write(creates, "create", sources(name))
        arrived: list[str] = []

        def arriving() -> Iterator[Section | int]:
            arrived.append("a section")
            yield named(name)
            yield 1

        with refused(database, NotAllowed, "VXDATA_ALLOW_PURGE"):
            creates.write(WriteCommand(verb="purge"), arriving(), CALL)
        assert arrived == []

    def test_allowed(self, database: ConnectionPool, monitor: CancellationMonitor, name: str) -> None:
        service = WriteService(database, registry(), monitor, allow_purge=True)
        write(service, "create", sources(name))
        write(service, "purge", named(name))
        assert (
            scalar(database, f"SELECT count(*) AS n FROM vxdata.datasource WHERE identifier = '{name}'") == 0
        )


@pytest.mark.parametrize("verb", ["create", "update", "delete", "restore"])
@pytest.mark.parametrize(
    ("announced", "words"),
    [(None, "without a commit marker"), (1, "with a marker for 1 rows"), (1_000, "with a marker for 1,000")],
)
def test_incomplete_uploads(
    database: ConnectionPool, creates: WriteService, name: str, verb: Verb, announced: int | None, words: str
) -> None:
    parts: list[Section | int] = [named(name, f"{name}-2"), *([] if announced is None else [announced])]
    with refused(database, IncompleteUpload, words) as caught:
        creates.write(WriteCommand(verb=verb), iter(parts), CALL)
    assert caught.value.details == {"announced": announced, "received": 2}


class TestPlaces:
    @pytest.fixture
    def narrow(self, database_uri: SecretStr) -> Iterator[ConnectionPool]:
        """A pool with one place for readers and one for writers."""
        with closing(ConnectionPool(database_uri, size=1, writers=1, wait=0.05)) as pool:
            yield pool

    def test_an_upload_that_has_not_arrived_takes_none(
        self, narrow: ConnectionPool, monitor: CancellationMonitor, name: str
    ) -> None:
        service = WriteService(narrow, registry(), monitor, allow_purge=False)
        free: list[int] = []

        def arriving() -> Iterator[Section | int]:
            free.append(narrow._places[Lane.WRITE].free)
            yield sources(name)
            free.append(narrow._places[Lane.WRITE].free)
            yield 1
            free.append(narrow._places[Lane.WRITE].free)

        service.write(WriteCommand(verb="create"), arriving(), CALL)
        assert free == [1, 1, 1]
        assert narrow._places[Lane.WRITE].free == 1

    def test_the_next_writer_waits_and_is_told(
        self, narrow: ConnectionPool, monitor: CancellationMonitor, name: str
    ) -> None:
        service = WriteService(narrow, registry(), monitor, allow_purge=False)
        with narrow.connection(Lane.WRITE), refused(narrow, ServerBusy, "within 0.05 seconds"):
            write(service, "create", sources(name))

    def test_it_takes_none_of_the_readers(
        self, narrow: ConnectionPool, monitor: CancellationMonitor, name: str
    ) -> None:
        service = WriteService(narrow, registry(), monitor, allow_purge=False)
        with narrow.connection():
            assert write(service, "create", sources(name)).counts == {"datasource": 1}


class TestSilence:
    @pytest.fixture
    def outcomes(self) -> list[Outcome]:
        """The calls of the server that have ended."""
        return []

    @pytest.fixture
    def server(
        self, settings: Settings, database_uri: SecretStr, outcomes: list[Outcome]
    ) -> Iterator[Server]:
        """A server with one place for writers, that waits for the next section for two seconds."""
        changes = {"database_uri": database_uri, "writer_pool_size": 1, "upload_idle": 2.0}
        with Server(settings.model_copy(update=changes), observers=[outcomes.append]) as running:
            yield running

    @pytest.mark.parametrize("what", ["a section", "the marker", "the end"])
    def test_a_silent_client_holds_no_place_and_is_refused(
        self, server: Server, database: ConnectionPool, name: str, what: str
    ) -> None:
        with (
            closing(fl.connect(server.flight_url)) as silent,
            closing(fl.connect(server.flight_url)) as other,
            capture_logs() as logs,
        ):
            descriptor = fl.FlightDescriptor.for_command(WriteCommand(verb="create").to_bytes())
            writer, answers = silent.do_put(descriptor, UPLOAD_SCHEMA)
            writer.write_batch(part(f"{name}-silent"))
            assert put(other, [part(name)], 1), "there is one place, and the silent client does not hold it"
            until(lambda: given_up(logs), "the upload has been given up")
            with pytest.raises(fl.FlightError) as caught:
                go_on(writer, answers, what)
        found = WireError.model_validate_json(caught.value.extra_info)
        assert found.code == IncompleteUpload.code
        assert found.message == "The upload was silent for 2 seconds; nothing was written."
        assert written(database, name) == [name]

    def test_one_that_vanishes_while_it_is_silent(
        self, server: Server, outcomes: Sequence[Outcome], database: ConnectionPool, name: str
    ) -> None:
        with closing(fl.connect(server.flight_url)) as silent:
            descriptor = fl.FlightDescriptor.for_command(WriteCommand(verb="create").to_bytes())
            writer, _ = silent.do_put(descriptor, UPLOAD_SCHEMA)
            writer.write_batch(part(f"{name}-silent"))
            del writer
            until(lambda: outcomes, "the call has ended")
        assert server._services.write._space.used_bytes == 0
        with closing(fl.connect(server.flight_url)) as other:
            assert put(other, [part(name)], 1)
        assert written(database, name) == [name]


def go_on(writer: Any, answers: Any, what: str) -> None:
    """End an upload that was silent: after another section, after the marker, or as it is."""
    if what == "a section":
        writer.write_batch(part("datasource/late"))
    elif what == "the marker":
        writer.write_metadata(CommitMarker(rows=1).to_bytes())
    writer.done_writing()
    answers.read()
    writer.close()


def part(name: str) -> Any:
    return section("datasource", ipc(batch("datasource", [{"identifier": name, "license": "x"}])))


def given_up(logs: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the server has given an upload up."""
    return any(line["event"] == "upload_given_up" for line in logs)


def written(database: ConnectionPool, name: str) -> list[str]:
    with database.connection() as connection:
        sql = f"SELECT identifier FROM vxdata.datasource WHERE starts_with(identifier, '{name}')"
        return [row["identifier"] for row in connection.rows(sql)]


class TestDeadlock:
    def test_is_met_by_another_attempt(
        self, database: ConnectionPool, admin: ConnectionPool, creates: WriteService, name: str
    ) -> None:
        patient = name.replace("datasource", "patient")
        rows = resources("patient", {"identifier": patient, "parent_identifier": name})
        made = write(creates, "create", sources(name), rows)
        changed = Section("patient", batch("patient", [{"identifier": patient, "sex": "F"}]))
        with capture_logs() as logs:
            receipt = deadlocked(
                lambda: write(creates, "update", named(name, name="new"), changed, key=name),
                database,
                admin,
                first="datasource",
                second="patient",
            )
        assert {entry["sqlstate"] for entry in logs if entry["event"] == "attempt_undone"} == {"40P01"}
        assert receipt.version == made.version + 1
        assert receipt.counts == {"datasource": 1, "patient": 1}
        for table in ("datasource", "patient"):
            sql = f"SELECT count(*) AS n FROM vxdata.{table}_history WHERE version = {made.version}"
            assert scalar(database, sql) == 1
        assert write(creates, "update", named(name, name="new"), changed, key=name) == receipt

    def test_of_a_create(
        self, database: ConnectionPool, admin: ConnectionPool, creates: WriteService, name: str
    ) -> None:
        patient = name.replace("datasource", "patient")
        rows = resources("patient", {"identifier": patient, "parent_identifier": name})
        command, lineage = WriteCommand(verb="create"), CreatedLineage()
        with capture_logs() as logs:
            receipt = deadlocked(
                lambda: creates.write(command, upload(sources(name), rows), CALL, lineage),
                database,
                admin,
                first="datasource",
                second="patient",
            )
        assert {entry["sqlstate"] for entry in logs if entry["event"] == "attempt_undone"} == {"40P01"}
        assert receipt.counts == {"datasource": 1, "patient": 1}
        assert written(database, name) == [name]
        kept = lineage.to_buffer()
        assert kept is not None
        assert pa.ipc.open_stream(kept).read_all()["identifier"].to_pylist() == [name, patient]
