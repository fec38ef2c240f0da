"""PostgreSQL's own COPY: the limit of everything that reads from it."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench._harness.candidates import Work


@contextmanager
def to_nowhere(_: int, psql: str, uri: str, sql: str) -> Iterator[Work]:
    """Let psql write the binary rows to nowhere; its start and its connection are timed with it."""
    copy = f"COPY ({sql}) TO STDOUT (FORMAT binary)"

    def work() -> int:
        subprocess.run([psql, "-X", "-q", "-c", copy, uri], stdout=subprocess.DEVNULL, check=True)
        return 0

    yield work
