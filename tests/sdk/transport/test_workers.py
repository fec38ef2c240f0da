"""Workers: a thread is lent again, unless it belongs to another process."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from functools import partial
from weakref import ref

from tests.server.support import until
from vxdata.sdk._transport.workers import IDLE, MAX_IDLE, run_in_thread

FORKING = """
import os, threading
from vxdata.sdk._transport.workers import IDLE, run_in_thread
done = threading.Event()
run_in_thread(done.set)
assert done.wait(30)
while not IDLE:
    pass
child = os.fork()
if child == 0:
    again = threading.Event()
    run_in_thread(again.set)
    os._exit(0 if again.wait(30) else 1)
assert os.waitpid(child, 0)[1] == 0
"""


def thread_of_work() -> int:
    found: list[int] = []
    run_in_thread(lambda: found.append(threading.get_ident()))
    until(lambda: found, "the work is done")
    return found[0]


def readers() -> int:
    return sum(thread.name == "vxdata-read" for thread in threading.enumerate())


def test_an_idle_thread_is_lent_again() -> None:
    first = thread_of_work()
    until(lambda: IDLE, "its thread is idle")
    assert thread_of_work() == first


def test_no_more_threads_stay_than_may_be_idle() -> None:
    may_end = threading.Event()
    begun = [threading.Event() for _ in range(3 * MAX_IDLE)]

    def work(number: int) -> None:
        begun[number].set()
        assert may_end.wait(30)

    for number in range(len(begun)):
        run_in_thread(partial(work, number))
    assert all(event.wait(30) for event in begun)
    may_end.set()
    until(lambda: len(IDLE) >= MAX_IDLE, "threads are idle")

    until(lambda: readers() <= MAX_IDLE + 1, "the others have ended")


def test_what_is_done_is_let_go() -> None:
    class Work:
        def __call__(self) -> None:
            done.set()

    done = threading.Event()
    work = Work()
    let_go = ref(work)
    run_in_thread(work)
    assert done.wait(30)
    del work
    until(lambda: let_go() is None, "nothing holds the work any more")


def test_a_forked_process_starts_its_own() -> None:
    assert hasattr(os, "fork")
    ran = subprocess.run(
        [sys.executable, "-c", FORKING], capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
