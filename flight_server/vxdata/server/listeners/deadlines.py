"""How long a caller waits, as the header of a call tells it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def seconds_of(values: Sequence[str]) -> float:
    """Read the timeout of a call.

    gRPC ends a call by itself in any case, and the header tells the server when; a call over HTTP ends by it.

    Args:
        values: What the header states, each time that it stands there.

    Returns:
        Seconds; infinite if it states no positive number, or several.

    Example:
        >>> seconds_of(["1.5"]), seconds_of(["soon"])
        (1.5, inf)
    """
    try:
        (seconds,) = map(float, values)
    except ValueError:
        return math.inf
    return seconds if seconds > 0 else math.inf
