"""Child processes: started so that they end with us, watched, stopped in bounded time.

Linux sends a child its parent-death signal when the *thread* that started it ends. Children that shall
live on are therefore started by one thread that lives as long as the process, whichever thread asks for them.
"""

from __future__ import annotations

import inspect
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from vxdata.server.embedded import launcher
from vxdata.server.embedded.errors import ChildFailed
from vxdata.server.embedded.launcher import ENVIRONMENT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from vxdata.server.embedded.account import Account

_LAUNCHER = inspect.getsource(launcher)

_TAIL_LINES = 20
_TAIL_BYTES = 16_384
_KEPT_LOGS = 4
_AFTER_KILL_SECONDS = 30.0

Popen = subprocess.Popen[bytes]


@dataclass(frozen=True)
class Command:
    """A command line with the account and the surroundings in which it runs."""

    name: str
    argv: tuple[str, ...]
    account: Account
    cwd: Path
    env: Mapping[str, str]
    lock: int | None = None
    """A locked descriptor that the process and its own children keep open."""
    stop_steps: tuple[tuple[signal.Signals, float], ...] = ((signal.SIGTERM, 10.0),)
    """Signals that ask it to end, each with the seconds it gets. The first is its parent-death signal."""


def _popen(command: Command, *, stdin: int, output: int) -> Popen:
    return subprocess.Popen(
        _launched(command),
        cwd=command.cwd,
        env=dict(os.environ) | {ENVIRONMENT: json.dumps(dict(command.env))},
        stdin=stdin,
        stdout=output,
        stderr=subprocess.STDOUT,
        pass_fds=() if command.lock is None else (command.lock,),
        # A terminal's Ctrl-C goes to the foreground session: only the supervisor may get it.
        start_new_session=True,
    )


def _launched(command: Command) -> tuple[str, ...]:
    """The command line that becomes the command."""
    account = command.account
    ids = (str(account.uid), str(account.gid)) if account.is_service else ("", "")
    death_signal = command.stop_steps[0][0]
    # -I and -S: nothing of the caller's Python settings, and a start of some ten milliseconds. The text is
    # given, not the file, which may lie where the account cannot reach it.
    python = (sys.executable, "-I", "-S", "-c", _LAUNCHER)
    return (*python, str(int(death_signal)), str(os.getpid()), *ids, *command.argv)


@cache
def _requests(pid: int) -> queue.SimpleQueue[tuple[Callable[[], Popen], Future[Popen]]]:
    """Return the inbox of the starting thread of this process (a forked process needs its own)."""
    inbox: queue.SimpleQueue[tuple[Callable[[], Popen], Future[Popen]]] = queue.SimpleQueue()

    def serve() -> None:
        while True:
            start, answer = inbox.get()
            try:
                answer.set_result(start())
            except Exception as error:  # noqa: BLE001 - it is raised again in the thread that asked
                answer.set_exception(error)

    threading.Thread(target=serve, name=f"vxdata-children-{pid}", daemon=True).start()
    return inbox


def _popen_for_life(start: Callable[[], Popen]) -> Popen:
    answer: Future[Popen] = Future()
    _requests(os.getpid()).put((start, answer))
    return answer.result()


class Child:
    """A long-running child process with a log file."""

    def __init__(self, command: Command, log: Path) -> None:
        """Start it.

        Args:
            command: what to run.
            log: gets its output; older logs are kept as ``<log>.1`` and so on.
        """
        rotate(log)
        self.command = command
        self.log = log
        self._was_asked = False
        fd = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            self._process = _popen_for_life(lambda: _popen(command, stdin=subprocess.DEVNULL, output=fd))
        finally:
            os.close(fd)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def check(self) -> None:
        """Do nothing while the process runs.

        Raises:
            ChildFailed: it has ended.
        """
        status = self._process.poll()
        if status is not None:
            raise ChildFailed(self.command.name, status, tail(self.log), self.log)

    def ask_to_stop(self) -> None:
        """Send the first stop signal, once, and do not wait."""
        if not self._was_asked:
            self._was_asked = True
            self._process.send_signal(self.command.stop_steps[0][0])

    def stop(self) -> int:
        """Ask the process to end, then insist.

        Returns:
            Its exit status.
        """
        (_, patience), *harder = self.command.stop_steps
        self.ask_to_stop()
        for number, seconds in (*harder, (signal.SIGKILL, _AFTER_KILL_SECONDS)):
            try:
                return self._process.wait(patience)
            except subprocess.TimeoutExpired:
                self._process.send_signal(number)
                patience = seconds
        return self._process.wait(patience)


def run_tool(command: Command, *, given: str = "", timeout: float) -> str:
    """Run a short command to its end; it, too, ends with us.

    Args:
        command: what to run.
        given: its standard input.
        timeout: seconds, after which it is killed.

    Returns:
        What it wrote (both streams).

    Raises:
        ChildFailed: it did not exit with status 0, or not in time.
    """
    with _popen(command, stdin=subprocess.PIPE, output=subprocess.PIPE) as process:
        try:
            written, _ = process.communicate(given.encode(), timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            written, _ = process.communicate()
        except BaseException:
            process.kill()
            raise
    text = written.decode("utf-8", "replace")
    if process.returncode != 0:
        raise ChildFailed(command.name, process.returncode, tuple(text.splitlines()[-_TAIL_LINES:]))
    return text


def tail(log: Path) -> tuple[str, ...]:
    """Return the last lines of a log file."""
    with log.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _TAIL_BYTES))
        lines = deque(file.read().decode("utf-8", "replace").splitlines(), maxlen=_TAIL_LINES)
    return tuple(lines)


def rotate(log: Path) -> None:
    """Rename a log file to ``<log>.1``, ``<log>.1`` to ``<log>.2`` …; the oldest is overwritten."""
    names = [log, *(log.with_name(f"{log.name}.{number}") for number in range(1, _KEPT_LOGS + 1))]
    for older, newer in zip(reversed(names[1:]), reversed(names[:-1]), strict=True):
        if newer.exists():
            newer.replace(older)
