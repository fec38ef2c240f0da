"""A trial of a whole installation: `python -m tests.trial [MINUTES] [SEED]`, or `make trial`.

Writers and readers use `vxdata up` while its parts are killed, stopped and continued, its disk fills and its
network stalls. A supervisor starts the command again when the trial has killed it; nothing else is done by
hand. At the end everything that is stored is compared with what the clients were told. The status is 1 if
anything is wrong. The seed repeats the plan of faults and the choices of the clients; what is caught in the
middle depends on the machine.
"""

from __future__ import annotations

import multiprocessing
import secrets
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.fixtures.commands import until
from tests.store.audit import assert_counters, assert_sound, assert_whole_or_absent, records
from tests.store.journal import Stage
from tests.store.load import count_up
from tests.store.relay import Relay
from tests.trial.clients import WRITERS, meddle_on, read_on, store_files
from tests.trial.conduct import Lane, lanes
from tests.trial.disk import Disk
from tests.trial.faults import FAULTS
from tests.trial.installation import Installation
from tests.trial.report import Report
from tests.trial.tally import CountedScene, total
from vxdata.sdk import Client

if TYPE_CHECKING:
    from collections.abc import Callable

COUNTERS = 2
READERS = 2
STEPS = 2**31

MEBIBYTES = 4096
MEBIBYTES_A_MINUTE = 60
"""Room for what the writers write."""


class Trial:
    """One trial.

    Args:
        installation: What is on trial.
        folder: For journals and counts.
        seed: Decides what can be decided.
        report: Where everything is noted.
    """

    def __init__(self, installation: Installation, folder: Path, seed: int, report: Report) -> None:
        """Prepare."""
        self._installation = installation
        self._seed = seed
        self._report = report
        self._stage = Stage(folder)
        self._scene = CountedScene(installation.relay.url, f"trial-{seed}", folder)
        self._direct = CountedScene(installation.flight_url, f"trial-{seed}", folder)

    def run(self, minutes: float) -> None:
        """Let the clients work during the faults and a little longer, and check."""
        with Client(self._direct.url) as client:
            since = client.now().version
            self._scene.prepare(client)
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(COUNTERS + READERS + len(WRITERS) + 2, context) as processes:
            clients = self._begin(processes)
            try:
                self._strike(minutes, clients)
                self._installation.wait_until_it_serves()
                healed = time.monotonic()
                until(lambda: self._go_on(healed) or _ended(clients), "every writer writes again")
            finally:
                self._stage.give("stop")
                outcomes = {name: self._outcome(name, future) for name, future in clients.items()}
        self._check(since, outcomes)

    def _begin(self, processes: ProcessPoolExecutor) -> dict[str, Future[Any]]:
        scene, stage, seed = self._scene, self._stage, self._seed
        stop = stage.folder / "stop"
        counting = {
            f"counter {number}": processes.submit(count_up, scene, seed + number, STEPS, stop)
            for number in range(COUNTERS)
        }
        reading = {
            f"reader {number}": processes.submit(read_on, scene, seed + number, stage)
            for number in range(READERS)
        }
        writing: dict[str, Future[Any]] = {
            writer.name: processes.submit(writer.run, scene, stage) for writer in WRITERS
        }
        others: dict[str, Future[Any]] = {
            "meddler": processes.submit(meddle_on, scene, seed, stage),
            "files": processes.submit(store_files, scene, seed, stage),
        }
        return {**counting, **reading, **writing, **others}

    def _strike(self, minutes: float, clients: dict[str, Future[Any]]) -> None:
        until(lambda: self._go_on(0) or _ended(clients), "every writer writes")
        end = threading.Event()
        every = lanes(self._installation, self._seed, end)
        for lane in every:
            lane.start()
        deadline = time.monotonic() + 60 * minutes
        while not _ended(clients) and (left := deadline - time.monotonic()) > 0:
            time.sleep(min(left, 1.0))
        end.set()
        for lane in every:
            lane.join()
        self._note(every)

    def _note(self, every: list[Lane]) -> None:
        self._report.faults = sum((lane.struck for lane in every), start=Counter())
        for lane in every:
            if lane.failure is not None:
                self._report.violation("a fault could not strike or heal", lane.failure)

    def _go_on(self, moment: float) -> bool:
        """Whether each writer has two acknowledged writes that it began after a moment."""
        done = Counter(
            one.writer for one in self._stage.attempts() if one.begun > moment and one.version is not None
        )
        return all(done[writer.name] >= 2 for writer in WRITERS)

    def _outcome(self, name: str, future: Future[Any]) -> Any:
        try:
            return future.result()
        except Exception as error:  # noqa: BLE001 - whatever a client raises is a violation
            self._report.violation(f"client {name!r} ended", error)
            return None

    def _check(self, since: int, outcomes: dict[str, Any]) -> None:
        with Client(self._direct.url) as client:
            found = records(client, since)
            counted = [outcomes[f"counter {number}"] for number in range(COUNTERS)]
            self._report.stored(found)
            self._require("clock, counts, chains, parents, lineage", partial(assert_sound, found, since))
            self._require(
                "every write whole and once, or absent",
                partial(assert_whole_or_absent, self._stage.attempts(), found),
            )
            if None not in counted:
                self._require("counters", partial(assert_counters, client, self._direct, counted))
        for number in range(READERS):
            reread = outcomes[f"reader {number}"]
            if reread is not None:
                self._report.rereads += reread.count
                for differing in reread.differing:
                    self._report.violation(f"a snapshot gave other rows: {differing}")
        self._report.files = len(outcomes["files"] or ())
        self._report.calls = total(self._stage.folder)

    def _require(self, what: str, check: Callable[[], None]) -> None:
        try:
            check()
        except AssertionError as failure:
            self._report.violation(what, failure)


def _ended(clients: dict[str, Future[Any]]) -> bool:
    """Whether a client has ended before its time, which only a fault of the product makes it."""
    return any(future.done() for future in clients.values())


def main(minutes: float, seed: int) -> int:
    """Run a trial, print what it found, and return the status."""
    report = Report(seed, minutes)
    report.begin()
    folder = Path(tempfile.mkdtemp(prefix="vxdata-trial-"))
    folder.chmod(0o755)
    (folder / "clients").mkdir()
    try:
        with ExitStack() as after:
            space = MEBIBYTES + int(MEBIBYTES_A_MINUTE * minutes)
            disk = after.enter_context(Disk(folder / "disk", space))
            report.skipped = {
                fault.name: disk.problem for fault in FAULTS if fault.needs_disk and disk.problem
            }
            installation = after.enter_context(Installation(folder, disk))
            report.installation = installation
            installation.relay = after.enter_context(Relay(installation.flight_url))
            Trial(installation, folder / "clients", seed, report).run(minutes)
    except Exception as error:  # noqa: BLE001 - a trial that cannot go on has found something
        report.violation("the trial broke off", error)
    status = report.end()
    if status == 0:
        shutil.rmtree(folder)
    else:
        sys.stdout.write(f"Logs and journals are kept in {folder}\n")
    return status


if __name__ == "__main__":
    MINUTES = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    SEED = int(sys.argv[2]) if len(sys.argv) > 2 else secrets.randbelow(2**31)
    sys.exit(main(MINUTES, SEED))
