"""How long a caller waits, as the header of a call tells it."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final

from vxdata.schemas.errors import InvalidRequest
from vxdata.schemas.wire import TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Sequence

NUMBER: Final = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
"""A number as JSON has it, without a sign."""


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


def require_seconds(values: Sequence[str]) -> None:
    """Refuse a header that states no timeout, where nothing but the header ends the call.

    Args:
        values: What the header states, each time that it stands there.

    Raises:
        InvalidRequest: It stands there and is not one positive number.
    """
    if values and not (NUMBER.fullmatch(", ".join(values)) and math.isfinite(seconds_of(values))):
        shown = ", ".join(values)[:80]
        msg = f"The header {TIMEOUT} takes the seconds that the caller waits, above 0; it states {shown!r}."
        raise InvalidRequest(msg, header=TIMEOUT, stated=shown)
