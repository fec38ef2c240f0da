"""The traceback of our errors in notebooks: the frames of the user's own code, and the message."""

from __future__ import annotations

import sysconfig
import traceback
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from types import FrameType

OURS: Final = frozenset({"vxdata", "vxp_client"})

LIBRARIES: Final = tuple(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
"""Folders of code that is neither the user's nor ours."""


def brief_traceback(error: BaseException) -> list[str]:
    """Write an error with the frames of the user's own code.

    Args:
        error: An error that was raised.

    Returns:
        Lines: how many frames are left out, the others, and the message with its notes.
    """
    walked = list(traceback.walk_tb(error.__traceback__))
    ours = (place for place, (frame, _) in enumerate(walked) if _package(frame) in OURS)
    first_of_ours = next(ours, len(walked))
    kept = [
        (frame, line)
        for place, (frame, line) in enumerate(walked)
        if _package(frame) != "IPython" and (place < first_of_ours or _is_of_user(frame))
    ]
    hidden = sum(_package(frame) != "IPython" for frame, _ in walked) - len(kept)
    note = f"; frames inside VxData that are left out: {hidden}" if hidden else ""
    lines = [f"Traceback (most recent call last{note}):"]
    lines += traceback.StackSummary.extract(iter(kept)).format()
    lines += traceback.format_exception_only(error)
    return [line.rstrip("\n") for line in lines]


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__")).partition(".")[0]


def _is_of_user(frame: FrameType) -> bool:
    """Whether a frame below ours is that of a function that the user has passed in."""
    return _package(frame) not in OURS and not frame.f_code.co_filename.startswith((*LIBRARIES, "<frozen"))
