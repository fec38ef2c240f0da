"""Signals that stop a serving command: none is lost, and none waits for what it has interrupted."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.fixtures.commands import DEADLINE, environment

SEEDS = (1, 2, 3)
SIGNALS = 200

RANDOM_MOMENTS = """
import os, random, signal, sys, threading
from vxdata.cli.signals import until_signal, log
from vxdata.server.logs import configure_logs

configure_logs()
seed, rounds = map(int, sys.argv[1:])
random.seed(seed)
for number in range(rounds):
    kind = random.choice([signal.SIGINT, signal.SIGTERM])
    with until_signal() as stop:
        sender = threading.Timer(random.random() / 250, os.kill, (os.getpid(), kind))
        sender.start()
        while not stop.wait(random.random() / 5000):
            log.info("working")  # takes the lock of the log
        sender.join()
    print(number, flush=True)
"""

ENDLESS_WORK = """
import threading
from vxdata.cli.signals import until_signal
from vxdata.server.logs import configure_logs

configure_logs()
with until_signal() as stop:
    print("ready", flush=True)
    stop.wait()
    print("stopping", flush=True)
    threading.Event().wait()
"""

SIGNAL_AFTER_EOF = """
import os, signal
from vxdata.cli.signals import stop_at_eof, until_signal
from vxdata.server.logs import configure_logs

configure_logs()
with until_signal() as stop:
    stop_at_eof(stop)
    stop.wait()
    os.kill(os.getpid(), signal.SIGTERM)
print("stopped in order", flush=True)
"""


def run(script: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    pipe, null = subprocess.PIPE, subprocess.DEVNULL
    return subprocess.Popen(command, env=environment(), stdout=pipe, stderr=null, text=True)


@pytest.mark.parametrize("seed", SEEDS)
def test_signals_at_random_moments_are_all_taken(seed: int) -> None:
    with run(RANDOM_MOMENTS, seed, SIGNALS) as process:
        try:
            printed, _ = process.communicate(timeout=DEADLINE)
        except subprocess.TimeoutExpired:
            process.kill()
            printed, _ = process.communicate()
    assert printed.splitlines() == list(map(str, range(SIGNALS))), "it hung, or ended early"
    assert process.returncode == 0


def test_a_second_signal_ends_a_process_that_does_not_stop() -> None:
    with run(ENDLESS_WORK) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.terminate()
        assert process.stdout.readline() == "stopping\n"
        process.terminate()
        try:
            assert process.wait(DEADLINE) == 128 + 15
        finally:
            process.kill()


def test_the_end_of_the_input_is_no_signal() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SIGNAL_AFTER_EOF],
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert done.stdout.splitlines()[-1] == "stopped in order", (done.returncode, done.stderr)
