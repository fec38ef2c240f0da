"""What every namespace of a client shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vxdata.sdk._time import instant_of

if TYPE_CHECKING:
    from datetime import datetime

    from vxdata.sdk._time import AsOf
    from vxdata.sdk._transport.base import Transport


@dataclass(frozen=True)
class Session:
    """The way to the server, and the instant that a client reads at.

    Args:
        transport: The way to the server.
        as_of: Instant of every read that names no other; the last commit if None.
    """

    transport: Transport
    as_of: datetime | None = None

    def instant(self, as_of: AsOf | None) -> datetime | None:
        """The instant of one read: that of the call, else that of the client."""
        return self.as_of if as_of is None else instant_of(as_of)
