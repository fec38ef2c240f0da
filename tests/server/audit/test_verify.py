"""Verification: whatever is changed, moved, taken out or cut off is found, and its place is told."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from tests.server.audit.support import files, write
from vxdata.server.audit.chain import START, Link, append, read_line
from vxdata.server.audit.verify import Finding, verify

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An audit of three files, with a line that tells of its begin and four records each."""
    write(tmp_path / "audit", 4, 4, 4)
    return tmp_path / "audit"


def first_fault(folder: Path) -> Finding:
    found = verify(folder)
    assert not found.is_sound
    return next(finding for finding in found.findings if finding.is_fault)


def lines(file: Path) -> list[bytes]:
    return file.read_bytes().splitlines(keepends=True)


def test_what_was_written_is_sound(folder: Path) -> None:
    found = verify(folder)
    assert found.findings == []
    assert (found.files, found.records, found.first and found.first.number) == (3, 15, 1)
    assert found.last.number == 15
    assert verify(folder, [found.last]).findings == []


def test_a_folder_that_was_emptied_is_found(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    assert first_fault(folder).file == "head"
    assert verify(folder).last == START


@pytest.mark.parametrize(("file", "line"), list(itertools.product(range(3), range(5))))
def test_every_changed_line_is_found(folder: Path, file: int, line: int) -> None:
    path = files(folder)[file]
    changed = lines(path)
    old = changed[line]
    changed[line] = old.replace(b'"kind":"', b'"kind":"x', 1)
    assert changed[line] != old
    path.write_bytes(b"".join(changed))
    fault = first_fault(folder)
    assert (fault.file, fault.line) == (path.name, line + 1)
    assert "was changed" in fault.message


@pytest.mark.parametrize(("file", "line"), list(itertools.product(range(3), range(5))))
def test_every_removed_line_is_found(folder: Path, file: int, line: int) -> None:
    path = files(folder)[file]
    kept = lines(path)
    del kept[line]
    path.write_bytes(b"".join(kept))
    fault = first_fault(folder)
    assert "missing" in fault.message
    assert str(5 * file + line + 1) in fault.message


@pytest.mark.parametrize("file", range(3))
def test_every_removed_file_is_found(folder: Path, file: int) -> None:
    files(folder)[file].unlink()
    fault = first_fault(folder)
    assert f"{5 * file + 1} to {5 * file + 5} are missing" in fault.message


def test_files_that_are_gone_are_named(tmp_path: Path) -> None:
    _, second, _, fourth, _ = write(tmp_path, *[4] * 5)
    second.unlink()
    fourth.write_bytes(b"")
    within, after = (finding.message for finding in verify(tmp_path).findings)
    assert within == f"records 6 to 10 are missing before it; these files are gone: {second.name}"
    assert after == "records 16 to 20 are missing before it"


def test_a_file_of_any_number_is_told_at_once(tmp_path: Path) -> None:
    """Else whoever adds one could have the check take all memory."""
    first, last = write(tmp_path, 4, 4)
    last.rename(first.with_name(first.name.replace("-0001.", f"-{10**100}.")))
    first.write_bytes(b"".join(first.read_bytes().splitlines(keepends=True)[:-1]))
    (told,) = (finding.message for finding in verify(tmp_path).findings)
    assert told.startswith("record 5 is missing before it; these files are gone: ")
    assert told.endswith("-0021.jsonl and others")


def test_all_files_but_the_head_are_missed(folder: Path) -> None:
    for path in files(folder):
        path.unlink()
    assert verify(folder).findings == [Finding("head", 0, "records 1 to 15 are missing")]


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(range(5), 2)))
def test_lines_in_another_order_are_found(folder: Path, one: int, other: int) -> None:
    path = files(folder)[1]
    moved = lines(path)
    moved[one], moved[other] = moved[other], moved[one]
    path.write_bytes(b"".join(moved))
    assert first_fault(folder).file == path.name


def test_files_in_another_order_are_found(folder: Path) -> None:
    first, second, _ = files(folder)
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)
    assert first_fault(folder).file == first.name


@pytest.mark.parametrize("kept", [0, 1, 3])
def test_lines_cut_off_at_the_end_are_found(folder: Path, kept: int) -> None:
    path = files(folder)[-1]
    path.write_bytes(b"".join(lines(path)[:kept]))
    assert f"records {11 + kept} to 15 are missing" in first_fault(folder).message


def test_bytes_cut_off_at_the_end_are_found(folder: Path) -> None:
    path = files(folder)[-1]
    path.write_bytes(path.read_bytes()[:-10])
    found = verify(folder)
    missing, broken = found.findings
    assert "record 15 is missing" in missing.message
    assert "ends within a line" in broken.message


def test_bytes_cut_off_within_are_found(folder: Path) -> None:
    path = files(folder)[0]
    path.write_bytes(path.read_bytes()[:-10])
    fault = first_fault(folder)
    assert (fault.file, fault.line) == (path.name, 5)


def test_what_is_no_record_is_found(folder: Path) -> None:
    path = files(folder)[1]
    path.write_bytes(b"".join([*lines(path)[:2], b"{]\n", *lines(path)[2:]]))
    fault = first_fault(folder)
    assert (fault.file, fault.line) == (path.name, 3)


def test_a_record_of_somebody_else_is_found(folder: Path) -> None:
    path = files(folder)[1]
    third = read_line(lines(path)[2][:-1])
    forged, _ = append(Link(third.link.number - 1, third.before), {"kind": "call", "principal": "eve"})
    path.write_bytes(b"".join([*lines(path)[:2], forged + b"\n", *lines(path)[3:]]))
    fault = first_fault(folder)
    assert (fault.file, fault.line) == (path.name, 3)


def test_a_head_that_is_gone_is_told(folder: Path) -> None:
    (folder / "head").unlink()
    assert first_fault(folder) == Finding("head", 0, "the file is missing")
    (folder / "head").write_text("nothing", encoding="ascii")
    assert first_fault(folder) == Finding("head", 0, "it is not what the server wrote")


def test_a_whole_new_chain_does_not_hold_what_was_noted(folder: Path, tmp_path: Path) -> None:
    noted = verify(folder).last
    write(tmp_path / "other", 4, 4, 4)
    forged = verify(tmp_path / "other")
    assert forged.is_sound
    assert forged.last.number == noted.number
    assert "not the one that was noted" in verify(tmp_path / "other", [noted]).findings[0].message
    write(tmp_path / "short", 2)
    assert "noted elsewhere, is missing" in verify(tmp_path / "short", [noted]).findings[0].message


def test_a_changed_end_is_found_after_the_server_went_on(folder: Path) -> None:
    """The next record names the line that was written, and not the one that stands there now."""
    path = files(folder)[-1]
    path.write_bytes(path.read_bytes().replace(b'"ada"', b'"bob"'))
    write(folder, 1)
    found = verify(folder)
    assert not found.is_sound
    assert any("was changed" in finding.message for finding in found.findings)


def test_a_cut_end_is_found_after_the_server_went_on(folder: Path) -> None:
    files(folder)[-1].unlink()
    write(folder, 1)
    messages = [finding.message for finding in verify(folder).findings]
    assert any("records 11 to 15 are missing" in message for message in messages)
    assert any("the last record that it had written was not there" in message for message in messages)
