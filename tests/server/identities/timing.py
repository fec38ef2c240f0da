"""Timing of refusals: `python -m tests.server.identities.timing CALLS` compares how tokens fail.

It asks the authenticator itself, in turn and in random order: on a network, noise would hide far more.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from vxdata.cli.running import upgrade_database
from vxdata.schemas.errors import NotAuthenticated
from vxdata.schemas.identity import EVERYTHING, Role
from vxdata.server.database.monitor import CancellationMonitor
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.embedded import EmbeddedStack
from vxdata.server.identities.authenticator import Presented
from vxdata.server.identities.known_tokens import KnownTokens
from vxdata.server.identities.token_store import TokenStore
from vxdata.server.identities.tokens import new_token


def measure(database: ConnectionPool, calls: int) -> dict[str, list[int]]:
    """Take the nanoseconds of refusals of each kind.

    Args:
        database: Where tokens are made.
        calls: Refusals of each kind.
    """
    store = TokenStore(database)
    right = store.create("right", Role.READER, EVERYTHING).get_secret_value()
    revoked = store.create("revoked", Role.READER, EVERYTHING).get_secret_value()
    store.revoke("revoked")
    past = datetime.now(UTC) - timedelta(days=1)
    expired = store.create("expired", Role.READER, EVERYTHING, past).get_secret_value()
    wrong_first, wrong_last = (
        right[:place] + ("A" if right[place] != "A" else "B") + right[place + 1 :] for place in (21, 63)
    )
    kinds = {
        "unknown id": new_token().get_secret_value(),
        "wrong first character": wrong_first,
        "wrong last character": wrong_last,
        "revoked": revoked,
        "expired": expired,
    }
    taken: dict[str, list[int]] = {kind: [] for kind in kinds}
    order = list(kinds) * calls
    random.Random(1).shuffle(order)
    with closing(CancellationMonitor()) as monitor, closing(KnownTokens(database, monitor)) as known:
        for kind in order:
            presented = Presented(f"Bearer {kinds[kind]}")
            begun = time.perf_counter_ns()
            with suppress(NotAuthenticated):
                known.identify(presented)
            taken[kind].append(time.perf_counter_ns() - begun)
    return taken


def main(calls: int) -> None:
    """Measure, and print the table."""
    with tempfile.TemporaryDirectory(prefix="vxdata-timing-") as folder:
        Path(folder).chmod(0o755)
        with EmbeddedStack.start(Path(folder) / "stack") as stack:
            upgrade_database(stack.postgres_uri)
            with closing(ConnectionPool(stack.postgres_uri, size=2)) as database:
                taken = measure(database, calls)
    sys.stdout.write(f"{'':24} p25 µs  p50 µs  p75 µs  ({calls:,} calls each)\n")
    for kind, each in taken.items():
        low, middle, high = (value / 1000 for value in statistics.quantiles(each, n=4))
        sys.stdout.write(f"{kind:24} {low:6.2f}  {middle:6.2f}  {high:6.2f}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
