"""S3, the network or the client itself goes away in the middle, and two clients do the same at once."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from tests.fixtures.commands import DEADLINE, until
from tests.sdk.storage.conftest import point_at
from tests.store.relay import Relay
from vxdata.schemas.errors import TransferFailed
from vxdata.schemas.types.object_url import ObjectUrl
from vxdata.sdk import Client, StorageOptions
from vxdata.sdk._storage.access import CHUNK_BYTES, Stat
from vxdata.sdk._storage.checks import is_whole, sha256_of
from vxdata.sdk._storage.progress import FileProgress, Progress
from vxdata.sdk._storage.transfer_pool import TransferPool
from vxdata.server.embedded import EmbeddedStack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from vxdata.sdk import Storage

NOWHERE = "grpc://127.0.0.1:1"
"""A server that is not asked, since the client has S3 credentials."""

ENOUGH = 5
"""Files that are there when something happens: the first of many."""

MATERIALIZE = """
import signal, sys

# Whoever runs the tests may ignore it. Before Polars is imported, which has a handler of its own.
signal.signal(signal.SIGINT, signal.default_int_handler)

import polars as pl
from vxdata.sdk import Client
frame = pl.read_parquet(sys.argv[1])
with Client("grpc://127.0.0.1:1") as client:
    print("ready", flush=True)
    sys.stdin.readline()
    client.storage.materialize(frame, sys.argv[2], progress=False).write_parquet(sys.argv[3])
