"""The embedded stack: PostgreSQL and S3 for one data directory, from start to stop."""

from __future__ import annotations

import os
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import platformdirs

from vxdata.server.embedded import postgres, s3
from vxdata.server.embedded.account import Account, choose_account, prepare_data_dir
from vxdata.server.embedded.binaries import Binaries, find_binaries, reachable_binaries
from vxdata.server.embedded.cluster import Cluster
from vxdata.server.embedded.errors import ChildFailed, DataDirectoryInUse, RoomAgain
from vxdata.server.embedded.handover import take_from_nobody
from vxdata.server.embedded.machine import Machine
from vxdata.server.embedded.owner import LockFile, claim, lock_part
from vxdata.server.embedded.postgres import PostgresServer
from vxdata.server.embedded.reading_roles import make_reading_roles
from vxdata.server.embedded.reserve import Reserve
from vxdata.server.embedded.runtime import Runtime
from vxdata.server.embedded.s3 import S3Endpoint, S3Server
from vxdata.server.embedded.secrets import StackSecrets
from vxdata.server.embedded.supervisor import Supervisor
from vxdata.server.embedded.tuning import (
    CONNECTIONS,
    postgres_settings,
    process_memory_bytes,
    s3_memory_limit,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from pydantic import SecretStr

    from vxdata.server.embedded.child import Child
    from vxdata.server.embedded.waiting import Progress

_TITLES = {"postgres": postgres.TITLE, "s3": s3.TITLE}
_SYSTEM_DATA_DIR = Path("/var/lib/vxdata")

# How long children of a killed supervisor may take to finish: a checkpoint of all of PostgreSQL's memory.
_LOCK_TIMEOUT = 180.0
# What PostgreSQL takes to write its buffers; what it has not written by then is recovered at the start.
_FAST_SHUTDOWN_TIMEOUT = 15.0


def default_data_dir() -> Path:
    """Return where the data lie unless the user says otherwise."""
    return _SYSTEM_DATA_DIR if os.geteuid() == 0 else platformdirs.user_data_path("vxdata")


def _silent(_: str) -> None:
    """Drop a message."""


@dataclass(frozen=True)
class Layout:
    """The places in a data directory."""

    data_dir: Path

    @property
    def postgres(self) -> Path:
        """The PostgreSQL cluster."""
        return self.data_dir / "postgres"

    @property
    def result_cache(self) -> Path:
        """The folder of the server's result cache, which can be removed at any time."""
        return self.data_dir / "result-cache"

    @property
    def audit(self) -> Path:
        """The folder of the server's audit."""
        return self.data_dir / "audit"

    @property
    def s3(self) -> Path:
        """The S3 server's data and configuration."""
        return self.data_dir / "s3"

    @property
    def logs(self) -> Path:
        """Log files of both."""
        return self.data_dir / "logs"

    @property
    def binaries(self) -> Path:
        """Copies of binaries that the children's account could not reach otherwise."""
        return self.data_dir / "binaries"

    @property
    def secrets(self) -> Path:
        """The credentials."""
        return self.data_dir / "secrets.json"

    @property
    def reserve(self) -> Path:
        """The file that holds space for a start on a full disk."""
        return self.data_dir / "reserve"

    @property
    def runtime(self) -> Path:
        """The note of the files that a run leaves outside the data directory."""
        return self.data_dir / "runtime.json"


class EmbeddedStack:
    """A running PostgreSQL and a running S3 server; both are stopped when it is left.

    Example:
        >>> with EmbeddedStack.start(default_data_dir()) as stack:  # doctest: +SKIP
        ...     print(stack.s3.url)
    """

    def __init__(
        self,
        layout: Layout,
        database: PostgresServer,
        blobs: S3Server,
        progress: Progress,
        stopping: threading.Event,
    ) -> None:
        """Take over two servers; use :meth:`start`."""
        self._layout = layout
        self._database = database
        self._blobs = blobs
        self._progress = progress
        self._stopping = stopping
        self._reserve = Reserve(layout.reserve)
        self._undo = ExitStack()
        self._supervisors = (
            Supervisor(postgres.TITLE, database, self._database_lease, stopping, self._reserve.is_short),
            Supervisor(s3.TITLE, blobs, lambda: self._lease("s3"), stopping, self._reserve.is_short),
        )

    @classmethod
    def start(
        cls,
        data_dir: Path,
        *,
        progress: Progress = _silent,
        stopping: threading.Event | None = None,
        connections: int = CONNECTIONS,
    ) -> Self:
        """Start both servers and wait until they can be used; from then on, one that ends is started again.

        Args:
            data_dir: where all data lie; made if missing.
            progress: receives one sentence per step worth telling.
            stopping: an event of the caller, who may set it to cancel the start; :meth:`stop` sets it.
            connections: connections to PostgreSQL at a time, which its memory is planned for.

        Returns:
            The running stack, a context manager.

        Raises:
            StartCancelled: ``stopping`` was set.
            EmbeddedStackError: the tree is drawn in :mod:`vxdata.server.embedded.errors`.
        """
        stopping = threading.Event() if stopping is None else stopping
        layout = Layout(data_dir.expanduser().resolve())
        account = choose_account(layout.postgres, layout.s3)
        prepare_data_dir(layout.data_dir, account)
        with ExitStack() as undo:
            undo.enter_context(claim(layout.data_dir))
            Reserve(layout.reserve).give_up_if_short()
            with (
                _first_lease(layout, progress, stopping) as postgres_lock,
                _lease(layout, "s3", progress, stopping) as s3_lock,
            ):
                host = _Host.prepare(layout, account, progress)
                undo.callback(host.runtime.remove)
                database, blobs = host.postgres_server(postgres_lock), host.s3_server(s3_lock)
                database.stopping = blobs.stopping = stopping
                stack = cls(layout, database, blobs, progress, stopping)
                undo.callback(stack._stop_children)
                stack._start_children(postgres_settings(host.machine, connections))
                postgres_lock.note(stack.pids["postgres"])
                s3_lock.note(stack.pids["s3"])
            stack._reserve.keep()
            for supervisor in stack._supervisors:
                supervisor.start()
            stack._undo = undo.pop_all()
        return stack

    @property
    def postgres_uri(self) -> SecretStr:
        """The libpq URI of the database, over its unix socket."""
        return self._database.uri

    @property
    def postgres_read_uri(self) -> SecretStr:
        """The libpq URI of the database for the role that may only read."""
        return self._database.read_uri

    @property
    def postgres_catalog_uri(self) -> SecretStr:
        """The libpq URI of the database for the role that may only read catalogs."""
        return self._database.catalog_uri

    @property
    def s3(self) -> S3Endpoint:
        """The S3 service and its bucket."""
        return self._blobs.endpoint

    @property
    def data_dir(self) -> Path:
        """The folder of all data."""
        return self._layout.data_dir

    @property
    def result_cache_dir(self) -> Path:
        """The folder in which a server on this stack can keep its result cache."""
        return self._layout.result_cache

    @property
    def audit_dir(self) -> Path:
        """The folder in which a server on this stack keeps its audit."""
        return self._layout.audit

    @property
    def pids(self) -> Mapping[str, int]:
        """The process ids of the children, by name."""
        return {name: child.pid for name, child in self._children.items()}

    def check(self) -> None:
        """Make sure that both servers run or are being started again, and keep the reserve for a full disk.

        Raises:
            RestartsFailed: one was given up; it carries the exit status and the last lines of its log.
        """
        for supervisor in self._supervisors:
            supervisor.check()
        self._reserve.keep()

    def stop(self) -> None:
        """Stop both servers cleanly and give the data directory up; harmless when done before."""
        self._undo.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop both servers."""
        self.stop()

    def _lease(self, name: str) -> LockFile:
        self._reserve.give_up_if_short()
        return _lease(self._layout, name, _silent, self._stopping)

    def _database_lease(self) -> LockFile:
        self._database.end_orphans()
        return self._lease("postgres")

    @property
    def _children(self) -> dict[str, Child]:
        found = {"postgres": self._database.child, "s3": self._blobs.child}
        return {name: child for name, child in found.items() if child is not None}

    def _start_children(self, settings: Mapping[str, str]) -> None:
        # S3 takes longest to come up and does so by itself, while PostgreSQL is made ready.
        self._blobs.start()
        self._database.start(settings, self._progress)
        self._database.wait_ready(self._progress)
        make_reading_roles(self._database)
        try:
            self._blobs.wait_ready(self._progress)
        except (ChildFailed, RoomAgain):
            if not self._blobs.was_short:
                raise
            self._progress("the disk is full: S3 is started again once there is room")
        self._blobs.is_known = True

    def _stop_children(self) -> None:
        self._stopping.set()
        for supervisor in self._supervisors:
            supervisor.join()
        for child in self._children.values():
            child.ask_to_stop()
        for child in self._children.values():
            child.stop()


def _first_lease(layout: Layout, progress: Progress, stopping: threading.Event) -> LockFile:
    """Lock the cluster; end a PostgreSQL of an earlier run that does not come to its end.

    A fast shutdown that arrives while PostgreSQL recovers from the crash of a backend may never end.
    """
    try:
        return _lease(layout, "postgres", progress, stopping, _FAST_SHUTDOWN_TIMEOUT)
    except DataDirectoryInUse:
        progress("PostgreSQL of an earlier run does not shut down; ending it")
        postgres.end_processes(layout.postgres)
    return _lease(layout, "postgres", progress, stopping)


def _lease(
    layout: Layout,
    name: str,
    progress: Progress,
    stopping: threading.Event,
    timeout: float = _LOCK_TIMEOUT,
) -> LockFile:
    return lock_part(
        layout.data_dir,
        name,
        title=_TITLES[name],
        timeout=timeout,
        progress=progress,
        stopping=stopping,
    )


@dataclass(frozen=True)
class _Host:
    """Everything the two servers are made from."""

    layout: Layout
    account: Account
    secrets: StackSecrets
    binaries: Binaries
    machine: Machine
    runtime: Runtime

    @classmethod
    def prepare(cls, layout: Layout, account: Account, progress: Progress) -> Self:
        """Gather it; the data directory is ours and no old child uses it any more."""
        for folder in (layout.logs, layout.result_cache):
            folder.mkdir(mode=0o700, exist_ok=True)
            folder.chmod(0o700)  # those of earlier versions may be open to others
        for part in (layout.postgres, layout.s3):
            take_from_nobody(part, account, progress)
        return cls(
            layout=layout,
            account=account,
            secrets=StackSecrets.load_or_create(layout.secrets, may_create=not layout.postgres.exists()),
            binaries=reachable_binaries(find_binaries(), account, layout.binaries, progress),
            machine=Machine.detect(layout.data_dir),
            runtime=Runtime.create(layout.runtime, account),
        )

    def postgres_server(self, lock: LockFile) -> PostgresServer:
        """Describe the PostgreSQL server."""
        cluster = Cluster(self.layout.postgres, self.account, self.binaries, lock.fd)
        return PostgresServer(
            cluster,
            self.secrets,
            self.runtime.directory,
            self.layout.logs / "postgres.log",
            process_memory=process_memory_bytes(self.machine),
        )

    def s3_server(self, lock: LockFile) -> S3Server:
        """Describe the S3 server."""
        return S3Server(
            directory=self.layout.s3,
            program=self.binaries.weed,
            account=self.account,
            secrets=self.secrets,
            runtime=self.runtime,
            log=self.layout.logs / "s3.log",
            memory_limit=s3_memory_limit(self.machine),
            lock=lock.fd,
        )
