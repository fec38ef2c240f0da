"""Ways to kill a part of a running installation, and a look inside to choose the moment."""

from __future__ import annotations

import socket
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import quote

import psutil
from pydantic import SecretStr

from tests.server.support import scalar
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.embedded.secrets import StackSecrets

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.commands import Running


def kill_server(running: Running) -> list[psutil.Process]:
    """Kill the server; PostgreSQL and S3 end with it."""
    children = running.children()
    running.process.kill()
    return children


def kill_postgresql(running: Running) -> list[psutil.Process]:
    """Kill PostgreSQL's main process: the server goes on, and starts it again."""
    (postmaster,) = [child for child in running.children() if is_postmaster(child)]
    postmaster.kill()
    return [postmaster]


def kill_a_backend(running: Running) -> list[psutil.Process]:
    """Kill one backend: PostgreSQL ends all others and recovers from its log, and the server goes on."""
    backend = next(
        child
        for child in running.children()
        if "postgres: " in (title := " ".join(command_line(child))) and "vxdata" in title
    )
    backend.kill()
    return [backend]


def is_postmaster(process: psutil.Process) -> bool:
    """Whether it is PostgreSQL's main process, which alone has the command line that started it."""
    return any(part.startswith("unix_socket_directories=") for part in command_line(process))


def command_line(process: psutil.Process) -> list[str]:
    """What a process was started with; nothing of one that has just ended, as backends do all the time."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:  # a zombie counts as one
        return []


def staged_uploads(running: Running, data_dir: Path) -> int:
    """How many transactions have copied rows of an upload and got nothing more to do for a second."""
    with closing(ConnectionPool(_uri(running, data_dir), size=1)) as database:
        return int(
            scalar(
                database,
                "SELECT count(*) AS n FROM pg_stat_activity WHERE state = 'idle in transaction' "
                "AND query LIKE 'COPY%stage_volume%' "
                "AND state_change < clock_timestamp() - interval '1 second'",
            )
        )


def _uri(running: Running, data_dir: Path) -> SecretStr:
    """Where an embedded PostgreSQL listens: in a private folder that its command line names."""
    (postmaster,) = [child for child in running.children() if is_postmaster(child)]
    setting = next(part for part in command_line(postmaster) if part.startswith("unix_socket_directories="))
    host = quote(setting.partition("=")[2], safe="")
    kept = StackSecrets.load_or_create(data_dir / "secrets.json", may_create=False)
    password = quote(kept.postgres_password.get_secret_value(), safe="")
    return SecretStr(f"postgresql://vxdata:{password}@/vxdata?host={host}&port=5432")


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