"""


def contents(unique: str, count: int, size: int) -> list[bytes]:
    return [f"{unique} {number} ".encode() * (size // 16) for number in range(count)]


def stored(storage: Storage, folder: Path, unique: str, files: Sequence[bytes]) -> pl.DataFrame:
    """Upload files, and name them in a frame."""
    folder.mkdir()
    paths = [folder / f"{number}.bin" for number in range(len(files))]
    for path, content in zip(paths, files, strict=True):
        path.write_bytes(content)
    return pl.DataFrame({"path_nii": storage.upload(paths, group=unique, progress=False)})


def arrived(dest: Path) -> list[Path]:
    return [path for path in dest.rglob("*.bin") if path.is_file()]


def unfinished(dest: Path) -> list[Path]:
    return list(dest.rglob("*.part"))


def read(frame: pl.DataFrame) -> list[bytes]:
    return [Path(path).read_bytes() for path in frame["path_nii"]]


@pytest.fixture
def own_dir() -> Iterator[Path]:
    """A folder that the service user of an own stack can reach."""
    folder = Path(tempfile.mkdtemp(prefix="vxdata-storage-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def verified(path: Path, file_progress: FileProgress) -> bool:
    return is_whole(path, ObjectUrl("bucket", "key"), Stat(path.stat().st_size), file_progress)


@pytest.mark.parametrize("work", [sha256_of, verified])
def test_hashing_stops_at_the_next_chunk(
    tmp_path: Path, work: Callable[[Path, FileProgress], object]
) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"x" * (10 * CHUNK_BYTES))
    pool = TransferPool(1)
    heard: list[int] = []

    def hashed(path: Path, file_progress: FileProgress) -> object:
        with Progress("", 1, shown=False) as bar:

            def check() -> None:
                heard.append(1)
                if len(heard) == ENOUGH:
                    pool._stop.set()  # as Ctrl-C does
                file_progress._check()

            return work(path, FileProgress(bar, check))

    assert pool.run([path], hashed) == {}
    assert len(heard) == ENOUGH
    assert pool._not_tried == [str(path)]


def test_hashes_are_those_of_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    for size in (0, 1, CHUNK_BYTES, CHUNK_BYTES + 1):
        path.write_bytes(b"x" * size)
        with Progress("", 1, shown=False) as bar:
            assert sha256_of(path, FileProgress(bar, lambda: None)) == hashlib.sha256(b"x" * size).hexdigest()


@pytest.mark.slow
def test_s3_is_killed_and_started_again(
    own_dir: Path, unique: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = contents(unique, 80, 2 * 1024**2)
    dest = tmp_path / "dest"
    options = StorageOptions(threads=2)
    with EmbeddedStack.start(own_dir / "data") as stack:
        point_at(monkeypatch, stack)
        with Client(NOWHERE, storage=options) as client:
            frame = stored(client.storage, tmp_path / "source", unique, files)
            killer = threading.Thread(target=kill_when_some_are_there, args=(dest, stack))
            killer.start()
            with pytest.raises(TransferFailed) as caught:
                client.storage.materialize(frame, dest, progress=False)
            killer.join()
    there = {path: path.stat().st_mtime_ns for path in arrived(dest)}
    failed = [failure["name"] for failure in caught.value.failures]
    assert ENOUGH <= len(there) < len(files)
    assert len(failed) + len(caught.value.not_tried) + len(there) == len(files)
    assert set(failed) | set(caught.value.not_tried) <= set(frame["path_nii"])
    assert {path.read_bytes() for path in there} <= set(files)
    assert unfinished(dest) == []

    with EmbeddedStack.start(own_dir / "data") as stack:
        point_at(monkeypatch, stack)
        with Client(NOWHERE, storage=options) as client:
            local = client.storage.materialize(frame, dest, progress=False)
    assert read(local) == files
    assert {path: path.stat().st_mtime_ns for path in there} == there


def kill_when_some_are_there(dest: Path, stack: EmbeddedStack) -> None:
    """Kill S3, and end its stack, which would start it again."""
    until(lambda: len(arrived(dest)) >= ENOUGH, "some files are there")
    os.kill(stack.pids["s3"], signal.SIGKILL)
    stack.stop()


@pytest.mark.parametrize(("count", "size"), [(24, 4 * 1024**2), (1, 96 * 1024**2)], ids=["streams", "parts"])
def test_connections_break_and_are_made_again(
    stack: EmbeddedStack, unique: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, size: int
) -> None:
    point_at(monkeypatch, stack)
    files = contents(unique, count, size)
    dest = tmp_path / "dest"
    with Relay(stack.s3.url.removeprefix("http://")) as relay:
        monkeypatch.setenv("VXDATA_S3_URL", relay.url.replace("grpc://", "http://"))
        with Client(NOWHERE, storage=StorageOptions(threads=2)) as client:
            frame = stored(client.storage, tmp_path / "source", unique, files)
            breaker = threading.Thread(target=cut_in_the_middle, args=(dest, relay))
            breaker.start()
            local = client.storage.materialize(frame, dest)
            breaker.join()
    assert relay.cuts >= 1
    assert read(local) == files
    assert unfinished(dest) == []


def cut_in_the_middle(dest: Path, relay: Relay) -> None:
    until(lambda: any(path.stat().st_size for path in unfinished_now(dest)), "a file has begun")
    relay.cut()


def unfinished_now(dest: Path) -> list[Path]:
    """Those that are still there when they are looked at."""
    return [path for path in unfinished(dest) if path.exists()]


class Materializing:
    """Processes that materialise a frame into one folder."""

    def __init__(
        self, stack: EmbeddedStack, frame: pl.DataFrame, folder: Path, count: int, threads: int = 16
    ) -> None:
        frame.write_parquet(folder / "frame.parquet")
        self.dest = folder / "dest"
        self.results = [folder / f"{number}.parquet" for number in range(count)]
        variables = {
            "URL": stack.s3.url,
            "REGION": stack.s3.region,
            "BUCKET": stack.s3.bucket,
            "ACCESS_KEY": stack.s3.access_key,
            "SECRET_KEY": stack.s3.secret_key.get_secret_value(),
        }
        environment = os.environ | {f"VXDATA_S3_{name}": value for name, value in variables.items()}
        environment["VXDATA_STORAGE_THREADS"] = str(threads)
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
        self.processes = [
            subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    MATERIALIZE,
                    str(folder / "frame.parquet"),
                    str(self.dest),
                    str(result),
                ],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for result in self.results
        ]
        for process in self.processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"

    def go(self) -> None:
        """Let them begin, all at once."""
        for process in self.processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()

    def ended(self) -> list[tuple[int, str]]:
        """Status and last words of each."""
        said = [process.communicate(timeout=DEADLINE)[1] for process in self.processes]
        return [(process.returncode, words) for process, words in zip(self.processes, said, strict=True)]


def test_two_processes_materialize_into_one_folder(
    stack: EmbeddedStack, direct: Storage, unique: str, tmp_path: Path
) -> None:
    files = contents(unique, 150, 64 * 1024)
    frame = stored(direct, tmp_path / "source", unique, files)
    both = Materializing(stack, frame, tmp_path, 2)
    both.go()
    assert both.ended() == [(0, ""), (0, "")]
    first, second = map(pl.read_parquet, both.results)
    assert first.equals(second)
    assert read(first) == files
    assert len(arrived(both.dest)) == len(files)
    assert unfinished(both.dest) == []


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGINT])
def test_the_client_is_stopped_and_started_again(
    stack: EmbeddedStack, direct: Storage, unique: str, tmp_path: Path, signal_number: int
) -> None:
    files = contents(unique, 60, 4 * 1024**2)
    frame = stored(direct, tmp_path / "source", unique, files)
    one = Materializing(stack, frame, tmp_path, 1, threads=1)  # slowly, so that it is not done by then
    one.go()
    until(lambda: len(arrived(one.dest)) >= ENOUGH, "some files are there")
    one.processes[0].send_signal(signal_number)
    ((status, words),) = one.ended()
    assert status != 0, words
    there = arrived(one.dest)
    assert ENOUGH <= len(there) < len(files)
    assert {path.read_bytes() for path in there} <= set(files)
    assert all(part.parent == one.dest for part in unfinished(one.dest)), "folders hold whole objects only"
    if signal_number == signal.SIGINT:
        assert words.rstrip().endswith("KeyboardInterrupt")
        assert unfinished(one.dest) == []
    assert read(direct.materialize(frame, one.dest)) == files
