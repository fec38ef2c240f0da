from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fixtures.disks import fill
from vxdata.server.embedded.reserve import Reserve

if TYPE_CHECKING:
    from pathlib import Path

MEBIBYTE = 1024**2


def test_it_is_given_up_on_a_full_disk_and_made_again_once_there_is_room(small_disk: Path) -> None:
    path = small_disk / "reserve"
    reserve = Reserve(path, 16 * MEBIBYTE)
    reserve.keep()
    assert path.stat().st_blocks * 512 == 16 * MEBIBYTE
    assert path.stat().st_mode & 0o777 == 0o600
    reserve.give_up_if_short()
    assert path.exists()
    filler = fill(small_disk, 0)
    reserve.give_up_if_short()
    reserve.keep()
    assert not path.exists()
    assert reserve.is_short()
    filler.unlink()
    reserve.keep()
    assert path.exists()
    assert not reserve.is_short()


def test_a_disk_that_is_too_small_has_none(small_disk: Path) -> None:
    reserve = Reserve(small_disk / "reserve", 32 * MEBIBYTE)
    reserve.keep()
    assert not (small_disk / "reserve").exists()
