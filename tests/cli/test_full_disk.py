"""`vxdata up` on a disk that becomes full, and has room again."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.cli.test_serving import FREE, postmaster
from tests.fixtures.commands import until
from tests.fixtures.disks import fill, mounted
from vxdata.schemas.create import DataSourceCreate
from vxdata.schemas.errors import DiskFull
from vxdata.sdk import Client

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.fixtures.commands import Running

MEBIBYTE = 1024**2


def create(client: Client, identifier: str) -> None:
    client.data_sources.create(DataSourceCreate(identifier=identifier, license="x"))


def test_reads_go_on_and_writes_do_once_there_is_room(start: Callable[..., Running], data_dir: Path) -> None:
    with mounted(data_dir, 1400) as disk:
        env = {"VXDATA_FREE_SPACE_BYTES": str(256 * MEBIBYTE)}
        running = start("up", "--data-dir", disk / "data", *FREE, env=env)
        with Client(running.flight_url) as client:
            create(client, "before")
            until((disk / "data" / "reserve").exists, "the reserve is there")
            filler = fill(disk, 200 * MEBIBYTE)
            with pytest.raises(DiskFull) as caught:
                create(client, "refused")
            assert caught.value.code == "DISK_FULL"
            assert client.data_sources.query().collect().height == 1
            filler.unlink()
            create(client, "after")
            # PostgreSQL cannot start on a disk without any room; its recovery gets that of the reserve.
            filler = fill(disk, 0)
            with pytest.raises(OSError, match="No space left on device"):
                (disk / "one-more").write_bytes(bytes(MEBIBYTE))
            postmaster(running).kill()
            until(lambda: "child_runs_again" in running.log.read_text(), "PostgreSQL runs again")
            assert "reserve_given_up" in running.log.read_text()
            assert client.data_sources.query().collect().height == 2
            with pytest.raises(DiskFull):
                create(client, "refused-too")
            filler.unlink()
            create(client, "at-the-end")
            assert client.data_sources.query().collect().height == 3
            until((disk / "data" / "reserve").exists, "the reserve is there again")
            until(lambda: httpx.get(f"{running.http_url}/readyz").status_code == 200, "it is ready")
        assert running.stop(signal.SIGTERM) == (0, "")
