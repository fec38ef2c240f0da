"""Ask many random plans and changes of stores that differ in what is hidden.

`python -m tests.server.grants 20000` asks 20,000 plans. A second number is the seed of the
first pair of stores.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.query.data import NAMES
from tests.server.databases import empty_databases, superuser
from tests.server.grants.changes import change_alike
from tests.server.grants.interference import ask_random_plans, twins
from vxdata.server.embedded import EmbeddedStack

PLANS_OF_A_STORE: Final = 1_000
"""Random plans that are asked of one pair of databases; then another one is made."""

CHANGES: Final = 200
"""Changes of each pair, after the plans."""


def main(asked: int, seed: int) -> None:
    """Ask random plans, and tell how many were answered."""
    folder = Path(tempfile.mkdtemp(prefix="vxdata-interference-"))
    folder.chmod(0o755)
    done = answered = 0
    with (
        EmbeddedStack.start(folder / "stack") as stack,
        superuser(stack, folder / "stack") as admin,
        empty_databases(admin, stack) as new_database,
    ):
        while done < asked:
            number = min(PLANS_OF_A_STORE, asked - done)
            with twins(admin, new_database, folder / str(done), seed + done) as pair:
                answered += ask_random_plans(pair, number)
                for name in NAMES:
                    pair.check_resource(name)
                pair.check_wholes()
                pair.check_health()
                made = change_alike(pair, CHANGES, seed + done)
            done += number
            told = (
                f"{done:,} plans, {answered:,} of them answered with rows; {made} of {CHANGES} changes made"
            )
            print(told, flush=True)  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if sys.argv[2:] else 0)
