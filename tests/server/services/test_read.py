"""Reads: what was written comes back exactly, as of whenever it is asked."""

from __future__ import annotations

import struct
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from tests.server.support import CALL, create, resources, scalar, until
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.errors import AsOfInFuture, RequestTimedOut, UnknownField
from vxdata.schemas.fields import (
    BlobUrl,
    Boolean,
    Date,
    Enum,
    Float,
    Integer,
    NumberMap,
    Text,
    TextList,
    TextMap,
    Timestamp,
)
from vxdata.schemas.plan import Comparison, IsIn, Plan
from vxdata.schemas.types.arrow import response_schema
from vxdata.schemas.wire import AS_OF_KEY, VERSION_KEY
from vxdata.server.call import ANONYMOUS, Call
from vxdata.server.database.errors import StatementCancelled
from vxdata.server.services.read import ReadService

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.fields import Field
    from vxdata.schemas.payload_type import PayloadType
    from vxdata.server.database.monitor import CancellationMonitor
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.services.write import WriteService

UNICODE = "Müller 'quoted' \"twice\" \\ \t\n\r $1 %s 前列腺 🩻 e\u0301 \u202e\ufeff\U0010ffff"


def values(field: Field) -> list[Any]:  # noqa: C901, PLR0912 - a table
    """Extreme values of a field, null among them where it may be."""
    kind = field.type
    found: list[Any]
    match kind:
        case Text(pattern=None):
            found = [UNICODE[: kind.max_length], "", "x" * kind.max_length]
        case Text() | TextList(pattern=str()):
            found = []
        case Enum():
            found = [kind.values[0], kind.values[-1]]
        case BlobUrl():
            found = ["s3://bucket/ä 🩻/*", "s3://bucket/" + "k" * 1000]
        case Integer():
            found = [kind.ge, kind.le]
        case Float():
            lowest = kind.gt + 5e-324 if kind.gt is not None else kind.ge
            found = [
                -1.7976931348623157e308 if lowest is None else lowest,
                1.7976931348623157e308 if kind.le is None else kind.le,
            ]
            found += [-0.0] if kind.gt is None and (kind.ge or 0) <= 0 else []
        case Boolean():
            found = [True, False]
        case Date():
            found = [kind.ge or date.min, kind.le or date.max, date(2024, 2, 29)]
        case Timestamp():
            found = [
                datetime.min.replace(tzinfo=UTC),
                datetime.max.replace(tzinfo=UTC),
                datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
            ]
        case TextList(blobs=True):
            found = [[], ["s3://bucket/a"], ["s3://bucket/b"] * 3]
        case TextList():
            found = [[], [""], [UNICODE, "", "NULL", "{}", ","], ["x"] * 1000]
        case TextMap(blobs=True):
            found = [[], [("a", "s3://bucket/a")], [(UNICODE, "s3://bucket/ä")]]
        case TextMap():
            found = [[], [("", "")], [(UNICODE, UNICODE), ("null", "null"), ("a", "")]]
        case NumberMap():
            found = [[], [("", -0.0)], [("a", 5e-324), ("b", 1.7976931348623157e308), (UNICODE, 0.1)]]
    return found if field.required else [*found, None]


def rows_with_everything(payload_type: PayloadType, unique: str) -> list[dict[str, Any]]:
    """Rows in which each field takes each of its extreme values at least once."""
    choices = {field.name: values(field) or [None] for field in payload_type.fields}
    special = {"eval_task": "segmentation"}
    size = max(len(found) for found in choices.values())
    rows = []
    for number in range(size):
        row = {name: found[number % len(found)] for name, found in choices.items()}
        row |= {name: value for name, value in special.items() if name in row}
        row["identifier"] = f"{payload_type.prefix}/{unique}-{number}"
        if payload_type.prefix != "datasource":
            row["parent_identifier"] = f"datasource/{unique}"
        rows.append(row)
    return rows


def read(reads: ReadService, plan: Plan) -> pa.Table:
    result = reads.run(plan, CALL)
    return pa.Table.from_batches(list(result.batches), schema=result.arrow_schema)


