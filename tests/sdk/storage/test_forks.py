"""Files in forked processes: with S3 credentials of their own, they need no server."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.sdk.storage.conftest import point_at

if TYPE_CHECKING:
    from pathlib import Path

    from vxdata.server.embedded import EmbeddedStack

# Parent and child move files by one client, small ones and some in parts; the parent before and after.
PROGRAM = """
import os, signal, sys
from pathlib import Path
from vxdata.sdk import Client

client, folder, urls = Client("grpc://127.0.0.1:1"), Path(sys.argv[1]), sys.argv[2:]
def move(who):
    for path in client.storage.download(urls, folder / who, progress=False):
        print(who, path.stat().st_size, flush=True)

move("before")
pid = os.fork()
if pid == 0:
    signal.alarm(60)
    move("child")
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
move("after")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_forked_process_fetches_files_as_its_parent_does(
    stack: EmbeddedStack, s3: Any, unique: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_at(monkeypatch, stack)
    sizes = [10, 20_000_000]
    for size in sizes:
        s3.put_object(Bucket="vxdata", Key=f"{unique}/{size}", Body=b"x" * size)
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", PROGRAM, str(tmp_path)]
        + [f"s3://vxdata/{unique}/{size}" for size in sizes],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    expected = [f"{who} {size}" for who in ("before", "child", "after") for size in sizes]
    assert done.stdout.splitlines() == expected
