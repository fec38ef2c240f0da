"""The spool: rows come back as they came, within the space that uploads share."""

from __future__ import annotations

import os
from contextlib import closing, suppress
from pathlib import Path

import pyarrow as pa
import pytest

from vxdata.schemas.errors import LimitExceeded, ServerBusy
from vxdata.server.ingest.spool import MEMORY_BYTES, Spool
from vxdata.server.spool_space import SpoolSpace

LARGE = MEMORY_BYTES // 4
"""Bytes of a row: the spool writes after every fourth one."""


def row(number: int, size: int = LARGE, **more: str) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([{"number": number, "padding": bytes(size), **more}])


def numbers(spool: Spool, resource_type: str) -> list[int]:
    return [number for batch in spool.batches(resource_type) for number in batch["number"].to_pylist()]


def fill(spool: Spool, rows: int) -> None:
    for number in range(rows):
        spool.append("volume", row(number))


@pytest.mark.parametrize("count", [1, 4, 5, 23])
def test_rows_come_back_in_order(count: int) -> None:
    expected = {
        "study": [number for number in range(count) if not number % 3],
        "volume": [number for number in range(count) if number % 3],
    }
    with closing(Spool(SpoolSpace())) as spool:
        for number in range(count):
            spool.append("volume" if number % 3 else "study", row(number))
        for resource_type, wanted in expected.items():
            if wanted:
                assert numbers(spool, resource_type) == wanted
                assert spool.rows(resource_type) == len(wanted)
                assert spool.bytes(resource_type) >= LARGE * len(wanted)


def test_batches_of_other_columns_stay_apart() -> None:
    with closing(Spool(SpoolSpace())) as spool:
        for number in range(12):
            spool.append("volume", row(number, more="x") if number % 2 else row(number))
        assert numbers(spool, "volume") == list(range(12))
        assert {batch.num_columns for batch in spool.batches("volume")} == {2, 3}


def test_few_rows_need_no_file(tmp_path: Path) -> None:
    with closing(Spool(SpoolSpace(tmp_path / "missing", 0))) as spool:
        for number in range(4):
            spool.append("volume", row(number, 1000))
        assert numbers(spool, "volume") == list(range(4))


def test_a_file_has_no_name(tmp_path: Path) -> None:
    with closing(Spool(SpoolSpace(tmp_path))) as spool:
        fill(spool, 8)
        assert list(tmp_path.iterdir()) == []


def test_one_upload_that_is_too_large() -> None:
    with closing(Spool(SpoolSpace(limit_bytes=2 * MEMORY_BYTES))) as spool:
        with pytest.raises(LimitExceeded, match=f"more than the {2 * MEMORY_BYTES:,} bytes") as caught:
            fill(spool, 100)
        assert not caught.value.retryable
        assert caught.value.details["setting"] == "VXDATA_SPOOL_BYTES"


def test_uploads_share_the_space() -> None:
    space = SpoolSpace(limit_bytes=2 * MEMORY_BYTES)
    first, second = Spool(space), Spool(space)
    fill(first, 5)
    with pytest.raises(ServerBusy, match="try again later") as caught:
        fill(second, 5)
    assert caught.value.retryable
    second.close()
    first.close()
    with closing(Spool(space)) as third:
        fill(third, 5)
        assert numbers(third, "volume") == list(range(5))


def test_a_disk_that_cannot_be_written(tmp_path: Path) -> None:
    with (
        closing(Spool(SpoolSpace(tmp_path / "missing"))) as spool,
        pytest.raises(ServerBusy, match="no room for the upload"),
    ):
        fill(spool, 5)


def test_closing_gives_everything_back() -> None:
    space = SpoolSpace()
    before = open_files()
    spool = Spool(space)
    fill(spool, 9)
    assert space.used_bytes > 0
    opened = open_files() - before
    assert opened
    spool.close()
    spool.close()
    assert space.used_bytes == 0
    assert not opened & open_files()


def open_files() -> set[tuple[int, int]]:
    """Device and number of every file that this process has open; other tests may close some of theirs."""
    found = set()
    for path in Path("/dev/fd").iterdir():
        with suppress(OSError):  # the list's own descriptor is closed by now
            status = os.fstat(int(path.name))
            found.add((status.st_dev, status.st_ino))
    return found
