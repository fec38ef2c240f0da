from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING

import pytest

from vxdata.server.embedded import ChildFailed
from vxdata.server.embedded.account import Account
from vxdata.server.embedded.child import Child, Command, rotate, run_tool, tail
from vxdata.server.embedded.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MYSELF = Account("me", os.geteuid(), os.getegid(), is_service=False)
STUBBORN = "trap 'echo no' TERM; echo ready; while :; do sleep 0.05; done"


def shell(script: str, cwd: Path, **changes: object) -> Command:
    command = Command("tool", ("/bin/sh", "-c", script), MYSELF, cwd, {"PATH": os.defpath})
    return Command(**{**vars(command), **changes})


@pytest.fixture
def stubborn(tmp_path: Path) -> Iterator[Child]:
    steps = ((signal.SIGTERM, 2.0), (signal.SIGTERM, 2.0))  # time for a busy machine to tell of both
    child = Child(shell(STUBBORN, tmp_path, stop_steps=steps), tmp_path / "log")
    yield child
    child.stop()


def test_stopping_insists(stubborn: Child) -> None:
    assert wait_until(lambda: "ready" in tail(stubborn.log), timeout=30)
    stubborn.check()
    assert stubborn.stop() == -signal.SIGKILL
    assert tail(stubborn.log).count("no") == 2
    assert stubborn.stop() == -signal.SIGKILL


def test_an_ended_child_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    child = Child(shell("seq 100; exit 3", tmp_path), tmp_path / "log")

    def check() -> bool:
        child.check()
        return False

    with pytest.raises(ChildFailed) as caught:
        wait_until(check, timeout=30)
    assert caught.value.status == 3
    assert caught.value.log_tail == tuple(map(str, range(81, 101)))


def test_a_child_has_its_own_session_and_outlives_the_thread_that_asked_for_it(tmp_path: Path) -> None:
    children: list[Child] = []
    command = shell("echo ready; exec sleep 600", tmp_path)
    thread = threading.Thread(target=lambda: children.append(Child(command, tmp_path / "log")))
    thread.start()
    thread.join()
    (child,) = children
    assert wait_until(lambda: tail(child.log) == ("ready",), timeout=30)
    child.check()
    assert os.getsid(child.pid) == child.pid
    assert child.stop() == -signal.SIGTERM


def test_a_child_that_cannot_be_started(tmp_path: Path) -> None:
    command = Command("ghost", (str(tmp_path / "ghost"),), MYSELF, tmp_path, {})
    child = Child(command, tmp_path / "log")

    def check() -> bool:
        child.check()
        return False

    with pytest.raises(ChildFailed, match=r"cannot start .*ghost: .*No such file") as caught:
        wait_until(check, timeout=30)
    assert caught.value.status == 127


def test_a_child_has_the_environment_and_the_umask_of_its_command_alone(tmp_path: Path) -> None:
    told = run_tool(shell("env; umask", tmp_path), timeout=30).splitlines()
    assert {line.partition("=")[0] for line in told if "=" in line} <= {"PATH", "PWD", "SHLVL", "_"}
    assert told[-1] == "0077"


def test_children_are_started_while_many_threads_are(tmp_path: Path) -> None:
    """A fork in the middle of a thread's start must not leave a child that waits for ever."""
    end = threading.Event()

    def churn() -> None:
        while not end.is_set():
            thread = threading.Thread(target=end.is_set)
            thread.start()
            thread.join()

    churning = [threading.Thread(target=churn) for _ in range(4)]
    for thread in churning:
        thread.start()
    try:
        for _ in range(50):
            assert run_tool(shell("echo done", tmp_path), timeout=60) == "done\n"
    finally:
        end.set()
        for thread in churning:
            thread.join()


def test_tools_return_what_they_wrote(tmp_path: Path) -> None:
    assert run_tool(shell("cat; echo also >&2", tmp_path), given="said\n", timeout=30) == "said\nalso\n"


def test_tools_that_fail_show_what_they_wrote(tmp_path: Path) -> None:
    with pytest.raises(ChildFailed, match="tool exited with status 4\n  why"):
        run_tool(shell("echo why; exit 4", tmp_path), timeout=30)


def test_tools_have_a_deadline(tmp_path: Path) -> None:
    with pytest.raises(ChildFailed, match="signal 9"):
        run_tool(shell("exec sleep 600", tmp_path), timeout=0.1)


def test_logs_are_kept_for_a_while(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    for number in range(7):
        rotate(log)
        log.write_text(str(number))
    kept = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert kept == {"x.log": "6", "x.log.1": "5", "x.log.2": "4", "x.log.3": "3", "x.log.4": "2"}


def test_the_tail_of_a_long_log(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_text("".join(f"line {number}\n" for number in range(9999)))
    assert tail(log) == tuple(f"line {number}" for number in range(9979, 9999))
