"""When which fault strikes: a thread for each lane, which follows a plan that the seed decides."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

import psutil

from tests.trial.faults import FAULTS, Fault
from tests.trial.installation import NoTarget

if TYPE_CHECKING:
    from tests.trial.installation import Installation

ROUND_SECONDS = 12.0
"""In each such time every kind of fault strikes once: 50 times in ten minutes, if nothing is late."""

PATIENCE = 0.05


class Lane:
    """Faults that never overlap each other.

    Args:
        faults: Their kinds.
        installation: What they strike.
        choose: Decides order, moments and durations.
        end: Set when the last fault is to be healed.
    """

    def __init__(
        self,
        faults: list[Fault],
        installation: Installation,
        choose: random.Random,
        end: threading.Event,
    ) -> None:
        """Prepare; `start` begins."""
        self.faults = faults
        self._installation = installation
        self.choose = choose
        self._end = end
        self._thread = threading.Thread(target=self._run)
        self.struck: Counter[str] = Counter()
        self.failure: Exception | None = None

    def start(self) -> None:
        """Begin to strike."""
        self._thread.start()

    def join(self) -> None:
        """Wait until the last fault is healed."""
        self._thread.join()

    def _run(self) -> None:
        try:
            begun = time.monotonic()
            number = 0
            while not self._end.is_set():
                for fault in self.choose.sample(self.faults, len(self.faults)):
                    gap = ROUND_SECONDS / len(self.faults)
                    moment = begun + gap * (number + self.choose.uniform(0, 0.5))
                    number += 1
                    if self._end.wait(max(0.0, moment - time.monotonic())):
                        return
                    self._strike(fault)
        except Exception as failure:  # noqa: BLE001 - the trial reports it as a violation
            self.failure = failure

    def _strike(self, fault: Fault) -> None:
        """Strike as soon as there is something to strike, and heal."""
        lasts = self.choose.uniform(*fault.seconds)
        while not self._end.is_set():
            try:
                fault.strike(self._installation)
            except (NoTarget, psutil.NoSuchProcess):
                self._end.wait(PATIENCE)
                continue
            self.struck[fault.name] += 1
            self._end.wait(lasts)
            fault.heal(self._installation)
            return


def lanes(installation: Installation, seed: int, end: threading.Event) -> list[Lane]:
    """Make the lanes of all faults that can strike here."""
    possible = [fault for fault in FAULTS if not (fault.needs_disk and installation.disk.problem)]
    names = sorted({fault.lane for fault in possible})
    return [
        Lane(
            [fault for fault in possible if fault.lane == name],
            installation,
            random.Random(f"{seed} {name}"),
            end,
        )
        for name in names
    ]
