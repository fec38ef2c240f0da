"""Writes on a disk that is nearly full: each disk of the tests has less room than some floor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fixtures.disks import fill
from tests.server.support import CALL, create, resources
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.errors import DiskFull
from vxdata.schemas.wire import BlobUrls, ExternalUids, WriteCommand
from vxdata.server.database.errors import classify
from vxdata.server.disk_guard import DiskGuard
from vxdata.server.listeners.errors import translate
from vxdata.server.services.blobs import BlobService
from vxdata.server.services.register import RegisterService
from vxdata.server.services.write import WriteService
from vxdata.server.services.write_transaction import write_transaction
from vxdata.server.spool_space import SpoolSpace

if TYPE_CHECKING:
    from pathlib import Path

    from vxdata.server.database.connection import Connection
    from vxdata.server.database.monitor import CancellationMonitor
    from vxdata.server.database.pool import ConnectionPool

MORE_THAN_ANY_DISK = 2**62
MEBIBYTE = 1024**2


@pytest.fixture
def full(tmp_path: Path) -> DiskGuard:
    """The guard of a disk with less than its floor."""
    return DiskGuard(tmp_path, MORE_THAN_ANY_DISK)


def test_every_write_is_refused_before_it_begins(
    full: DiskGuard, database: ConnectionPool, monitor: CancellationMonitor
) -> None:
    rows = resources("datasource", {"identifier": "datasource/full"})
    writes = WriteService(
        database, registry(), monitor, allow_purge=True, space=SpoolSpace(disk=full), disk=full
    )
    blobs = BlobService(None, database, registry(), monitor, full)
    registers = RegisterService(database, monitor, full)
    uids = ExternalUids(resource_type="patient", pairs=[("datasource/x", "uid")])
    for act in (
        lambda: create(writes, rows),
        lambda: writes.write(WriteCommand(verb="purge"), iter([rows, 1]), CALL),
        lambda: registers.register(uids, CALL),
        lambda: blobs.touch(BlobUrls(urls=["s3://bucket/key"]), CALL),
    ):
        with pytest.raises(DiskFull, match="Reads go on") as caught:
            act()
        assert caught.value.retryable
        assert caught.value.details["setting"] == "VXDATA_FREE_SPACE_BYTES"
        assert 0 < caught.value.details["free_bytes"] < caught.value.details["floor_bytes"]


def test_a_floor_of_zero_and_no_folder_refuse_nothing(tmp_path: Path) -> None:
    for guard in (DiskGuard(tmp_path, 0), DiskGuard(None, MORE_THAN_ANY_DISK)):
        guard.require_room()
        assert not guard.is_nearly_full()


def test_folders_on_the_same_disk_share_its_guard(full: DiskGuard, tmp_path: Path, small_disk: Path) -> None:
    assert full.shared_with(tmp_path) is full
    full.shared_with(small_disk).require_room()
    with pytest.raises(DiskFull):
        SpoolSpace(tmp_path, disk=full).reserve(1)
    SpoolSpace(small_disk, disk=full).reserve(1)


def test_a_running_write_ends_when_the_disk_becomes_nearly_full(
    database: ConnectionPool, monitor: CancellationMonitor, small_disk: Path
) -> None:
    guard = DiskGuard(small_disk, 32 * MEBIBYTE)

    def fill_and_go_on(connection: Connection) -> None:
        fill(small_disk, 8 * MEBIBYTE)
        connection.execute("SELECT pg_sleep(60)")

    with (
        pytest.raises(DiskFull, match="nothing was written"),
        write_transaction(database, monitor, guard, CALL) as connection,
    ):
        fill_and_go_on(connection)
    with pytest.raises(DiskFull):
        guard.require_room()
    (small_disk / "filler").unlink()
    with write_transaction(database, monitor, guard, CALL) as connection:
        connection.execute("SELECT 1")


def test_what_postgresql_says_of_a_full_disk_is_told_by_name() -> None:
    refused = translate(classify("53100", {}, "could not extend file"))
    assert type(refused) is DiskFull
    assert refused.retryable
