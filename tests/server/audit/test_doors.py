"""Every door: each RPC, action and path of the code's own lists leaves a record, or shows no data."""

from __future__ import annotations

import json
import re
from contextlib import closing, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import polars as pl
import pyarrow as pa
import pyarrow.flight
import pytest

from tests.fixtures.disks import fill
from tests.server.audit.support import ADA, files
from tests.server.identities.code_doors import flight_methods, http_doors
from tests.server.support import never, until
from vxdata.schemas.create import DataSourceCreate
from vxdata.schemas.errors import NotAllowed, NotPermitted, ServerUnavailable
from vxdata.schemas.identity import EVERYTHING, Role
from vxdata.schemas.plan import Plan, decode, digest
from vxdata.schemas.wire import Action, AuditRequest
from vxdata.schemas.wire.tickets import Ticket, encode_ticket
from vxdata.sdk import Client, F
from vxdata.server.app import Server
from vxdata.server.audit import AuditLog
from vxdata.server.audit.verify import verify
from vxdata.server.call import Call, Principal
from vxdata.server.identities.gate import Gate, Identified
from vxdata.server.listeners.admission import Admission
from vxdata.server.listeners.auditing import WITHOUT_DATA, Auditing
from vxdata.server.listeners.boundary import Boundary, CallFailed
from vxdata.server.listeners.errors import ErrorReporter
from vxdata.server.services.audit import AuditService

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from vxdata.server.config import Settings

ANSWER = "GET /v1/answers/{digest}.{form}"
COMMAND = pa.flight.FlightDescriptor.for_command(b"{}")
TICKET = pa.flight.Ticket(encode_ticket(Ticket(Plan(relation="volume"))))

RPCS: dict[str, Callable[[Any], object]] = {
    "do_get": lambda raw: raw.do_get(TICKET).read_all(),
    "get_flight_info": lambda raw: raw.get_flight_info(COMMAND),
    "get_schema": lambda raw: raw.get_schema(COMMAND),
    "list_flights": lambda raw: list(raw.list_flights()),
    "list_actions": lambda raw: list(raw.list_actions()),
    "do_put": lambda raw: raw.do_put(COMMAND, pa.schema([]))[1].read(),
    "do_exchange": lambda raw: raw.do_exchange(COMMAND)[1].read_chunk(),
    "do_action": lambda raw: list(raw.do_action("none")),
}
"""A call of each RPC; most are refused, as what they send is no command."""

PARTS = {"identifier:path": "volume/x", "name": "volume", "digest": "0" * 32, "form": "parquet"}
"""What stands in the places of paths."""

