"""A long run: `python -m tests.cohorts REQUESTS [SEED]` starts a stack and servers of its own."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

from tests.cohorts.asking import random_catalogs
from tests.cohorts.test_random import DATABASES_AT_ONCE, REQUESTS_OF_A_DATABASE, SETS_OF_A_DATABASE
from vxdata.server.embedded import EmbeddedStack

if TYPE_CHECKING:
    from collections.abc import Iterator


def main(requests: int, seed: int) -> int:
    """Ask, print how far it has come, and return how many databases had a wrong answer."""
    folder = Path(tempfile.mkdtemp(prefix="vxdata-cohorts-"))
    folder.chmod(0o755)
    faults, done, begun = 0, 0, time.monotonic()
    with _removed(folder), EmbeddedStack.start(folder / "stack") as stack:
        number = ceil(requests / REQUESTS_OF_A_DATABASE)
        for begin in range(0, number, DATABASES_AT_ONCE):
            seeds = range(seed + begin, seed + min(begin + DATABASES_AT_ONCE, number))
            with random_catalogs(stack.postgres_uri, seeds) as catalogs:
                for asked in catalogs:
                    try:
                        asked.check_lists()
                        asked.check_sets(SETS_OF_A_DATABASE)
                        asked.check(REQUESTS_OF_A_DATABASE)
                    except AssertionError as error:
                        faults += 1
                        sys.stdout.write(f"FAULT {'; '.join(getattr(error, '__notes__', []))}\n{error}\n")
            done += len(seeds) * REQUESTS_OF_A_DATABASE
            rate = done / (time.monotonic() - begun)
            sys.stdout.write(f"{done:,} requests, {faults} databases with a fault, {rate:,.0f}/s\n")
            sys.stdout.flush()
    return faults


@contextmanager
def _removed(folder: Path) -> Iterator[None]:
    """Remove a folder once everything in it has stopped."""
    try:
        yield
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(bool(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)))
