"""Limits of a statement: how long it may run, and how much it may put into temporary files.

PostgreSQL keeps both. A writer's transaction lifts the first (`READ_WRITE` in `connection.py`), since its
uploads have limits of their own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vxdata.schemas.errors import LimitExceeded

if TYPE_CHECKING:
    from vxdata.server.database.errors import LimitReached

SECONDS_SETTING: Final = "VXDATA_QUERY_LIMIT"
TEMP_SETTING: Final = "VXDATA_QUERY_TEMP_BYTES"
MEMORY_SETTING: Final = "RLIMIT_DATA"

CLOCK_TOLERANCE: Final = 0.99
"""Part of the time limit after which a cancel is taken for its end: the clocks of two machines differ."""


@dataclass(frozen=True)
class StatementLimits:
    """The limits of the statements of one pool.

    Args:
        seconds: Time that a statement may take, with the time that its rows wait to be read.
        temp_bytes: Bytes of temporary files of one process of PostgreSQL; None leaves its own setting.
    """

    seconds: float = math.inf
    temp_bytes: int | None = None

    @property
    def statements(self) -> tuple[str, ...]:
        """What sets the limits on a new connection."""
        settings = []
        if math.isfinite(self.seconds):
            settings.append(f"SET statement_timeout TO {max(math.ceil(self.seconds * 1000), 1)}")
        if self.temp_bytes is not None:
            settings.append(f"SET temp_file_limit TO {self.temp_bytes // 1024}")
        return tuple(settings)

    def is_reached_after(self, seconds: float) -> bool:
        """Return whether PostgreSQL has ended a statement for its time.

        The sentence that it sends is in the language of its operator, and a cancel has the same SQLSTATE.

        Args:
            seconds: How long the statement has run.
        """
        return seconds >= self.seconds * CLOCK_TOLERANCE


def limit_exceeded(error: LimitReached) -> LimitExceeded:
    """Tell a caller which limit a statement has reached.

    Args:
        error: What the connection raised.

    Returns:
        The error, with the setting and, where it is known, the limit in its details.
    """
    if error.sqlstate == "57014":
        msg = f"The statement took longer than {error.limit:,g} seconds ({SECONDS_SETTING})."
        setting = SECONDS_SETTING
    elif error.sqlstate == "53400":
        limit = "PostgreSQL allows" if error.limit is None else f"the limit of {error.limit:,} bytes"
        msg = f"The statement needs more temporary files than {limit} (temp_file_limit, {TEMP_SETTING})."
        setting = TEMP_SETTING
    else:
        msg = f"The statement needs more memory than a process of PostgreSQL may have ({MEMORY_SETTING})."
        setting = MEMORY_SETTING
    return LimitExceeded(f"{msg} Ask for less, or in parts.", limit=error.limit, setting=setting)
