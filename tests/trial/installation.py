"""The installation on trial: `vxdata up` as a child process, started again whenever it has ended."""

from __future__ import annotations

import shutil
import signal
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Self

import psutil

from tests.fixtures.commands import launch
from tests.store.kills import command_line, free_port, is_postmaster
from vxdata.schemas.errors import VxDataError
from vxdata.sdk import Client

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from tests.fixtures.commands import Running
    from tests.store.relay import Relay
    from tests.trial.disk import Disk

PATIENCE = 0.05
DEADLINE = 180.0
"""Seconds after which an installation without faults that does not serve counts as broken."""


class NoTarget(Exception):
    """There is nothing to strike at the moment, since the part is down or on its way up."""


class Installation:
    """A command that a supervisor keeps running, as an init system would.

    Args:
        folder: Where its data and logs lie.
        disk: The file system of the data.
    """

    relay: Relay

    def __init__(self, folder: Path, disk: Disk) -> None:
        """Choose the ports, which stay the same."""
        self._folder = folder
        self.disk = disk
        self._arguments = (
            "up",
            "--data-dir",
            str(disk.data_dir),
            "--port",
            str(free_port()),
            "--http-port",
            str(free_port()),
        )
        self._running: Running | None = None
        self._is_expected = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._supervise)
        self._stopped: dict[str, list[psutil.Process]] = {}
        self.starts = 0
        self.failures: list[str] = []
        self.flight_url = f"grpc://127.0.0.1:{self._arguments[4]}"

    def __enter__(self) -> Self:
        """Start, and wait until it serves."""
        self._thread.start()
        self.wait_until_it_serves()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop as a user would, and note it where that does not work."""
        self._stopping.set()
        self._thread.join()
        if self._running is not None and self._running.process.poll() is None:
            children = self._running.children()
            status, _ = self._running.stop()
            if status != 0:
                self._note_end("stopped by SIGTERM", status)
            _, alive = psutil.wait_procs(children, timeout=DEADLINE)
            if alive:
                self.failures.append(f"processes outlived the server: {alive}")
        # The file system of the data goes; what PostgreSQL and S3 have said is kept with the other logs.
        logs = self.disk.data_dir / "logs"
        if logs.exists():
            shutil.copytree(logs, self._folder / "logs")

    def server(self) -> psutil.Process:
        """The serving process.

        Raises:
            NoTarget: It is not ready.
        """
        running = self._running
        if running is None or not running.flight_url or running.process.poll() is not None:
            raise NoTarget
        return psutil.Process(running.process.pid)

    def postgresql(self) -> list[psutil.Process]:
        """PostgreSQL's main process, and then its backends and workers."""
        main = self._child(is_postmaster)
        return [main, *main.children()]

    def backend(self) -> psutil.Process:
        """A backend that serves a connection of the server."""
        for one in self.postgresql()[1:]:
            title = " ".join(command_line(one))
            if title.startswith("postgres: ") and "vxdata vxdata" in title:
                return one
        raise NoTarget

    def s3(self) -> list[psutil.Process]:
        """The processes of the S3 server."""
        main = self._child(lambda child: any(part.endswith("weed") for part in command_line(child)[:1]))
        return [main, *main.children(recursive=True)]

    def kill_server(self) -> None:
        """Kill the serving process; its children end with it."""
        victim = self.server()
        self._is_expected = True
        victim.kill()

    def pause(self, name: str, processes: Callable[[], list[psutil.Process]]) -> None:
        """Stop processes, which stay as they are until `resume`."""
        found = processes()
        if any(one.status() in {psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE} for one in found[:1]):
            raise NoTarget
        self._stopped[name] = found
        for one in found:
            with suppress(psutil.NoSuchProcess):
                one.suspend()

    def resume(self, name: str) -> None:
        """Let stopped processes go on; some may have been killed."""
        for one in self._stopped.pop(name):
            with suppress(psutil.NoSuchProcess):
                one.resume()

    def wait_until_it_serves(self) -> None:
        """Wait for an answer to a health check, with PostgreSQL and S3 behind it."""
        deadline = time.monotonic() + DEADLINE
        while not self._is_healthy():
            if time.monotonic() > deadline:
                msg = f"no health for {DEADLINE:.0f} s after the last fault; the log ends:\n{self.log_tail()}"
                raise TimeoutError(msg)
            time.sleep(PATIENCE)

    def log_tail(self, lines: int = 15) -> str:
        """The end of what the present process has said."""
        if self._running is None:
            return ""
        return "\n".join(self._running.log.read_text(errors="replace").splitlines()[-lines:])

    def _is_healthy(self) -> bool:
        try:
            self.server()
            with Client(self.flight_url, timeout=5) as client:
                client.health()
        except (NoTarget, VxDataError):
            return False
        return True

    def _child(self, is_wanted: Callable[[psutil.Process], bool]) -> psutil.Process:
        server = self.server()
        for child in server.children():
            if is_wanted(child):
                return child
        raise NoTarget

    def _supervise(self) -> None:
        while not self._stopping.wait(PATIENCE):
            if self._running is None or self._running.process.poll() is not None:
                self._start()

    def _start(self) -> None:
        if self._running is not None:
            if not self._is_expected:
                self._note_end("ended by itself", self._running.process.returncode)
            self._running.process.communicate()
        self._is_expected = False
        self.starts += 1
        running = launch(self._folder / f"up-{self.starts:04}.log", *self._arguments)
        self._running = running
        try:
            running.wait_until_ready()
        except AssertionError as problem:
            self.failures.append(f"start {self.starts} of vxdata up failed: {problem}")
            running.process.send_signal(signal.SIGKILL)
            self._is_expected = True

    def _note_end(self, how: str, status: int) -> None:
        self.failures.append(f"vxdata up, start {self.starts}: {how}, status {status}\n{self.log_tail()}")
