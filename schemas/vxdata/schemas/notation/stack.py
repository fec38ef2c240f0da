"""The stack of calls: where a warning is raised that is meant for the user's own code."""

from __future__ import annotations

import inspect
from typing import Final

OWN_MODULES: Final = ("vxdata.sdk", "vxdata.schemas")
"""What the modules are named after that stand between a warning and the user's code."""


def level_of_user() -> int:
    """Frames from the warning up to the user's own code: calls come here by ways of several lengths."""
    level, frame = 0, inspect.currentframe()
    while frame is not None and str(frame.f_globals.get("__name__")).startswith(OWN_MODULES):
        level, frame = level + 1, frame.f_back
    return level
