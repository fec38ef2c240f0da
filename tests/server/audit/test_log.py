"""The log: what is handed over is on the disk, through rotation, crashes and full disks."""

from __future__ import annotations

import json
import os
import stat
import sys
import threading
from collections import deque
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from tests.fixtures.disks import fill
from tests.server.audit.support import ADA, files, record, write
from tests.server.support import never, until
from vxdata.schemas.errors import ServerUnavailable
from vxdata.schemas.plan import Plan, encode
from vxdata.schemas.plan.predicates import IsIn
from vxdata.server.audit import AuditLog
from vxdata.server.audit.files import FileName
from vxdata.server.audit.log import MAX_WAITING
from vxdata.server.audit.record import Record
from vxdata.server.audit.verify import verify
from vxdata.server.audit.writer import Writer
from vxdata.server.call import Call
from vxdata.server.listeners.auditing import Auditing
from vxdata.server.listeners.boundary import Outcome

if TYPE_CHECKING:
    from pathlib import Path


def contents(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for file in files(folder) for line in file.read_bytes().splitlines()]


def kinds(folder: Path) -> list[str]:
    return [content["kind"] for content in contents(folder)]


def test_records_are_written_in_groups(tmp_path: Path) -> None:
    many = [record] * 500
    with closing(AuditLog(tmp_path / "audit")) as log:
        adding = [threading.Thread(target=lambda: deque(map(log.add, many), 0)) for _ in range(4)]
        for thread in adding:
            thread.start()
        for thread in adding:
            thread.join()
        assert log.flush(30)
    assert kinds(tmp_path / "audit") == ["begun", *["call"] * 2000]
    assert verify(tmp_path / "audit").findings == []


def test_only_the_owner_reads_them(tmp_path: Path) -> None:
    AuditLog(tmp_path / "audit").close()
    assert stat.S_IMODE((tmp_path / "audit").stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "audit").iterdir()}
    (file,) = files(tmp_path / "audit")
    assert (modes[file.name], modes["head"]) == (0o600, 0o600)


def test_a_folder_belongs_to_one_server(tmp_path: Path) -> None:
    with (
        closing(AuditLog(tmp_path)),
        pytest.raises(ServerUnavailable, match="another server uses the folder"),
    ):
        AuditLog(tmp_path)


def test_a_record_tells_who_when_what_and_how_much(tmp_path: Path) -> None:
    write(tmp_path, 3)
    begun, _, _, told = contents(tmp_path)
    assert begun["file"] == files(tmp_path)[0].name
    assert abs(datetime.fromisoformat(told["instant"]) - datetime.now(UTC)) < timedelta(minutes=5)
    asked = told.pop("questions")
    assert told.pop("before")
    assert told.pop("instant")
    assert told == {
        "number": 4,
        "kind": "call",
        "request_id": "request-3",
        "principal": "ada",
        "role": "reader",
        "how": "token",
        "peer": "ipv4:10.0.0.1:5000",
        "listener": "flight",
        "door": "do_get",
        "asked": 1,
        "rows": 3,
        "bytes": 0,
        "code": "OK",
        "seconds": 0.25,
    }
    assert [each["text"] for each in asked] == ['{"limit":3,"relation":"volume","version":2}']


def test_a_catalog_that_a_caller_has_made_up_takes_no_room() -> None:
    call = Call("request-1", never, ADA, "ipv4:10.0.0.1:5000")
    call.trail.ask(Plan(relation="volume"), "a" * 1_000_000)
    told = Record.of_call("flight", "do_get", call, "UNKNOWN_CATALOG", 0.25, datetime.now(UTC))
    assert told.content["questions"][0]["catalog"] == "a" * 200


