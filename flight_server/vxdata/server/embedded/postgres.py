"""The embedded PostgreSQL server: a cluster, a postmaster, and the way to connect to it.

It listens on a unix socket in a private directory only. That directory is outside the data directory
because ``pg_rewind`` and ``pg_basebackup`` stumble over sockets inside.
"""

from __future__ import annotations

import resource
import signal
import subprocess
import threading
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import quote

import psutil
from pydantic import SecretStr

from vxdata.server.embedded.child import Child
from vxdata.server.embedded.cluster import (
    CATALOG_ROLE,
    DATABASE,
    POSTGRES_ENVIRONMENT,
    READING_ROLE,
    ROLE,
    TUNED,
    Cluster,
)
from vxdata.server.embedded.errors import StartTimeout
from vxdata.server.embedded.secrets import StackSecrets, write_private
from vxdata.server.embedded.waiting import Progress, wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TITLE = "PostgreSQL"
PORT = 5432
"""Only a part of the socket's name."""

# Recovery after a crash replays up to max_wal_size and must never be given up for being slow.
_READY_TIMEOUT = 1800.0
# SIGINT is PostgreSQL's fast shutdown, which ends with a checkpoint of all shared buffers; SIGQUIT its
# immediate one, which leaves the work to the recovery at the next start.
_STOP_STEPS = ((signal.SIGINT, 120.0), (signal.SIGQUIT, 10.0))


def uri_of(secrets: StackSecrets, socket_dir: Path) -> SecretStr:
    """Write the libpq URI of the database for the role that owns it, with the password in it.

    Args:
        secrets: The credentials.
        socket_dir: Where the socket is.
    """
    return _uri(ROLE, secrets.postgres_password, socket_dir)


def read_uri_of(secrets: StackSecrets, socket_dir: Path) -> SecretStr:
    """Write the libpq URI of the database for the role that may only read.

    Args:
        secrets: The credentials.
        socket_dir: Where the socket is.
    """
    return _uri(READING_ROLE, secrets.postgres_read_password, socket_dir)


def catalog_uri_of(secrets: StackSecrets, socket_dir: Path) -> SecretStr:
    """Write the libpq URI of the database for the role that may only read catalogs.

    Args:
        secrets: The credentials.
        socket_dir: Where the socket is.
    """
    return _uri(CATALOG_ROLE, secrets.postgres_catalog_password, socket_dir)


def login(role: str, password: SecretStr, socket_dir: Path) -> dict[str, str]:
    """Tell by which variables libpq logs in to the database: other users of the machine can see arguments.

    Args:
        role: Who logs in.
        password: Their password.
        socket_dir: Where the socket is.
    """
    return {
        "PGHOST": str(socket_dir),
        "PGPORT": str(PORT),
        "PGUSER": role,
        "PGDATABASE": DATABASE,
        "PGPASSWORD": password.get_secret_value(),
    }


def _uri(role: str, password: SecretStr, socket_dir: Path) -> SecretStr:
    host = quote(str(socket_dir), safe="")
    shown = quote(password.get_secret_value(), safe="")
    return SecretStr(f"postgresql://{role}:{shown}@/{DATABASE}?host={host}&port={PORT}")


def end_processes(directory: Path) -> None:
    """End all processes of a cluster at once, as a crash does; the next start recovers.

    Args:
        directory: The cluster.
    """
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if _belongs_to(process, directory):
                process.send_signal(signal.SIGQUIT)


def _belongs_to(process: psutil.Process, directory: Path) -> bool:
    """Whether a process is one of a cluster, which each has as its working directory as long as it lives."""
    return bool(process.cwd() == str(directory))


def _may_run(pid_file: Path, directory: Path) -> bool:
    """Whether the postmaster that a file names may be alive; what cannot be looked at may be."""
    first, *_ = pid_file.read_text(encoding="ascii", errors="replace").splitlines() or [""]
    try:
        process = psutil.Process(int(first))
        return process.status() != psutil.STATUS_ZOMBIE and _belongs_to(process, directory)
    except (ValueError, psutil.NoSuchProcess):
        return False
    except psutil.Error:
        return True


