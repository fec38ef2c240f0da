"""What a trial prints: seed, faults by kind, calls by verb and outcome, what was checked, and violations."""

from __future__ import annotations

import sys
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.trial.faults import FAULTS

if TYPE_CHECKING:
    from tests.store.audit import Records
    from tests.trial.installation import Installation

BROKEN = frozenset({"INTERNAL_ERROR", "UNNAMED"})
"""Outcomes that no fault excuses."""


@dataclass
class Report:
    """The findings of a trial.

    Args:
        seed: Of the trial.
        minutes: For which faults strike.
    """

    seed: int
    minutes: float
    installation: Installation | None = None
    faults: Counter[str] = field(default_factory=Counter)
    skipped: dict[str, str] = field(default_factory=dict)
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    rereads: int = 0
    files: int = 0
    commits: int = 0
    versions: int = 0
    violations: list[str] = field(default_factory=list)
    _begun: float = field(default_factory=time.monotonic)

    def begin(self) -> None:
        """Print the seed first, so that it is known whatever happens."""
        self._print(f"Trial of {self.minutes:g} minutes, SEED={self.seed}")

    def violation(self, what: str, error: BaseException | None = None) -> None:
        """Note a violation, and print it at once."""
        found = (
            what
            if error is None
            else f"{what}\n{''.join(traceback.format_exception(error, limit=-3, chain=False))}"
        )
        self.violations.append(found)
        self._print(f"VIOLATION {found}")

    def stored(self, found: Records) -> None:
        """Note how much was stored."""
        self.commits = len(found.commits)
        self.versions = len(found.versions)

    def end(self) -> int:
        """Print everything; return the status of the process."""
        self._print(f"\nFaults in {self.minutes:g} minutes:")
        for fault in FAULTS:
            skipped = self.skipped.get(fault.name)
            number = f"{self.faults[fault.name]:6}" if skipped is None else f"skipped: {skipped}"
            self._print(f"  {fault.name:20} {number}")
        self._print("\nCalls by verb and outcome:")
        for (verb, outcome), calls in sorted(self.calls.items()):
            self._print(f"  {verb:20} {outcome:25} {calls:8,}")
            if outcome in BROKEN:
                self.violation(f"{calls} calls of {verb!r} ended with {outcome}")
        self._print(
            f"\nChecked: {self.commits:,} commits, {self.versions:,} versions, {self.rereads:,} answers read "
            f"again, {self.files:,} files"
        )
        if self.installation is not None:
            for failure in self.installation.failures:
                self.violation(failure)
            kills = self.faults["server killed"]
            self._print(f"Starts of vxdata up: {self.installation.starts}, after {kills} kills")
        took = time.monotonic() - self._begun
        self._print(f"Violations: {len(self.violations)}, SEED={self.seed}, {took:.0f} s in all")
        return int(bool(self.violations))

    @staticmethod
    def _print(text: str) -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