class TestRotation:
    def test_by_size(self, tmp_path: Path) -> None:
        made = write(tmp_path, 1, 1, 1)
        today = datetime.now(UTC).date()
        assert [path.name for path in made] == [f"audit-{today}-{number:04}.jsonl" for number in (1, 2, 3)]
        assert len(write(tmp_path, 5, 5, 5, file_bytes=1024**2)) == 4  # a start begins a file

    def test_by_day(self) -> None:
        name = FileName(date(2026, 1, 1), 7)
        assert str(name.next(date(2026, 1, 2))) == "audit-2026-01-02-0001.jsonl"
        assert (
            str(name.next(date(2025, 12, 31))) == "audit-2026-01-01-0008.jsonl"
        )  # a clock that was set back

    def test_old_files_are_removed_and_the_chain_tells_it(self, tmp_path: Path) -> None:
        for path, day in zip(
            write(tmp_path, 2, 2, 2), ("2020-01-01", "2020-01-02", "2020-01-03"), strict=True
        ):
            path.rename(tmp_path / f"audit-{day}-0001.jsonl")
        write(tmp_path, 1, days=3650)
        assert len(files(tmp_path)) == 4
        write(tmp_path, 1, days=30)
        assert len(files(tmp_path)) == 2
        found = verify(tmp_path)
        assert found.findings == []
        assert found.first is not None
        assert found.first.number == 10

    def test_an_old_file_whose_end_was_changed_is_removed_as_well(self, tmp_path: Path) -> None:
        old, _ = write(tmp_path, 2, 2)
        with old.open("ab") as file:
            file.write(b"no record\n")
        old.rename(tmp_path / "audit-2020-01-01-0001.jsonl")
        write(tmp_path, 1, days=30)
        assert len(files(tmp_path)) == 2
        (told,) = [content for content in contents(tmp_path) if content["kind"] == "removed"]
        assert told["unreadable"] == "audit-2020-01-01-0001.jsonl"
        assert "records 1 to 3 are missing, and no record tells why" in str(verify(tmp_path).findings[0])

    def test_files_that_others_remove_are_missed(self, tmp_path: Path) -> None:
        first, *_ = write(tmp_path, 2, 2, 2)
        first.unlink()
        assert "records 1 to 3 are missing, and no record tells why" in str(verify(tmp_path).findings[0])