@dataclass
class PostgresServer:
    """Runs the postmaster of one cluster."""

    cluster: Cluster
    secrets: StackSecrets
    socket_dir: Path
    log: Path
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set when nothing is to be waited for any more."""
    process_memory: int | None = None
    """Bytes of private memory that each of its processes may have; None for no limit."""
    child: Child | None = field(default=None, init=False)
    """The postmaster, once started."""

    @property
    def uri(self) -> SecretStr:
        """The libpq URI of the database for the role that owns it, with the password in it."""
        return uri_of(self.secrets, self.socket_dir)

    @property
    def read_uri(self) -> SecretStr:
        """The libpq URI of the database for the role that may only read."""
        return read_uri_of(self.secrets, self.socket_dir)

    @property
    def catalog_uri(self) -> SecretStr:
        """The libpq URI of the database for the role that may only read catalogs."""
        return catalog_uri_of(self.secrets, self.socket_dir)

    def start(self, settings: Mapping[str, str], progress: Progress) -> None:
        """Make the cluster if there is none, then start the postmaster; do not wait for it.

        Args:
            settings: tuned settings; the cluster's owner may override them.
            progress: told when a cluster is being made.
        """
        if not self.cluster.exists:
            progress(f"making a {TITLE} cluster in {self.cluster.directory}")
            self.cluster.create(self.secrets)
        self.cluster.check_version()
        self._write_settings(settings)
        self._launch()

    def check(self) -> None:
        """Make sure that the postmaster runs.

        Raises:
            ChildFailed: it has ended.
        """
        if self.child is not None:
            self.child.check()

    def restart(self, lock: int) -> None:
        """Start the postmaster again, with the settings that are there; do not wait for it.

        Args:
            lock: the lock of the cluster, taken anew.
        """
        self.cluster = replace(self.cluster, lock=lock)
        self._launch()

    def end_orphans(self) -> None:
        """End the backends of a postmaster that was killed: a busy one would go on until it is done."""
        end_processes(self.cluster.directory)

    def _launch(self) -> None:
        self._remove_stale_pid_file()
        command = self.cluster.command("postgres", *self._arguments(), cwd=self.cluster.directory)
        if self.process_memory is not None:
            command = replace(command, argv=(*_limiting_memory(self.process_memory), *command.argv))
        self.child = Child(replace(command, name=TITLE, stop_steps=_STOP_STEPS), self.log)

    def _remove_stale_pid_file(self) -> None:
        """Remove the file of a postmaster that has ended without doing so.

        PostgreSQL takes it for valid where the process is a zombie, or its number was given to another one.
        """
        pid_file = self.cluster.directory / "postmaster.pid"
        if pid_file.exists() and not _may_run(pid_file, self.cluster.directory):
            pid_file.unlink(missing_ok=True)

    def wait_ready(self, progress: Progress) -> None:
        """Wait until connections are accepted.

        Raises:
            ChildFailed: the postmaster ended instead.
            StartTimeout: it took too long.
        """
        message = f"{TITLE} is starting, which takes longer after an unclean stop"
        if not wait_until(
            self._accepts, timeout=_READY_TIMEOUT, progress=progress, message=message, stopping=self.stopping
        ):
            raise StartTimeout(TITLE, _READY_TIMEOUT)

    def _accepts(self) -> bool:
        self.check()
        probe = str(self.cluster.binaries.postgres_program("pg_isready"))
        argv = [probe, "-q", "-h", str(self.socket_dir), "-p", str(PORT)]
        return subprocess.run(argv, check=False, env=POSTGRES_ENVIRONMENT).returncode == 0

    def _arguments(self) -> tuple[str, ...]:
        """Return what must hold whatever the configuration files say."""
        enforced = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket_dir),
            "unix_socket_permissions": "0700",
            "port": str(PORT),
            "logging_collector": "off",
            "log_destination": "stderr",
            "fsync": "on",
            "full_page_writes": "on",
            "synchronous_commit": "on",
        }
        options = (part for name, value in enforced.items() for part in ("-c", f"{name}={value}"))
        return ("-D", str(self.cluster.directory), *options)

    def _write_settings(self, settings: Mapping[str, str]) -> None:
        account = self.cluster.account
        lines = "".join(f"{name} = '{value}'\n" for name, value in settings.items())
        path = self.cluster.directory / TUNED
        write_private(
            path,
            f"# Written at every start for the machine at hand.\n{lines}",
            uid=account.uid,
            gid=account.gid,
        )


def _limiting_memory(most: int) -> tuple[str, ...]:
    """Return the beginning of a command line that limits the private memory of what it runs.

    The shell takes the limit upon itself and becomes the program. Another process would need a right for it
    that containers do not give.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
    return ("/bin/sh", "-c", 'ulimit -d "$0" && unset PWD && exec "$@"', str(limit // 1024))
