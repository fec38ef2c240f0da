"""Journals: what writing processes did under their keys and when, to be read while they are at it.

Every process appends to a file of its own. Times are of the machine's monotonic clock, which all
processes share.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tests.fixtures.commands import until

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Attempt:
    """One sending of a write.

    Args:
        writer: Name of the process.
        key: The write's idempotency key.
        rows: How many rows it has.
        begun: When it began.
        held: When it stopped in its middle, if it did.
        sent: When the last of its rows was handed over.
        ended: When its writer heard of its end, good or bad.
        version: The commit, if it was acknowledged.
    """

    writer: str
    key: str
    rows: int
    begun: float
    held: float | None = None
    sent: float | None = None
    ended: float | None = None
    version: int | None = None

    def is_in_flight(self, moment: float) -> bool:
        """Whether it had begun by then, and its writer had not heard of its end."""
        return self.begun < moment and (self.ended is None or self.ended > moment)


@dataclass(frozen=True)
class Stage:
    """A folder in which processes leave signs and journals for each other.

    Args:
        folder: The folder.
    """

    folder: Path

    def give(self, sign: str) -> None:
        """Leave a sign."""
        (self.folder / sign).touch()

    def has(self, sign: str) -> bool:
        """Whether a sign was left."""
        return (self.folder / sign).exists()

    def wait(self, sign: str) -> None:
        """Wait until a sign is left."""
        until(lambda: self.has(sign), f"the sign {sign!r}")

    def attempts(self) -> list[Attempt]:
        """All attempts so far, those of one writer in their order."""
        return [attempt for path in sorted(self.folder.glob("*.journal")) for attempt in _attempts(path)]


class Journal:
    """What one process writes.

    Args:
        stage: Where.
        name: Of the process.
    """

    def __init__(self, stage: Stage, name: str) -> None:
        """Begin an empty journal."""
        self._file = (stage.folder / f"{name}.journal").open("w", buffering=1)

    def note(self, event: str, **details: Any) -> None:
        """Append an event of the present attempt; `begun` begins another one."""
        self._file.write(json.dumps({event: time.monotonic(), **details}) + "\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _attempts(path: Path) -> list[Attempt]:
    found: list[Attempt] = []
    # The last line may be half written.
    for line in path.read_text().split("\n")[:-1]:
        event = json.loads(line)
        if "begun" in event:
            found.append(Attempt(path.stem, **event))
        else:
            found[-1] = replace(found[-1], **event)
    return found