class TestCrashes:
    def test_half_a_line_is_told_and_the_chain_goes_on(self, tmp_path: Path) -> None:
        """What a kill leaves: the head is written after the line, so it does not know of it."""
        (path,) = write(tmp_path, 3)
        with path.open("ab") as file:
            file.write(b'{"number":5,"kind":"ca')
        (told,) = verify(tmp_path).findings
        assert (told.is_fault, told.line) == (False, 5)
        with capture_logs() as logs:
            write(tmp_path, 2)
        assert [entry["event"] for entry in logs if entry["log_level"] == "warning"] == ["audit_line_broken"]
        found = verify(tmp_path)
        (told,) = found.findings
        assert (found.is_sound, told.file, told.line) == (True, path.name, 5)
        assert found.last.number == 7

    def test_lines_that_the_head_does_not_know_yet_are_kept(self, tmp_path: Path) -> None:
        write(tmp_path, 3)
        head = (tmp_path / "head").read_bytes()
        write(tmp_path, 2)
        (tmp_path / "head").write_bytes(head)
        assert verify(tmp_path).findings == []
        write(tmp_path, 1)
        assert verify(tmp_path).findings == []

    def test_lines_count_where_the_head_cannot_be_written(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A device that is always full takes the place of the head; the lines have room."""
        monkeypatch.setattr("vxdata.server.audit.writer.HEAD", "/dev/full")
        with closing(Writer(tmp_path, 1024**2, None)) as writer, capture_logs() as logs:
            writer.write([record(1)])
            writer.write([record(2)])
        assert kinds(tmp_path) == ["begun", "call", "call"]
        assert [entry["event"] for entry in logs].count("audit_head_not_written") == 1

    def test_a_file_that_is_taken_away_is_noticed(self, tmp_path: Path) -> None:
        with closing(AuditLog(tmp_path)) as log, capture_logs() as logs:
            log.add(record)
            assert log.flush()
            files(tmp_path)[0].unlink()
            log.add(record)
            assert log.flush()
        assert "audit_file_changed" in [entry["event"] for entry in logs]
        assert len(files(tmp_path)) == 1
        assert not verify(tmp_path).is_sound


class TestDisks:
    def test_a_full_disk_refuses_calls_until_there_is_room(self, small_disk: Path) -> None:
        folder = small_disk / "audit"
        with closing(AuditLog(folder)) as log, capture_logs() as logs:
            log.add(record)
            assert log.flush()
            log.require()
            filler = fill(small_disk, 0)
            for number in range(20):
                log.add(partial(record, number))
            until(lambda: not log.is_writing, "the disk is full")
            with pytest.raises(ServerUnavailable, match="cannot write its audit") as caught:
                log.require()
            assert caught.value.retryable
            assert caught.value.details == {"down": ["audit"]}
            filler.unlink()
            until(lambda: log.is_writing, "there is room again")
            log.require()
            assert log.flush()
        assert kinds(folder) == ["begun", *["call"] * 21]
        assert verify(folder).findings == []
        events = [entry["event"] for entry in logs]
        assert (events.count("audit_not_written"), events.count("audit_written_again")) == (1, 1)

    def test_where_the_audit_is_not_required_what_is_missed_is_counted(self, small_disk: Path) -> None:
        folder = small_disk / "audit"
        with closing(AuditLog(folder, is_required=False)) as log, capture_logs():
            filler = fill(small_disk, 0)
            for _ in range(MAX_WAITING + 7):
                log.add(record)
            until(lambda: not log.is_writing, "the disk is full")
            log.require()
            filler.unlink()
            assert log.flush(30)
        assert kinds(folder).count("call") == MAX_WAITING
        (told,) = verify(folder).findings
        assert told.message == "7 calls left no record, because none could be written"
        assert not told.is_fault

    def test_what_waits_is_bounded_in_bytes(self, small_disk: Path) -> None:
        """While the disk is full, calls with large messages wait: their records do, and not the messages."""
        with closing(AuditLog(small_disk / "audit")) as log, capture_logs():
            filler = fill(small_disk, 0)
            for _ in range(20):
                log.add(record)
            until(lambda: not log.is_writing, "the disk is full")
            names = tuple(f"volume/{number:05}" for number in range(5_000))
            large = Plan(relation="volume", where=IsIn(field="identifier", values=names))
            for _ in range(200):
                call = Call("request-1", never, ADA)
                call.trail.ask(large)
                call.trail.received = len(encode(large))
                Auditing(log).observe(Outcome("flight", "do_get", "do_get", call, "OK", 0.1))
            assert log._waiting_bytes < 200 * 10_000
            assert sys.getrefcount(large) < 10
            filler.unlink()
            assert log.flush(30)
            assert log._waiting_bytes == 0

    def test_more_bytes_than_may_wait_refuse_calls(
        self, small_disk: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("vxdata.server.audit.log.MAX_BYTES", 40 * record().size)
        with closing(AuditLog(small_disk / "audit")) as log, capture_logs():
            filler = fill(small_disk, 0)
            for _ in range(50):
                log.add(record, 100_000)
            until(lambda: not log.is_writing, "the disk is full")
            assert len(log._waiting) <= 40
            with pytest.raises(ServerUnavailable):
                log.require()
            filler.unlink()
            assert log.flush(30)
            until(lambda: log.is_writing, "there is room again")
        written = kinds(small_disk / "audit").count("call")
        (told,) = verify(small_disk / "audit").findings
        assert told.message == f"{50 - written} calls left no record, because none could be written"

    def test_a_start_that_fails_leaves_no_file_open(self, small_disk: Path) -> None:
        folder = small_disk / "audit"
        AuditLog(folder).close()
        filler = fill(small_disk, 0)
        before = len(os.listdir("/dev/fd"))  # noqa: PTH208 - numbers, no paths
        for _ in range(3):
            with pytest.raises(OSError, match="No space left"):
                AuditLog(folder)
        assert len(os.listdir("/dev/fd")) == before  # noqa: PTH208 - numbers, no paths
        filler.unlink()
        AuditLog(folder).close()

    def test_a_folder_that_cannot_be_written_ends_the_start(self, tmp_path: Path) -> None:
        (tmp_path / "audit").write_text("a file")
        with pytest.raises(OSError, match="audit"):
            AuditLog(tmp_path / "audit")
