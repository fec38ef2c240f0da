"""Servers that are killed while their copies follow: `python -m tests.server.copies.kills KILLS [SEED]`.

In each round a process opens the copies of one folder while others write; it is killed at a random moment.
What it leaves is opened again, and compared with PostgreSQL row by row.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr
from structlog.testing import capture_logs

from tests.server.copies.support import assert_equal, copies
from tests.server.services.verbs.support import Store
from vxdata.cli.running import upgrade_database
from vxdata.schemas.catalog.registry import registry
from vxdata.server.database.monitor import CancellationMonitor
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.embedded import EmbeddedStack
from vxdata.server.services.write import WriteService

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.schemas.wire import Verb

URI: Final = "VXDATA_TEST_URI"
MOST_SECONDS: Final = 1.0
"""Seconds from the first sign of life to the kill, at most."""

PAUSE_SECONDS: Final = 0.03
"""Seconds between two commits."""

VERBS: Final[tuple[Verb, ...]] = ("create", "create", "update", "update", "update", "delete", "purge")
FEWEST: Final = 100
MOST_RESOURCES: Final = 2000
"""Resources from which on none are created: what is to be compared after each kill stays small."""

REMOVED_EVERY: Final = 5
"""Rounds after which the folder is removed, so that a first copy is what is interrupted."""


class Writer:
    """Writes random commits until the end of a block.

    Args:
        store: Where to.
        seed: What the random choices follow from.
    """

    def __init__(self, store: Store, seed: int) -> None:
        self._store = store
        self._random = random.Random(seed)
        self._known: list[str] = []
        self._number = 0
        self.commits = 0

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write in a thread of its own."""
        ended, failed = threading.Event(), list[BaseException]()

        def write() -> None:
            try:
                while not ended.is_set():
                    self.write()
            except BaseException as error:  # noqa: BLE001 - raised below
                failed.append(error)

        thread = threading.Thread(target=write)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
        if failed:
            raise failed[0]

    def write(self) -> None:
        """Write one commit."""
        verb = self._random.choice(VERBS if len(self._known) < MOST_RESOURCES else VERBS[2:])
        if verb == "create" or len(self._known) < FEWEST:
            rows = self._random.choice((1, 10, 100))
            made = [f"patient/k{self._number + n}" for n in range(rows)]
            self._number += rows
            self._store.plant(dict.fromkeys(made, "datasource/a"))
            self._known += made
        else:
            names = self._random.sample(self._known, self._random.choice((1, 10, FEWEST)))
            if verb == "update":
                licence = f"licence {self.commits}"
                self._store.send("update", *({"identifier": name, "license": licence} for name in names))
            else:
                self._store.name(verb, *names)
                self._known = [name for name in self._known if name not in names]
        self.commits += 1
        time.sleep(PAUSE_SECONDS)


def kill_again_and_again(
    store: Store, uri: SecretStr, folder: Path, kills: int, seed: int
) -> tuple[int, int]:
    """Kill servers, and compare what they leave.

    Returns:
        After how many kills the copies went on from what was left, and after how many one had to be made.
    """
    writer, moments = Writer(store, seed), random.Random(seed)
    went_on = made = 0
    for number in range(kills):
        if number % REMOVED_EVERY == REMOVED_EVERY - 1:
            shutil.rmtree(folder)
        with writer.writing():
            run_and_kill(uri, folder, moments.uniform(0, MOST_SECONDS))
        with capture_logs() as lines, copies(store.database, folder) as opened:
            rows = assert_equal(opened, store.database)
        has_made = any(line["event"] == "copy_made" for line in lines)
        went_on, made = went_on + (not has_made), made + has_made
        print(f"{number + 1}: {rows:,} rows after {writer.commits} commits")  # noqa: T201 - progress
    return went_on, made


def run_and_kill(uri: SecretStr, folder: Path, seconds: float) -> None:
    """Run a server's copies in a process, and kill that so many seconds after it has begun."""
    environment = {**os.environ, URI: uri.get_secret_value()}
    command = [sys.executable, "-m", "tests.server.copies.kills", str(folder)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.read(1), "the process has ended"
        time.sleep(seconds)
        process.kill()


def serve(folder: Path) -> None:
    """Have copies follow until the process is killed."""
    with closing(ConnectionPool(SecretStr(os.environ[URI]))) as database, copies(database, folder) as opened:
        print(end="r", flush=True)  # noqa: T201 - read by the parent
        while True:
            opened.wake()
            time.sleep(0.01)


def main(kills: int, seed: int) -> None:
    """Kill servers of a PostgreSQL of their own."""
    with tempfile.TemporaryDirectory(prefix="vxdata-kills-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with EmbeddedStack.start(folder / "stack") as stack, closing(CancellationMonitor()) as monitor:
            upgrade_database(stack.postgres_uri)
            with closing(ConnectionPool(stack.postgres_uri)) as database:
                store = Store(WriteService(database, registry(), monitor, allow_purge=True), database)
                store.plant({"datasource/a": None})
                went_on, made = kill_again_and_again(store, stack.postgres_uri, folder / "cache", kills, seed)
    print(f"{kills} kills (seed {seed}): {went_on} went on, {made} made copies, no difference")  # noqa: T201


if __name__ == "__main__":
    if sys.argv[1].isdecimal():
        main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(10**6))
    else:
        serve(Path(sys.argv[1]))
