"""`vxdata audit`: the files are verified, shown and followed on the machine where they lie."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import typer

from tests.fixtures.commands import vxdata
from tests.server.audit.support import ADA, files, record, write
from vxdata.cli.commands.audit import _folder, _following, show, tail, verify
from vxdata.schemas.errors import InvalidRequest
from vxdata.server.audit.verify import verify as verify_files
from vxdata.server.audit.writer import Writer
from vxdata.server.call import Principal

if TYPE_CHECKING:
    from pathlib import Path

BOB = Principal("bob", ADA.role, ADA.grants, "token")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An audit with three records of ada's and two of bob's, in two files."""
    write(tmp_path / "audit", 3)
    writer = Writer(tmp_path / "audit", 1024**2, None)
    writer.write([record(number, BOB) for number in (4, 5)])
    writer.close()
    return tmp_path / "audit"


def printed(capsys: pytest.CaptureFixture[str]) -> list[int]:
    """The numbers of the records that were printed."""
    return [json.loads(line)["number"] for line in capsys.readouterr().out.splitlines()]


class TestVerify:
    def test_a_sound_one_ends_well(self, folder: Path) -> None:
        last = verify_files(folder).last
        done = vxdata("audit", "verify", "--audit-dir", folder, "--noted", str(last))
        assert (done.returncode, done.stdout) == (0, f"7 records in 2 files; the last one is {last}\n")

    def test_the_place_of_a_fault_is_told(self, folder: Path) -> None:
        path = files(folder)[0]
        path.write_bytes(path.read_bytes().replace(b'"request-2"', b'"request-9"'))
        done = vxdata("audit", "verify", "--audit-dir", folder, env={"COLUMNS": "40"})
        assert done.returncode == 1
        assert done.stderr == f"{path.name}:3: record 3 was changed: record 4 names another digest\n"

    def test_what_was_noted_has_its_form(self, folder: Path) -> None:
        with pytest.raises(typer.BadParameter, match="NUMBER:DIGEST"):
            verify(["12"], None, folder)

    def test_a_missing_record_that_was_noted_ends_badly(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(typer.Exit):
            verify([f"9:{'0' * 64}"], None, folder)
        assert "record 9, which was noted elsewhere, is missing" in capsys.readouterr().err


class TestShow:
    def test_all(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        show(None, None, None, None, None, folder)
        assert printed(capsys) == [1, 2, 3, 4, 5, 6, 7]

    def test_some(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        show(None, None, "bob", None, None, folder)
        assert printed(capsys) == [6, 7]
        show(None, None, None, 2, None, folder)
        assert printed(capsys) == [1, 2]
        show("2100-01-01", None, None, None, None, folder)
        assert printed(capsys) == []
        show("2020-01-01", "2020-01-01T01:00:00+01:00", None, None, None, folder)
        assert printed(capsys) == []

    def test_a_malformed_instant(self, folder: Path) -> None:
        with pytest.raises(InvalidRequest, match="no date or instant"):
            show("yesterday", None, None, None, None, folder)


class TestTail:
    def test_the_last_ones(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        tail(2, follow=False, data_dir=None, audit_dir=folder)
        assert printed(capsys) == [6, 7]

    def test_those_that_come(self, folder: Path) -> None:
        following = _following(folder, None)
        assert [json.loads(next(following))["number"] for _ in range(7)] == [1, 2, 3, 4, 5, 6, 7]
        write(folder, 1)
        assert [json.loads(next(following))["kind"] for _ in range(2)] == ["begun", "call"]


@pytest.mark.parametrize("command", ["verify", "show", "tail"])
def test_a_folder_without_an_audit_is_told(command: str, folder: Path) -> None:
    """The folder above that of the audit is named by mistake."""
    for wrong in (folder.parent, folder / "none"):
        done = vxdata("audit", command, "--audit-dir", wrong)
        assert (done.returncode, done.stdout) == (1, "")
        assert f"There is no audit in {wrong}. Name its folder with --audit-dir" in done.stderr


def test_which_folder_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _folder(tmp_path, tmp_path / "a") == tmp_path / "a"
    assert _folder(tmp_path, None) == tmp_path / "audit"
    monkeypatch.setenv("VXDATA_AUDIT_DIR", str(tmp_path / "set"))
    assert _folder(None, None) == tmp_path / "set"
    assert _folder(tmp_path, None) == tmp_path / "audit"