QUERIES = {"/v1/previews": "?field=path_nii"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("doors") / "audit"


@pytest.fixture(scope="module")
def audited(settings: Settings, folder: Path) -> Iterator[Server]:
    changed: dict[str, Any] = {"audit_dir": folder, "cache_dir": None}
    with Server(settings.model_copy(update=changed)) as running:
        yield running


@pytest.fixture(scope="module")
def reader(audited: Server) -> Iterator[Client]:
    with Client(audited.flight_url, retry_seconds=0) as connected:
        yield connected


@pytest.fixture
def raw(audited: Server) -> Iterator[pa.flight.FlightClient]:
    with pa.flight.connect(audited.flight_url) as connected:
        yield connected


def calls(folder: Path) -> list[dict[str, Any]]:
    """The records of calls that have been written."""
    lines = (json.loads(line) for file in files(folder) for line in file.read_bytes().splitlines())
    return [content for content in lines if content["kind"] == "call"]


def assert_recorded(
    audited: Server, folder: Path, ask: Callable[[], object], *, has_data: bool = True
) -> None:
    """Make a call, and look for exactly one record of it, or for none."""
    assert audited.audit is not None
    assert audited.audit.flush()
    before = len(calls(folder))
    with suppress(pa.ArrowException, StopIteration):
        answer = ask()
        if isinstance(answer, httpx.Response):
            assert answer.status_code not in {405, 422}, answer.url
    if has_data:
        until(lambda: len(calls(folder)) > before, "there is a record")
    assert audited.audit.flush()
    assert len(calls(folder)) == before + has_data


def recorded(folder: Path, door: str, is_meant: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Wait for the record of a call, which may be written after its answer."""

    def meant() -> list[dict[str, Any]]:
        return [found for found in calls(folder) if found["door"] == door and is_meant(found)]

    until(meant, f"there is a record of {door}")
    return meant()[-1]


def test_every_rpc_is_tried() -> None:
    assert set(RPCS) == flight_methods()


@pytest.mark.parametrize("name", sorted(RPCS))
def test_every_rpc_leaves_a_record(
    name: str, raw: pa.flight.FlightClient, audited: Server, folder: Path
) -> None:
    assert_recorded(audited, folder, lambda: RPCS[name](raw), has_data=name not in WITHOUT_DATA)


@pytest.mark.parametrize("action", sorted(Action))
def test_every_action_leaves_a_record(
    action: Action, raw: pa.flight.FlightClient, audited: Server, folder: Path
) -> None:
    has_data = f"action:{action}" not in WITHOUT_DATA
    assert_recorded(audited, folder, lambda: list(raw.do_action((action, b"{}"))), has_data=has_data)


def test_every_route_leaves_a_record(audited: Server, folder: Path) -> None:
    doors = http_doors(audited)
    assert len(doors - WITHOUT_DATA) > 15
    with httpx.Client(base_url=audited.http_url) as http:
        for door in sorted(doors):
            method, _, path = door.partition(" ")
            written = re.sub(r"\{(.*?)\}", lambda found: PARTS[found[1]], path)
            query = next((told for begin, told in QUERIES.items() if written.startswith(begin)), "")
            ask = partial(http.request, method, written + query, content=b"{}" if method == "POST" else None)
            assert_recorded(audited, folder, ask, has_data=door not in WITHOUT_DATA)
            if door not in WITHOUT_DATA:
                assert calls(folder)[-1]["door"] == door


class TestRecords:
    def test_of_a_write_and_a_read(self, reader: Client, folder: Path, unique: str) -> None:
        reader.data_sources.create(DataSourceCreate(identifier=unique, license="CC0"))
        told = recorded(folder, "do_put", lambda found: found["code"] == "OK")
        assert told["rows"] == 1
        asked, named = told["questions"]
        assert (asked["kind"], asked["version"]) == ("WriteCommand", reader.now().version)
        assert json.loads(named["text"]) == {"identifiers": [f"datasource/{unique}"], "rows": 1}
        query = reader.data_sources.query().filter(F.identifier == f"datasource/{unique}")
        assert len(query.collect()) == 1
        told = recorded(folder, "do_get", lambda found: unique in str(found["questions"]))
        assert (told["principal"], told["role"], told["how"]) == ("anonymous", "administrator", "nothing")
        assert (told["listener"], told["code"], told["rows"]) == ("flight", "OK", 1)
        assert told["peer"].startswith("ipv4:127.0.0.1:")
        assert told["bytes"] > 0
        assert 0 < told["seconds"] < 30
        (asked,) = told["questions"]
        plan = decode(asked["text"].encode())
        assert (asked["kind"], asked["digest"]) == ("plan", digest(plan))
        assert plan.where == query.plan.where
        assert asked["version"] == reader.now().version

    def test_of_a_question_over_http(self, audited: Server, folder: Path) -> None:
        answer = httpx.get(f"{audited.http_url}/v1/query?type=datasource&format=parquet")
        assert answer.status_code == 200
        told = recorded(folder, "GET /v1/query", lambda found: found["bytes"] == len(answer.content))
        assert (told["listener"], told["rows"]) == ("http", pl.read_parquet(answer.content).height)

    def test_of_an_answer_by_its_address(self, audited: Server, folder: Path) -> None:
        question = {"question": {"type": "datasource"}}
        given = httpx.post(f"{audited.http_url}/v1/answers", json=question).json()
        whole = httpx.get(given["urls"]["parquet"])
        told = recorded(folder, ANSWER, lambda found: found["bytes"] == len(whole.content))
        assert told["rows"] == given["rows"]
        (asked,) = told["questions"]
        assert (asked["kind"], asked["digest"]) == ("address", given["digest"])
        assert asked["version"] == given["snapshot"]["version"]
        httpx.get(given["urls"]["parquet"], headers={"Range": "bytes=0-9"})
        assert recorded(folder, ANSWER, lambda found: found["bytes"] == 10)["code"] == "OK"

    def test_of_refused_calls(self, reader: Client, raw: pa.flight.FlightClient, folder: Path) -> None:
        with pytest.raises(NotAllowed):
            reader.resources.purge("datasource/none")
        told = recorded(folder, "do_put", lambda found: found["code"] == "NOT_ALLOWED")
        assert '"purge"' in told["questions"][0]["text"]
        with suppress(pa.ArrowException):
            raw.do_get(pa.flight.Ticket(b"{}")).read_all()
        assert recorded(folder, "do_get", lambda found: found["code"] == "INVALID_PLAN")["rows"] == 0

    def test_long_questions_are_cut(self, reader: Client, folder: Path) -> None:
        names = [f"datasource/{number:06}" for number in range(2000)]
        assert reader.data_sources.query().filter(F.identifier.is_in(names)).collect().is_empty()
        told = recorded(folder, "do_get", lambda found: any(each["is_cut"] for each in found["questions"]))
        (asked,) = told["questions"]
        assert len(asked["text"]) == 8192
        assert len(asked["digest"]) == 32


class TestRefusals:
    """Who is refused leaves a record too: with a name where the gate knows it."""

    @pytest.fixture
    def outcomes(self, tmp_path: Path) -> Iterator[tuple[Boundary, AuditLog]]:
        with closing(AuditLog(tmp_path / "audit")) as log:
            auditing = Auditing(log)
            gate = Gate((), is_required=True)
            admission = Admission(9, 9, [auditing.require])
            yield (
                Boundary("flight", ErrorReporter(), gate, [auditing.observe], admission=admission),
                log,
            )

    @pytest.mark.parametrize(
        ("door", "caller", "code", "name"),
        [
            ("do_get", Identified(), "NOT_AUTHENTICATED", None),
            ("action:health", Identified(), "NOT_AUTHENTICATED", None),
            ("do_put", Identified(ADA), "NOT_PERMITTED", "ada"),
            ("action:audit", Identified(ADA), "NOT_PERMITTED", "ada"),
            ("no_such_door", Identified(ADA), "NOT_PERMITTED", "ada"),
        ],
    )
    def test_they_leave_records(
        self,
        outcomes: tuple[Boundary, AuditLog],
        door: str,
        caller: Identified,
        code: str,
        name: str | None,
    ) -> None:
        boundary, log = outcomes
        with pytest.raises(CallFailed), boundary.call(door, never, caller=caller, peer="ipv4:10.0.0.9:1"):
            pytest.fail("the call was taken")
        assert log.flush()
        (told,) = calls(log.folder)
        assert (told["door"], told["code"], told["principal"]) == (door, code, name)
        assert told["peer"] == "ipv4:10.0.0.9:1"

    def test_health_that_is_answered_leaves_none(self, outcomes: tuple[Boundary, AuditLog]) -> None:
        boundary, log = outcomes
        with boundary.call("action:health", never, caller=Identified(ADA)):
            pass
        assert log.flush()
        assert calls(log.folder) == []


class TestReading:
    def test_administrators_read_it_as_a_frame(self, reader: Client, folder: Path) -> None:
        reader.data_sources.query().count()
        frame = reader.audit()
        written = [
            json.loads(line)["number"] for file in files(folder) for line in file.read_bytes().splitlines()
        ]
        assert frame["number"].to_list() == written[: len(frame)]
        assert frame["kind"][0] == "begun"
        assert "server: " in frame["note"][0]
        assert "do_get" in set(frame["door"].drop_nulls())

    def test_since_until_and_principal(self, reader: Client) -> None:
        for _ in range(3):
            reader.data_sources.query().count()
        assert reader.audit().height
        whole = reader.audit()
        middle = whole["instant"][len(whole) // 2]
        assert reader.audit(since=middle)["instant"].min() == middle
        assert reader.audit(until=middle)["instant"].max() < middle
        assert set(reader.audit(principal="anonymous")["principal"]) == {"anonymous"}
        assert reader.audit(principal="nobody").is_empty()

    def test_page_by_page(self, reader: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        whole = reader.audit()
        monkeypatch.setattr("vxdata.server.audit.reading.PAGE_ROWS", 3)
        again = reader.audit()
        assert again["number"].to_list()[: len(whole)] == whole["number"].to_list()

    def test_who_does_not_see_everything_does_not_read_it(self) -> None:
        limited = Principal("ada", Role.ADMINISTRATOR, EVERYTHING.model_copy(update={"types": ("volume",)}))
        with pytest.raises(NotPermitted, match="grants without limits"):
            AuditService(None).read(AuditRequest(), Call("request-1", never, limited))

    def test_a_server_without_one_says_so(self, client: Client) -> None:
        with pytest.raises(NotAllowed, match="VXDATA_AUDIT_DIR"):
            client.audit()


def is_refused(client: Client) -> bool:
    """Read something; the audit is out of room some records after the disk is."""
    try:
        client.data_sources.query().count()
    except ServerUnavailable:
        return True
    return False


def test_a_server_that_cannot_write_it_answers_nothing_but_health(
    settings: Settings, small_disk: Path
) -> None:
    changed: dict[str, Any] = {"audit_dir": small_disk / "audit", "cache_dir": None}
    with (
        Server(settings.model_copy(update=changed)) as server,
        Client(server.flight_url, retry_seconds=0) as client,
    ):
        assert server.audit is not None
        client.data_sources.query().count()
        filler = fill(small_disk, 0)
        until(lambda: is_refused(client), "the disk is full")
        with pytest.raises(ServerUnavailable, match="cannot write its audit"):
            client.data_sources.query().count()
        answer = httpx.get(f"{server.http_url}/v1/query?type=datasource")
        assert (answer.status_code, answer.json()["details"]) == (503, {"down": ["audit"]})
        assert httpx.get(f"{server.http_url}/livez").status_code == 200
        ready = httpx.get(f"{server.http_url}/readyz")
        assert (ready.status_code, ready.json()["down"]) == (503, ["audit"])
        filler.unlink()
        until(lambda: server.audit is not None and server.audit.is_writing, "there is room again")
        client.data_sources.query().count()
    found = verify(small_disk / "audit")
    assert found.is_sound
