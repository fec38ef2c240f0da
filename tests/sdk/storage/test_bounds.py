"""Memory and connections stay few, whatever is moved."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.fixtures.commands import DEADLINE
from tests.sdk.storage.conftest import point_at
from tests.store.relay import Relay
from vxdata.sdk import Client, StorageOptions
from vxdata.sdk._storage.access import CHUNK_BYTES, PART_BYTES

if TYPE_CHECKING:
    from vxdata.server.app import Server
    from vxdata.server.embedded import EmbeddedStack

THREADS = 4

LARGE = 256 * 1024**2

MAX_ADDED = 3 * (2 * THREADS) * CHUNK_BYTES
"""Bytes: three chunks, of what moves and of what waits, for each of the threads."""

STATUS = Path("/proc/self/status")

MOVE = """
import sys
from pathlib import Path
from vxdata.sdk import Client, StorageOptions

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))

url, access, small, large, dest = sys.argv[1:]
with Client(url, storage=StorageOptions(access, threads=THREADS)) as client:
    client.storage.download(client.storage.upload([small], progress=False), dest, progress=False)
    before = peak()
    client.storage.download(client.storage.upload([large], progress=False), dest, progress=False)
    print(peak() - before)
"""


@pytest.mark.skipif(not STATUS.exists(), reason="only Linux tells the most memory of a process this way")
@pytest.mark.parametrize("access", ["direct", "presigned"])
def test_a_large_object_needs_little_memory(
    server: Server, stack: EmbeddedStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, access: str
) -> None:
    """In a process of its own, whose memory nothing else fills."""
    if access == "direct":
        point_at(monkeypatch, stack)
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(os.urandom(2 * PART_BYTES))  # so that all that is loaded once is loaded
    large.write_bytes(os.urandom(LARGE))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", MOVE.replace("THREADS", str(THREADS))]
    arguments = [server.flight_url, access, str(small), str(large), str(tmp_path / "out")]
    done = subprocess.run(
        [*command, *arguments], env=environment, capture_output=True, text=True, timeout=DEADLINE, check=True
    )
    assert int(done.stdout) < MAX_ADDED < LARGE / 10


def test_many_objects_need_few_connections(
    server: Server, stack: EmbeddedStack, unique: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [tmp_path / f"{number}.bin" for number in range(200)]
    for number, path in enumerate(paths):
        path.write_bytes(f"{unique} {number}".encode() * (PART_BYTES // 8 if number % 50 == 0 else 1))
    point_at(monkeypatch, stack)
    with Relay(stack.s3.url.removeprefix("http://")) as relay:
        monkeypatch.setenv("VXDATA_S3_URL", relay.url.replace("grpc://", "http://"))
        options = StorageOptions(access="direct", threads=THREADS)
        with Client(server.flight_url, storage=options) as client:
            client.storage.download(client.storage.upload(paths), tmp_path / "out")
        # boto3, which begins and ends uploads in parts, has connections of its own.
        assert relay.made <= 3 * THREADS
