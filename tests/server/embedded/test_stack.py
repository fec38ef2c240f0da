from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import psutil
import pytest

from vxdata.server.embedded import (
    DataDirectoryIncompatible,
    DataDirectoryInUse,
    EmbeddedStack,
    RestartsFailed,
    StartCancelled,
    account,
    default_data_dir,
    supervisor,
)
from vxdata.server.embedded import (
    s3 as s3_module,
)
from vxdata.server.embedded.owner import LockFile, noted_pid
from vxdata.server.embedded.ports import LOOPBACK, free_port_pairs
from vxdata.server.embedded.s3 import S3Probe, s3_client
from vxdata.server.embedded.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

NOBODY = 65534
DEADLINE = 120.0
MEGABYTES = b"0123456789abcdef" * 200_000


def uri(stack: EmbeddedStack) -> str:
    return stack.postgres_uri.get_secret_value()


def is_gone(pid: int) -> bool:
    # A killed orphan may stay as a zombie until somebody reaps it.
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def leftovers(stack: EmbeddedStack) -> list[Path]:
    ports = set(map(str, stack._blobs.ports.every))
    sockets = Path("/tmp").glob("seaweedfs-*.sock")  # noqa: S108 - where the S3 server puts them
    ours = [path for path in sockets if path.stem.rpartition("-")[2] in ports]
    return [*ours, *filter(Path.exists, [stack._blobs.runtime.directory])]


def came_back(stack: EmbeddedStack, name: str, killed: int) -> bool:
    """Whether a killed child has a successor that can be used; fails when the stack has given it up."""
    stack.check()
    server: Any = {"postgres": stack._database, "s3": stack._blobs}[name]
    if stack.pids[name] == killed:
        return False
    server.wait_ready(print)
    return True


def checks(stack: EmbeddedStack) -> str:
    stack.check()
    return "not given up"


def answers(stack: EmbeddedStack) -> bool:
    probe = S3Probe(s3_client(stack.s3))
    return stack._database._accepts() and probe.succeeds()


def test_the_default_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_data_dir() == Path("/var/lib/vxdata")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert default_data_dir().name == "vxdata"


def test_data_survive_restarts_and_both_kinds_of_crash(
    open_dir: Path, ask: Callable[..., list[tuple[Any, ...]]]
) -> None:
    data_dir = open_dir / "data"
    with EmbeddedStack.start(data_dir) as stack:
        ask(uri(stack), "CREATE TABLE kept AS SELECT generate_series(1, 200000) AS n")
        s3_client(stack.s3).put_object(Bucket=stack.s3.bucket, Key="kept", Body=MEGABYTES)
        stack.check()
    assert leftovers(stack) == []
    assert all(map(is_gone, stack.pids.values()))
    stack.stop()

    with EmbeddedStack.start(data_dir) as stack:
        assert ask(uri(stack), "SELECT count(*) FROM kept") == [(200_000,)]
        ask(uri(stack), "INSERT INTO kept VALUES (0)")
        assert s3_client(stack.s3).get_object(Bucket=stack.s3.bucket, Key="kept")["Body"].read() == MEGABYTES
        s3_client(stack.s3).put_object(Bucket=stack.s3.bucket, Key="last", Body=MEGABYTES)
        for pid in stack.pids.values():
            os.kill(pid, signal.SIGKILL)
        stack._stopping.set()  # so that nothing is started again: the next start has to recover

    with EmbeddedStack.start(data_dir) as stack:
        assert ask(uri(stack), "SELECT count(*) FROM kept") == [(200_001,)]
        for key in ("kept", "last"):
            found = s3_client(stack.s3).get_object(Bucket=stack.s3.bucket, Key=key)
            assert found["Body"].read() == MEGABYTES