def of_source(resource_type: str, source: str, **plan: Any) -> Plan:
    where = Comparison(op="==", field="datasource_id", value=source)
    return Plan(relation=resource_type, where=where, **plan)


def identifiers(
    reads: ReadService, source: str, as_of: datetime | None, resource_type: str = "patient"
) -> Sequence[str]:
    plan = of_source(resource_type, source, select=("identifier",), as_of=as_of)
    return sorted(read(reads, plan)["identifier"].to_pylist())


def same(got: Any, put: Any) -> bool:
    """Equal to the last bit; the entries of a mapping have no order, and their zero has no sign."""
    if isinstance(put, float):
        return struct.pack("d", got) == struct.pack("d", put)
    if isinstance(put, list) and put and isinstance(put[0], tuple):
        return len(got) == len(put) and dict(got) == dict(put)
    return bool(got == put)


@pytest.mark.parametrize("prefix", list(registry().by_prefix))
def test_round_trip(prefix: str, creates: WriteService, reads: ReadService, unique: str) -> None:
    payload_type = registry().get(prefix)
    rows = rows_with_everything(payload_type, unique)
    sections = [resources(prefix, *rows)]
    if prefix != "datasource":
        sections.append(resources("datasource", {"identifier": f"datasource/{unique}"}))
    receipt = create(creates, *sections)
    wanted = IsIn(field="identifier", values=tuple(row["identifier"] for row in rows))
    for as_of in (None, receipt.as_of):
        table = read(reads, Plan(relation=prefix, where=wanted, limit=len(rows), as_of=as_of))
        assert table.schema.remove_metadata().equals(response_schema(payload_type))
        table.validate(full=True)
        assert table.num_rows == len(rows)
        for got, put in zip(table.to_pylist(), sorted(rows, key=lambda row: row["identifier"]), strict=True):
            assert [name for name in put if not same(got[name], put[name])] == []
            assert (got["valid_from"], got["valid_to"], got["created_at"]) == (
                receipt.as_of,
                None,
                receipt.as_of,
            )
            assert got["version"] == receipt.version
            assert got["datasource_id"] == (
                put["identifier"] if prefix == "datasource" else f"datasource/{unique}"
            )


@pytest.mark.parametrize("prefix", list(registry().by_prefix))
def test_schema_of_an_empty_result(
    prefix: str, reads: ReadService, creates: WriteService, unique: str
) -> None:
    payload_type = registry().get(prefix)
    first = datetime(2000, 1, 1, tzinfo=UTC)
    for as_of in (None, first):
        result = reads.run(Plan(relation=prefix, limit=0, as_of=as_of), CALL)
        batches = list(result.batches)
        assert sum(batch.num_rows for batch in batches) == 0
        assert result.arrow_schema.remove_metadata().equals(response_schema(payload_type))
        assert all(batch.schema.equals(result.arrow_schema, check_metadata=True) for batch in batches)
    selected = reads.run(Plan(relation=prefix, select=("version", "identifier"), limit=0), CALL)
    list(selected.batches)
    assert selected.arrow_schema.remove_metadata().equals(
        pa.schema([response_schema(payload_type).field(name) for name in ("version", "identifier")])
    )


