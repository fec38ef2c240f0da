"""A server in a process of its own: what would end it ends no test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import psutil
from pydantic import SecretStr

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.server.config import Settings

CODE: Final = """
import sys
from vxdata.server.app import Server
from vxdata.server.config import Settings
from vxdata.server.logs import configure_logs
settings = Settings()
configure_logs(settings.log_level, as_json=True)
with Server(settings) as running:
    print(running.flight_url.rpartition(":")[2], running.http_url, flush=True)
    sys.stdin.read()
"""


@dataclass(frozen=True)
class ChildServer:
    """A running server.

    Args:
        port: Its Flight port.
        http_url: Where it speaks HTTP.
        process: Its process.
    """

    port: int
    http_url: str
    process: subprocess.Popen[str]

    @property
    def is_alive(self) -> bool:
        """Whether the process has not ended."""
        return self.process.poll() is None

    @property
    def resident_bytes(self) -> int:
        """The memory that the process holds."""
        return int(psutil.Process(self.process.pid).memory_info().rss)


@contextmanager
def child_server(settings: Settings, **changed: object) -> Iterator[ChildServer]:
    """Run a server in a child process.

    Args:
        settings: Its settings.
        changed: Settings that differ.

    Yields:
        The server; it ends with the block.
    """
    values = {**dict(settings), **changed, "port": 0, "http_port": 0}
    environment = {
        f"VXDATA_{name.upper()}": _text(value) for name, value in values.items() if value is not None
    }
    process = subprocess.Popen(
        [sys.executable, "-c", CODE],
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        port, http_url = process.stdout.readline().split()
        yield ChildServer(int(port), http_url, process)
    finally:
        process.communicate(timeout=60)


def _text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return json.dumps(value) if isinstance(value, list | tuple | dict) else str(value)
