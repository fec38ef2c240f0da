"""Directories, stacks and supervisor processes for the tests of the embedded stack."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import adbc_driver_postgresql.dbapi
import pytest

from vxdata.server.embedded import EmbeddedStack
from vxdata.server.embedded.s3 import s3_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOBODY = 65534

# Starts a stack, tells where it is, and keeps it until its standard input ends. With a user id it first
# becomes that user; what is loaded late is used once before, as the interpreter may be closed to the user.
SUPERVISOR = """
import encodings.ascii, encodings.idna, json, os, shutil, sys
from pathlib import Path
import boto3
from vxdata.server.embedded import EmbeddedStack
data_dir, uid = Path(sys.argv[1]), int(sys.argv[2])
if uid:
    boto3.client("s3", region_name="x", aws_access_key_id="x", aws_secret_access_key="x")
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
    os.environ["HOME"] = str(data_dir)
    # That of the tests may be closed to the user; children begin with any.
    if not os.access(sys.executable, os.X_OK):
        sys.executable = shutil.which("python3", path=os.defpath)
with EmbeddedStack.start(data_dir) as stack:
    uri = stack.postgres_uri.get_secret_value()
    print(json.dumps({"pids": dict(stack.pids), "uri": uri}), flush=True)
    sys.stdin.read()
"""


@dataclass(frozen=True)
class Supervisor:
    """A process of its own that owns a stack."""

    process: subprocess.Popen[str]

    def told(self) -> dict[str, Any]:
        """Wait until it is ready, and return what it tells about its stack."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"the supervisor ended with status {self.process.wait()}"
        told: dict[str, Any] = json.loads(line)
        return told

    def finish(self) -> int:
        """Let it stop its stack, and return its exit status."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait()

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def _supervisor(data_dir: Path, uid: int = 0) -> Iterator[Supervisor]:
    command = [sys.executable, "-c", SUPERVISOR, str(data_dir), str(uid)]
    pipe = subprocess.PIPE
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment) as process:
        try:
            yield Supervisor(process)
        finally:
            process.kill()


@pytest.fixture
def supervise() -> Callable[..., contextlib.AbstractContextManager[Supervisor]]:
    """Return what starts a supervisor process for a data directory, as the given user id."""
    return _supervisor


@contextlib.contextmanager
def _open_directory() -> Iterator[Path]:
    # pytest's own directories of root are closed to the service account.
    directory = Path(tempfile.mkdtemp(prefix="vxtest-"))
    directory.chmod(0o755)
    try:
        yield directory
    finally:
        shutil.rmtree(directory)


@pytest.fixture
def open_dir() -> Iterator[Path]:
    """A directory that every account may enter."""
    with _open_directory() as directory:
        yield directory


@pytest.fixture(scope="session")
def stack() -> Iterator[EmbeddedStack]:
    """A stack for tests that only use it."""
    with _open_directory() as directory, EmbeddedStack.start(directory / "data") as running:
        yield running


@pytest.fixture
def ask() -> Callable[..., list[tuple[Any, ...]]]:
    """Return what runs one statement on a stack's database and returns the rows."""

    def run(uri: str, statement: str) -> list[tuple[Any, ...]]:
        with adbc_driver_postgresql.dbapi.connect(uri) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            rows: list[tuple[Any, ...]] = cursor.fetchall() if cursor.description else []
            connection.commit()
            return rows

    return run


@pytest.fixture
def blobs(stack: EmbeddedStack) -> Any:
    """An S3 client of the shared stack."""
    return s3_client(stack.s3)