class TestInstants:
    def add(self, creates: WriteService, unique: str, rest: str) -> Any:
        row = {"identifier": f"patient/{unique}-{rest}", "parent_identifier": f"datasource/{unique}"}
        return create(creates, resources("patient", row))

    def test_an_earlier_state(self, creates: WriteService, reads: ReadService, unique: str) -> None:
        source = f"datasource/{unique}"
        before = create(creates, resources("datasource", {"identifier": source}))
        commits = [self.add(creates, unique, rest) for rest in "abc"]
        assert identifiers(reads, source, before.as_of) == []
        for number, commit in enumerate(commits, 1):
            expected = [f"patient/{unique}-{rest}" for rest in "abc"[:number]]
            assert identifiers(reads, source, commit.as_of) == expected
            just_before = commit.as_of - timedelta(microseconds=1)
            assert identifiers(reads, source, just_before) == expected[:-1]
        assert len(identifiers(reads, source, None)) == 3

    def test_superseded_and_deleted_versions(
        self, database: ConnectionPool, creates: WriteService, reads: ReadService, unique: str
    ) -> None:
        """Versions are made by hand: no verb of this release replaces one."""
        source, name = f"datasource/{unique}", f"patient/{unique}-a"
        create(creates, resources("datasource", {"identifier": source}))
        first = self.add(creates, unique, "a")
        other = self.add(creates, unique, "b")
        fields = (field.name for field in registry().get("patient").response_fields)
        columns = ", ".join(f'"{name}"' for name in fields if name != "valid_to")
        with database.connection() as connection:
            for tombstone in ("false", "true"):
                later = self.add(creates, unique, f"later-{tombstone}")
                stamp = later.as_of.isoformat()
                connection.execute(
                    f"INSERT INTO vxdata.patient_history ({columns}, tombstone, valid_to) "
                    f"SELECT {columns}, tombstone, '{stamp}' FROM vxdata.patient WHERE identifier = '{name}'"
                )
                connection.execute(
                    f"UPDATE vxdata.patient SET valid_from = '{stamp}', version = {later.version}, "
                    f"sex = 'F', tombstone = {tombstone} WHERE identifier = '{name}'"
                )
                if tombstone == "false":
                    changed = later
        wanted = Comparison(op="==", field="identifier", value=name)

        def sex(as_of: datetime | None) -> list[Any]:
            table = read(reads, Plan(relation="patient", where=wanted, as_of=as_of))
            assert table["valid_to"].to_pylist() == [None] * len(table)
            return [(row["sex"], row["version"]) for row in table.to_pylist()]

        assert sex(first.as_of) == sex(other.as_of) == [(None, first.version)]
        assert sex(changed.as_of - timedelta(microseconds=1)) == [(None, first.version)]
        assert sex(changed.as_of) == [("F", changed.version)]
        assert sex(later.as_of) == sex(None) == []
        assert sex(later.as_of - timedelta(microseconds=1)) == [("F", changed.version)]

    def test_the_token_reproduces_the_read(
        self, creates: WriteService, reads: ReadService, unique: str
    ) -> None:
        source = f"datasource/{unique}"
        create(creates, resources("datasource", {"identifier": source}))
        commit = self.add(creates, unique, "a")
        metadata = read(reads, of_source("patient", source)).schema.metadata
        assert metadata == {
            AS_OF_KEY: commit.as_of.isoformat(timespec="microseconds").encode(),
            VERSION_KEY: str(commit.version).encode(),
        }
        token = datetime.fromisoformat(metadata[AS_OF_KEY].decode())
        self.add(creates, unique, "b")
        again = read(reads, of_source("patient", source, as_of=token))
        assert again.schema.metadata == metadata
        assert again["identifier"].to_pylist() == [f"patient/{unique}-a"]

    def test_an_answer_holds_for_ever(
        self, database: ConnectionPool, creates: WriteService, reads: ReadService, unique: str
    ) -> None:
        source = f"datasource/{unique}"
        create(creates, resources("datasource", {"identifier": source}))
        now = scalar(database, "SELECT clock_timestamp() AS now")
        before = identifiers(reads, source, now)
        later = self.add(creates, unique, "a")
        assert later.as_of > now
        assert identifiers(reads, source, now) == before == []

    def test_in_the_future(self, reads: ReadService) -> None:
        plan = Plan(relation="patient", as_of=datetime.now(UTC) + timedelta(hours=1))
        for ask in (lambda plan: reads.describe(plan, CALL), lambda plan: reads.run(plan, CALL)):
            with pytest.raises(AsOfInFuture):
                ask(plan)

    def test_describe_fixes_the_instant(self, creates: WriteService, reads: ReadService, unique: str) -> None:
        receipt = create(creates, resources("datasource", {"identifier": f"datasource/{unique}"}))
        plan, schema = reads.describe(Plan(relation="datasource", select=("identifier",)), CALL)
        assert plan.as_of == receipt.as_of
        assert schema.names == ["identifier"]
        assert schema.metadata[VERSION_KEY] == str(receipt.version).encode()
        again, same_schema = reads.describe(plan, CALL)
        assert again == plan
        assert same_schema.equals(schema, check_metadata=True)


