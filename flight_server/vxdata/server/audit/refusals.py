"""Refusals: the first ones of each caller in a minute are recorded one by one; further ones are only counted.

Anybody who can reach a port can cause any number of refusals, and their records take disk space that those of
reads need. All unknown callers count as one, since nobody can tell how many they are.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from vxdata.server.audit.record import REFUSED, Record, shown

if TYPE_CHECKING:
    from collections.abc import Callable

RECORDED: Final = 20
"""Refusals of one caller in a minute that are recorded one by one."""

SECONDS: Final = 60.0

NAMED: Final = 20
"""Kinds of refusals, and addresses that they came from, which one record names; further ones have no name."""


@dataclass(frozen=True)
class Refusal:
    """A call that was refused.

    Args:
        caller: Name of the principal; None where it is not known.
        door: The operation that was asked for.
        code: Code of the error.
        host: Network address that the call came from.
    """

    caller: str | None
    door: str
    code: str
    host: str


@dataclass
class Minute:
    """The refusals of one caller from the first one on.

    Args:
        caller: Name of the principal; None for all who are not known.
        ends: When the minute is over, in seconds of the clock.
        recorded: How many are recorded one by one.
        counted: How many are not.
        since: When the first of those came.
        kinds: What was refused, and why.
        hosts: Where from.
    """

    caller: str | None
    ends: float
    recorded: int = 0
    counted: int = 0
    since: datetime | None = None
    kinds: Counter[str] = field(default_factory=Counter)
    hosts: Counter[str] = field(default_factory=Counter)

    def count(self, refusal: Refusal) -> None:
        """Count a refusal that is not recorded by itself."""
        self.counted += 1
        self.since = self.since or datetime.now(UTC)
        for named, name in ((self.kinds, f"{refusal.code} {refusal.door}"), (self.hosts, refusal.host)):
            if (name := shown(name)) in named or len(named) < NAMED:
                named[name] += 1

    def record(self) -> Record:
        """Tell of those that were counted."""
        return Record.of_log(
            REFUSED,
            principal=self.caller if self.caller is None else shown(self.caller),
            calls=self.counted,
            since=self.since,
            kinds=dict(self.kinds),
            hosts=dict(self.hosts),
        )


class Refusals:
    """The refusals of all callers. One thread at a time uses it.

    Args:
        clock: Seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin without any."""
        self._clock = clock
        self._minutes: dict[str | None, Minute] = {}
        self.due_at: float | None = None
        """When there is something to tell, in seconds of the clock; None while nothing is counted."""

    def takes(self, refusal: Refusal) -> bool:
        """Decide whether a refusal is recorded by itself; else it is counted.

        Args:
            refusal: The refusal.

        Returns:
            Whether it is to be recorded.
        """
        now, caller = self._clock(), refusal.caller
        minute = self._minutes.get(caller)
        if minute is None or (now >= minute.ends and not minute.counted):
            minute = self._minutes[caller] = Minute(caller, now + SECONDS)
        if minute.recorded < RECORDED:
            minute.recorded += 1
            return True
        minute.count(refusal)
        self.due_at = minute.ends if self.due_at is None else min(self.due_at, minute.ends)
        return False

    @property
    def due_in(self) -> float | None:
        """Seconds until there is something to tell; None while nothing is counted."""
        return None if self.due_at is None else max(self.due_at - self._clock(), 0.0)

    @property
    def counted(self) -> int:
        """How many refusals are counted that `end` has not given yet."""
        return sum(minute.counted for minute in self._minutes.values())

    def end(self, *, all_of_them: bool = False) -> list[Minute]:
        """Forget the minutes that are over.

        Args:
            all_of_them: Whether to end the others as well.

        Returns:
            Those of them in which refusals were counted.
        """
        now = self._clock()
        over = [each for each in self._minutes.values() if all_of_them or now >= each.ends]
        for minute in over:
            del self._minutes[minute.caller]
        self.due_at = min((each.ends for each in self._minutes.values() if each.counted), default=None)
        return [minute for minute in over if minute.counted]
