"""Reading the audit while its oldest files go, as their time ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.server.audit.support import files, write
from vxdata.server.audit.reading import Wanted, records

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_that_goes_meanwhile_has_no_records(tmp_path: Path) -> None:
    write(tmp_path, 1, 1, 1)
    every = [line for _, line, _ in records(tmp_path, Wanted())]
    reading = records(tmp_path, Wanted())
    _, first, _ = next(reading)
    _, second, *_ = files(tmp_path)
    gone = second.read_bytes().splitlines(keepends=True)
    second.unlink()
    assert gone
    assert [first, *(line for _, line, _ in reading)] == [line for line in every if line not in gone]
