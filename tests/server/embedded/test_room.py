"""A stack on a disk that is full, and has room again."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.fixtures.disks import fill, mounted
from vxdata.server.embedded import EmbeddedStack
from vxdata.server.embedded.s3 import S3Probe, s3_client
from vxdata.server.embedded.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DISK_MEBIBYTES = 1400
SOON = 30.0
"""SeaweedFS by itself looks at its disk every minute."""


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """A time in which the disk has no room."""
    filler = fill(disk, 0)
    try:
        yield
    finally:
        filler.unlink()


def has(stack: EmbeddedStack, key: str) -> bool:
    body = s3_client(stack.s3).get_object(Bucket=stack.s3.bucket, Key=key)["Body"].read()
    return bool(body == key.encode())


def takes_files(stack: EmbeddedStack) -> bool:
    return S3Probe(s3_client(stack.s3)).succeeds()


def lists_files(stack: EmbeddedStack) -> bool:
    return S3Probe(s3_client(stack.s3)).can_list()


def test_files_are_read_from_a_full_disk_and_written_soon_after(open_dir: Path) -> None:
    with mounted(open_dir / "disk", DISK_MEBIBYTES) as disk:
        data_dir = disk / "data"
        with EmbeddedStack.start(data_dir) as stack:
            s3_client(stack.s3).put_object(Bucket=stack.s3.bucket, Key="kept", Body=b"kept")
            with full(disk):
                killed = stack.pids["s3"]
                os.kill(killed, 9)
                assert wait_until(
                    lambda: stack.pids["s3"] != killed and lists_files(stack), timeout=SOON, every=0.2
                )
                assert has(stack, "kept")
            assert wait_until(lambda: takes_files(stack), timeout=SOON, every=0.2)
            stack.check()  # as `vxdata up` does every second: the reserve is there again
        with full(disk), EmbeddedStack.start(data_dir) as stack:
            assert has(stack, "kept")
        with EmbeddedStack.start(data_dir) as stack:
            assert takes_files(stack)
            assert has(stack, "kept")
