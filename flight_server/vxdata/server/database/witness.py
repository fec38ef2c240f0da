"""The clock witness: what this server knows of the time, beside the clock of PostgreSQL that stamps commits.

A stamp is never taken back: every later commit is stamped after it. So a commit is refused whose stamp is too
far ahead of the newest time that is known to be right. That is this server's own clock when it began, and the
seconds that have passed since then on a clock that nobody can set. When it begins, its clock must not be too
far from the last commit: a machine that starts with a wrong clock has no other witness.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from vxdata.schemas.errors import ClockNotTrusted

if TYPE_CHECKING:
    from collections.abc import Callable

AHEAD_SECONDS: Final = 3600.0
IDLE_SECONDS: Final = 31 * 86_400.0


def passed() -> float:
    """Seconds on a clock that is never set; where the system can, it goes on while the machine sleeps."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


def wall() -> datetime:
    """This machine's time."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class ClockReading:
    """The commit clock, and the clock of PostgreSQL at the same moment.

    Args:
        version: Number of the last commit, 0 before the first.
        stamp: The instant after which the next commit is stamped: that of the last one, or of a later read.
        now: PostgreSQL's time.
        vouched: When an administrator said last that the clock was right, if ever.
    """

    version: int
    stamp: datetime
    now: datetime
    vouched: datetime | None = None

    @property
    def ahead(self) -> timedelta:
        """How far the commit clock is ahead of PostgreSQL's time; negative as a rule."""
        return self.stamp - self.now


class ClockWitness:
    """Decides whether a time can be trusted.

    Args:
        ahead: Seconds that a stamp may be ahead of the newest time that is known to be right.
        idle: Seconds that may have passed since the last commit when the server begins.
        wall: Tells this machine's time.
        passed: Tells seconds on a clock that is never set.
    """

    def __init__(
        self,
        ahead: float = AHEAD_SECONDS,
        idle: float = IDLE_SECONDS,
        *,
        wall: Callable[[], datetime] = wall,
        passed: Callable[[], float] = passed,
    ) -> None:
        """Begin with the first reading."""
        self.ahead = timedelta(seconds=ahead)
        self._idle = timedelta(seconds=idle)
        self._wall = wall
        self._passed = passed
        self._lock = threading.Lock()
        self._begun: tuple[datetime, float] | None = None
        self._vouched: datetime | None = None

    def known_good(self, reading: ClockReading) -> datetime:
        """The newest time that is known to be right.

        Args:
            reading: The commit clock.
        """
        with self._lock:
            if self._begun is None or reading.vouched != self._vouched:
                self._begun = self._begin(reading), self._passed()
                self._vouched = reading.vouched
            time_then, passed_then = self._begun
            return time_then + timedelta(seconds=self._passed() - passed_then)

    def trusts(self, instant: datetime, reading: ClockReading) -> bool:
        """Whether an instant is not too far ahead."""
        return instant - self.known_good(reading) <= self.ahead

    def require(self, instant: datetime, reading: ClockReading) -> None:
        """Refuse a stamp that is too far ahead.

        Args:
            instant: The stamp.
            reading: The commit clock.

        Raises:
            ClockNotTrusted: It is.
        """
        if self.trusts(instant, reading):
            return
        known = self.known_good(reading)
        msg = (
            f"The commit would be stamped {instant.isoformat()}, but the newest time that is known to be "
            f"right is {known.isoformat()}; nothing was written. An administrator sets the clock right, or "
            "says with `vxdata db clock` that it is."
        )
        raise ClockNotTrusted(
            msg,
            stamp=instant.isoformat(),
            known_good=known.isoformat(),
            limit_seconds=self.ahead.total_seconds(),
            setting="VXDATA_CLOCK_AHEAD",
        )

    def _begin(self, reading: ClockReading) -> datetime:
        """The time to begin with: this machine's, unless too much has passed since the last known one."""
        now = self._wall()
        last = reading.stamp if reading.version else None
        known = [instant for instant in (last, reading.vouched) if instant is not None]
        if not known:
            return now
        trusted = now if now - max(known) <= self._idle else max(known)
        return trusted if reading.vouched is None else max(trusted, reading.vouched)
