"""Fair use: how many calls a principal may make in a minute, and how many rows and bytes it gets in a day.

Each server counts for itself, in memory: a restart begins anew.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from limits import RateLimitItemPerDay, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter

from vxdata.schemas.errors import QuotaExceeded

if TYPE_CHECKING:
    from limits import RateLimitItem
    from limits.strategies import RateLimiter

    from vxdata.server.call import Call


@dataclass(frozen=True)
class Quotas:
    """The quotas of each principal; None for no limit.

    Args:
        rate_calls: Calls in a minute.
        daily_rows: Rows in a day.
        daily_bytes: Bytes in a day.
    """

    rate_calls: int | None = None
    daily_rows: int | None = None
    daily_bytes: int | None = None


@dataclass(frozen=True)
class _Quota:
    """One quota, and how it is counted.

    Args:
        setting: The setting that it comes from.
        what: What is counted.
        item: The quota.
        limiter: Counts.
    """

    setting: str
    what: str
    item: RateLimitItem
    limiter: RateLimiter

    def require(self, caller: str, cost: int) -> None:
        """Count something, and refuse it where it is too much."""
        if not self.limiter.hit(self.item, self.setting, caller, cost=cost):
            raise self.exceeded(caller)

    def require_rest(self, caller: str) -> None:
        """Refuse where nothing is left, without counting."""
        if not self.limiter.test(self.item, self.setting, caller):
            raise self.exceeded(caller)

    def exceeded(self, caller: str) -> QuotaExceeded:
        """The error of a caller who has had all; it tells when there is more."""
        resets = self.limiter.get_window_stats(self.item, self.setting, caller).reset_time
        seconds = max(1, math.ceil(resets - time.time()))
        msg = (
            f"The quota of {self.item.amount:,} {self.what} is used up; there is more in {seconds:,} seconds."
        )
        return QuotaExceeded(msg, limit=self.item.amount, setting=self.setting, retry_after=seconds)


class FairUse:
    """Counts what each principal uses; anonymous callers are told apart by their addresses.

    Args:
        quotas: How much each one may.
    """

    def __init__(self, quotas: Quotas) -> None:
        """Begin with nothing used."""
        storage = MemoryStorage()
        minutes, days = MovingWindowRateLimiter(storage), FixedWindowRateLimiter(storage)
        self._calls = _made(
            quotas.rate_calls, "VXDATA_RATE_CALLS", "calls in a minute", RateLimitItemPerMinute, minutes
        )
        self._rows = _made(quotas.daily_rows, "VXDATA_DAILY_ROWS", "rows in a day", RateLimitItemPerDay, days)
        self._bytes = _made(
            quotas.daily_bytes, "VXDATA_DAILY_BYTES", "bytes in a day", RateLimitItemPerDay, days
        )

    def enter(self, _door: str, call: Call) -> None:
        """Count a call, and have it spend what is left of the quotas.

        Args:
            call: A call that begins.

        Raises:
            QuotaExceeded: Its principal has had as much as it may.
        """
        if self._calls is not None:
            self._calls.require(call.caller, 1)
        for quota in (self._rows, self._bytes):
            if quota is not None:
                quota.require_rest(call.caller)
        if self._rows is not None or self._bytes is not None:
            call.trail.spend = partial(self._spend, call.caller)

    def _spend(self, caller: str, rows: int, size: int) -> None:
        for quota, number in ((self._rows, rows), (self._bytes, size)):
            if quota is not None and number:
                quota.require(caller, number)


def _made(
    amount: int | None, setting: str, what: str, kind: type[RateLimitItem], limiter: RateLimiter
) -> _Quota | None:
    return None if amount is None else _Quota(setting, what, kind(amount), limiter)
