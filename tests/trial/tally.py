"""Counts of calls by verb and outcome, kept by a transport that only counts and passes on."""

from __future__ import annotations

import json
import logging
import secrets
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from tests.store.load import Scene
from vxdata.schemas.errors import VxDataError
from vxdata.sdk import Client
from vxdata.sdk._transport.flight import FlightTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    import pyarrow as pa

    from vxdata.schemas.cohorts import CohortPlan
    from vxdata.schemas.plan import Plan
    from vxdata.schemas.wire import Action, WriteCommand
    from vxdata.sdk._transport.base import Batches, Stream, Transport, Written

Answer = TypeVar("Answer")

OK = "OK"
UNNAMED = "UNNAMED"
"""Outcome of a call that raised something outside of the tree of errors."""


class Tally:
    """Counts of one process, written down when it ends.

    Args:
        folder: Where the counts go.
    """

    def __init__(self, folder: Path) -> None:
        """Begin at nothing."""
        self._folder = folder
        self.calls: Counter[tuple[str, str]] = Counter()

    def call(self, verb: str, act: Callable[[], Answer]) -> Answer:
        """Make a call and count how it ended."""
        outcome = UNNAMED
        try:
            answer = act()
            outcome = OK
        except VxDataError as error:
            outcome = error.code
            raise
        finally:
            self.calls[verb, outcome] += 1
        return answer

    def save(self) -> None:
        """Write the counts into the folder."""
        path = self._folder / f"{secrets.token_hex(8)}.calls"
        path.write_text(json.dumps([[*key, number] for key, number in self.calls.items()]))


def total(folder: Path) -> Counter[tuple[str, str]]:
    """Sum the counts of all processes that have ended."""
    return sum(
        (
            Counter({(verb, outcome): number for verb, outcome, number in json.loads(path.read_text())})
            for path in folder.glob("*.calls")
        ),
        start=Counter(),
    )


class CountedBatches:
    """The batches of one read, which has ended well when the last of them has come."""

    def __init__(self, batches: Batches, tally: Tally) -> None:
        """Wrap the batches."""
        self._batches = batches
        self._tally = tally
        self._is_counted = False

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Iterate once."""
        return self

    def __next__(self) -> pa.RecordBatch:
        """Wait for the next batch; count the read at its end."""
        try:
            return next(self._batches)
        except StopIteration:
            self._count(OK)
            raise
        except VxDataError as error:
            self._count(error.code)
            raise

    def is_ready(self, seconds: float) -> bool:
        """Wait a while; return whether `next` returns at once."""
        return self._batches.is_ready(seconds)

    def close(self) -> None:
        """Cancel the read, unless it has ended."""
        self._batches.close()

    def _count(self, outcome: str) -> None:
        if not self._is_counted:
            self._is_counted = True
            self._tally.calls["read", outcome] += 1


class CountedTransport:
    """Passes every call on, and counts it.

    Args:
        transport: Carries the calls.
        tally: Where they are counted; saved when the transport is closed.
    """

    def __init__(self, transport: Transport, tally: Tally) -> None:
        """Keep both."""
        self._transport = transport
        self.retries = transport.retries
        self.tally = tally

    def read(self, plan: Plan | CohortPlan, *, whole: bool = False, catalog: str | None = None) -> Stream:
        """Run a plan; one that fails at its start is counted here, any other by its batches."""
        try:
            stream = self._transport.read(plan, whole=whole, catalog=catalog)
        except VxDataError as error:
            self.tally.calls["read", error.code] += 1
            raise
        batches = CountedBatches(stream.batches, self.tally)
        return replace(stream, batches=batches)

    def write(
        self,
        command: WriteCommand,
        sections: Iterable[pa.RecordBatch],
        rows: int | Callable[[], int],
        *,
        lineage: bool = False,
        meanwhile: Callable[[], None] | None = None,
    ) -> Written:
        """Upload sections and wait for the commit."""
        return self.tally.call(
            command.verb,
            lambda: self._transport.write(command, sections, rows, lineage=lineage, meanwhile=meanwhile),
        )

    def act(self, action: Action, body: bytes = b"") -> bytes:
        """Run an action."""
        return self.tally.call(action.value, lambda: self._transport.act(action, body))

    def close(self) -> None:
        """Close the connection and save the counts."""
        self._transport.close()
        self.tally.save()


@dataclass(frozen=True)
class CountedScene(Scene):
    """A scene whose clients count their calls.

    Args:
        folder: Where the counts go.
    """

    folder: Path

    def connect(self) -> Client:
        """A client of its own, which does not say that it tries again: the counts tell."""
        logging.getLogger("vxdata.sdk").setLevel(logging.ERROR)
        return Client(transport=CountedTransport(FlightTransport(self.url, None, "auto"), Tally(self.folder)))
