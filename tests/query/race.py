"""A race: plans are asked while others write, and while the copies lag, stop and begin anew.

`python -m tests.query.race PLANS [SEED]` starts a stack of its own.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack, closing, contextmanager
from math import ceil
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.query.data import Past, dump
from tests.query.engines import BothEngines, noted
from tests.query.material import Material
from tests.query.plans import plans
from tests.query.shown import shown
from tests.server.copies.support import copies as copies_of
from tests.server.databases import empty_databases, superuser
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.catalog.registry import registry
from vxdata.server.database.monitor import CancellationMonitor
from vxdata.server.database.pool import ConnectionPool, Lane
from vxdata.server.database.upgrade import upgrade
from vxdata.server.embedded import EmbeddedStack
from vxdata.server.services.write import WriteService

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import SecretStr

    from vxdata.schemas.plan import Plan
    from vxdata.server.copies import Copies
    from vxdata.server.database.connection import Connection

PLANS_OF_A_STORE: Final = 1_000
PLANS_OF_A_FILE: Final = 150
"""Plans, on average, before the copies are closed, dropped or opened anew."""

SECONDS_BETWEEN_COMMITS: Final = 0.1
SECONDS_OF_A_PAUSE: Final = (0.0, 0.0, 0.1, 0.3, 1.0)
SECONDS_CLOSED: Final = 0.3
SHARE_OF_NEW_FILES: Final = 0.2


class HeldPool(ConnectionPool):
    """Connections, of which the copier gets none while it is held."""

    def __init__(self, uri: SecretStr) -> None:
        """Begin without holding it."""
        super().__init__(uri, size=2, wait=30.0)
        self.may_copy = threading.Event()
        self.may_copy.set()
        self.is_held = threading.Event()

    @contextmanager
    def connection(self, lane: Lane = Lane.STREAM, **how: Any) -> Iterator[Connection]:
        """Lend a connection; to the copier once it may have one."""
        if lane is Lane.COPY and not self.may_copy.is_set():
            self.is_held.set()
            self.may_copy.wait()
            self.is_held.clear()
        with super().connection(lane, **how) as connection:
            yield connection


class Race:
    """A store that changes, and copies that lag.

    Args:
        uri: An empty database.
        folder: Where the copies lie.
        number: What all that happens follows from, but for the order of what runs side by side.
    """

    def __init__(self, uri: SecretStr, folder: Path, number: object) -> None:
        """Write the beginning."""
        self._folder = folder
        self._random = Random(f"race {number}")
        self._pauses = Random(f"pauses {number}")
        self._resources = ExitStack()
        with closing(ConnectionPool(uri, size=1)) as database:
            upgrade(database, registry())
        self._database = self._resources.enter_context(closing(ConnectionPool(uri, size=6, wait=30.0)))
        self.pool = self._resources.enter_context(closing(HeldPool(uri)))
        self._monitor = self._resources.enter_context(closing(CancellationMonitor()))
        writes = WriteService(self._database, registry(), self._monitor, allow_purge=False)
        self.past = Past(self._database, writes, Random(f"past {number}"))
        self.past.happen()
        self.material = Material(dump(self._database), default_catalog())
        self.copies: Copies
        self.engines: BothEngines
        self.happened: Counter[str] = Counter()
        self.open_copies()

    def open_copies(self) -> None:
        """Open copies, those of before if they are there."""
        self._opened = ExitStack()
        self.copies = self._opened.enter_context(copies_of(self.pool, self._folder))
        self.engines = BothEngines(self._database, self.copies, self._monitor)

    def close_copies(self) -> None:
        """Close them; the copier goes on till it can stop."""
        self.happened["answers of copies"] += self.engines.from_copies
        self.pool.may_copy.set()
        self._opened.close()

    def close(self) -> None:
        """Close everything."""
        self.close_copies()
        self._resources.close()

    def check(self, plan: Plan) -> None:
        """Ask a plan, now and then after something has happened to the copies."""
        if self._random.randrange(PLANS_OF_A_FILE) == 0:
            self.restart(anew=self._random.random() < SHARE_OF_NEW_FILES)
        acknowledged = self.past.acknowledged
        with noted(shown(plan)):
            self.engines.check(plan, acknowledged)
        self.happened["plans"] += 1

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write, and hold the copier, while the block runs.

        Raises:
            Exception: A write failed in another way than by a refusal.
        """
        stop, failures = threading.Event(), list[Exception]()
        threads = [
            threading.Thread(target=_until, args=(stop, failures, step)) for step in (self._write, self._hold)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        if failures:
            raise failures[0]

    def _write(self) -> float:
        self.past.go_on()
        self.happened["writes"] += 1
        return SECONDS_BETWEEN_COMMITS

    def _hold(self) -> float:
        pause = self._pauses.choice(SECONDS_OF_A_PAUSE)
        if pause:
            self.pool.may_copy.clear()
            time.sleep(pause)
            self.pool.may_copy.set()
            self.happened["pauses"] += 1
        return SECONDS_BETWEEN_COMMITS

    def restart(self, *, anew: bool) -> None:
        """Close the copies, and open them after others have written; or begin new ones."""
        self.close_copies()
        if anew:
            shutil.rmtree(self._folder / "copies")
            self.happened["files removed"] += 1
        time.sleep(self._random.random() * SECONDS_CLOSED)
        self.open_copies()
        self.happened["restarts"] += 1


def _until(stop: threading.Event, failures: list[Exception], step: Any) -> None:
    while not stop.is_set():
        try:
            stop.wait(step())
        except Exception as failure:  # noqa: BLE001 - raised where the thread is waited for
            failures.append(failure)
            return


def run(race: Race, number: int, plan_count: int) -> None:
    """Ask random plans while others write.

    Raises:
        AssertionError: An answer differs from PostgreSQL's, or is stale.
    """

    @seed(number)
    @settings(
        max_examples=plan_count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(plan=plans(race.material))
    def answers_agree(plan: Plan) -> None:
        race.check(plan)

    with race.writing():
        answers_agree()


def main(plan_count: int, first: int) -> int:
    """Race, print how far it has come, and return how many stores had a wrong answer."""
    folder = Path(tempfile.mkdtemp(prefix="vxdata-race-"))
    folder.chmod(0o755)
    happened, faults, begun = Counter[str](), 0, time.monotonic()
    try:
        with (
            EmbeddedStack.start(folder / "stack") as stack,
            superuser(stack, folder / "stack") as admin,
            empty_databases(admin, stack) as new_database,
        ):
            for number in range(first, first + ceil(plan_count / PLANS_OF_A_STORE)):
                with closing(Race(new_database(), folder / f"copies-{number}", number)) as race:
                    try:
                        run(race, number, PLANS_OF_A_STORE)
                    except AssertionError as error:
                        faults += 1
                        sys.stdout.write(f"FAULT {error}\n{'; '.join(getattr(error, '__notes__', []))}\n")
                happened += race.happened
                rate = happened["plans"] / (time.monotonic() - begun)
                sys.stdout.write(f"{dict(happened)}, {faults} stores with a fault, {rate:,.0f} plans/s\n")
                sys.stdout.flush()
    finally:
        shutil.rmtree(folder)
    return faults


if __name__ == "__main__":
    sys.exit(bool(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)))
