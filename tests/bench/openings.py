"""Candidates for tests: functions of a module, so that another process finds them by name."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench._harness.figures import Moved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench._harness.candidates import Work


@contextmanager
def frame_of(number: int, rows: int) -> Iterator[Work]:
    """Move some rows and more in each round, and tell the process that did it."""
    yield lambda: Moved(rows + number, series={"pid": [float(os.getpid())]})


@contextmanager
def failing(_: int) -> Iterator[Work]:
    """Fail before it is ready."""
    msg = "no such thing"
    raise ValueError(msg)
    yield