@pytest.fixture(scope="module")
def source(creates: WriteService) -> str:
    """A data source with rows enough for several batches."""
    name = "datasource/large"
    rows = [
        {"identifier": f"patient/large-{number}", "parent_identifier": name, "ethnic_group": "x" * 64}
        for number in range(60_000)
    ]
    create(creates, resources("datasource", {"identifier": name}), resources("patient", *rows))
    return name


class TestStreams:
    def running(self, database: ConnectionPool) -> int:
        return int(
            scalar(
                database,
                "SELECT count(*) AS n FROM pg_stat_activity WHERE state <> 'idle' "
                "AND datname = current_database() AND pid <> pg_backend_pid()",
            )
        )

    def test_flows_in_batches(self, reads: ReadService, source: str) -> None:
        result = reads.run(of_source("patient", source), CALL)
        sizes = [batch.num_rows for batch in result.batches]
        assert sum(sizes) == 60_000
        assert len(sizes) > 1

    @pytest.mark.parametrize("taken", [0, 1])
    def test_closing_frees_the_connection(
        self, database: ConnectionPool, reads: ReadService, source: str, taken: int
    ) -> None:
        result = reads.run(of_source("patient", source), CALL)
        for _ in range(taken):
            next(result.batches)
        assert self.running(database) == 1
        del result
        assert self.running(database) == 0

    def test_three_times_as_many_reads_as_connections(self, reads: ReadService, source: str) -> None:
        for _ in range(24):
            next(reads.run(of_source("patient", source), CALL).batches)

    def test_a_bad_plan_takes_no_connection(self, database: ConnectionPool, reads: ReadService) -> None:
        with pytest.raises(UnknownField):
            reads.run(Plan(relation="patient", select=("colour",)), CALL)
        assert self.running(database) == 0

    def test_a_caller_that_goes_away_ends_the_query(
        self, database: ConnectionPool, reads: ReadService, large: Plan
    ) -> None:
        gone = False
        result = reads.run(large, Call("test", lambda: gone, ANONYMOUS))
        next(result.batches)
        gone = True
        until(lambda: self.running(database) == 0, "the query is cancelled, before all of it is read")
        with pytest.raises(StatementCancelled):
            list(result.batches)


@pytest.fixture(scope="module")
def large(creates: WriteService) -> Plan:
    """A plan whose answer has several batches."""
    rows = [{"identifier": f"artefact/large-{n}", "description": "x" * 65_000} for n in range(200)]
    create(creates, resources("artefact", *rows))
    return Plan(relation="artefact", select=("description",))


class TestStalls:
    def test_an_answer_that_is_not_taken_is_ended(
        self, database: ConnectionPool, monitor: CancellationMonitor, large: Plan
    ) -> None:
        hurried = ReadService(database, default_catalog(), monitor, stall_limit=0.2)
        result = hurried.run(large, CALL)
        assert next(result.batches).num_rows > 0
        running = (
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY%artefact%' AND state = 'active'"
        )
        until(lambda: scalar(database, running) == 0, "the query is ended")
        with pytest.raises(RequestTimedOut, match=r"asked for within 0\.2 seconds"):
            list(result.batches)

    def test_one_that_is_taken_in_time_is_whole(self, reads: ReadService, large: Plan) -> None:
        batches = list(reads.run(large, CALL).batches)
        assert len(batches) > 1
        assert sum(batch.num_rows for batch in batches) >= 200

    def test_one_that_is_dropped_gives_its_connection_back(
        self, database: ConnectionPool, reads: ReadService, large: Plan
    ) -> None:
        for _ in range(20):  # more than there are connections
            next(reads.run(large, CALL).batches)
        assert scalar(database, "SELECT 1 AS one") == 1