@pytest.mark.parametrize("name", ["postgres", "s3"])
def test_a_killed_child_is_started_again_at_the_same_place_with_its_data(
    open_dir: Path, ask: Callable[..., list[tuple[Any, ...]]], name: str
) -> None:
    with EmbeddedStack.start(open_dir / "data") as stack:
        place = (uri(stack), stack.s3)
        ask(uri(stack), "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
        for number in range(3):
            body = f"{number}".encode()
            s3_client(stack.s3).put_object(Bucket=stack.s3.bucket, Key=f"{number}", Body=body)
            ask(uri(stack), "INSERT INTO kept VALUES (0)")
            killed = stack.pids[name]
            os.kill(killed, signal.SIGKILL)
            assert wait_until(partial(came_back, stack, name, killed), timeout=DEADLINE)
            assert (uri(stack), stack.s3) == place
            assert ask(uri(stack), "SELECT count(*) FROM kept") == [(1_001 + number,)]
            found = s3_client(stack.s3).get_object(Bucket=stack.s3.bucket, Key=f"{number}")
            assert found["Body"].read() == body
        pids = stack.pids
        lock = open_dir / "data" / f"{name}.lock"
        assert wait_until(lambda: noted_pid(lock) == pids[name], timeout=DEADLINE)
    assert all(map(is_gone, pids.values()))
    assert leftovers(stack) == []


def test_a_backend_that_computes_does_not_hold_up_the_next_postmaster(
    open_dir: Path, ask: Callable[..., list[tuple[Any, ...]]]
) -> None:
    endless = "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b"
    running = (
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE query LIKE '%generate_series%' AND pid <> pg_backend_pid()"
    )
    with ThreadPoolExecutor(1) as threads, EmbeddedStack.start(open_dir / "data") as stack:
        busy = threads.submit(ask, uri(stack), endless)
        assert wait_until(lambda: ask(uri(stack), running) == [(1,)], timeout=DEADLINE)
        killed = stack.pids["postgres"]
        os.kill(killed, signal.SIGKILL)
        assert wait_until(lambda: came_back(stack, "postgres", killed), timeout=DEADLINE)
        assert busy.exception(DEADLINE) is not None
        assert ask(uri(stack), running) == [(0,)]


def test_a_child_that_fails_again_and_again_is_given_up(
    open_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "LONGEST_PAUSE", 0.1)
    data_dir = open_dir / "data"
    with EmbeddedStack.start(data_dir) as stack:
        control = data_dir / "postgres" / "global" / "pg_control"
        control.rename(control.with_suffix(".away"))
        os.kill(stack.pids["postgres"], signal.SIGKILL)
        with pytest.raises(RestartsFailed) as caught:
            wait_until(lambda: checks(stack) == "given up", timeout=DEADLINE)
        assert (caught.value.name, caught.value.failures) == ("PostgreSQL", supervisor.MAX_FAILURES)
        assert "PostgreSQL exited with status" in caught.value.last
        assert "pg_control" in str(caught.value), "the last lines of the log"
        assert S3Probe(s3_client(stack.s3)).succeeds(), "the other child goes on"
        pids = stack.pids
    assert all(map(is_gone, pids.values()))
    control.with_suffix(".away").rename(control)
    with EmbeddedStack.start(data_dir) as stack:
        assert answers(stack)


@pytest.mark.parametrize("when", ["before", "while it waits"])
def test_a_start_can_be_cancelled(open_dir: Path, when: str) -> None:
    stopping = threading.Event()
    told: list[str] = []

    def tell(sentence: str) -> None:
        told.append(sentence)
        stopping.set()

    data_dir = open_dir / "data"
    data_dir.mkdir(mode=0o755)
    with ExitStack() as other:
        if when == "before":
            stopping.set()
        else:
            other.enter_context(LockFile.try_lock(data_dir / "s3.lock"))  # type: ignore[arg-type]
        with pytest.raises(StartCancelled):
            EmbeddedStack.start(data_dir, progress=tell, stopping=stopping)
    assert when == "before" or told[0].startswith("S3 of an earlier run is still shutting down")
    with EmbeddedStack.start(data_dir) as stack:
        assert answers(stack)


def test_a_stack_can_be_stopped_while_a_child_is_started_again(open_dir: Path) -> None:
    data_dir = open_dir / "data"
    with EmbeddedStack.start(data_dir) as stack:
        killed = stack.pids
        for pid in killed.values():
            os.kill(pid, signal.SIGKILL)
        assert wait_until(lambda: stack.pids != killed, timeout=DEADLINE)
    assert all(map(is_gone, stack.pids.values()))
    with EmbeddedStack.start(data_dir) as stack:
        assert answers(stack)


def test_a_killed_supervisor_takes_its_children_along_and_can_be_replaced_at_once(
    open_dir: Path, supervise: Any, ask: Callable[..., list[tuple[Any, ...]]]
) -> None:
    data_dir = open_dir / "data"
    with supervise(data_dir) as supervisor:
        told = supervisor.told()
        with pytest.raises(DataDirectoryInUse) as caught:
            EmbeddedStack.start(data_dir)
        assert caught.value.owner_pid == supervisor.process.pid
        assert str(supervisor.process.pid) in str(caught.value)
        assert all(os.getsid(pid) == pid for pid in told["pids"].values())
        ask(told["uri"], "CREATE TABLE kept AS SELECT generate_series(1, 300000) AS n")
        (left,) = parse_qs(urlsplit(told["uri"]).query)["host"]
        supervisor.kill()
    with EmbeddedStack.start(data_dir) as stack:
        assert all(map(is_gone, told["pids"].values()))
        assert ask(uri(stack), "SELECT count(*) FROM kept") == [(300_000,)]
        assert not Path(left).exists()


@pytest.mark.slow
def test_a_postgresql_of_a_killed_supervisor_that_does_not_shut_down_is_ended(
    open_dir: Path, supervise: Any, ask: Callable[..., list[tuple[Any, ...]]]
) -> None:
    data_dir = open_dir / "data"
    said: list[str] = []
    with supervise(data_dir) as supervisor:
        told = supervisor.told()
        ask(told["uri"], "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
        postmaster = psutil.Process(told["pids"]["postgres"])
        # PostgreSQL waits for each of its parts, without end.
        for part in postmaster.children():
            with suppress(psutil.NoSuchProcess):  # the one that has just answered
                part.suspend()
        supervisor.kill()
    with EmbeddedStack.start(data_dir, progress=said.append) as stack:
        assert is_gone(postmaster.pid)
        assert ask(uri(stack), "SELECT count(*) FROM kept") == [(1000,)]
    assert any("does not shut down" in sentence for sentence in said)


def test_a_pid_file_that_names_another_process_is_no_obstacle(
    open_dir: Path, ask: Callable[..., list[tuple[Any, ...]]]
) -> None:
    data_dir = open_dir / "data"
    with EmbeddedStack.start(data_dir) as stack:
        pid_file = data_dir / "postgres" / "postmaster.pid"
        text = pid_file.read_text()
        children = stack._database.cluster.account
    with subprocess.Popen(["/bin/sleep", "600"], user=children.popen_user, cwd="/") as other:
        pid_file.write_text(text.replace(str(stack.pids["postgres"]), str(other.pid), 1))
        children.own(pid_file)
        try:
            with EmbeddedStack.start(data_dir) as stack:
                assert ask(uri(stack), "SELECT 1") == [(1,)]
        finally:
            other.kill()


def test_a_first_start_killed_in_the_middle_is_no_obstacle(
    open_dir: Path, supervise: Any, ask: Callable[..., list[tuple[Any, ...]]]
) -> None:
    data_dir = open_dir / "data"
    with supervise(data_dir) as supervisor:
        assert wait_until((data_dir / "postgres.new" / "data" / "PG_VERSION").exists, timeout=60, every=0.001)
        supervisor.kill()
    assert not (data_dir / "postgres").exists()
    with EmbeddedStack.start(data_dir) as stack:
        assert ask(uri(stack), "SELECT 1") == [(1,)]
    assert not (data_dir / "postgres.new").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="every other test runs as an ordinary user here")
def test_an_ordinary_user(open_dir: Path, supervise: Any, ask: Callable[..., list[tuple[Any, ...]]]) -> None:
    data_dir = open_dir / "data"
    data_dir.mkdir(mode=0o700)
    os.chown(data_dir, NOBODY, NOBODY)
    with supervise(data_dir, NOBODY) as supervisor:
        told = supervisor.told()
        assert {psutil.Process(pid).uids().real for pid in told["pids"].values()} == {NOBODY}
        assert ask(told["uri"], "SELECT current_user::text") == [("vxdata",)]
        assert supervisor.finish() == 0
    assert {path.stat().st_uid for path in data_dir.rglob("*")} == {NOBODY}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has had children of nobody")
def test_data_that_nobody_owned_are_opened_by_an_account_of_our_own(
    open_dir: Path, ask: Callable[..., list[tuple[Any, ...]]]
) -> None:
    data_dir = open_dir / "data"
    with EmbeddedStack.start(data_dir) as stack:
        ask(uri(stack), "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
        s3_client(stack.s3).put_object(Bucket=stack.s3.bucket, Key="kept", Body=MEGABYTES)
    # As it was before the ports were closed: without certificates, and nobody's.
    for path in (data_dir / "s3" / "home" / ".seaweedfs").iterdir():
        path.unlink()
    for part in (data_dir / "postgres", data_dir / "s3"):
        for path in (part, *part.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
    told: list[str] = []
    with EmbeddedStack.start(data_dir, progress=told.append) as stack:
        users = {psutil.Process(pid).uids().real for pid in stack.pids.values()}
        assert not users & {0, NOBODY}
        assert ask(uri(stack), "SELECT count(*) FROM kept") == [(1000,)]
        assert s3_client(stack.s3).get_object(Bucket=stack.s3.bucket, Key="kept")["Body"].read() == MEGABYTES
    assert len([line for line in told if "from nobody" in line]) == 2
    assert {
        path.stat().st_uid for part in ("postgres", "s3") for path in (data_dir / part).rglob("*")
    } == users


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands its children to another account")
def test_a_service_account_without_a_name_makes_a_cluster(
    open_dir: Path, monkeypatch: pytest.MonkeyPatch, ask: Callable[..., list[tuple[Any, ...]]]
) -> None:
    monkeypatch.setattr(account, "SERVICE_ACCOUNT", "no-such-user-here")
    with EmbeddedStack.start(open_dir / "data") as stack:
        users = {psutil.Process(pid).uids().real for pid in stack.pids.values()}
        assert users <= set(account._UNNAMED)
        assert ask(uri(stack), "SELECT current_user::text") == [("vxdata",)]
    assert {path.stat().st_uid for path in (open_dir / "data" / "postgres").rglob("*")} == users
    assert not (open_dir / "data" / "postgres.new").exists()


def test_a_failed_start_leaves_nothing_running(open_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data_dir = open_dir / "data"
    started: list[int] = []

    def refuse(blobs: s3_module.S3Server, _: object) -> None:
        assert blobs.child is not None
        started.append(blobs.child.pid)
        raise KeyboardInterrupt

    monkeypatch.setattr(s3_module.S3Server, "wait_ready", refuse)
    with pytest.raises(KeyboardInterrupt):
        EmbeddedStack.start(data_dir)
    assert all(map(is_gone, started))
    assert started
    (data_dir / "secrets.json").unlink()
    with pytest.raises(DataDirectoryIncompatible, match="backup"):
        EmbeddedStack.start(data_dir)


def test_a_port_lost_at_the_last_moment_is_replaced(open_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        wanted = free_port_pairs(5)
        taken.bind((LOOPBACK, wanted[0]))
        taken.listen()
        offers = iter([wanted])
        monkeypatch.setattr(s3_module, "free_port_pairs", lambda n: next(offers, None) or free_port_pairs(n))
        with EmbeddedStack.start(open_dir / "data") as stack:
            assert stack.s3.url != f"http://{LOOPBACK}:{wanted[0]}"
            assert "Port allocation failed" in (open_dir / "data" / "logs" / "s3.log.1").read_text()
    assert leftovers(stack) == []


def test_the_children_outlive_the_thread_that_started_them(
    open_dir: Path, ask: Callable[..., list[tuple[Any, ...]]]
) -> None:
    started: list[EmbeddedStack] = []
    thread = threading.Thread(target=lambda: started.append(EmbeddedStack.start(open_dir / "data")))
    thread.start()
    thread.join()
    with started[0] as stack:
        assert ask(uri(stack), "SELECT 1") == [(1,)]
        assert S3Probe(s3_client(stack.s3)).succeeds()
        stack.check()


def test_no_secret_is_shown(stack: EmbeddedStack) -> None:
    kept = json.loads((stack._blobs.directory.parent / "secrets.json").read_text())
    secrets = [value for name, value in kept.items() if name != "s3_access_key"]
    logs = [path.read_text(errors="replace") for path in (stack._blobs.directory.parent / "logs").iterdir()]
    shown = [*logs, repr(stack.s3), repr(stack.postgres_uri)]
    for pid in stack.pids.values():
        process = psutil.Process(pid)
        shown += [*process.cmdline(), *process.environ().values()]
    assert not [text for text in shown for secret in secrets if secret in text]
