"""The instant at which a query reads, as the executor resolved it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True)
class Instant:
    """A closed point of the commit order.

    Args:
        version: Sequence number of the last commit at or before it.
        as_of: The instant, UTC; no later commit can be stamped at or before it.
        is_current: Whether nothing of the type that is read was committed after it, so that the
            latest versions are the answer and history need not be looked at.
    """

    version: int
    as_of: datetime
    is_current: bool
