"""Refusals: the first ones of each caller are recorded one by one, all others in records that count them."""

from __future__ import annotations

import json
from contextlib import closing, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from structlog.testing import capture_logs

from tests.fixtures.disks import fill
from tests.server.audit.support import ADA, files
from tests.server.support import never, until
from vxdata.schemas.errors import InvalidSignature, NotAuthenticated, ServerUnavailable
from vxdata.schemas.wire import AuditRequest
from vxdata.server.app import Server
from vxdata.server.audit import AuditLog, refusals
from vxdata.server.audit.reading import page
from vxdata.server.audit.refusals import NAMED, RECORDED, SECONDS, Refusal, Refusals
from vxdata.server.audit.verify import verify
from vxdata.server.identities.gate import Gate, Identified
from vxdata.server.listeners.auditing import Auditing
from vxdata.server.listeners.boundary import Boundary, CallFailed
from vxdata.server.listeners.errors import ErrorReporter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vxdata.server.config import Settings

MANY = 1_000
MAX_RECORD = 1_000
"""Bytes of the record of a refused call, at most: nothing of it is the caller's to choose but its door."""


def contents(folder: Path, kind: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for file in files(folder) for line in file.read_bytes().splitlines()]
    return [content for content in lines if content["kind"] == kind]


class Clock:
    """Seconds that pass when a test says so."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


class TestMinutes:
    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    @pytest.fixture
    def counts(self, clock: Clock) -> Refusals:
        return Refusals(clock)

    def test_each_caller_has_a_minute_of_its_own(self, counts: Refusals, clock: Clock) -> None:
        strange, known = (Refusal(name, "do_get", "NOT_PERMITTED", "ipv4:10.0.0.9") for name in (None, "ada"))
        assert [counts.takes(strange) for _ in range(RECORDED + 3)] == [True] * RECORDED + [False] * 3
        assert counts.takes(known)
        assert counts.due_in == SECONDS
        assert counts.end() == []
        clock.now += SECONDS
        assert counts.due_in == 0
        (minute,) = counts.end()
        assert (minute.caller, minute.counted) == (None, 3)
        assert counts.due_in is None
        assert counts.takes(strange)

    def test_what_is_named_is_bounded(self, counts: Refusals) -> None:
        for number in range(RECORDED + MANY):
            counts.takes(Refusal(None, f"{number}" * 1_000, "NOT_AUTHENTICATED", f"ipv4:{number}"))
        (minute,) = counts.end(all_of_them=True)
        told = minute.record()
        assert told.content["calls"] == MANY
        assert (len(told.content["kinds"]), len(told.content["hosts"])) == (NAMED, NAMED)
        assert told.size < NAMED * MAX_RECORD


@pytest.fixture
def log(tmp_path: Path) -> Iterator[AuditLog]:
    with closing(AuditLog(tmp_path / "audit")) as running:
        yield running


@pytest.fixture
def boundary(log: AuditLog) -> Boundary:
    return audited(log)


def audited(log: AuditLog) -> Boundary:
    return Boundary("flight", ErrorReporter(), Gate((), is_required=True), [Auditing(log).observe])


def refuse(boundary: Boundary, caller: Identified, door: str = "do_put", times: int = MANY) -> None:
    for number in range(times):
        with suppress(CallFailed), boundary.call(door, never, caller=caller, peer=f"ipv4:10.0.0.9:{number}"):
            pytest.fail("the call was taken")


STRANGERS = {
    "nothing": Identified(),
    "a wrong token": Identified(refusal=NotAuthenticated("no")),
    "a wrong signature": Identified(refusal=InvalidSignature("no")),
    "a database that is away": Identified(refusal=ServerUnavailable("no")),
}


class TestRecords:
    @pytest.mark.parametrize("shown", STRANGERS)
    def test_strangers_fill_no_disk_whatever_they_show(
        self, shown: str, boundary: Boundary, log: AuditLog
    ) -> None:
        refuse(boundary, STRANGERS[shown])
        log.close()
        assert len(contents(log.folder, "call")) == RECORDED
        assert {told["principal"] for told in contents(log.folder, "call")} == {None}
        (told,) = contents(log.folder, "refused")
        assert (told["principal"], told["calls"]) == (None, MANY - RECORDED)
        assert told["hosts"] == {"ipv4:10.0.0.9": MANY - RECORDED}
        assert [(name.split()[1], number) for name, number in told["kinds"].items()] == [
            ("do_put", MANY - RECORDED)
        ]
        assert max(map(len, files(log.folder)[0].read_bytes().splitlines())) < MAX_RECORD
        assert verify(log.folder).findings == []

    def test_strangers_hide_no_refusal_of_a_known_caller(self, boundary: Boundary, log: AuditLog) -> None:
        refuse(boundary, Identified())
        refuse(boundary, Identified(ADA), times=1)
        log.close()
        assert [told["principal"] for told in contents(log.folder, "call")].count("ada") == 1

    def test_nor_does_a_known_caller_fill_it(self, boundary: Boundary, log: AuditLog) -> None:
        refuse(boundary, Identified(ADA))
        log.close()
        assert len(contents(log.folder, "call")) == RECORDED
        (told,) = contents(log.folder, "refused")
        assert (told["principal"], told["kinds"]) == ("ada", {"NOT_PERMITTED do_put": MANY - RECORDED})

    def test_they_are_told_when_the_minute_is_over(
        self, boundary: Boundary, log: AuditLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(refusals, "SECONDS", 0.2)
        refuse(boundary, Identified(), times=RECORDED + 1)
        until(lambda: contents(log.folder, "refused"), "they are told")
        monkeypatch.undo()

    def test_a_minute_that_is_over_sooner_is_told_sooner(
        self, boundary: Boundary, log: AuditLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The thread sleeps until the minute of the strangers is over, which is long after that of Ada."""
        monkeypatch.setattr(refusals, "SECONDS", 3600)
        refuse(boundary, Identified(), times=RECORDED + 1)
        monkeypatch.setattr(refusals, "SECONDS", 2)
        refuse(boundary, Identified(ADA), times=RECORDED)
        assert log.flush()
        refuse(boundary, Identified(ADA), times=1)
        until(lambda: contents(log.folder, "refused"), "those of Ada are told")
        assert [told["principal"] for told in contents(log.folder, "refused")] == ["ada"]

    def test_those_that_can_no_longer_be_told_are_counted_in_the_log(
        self, small_disk: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One minute is over and cannot be written, and another one has begun, when the server stops."""
        monkeypatch.setattr(refusals, "SECONDS", 2)
        with (
            capture_logs() as logs,
            closing(AuditLog(small_disk / "audit", file_bytes=1)) as log,  # each write begins a file
        ):
            boundary = audited(log)
            refuse(boundary, Identified(), times=RECORDED + 7)
            assert log.flush()
            fill(small_disk, 0)
            until(lambda: not log.is_writing, "a minute is over and cannot be told")
            refuse(boundary, Identified(), times=RECORDED + 5)
        (lost,) = [entry for entry in logs if entry["event"] == "audit_records_lost"]
        assert (lost["records"], lost["counted_refusals"]) == (RECORDED, 7 + 5)
        assert contents(small_disk / "audit", "refused") == []

    def test_administrators_see_them(self, boundary: Boundary, log: AuditLog) -> None:
        begun = datetime.now(UTC)
        refuse(boundary, Identified(ADA))
        log.close()
        rows = page(log.folder, AuditRequest(since=begun, principal="ada"))
        assert b"NOT_PERMITTED do_put" in rows


def test_a_stranger_does_not_stop_the_readers(settings: Settings, tmp_path: Path) -> None:
    """Over HTTP, as fast as it goes: what is on the disk afterwards is bounded, and says how many came."""
    changed: dict[str, Any] = {
        "authentication": "required",
        "audit_dir": tmp_path / "audit",
        "cache_dir": None,
    }
    with Server(settings.model_copy(update=changed)) as server:
        with httpx.Client(base_url=server.http_url, trust_env=False) as http:
            paths = ("/v1/types", "/v1/session", "/nothing/openapi.json", "/v1/answers/" + "0" * 32 + ".csv")
            for number in range(200):
                answer = http.get(paths[number % len(paths)], headers={"Authorization": f"Bearer {number}"})
                assert answer.status_code == 401
            signed = paths[-1] + "?expires=4000000000&signer=abcdefghijklmnop&signature=" + "0" * 64
            assert http.get(signed).status_code == 403
            assert http.post("/v1/session", json={"token": "vxd_"}).status_code == 401
        assert server.audit is not None
        server.audit.require()
    assert len(contents(tmp_path / "audit", "call")) == RECORDED
    assert sum(told["calls"] for told in contents(tmp_path / "audit", "refused")) == 202 - RECORDED
