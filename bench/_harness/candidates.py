"""Candidates: each round of each runs in a fresh process of its own, one at a time, in turn.

So the peak memory is that of this candidate, and nothing that an earlier round kept can help a later one.
The process opens its connection and warms itself up before the clock starts, and describes what it got after
the clock has stopped.
"""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from bench._harness.describe import describe, differences
from bench._harness.figures import Measured, Moved, Round
from bench._harness.processes import watching
from bench._harness.summary import Range, ratios

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

Work = Callable[[], object]
"""What the clock counts; it returns a frame, a table, a number of rows, or `Moved`."""

Opening = Callable[..., AbstractContextManager[Work]]
"""Takes the number of the round and further arguments; everything that is not timed happens in it."""

CLIENT: Final = "client"
SERVER: Final = "server"
POSTGRES: Final = "PostgreSQL"
S3: Final = "S3"
"""The names of the processes that are watched."""

SPAWN: Final = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Candidate:
    """One way to do the work.

    Args:
        opening: A function of a module, so that another process finds it by name.
        arguments: For it, after the number of the round.
        watch: Further processes whose use is its own, by name.
        most_rounds: For one so slow that it runs fewer rounds than the others.
        before: What happens before each of its rounds, in this process, not timed.
        note: What a reader has to know of it.
    """

    opening: Opening
    arguments: tuple[object, ...] = ()
    watch: Mapping[str, int] = field(default_factory=dict)
    most_rounds: int | None = None
    before: Callable[[], object] | None = None
    note: str = ""


@dataclass(frozen=True)
class Server:
    """A server in a process of its own.

    Args:
        pid: Its process.
        url: Where it answers.
        http_url: Where a server of VxData answers over HTTP.
    """

    pid: int
    url: str
    http_url: str = ""


class CandidateFailed(RuntimeError):
    """The process of a candidate ended without an answer."""


def in_turn(
    candidates: Mapping[str, Candidate], rounds: int, *, warm: bool = True, in_order: bool = False
) -> dict[str, list[Round]]:
    """Run candidates in turn, round by round, every second round from the last to the first.

    Args:
        candidates: By name.
        rounds: How many count.
        warm: Whether a round that does not count goes first; slow candidates sit it out.
        in_order: Whether no round is turned round, since each candidate needs what the one before it did.

    Returns:
        The rounds of each.
    """
    found: dict[str, list[Round]] = {name: [] for name in candidates}
    for number in range(0 if warm else 1, rounds + 1):
        turns = list(candidates.items())
        for name, candidate in turns if in_order or number % 2 else reversed(turns):
            most = rounds if candidate.most_rounds is None else candidate.most_rounds
            if number > most or (number == 0 and candidate.most_rounds is not None):
                continue
            one = run_once(candidate, number)
            tell(f"  {name}: {one.seconds:.3f} s" + ("" if number else " (does not count)"))
            if number:
                found[name].append(one)
    return found


def tabled(
    found: Mapping[str, Sequence[Round]], candidates: Mapping[str, Candidate], peer: str
) -> dict[str, Measured]:
    """The figures of candidates, each divided by one of them and held against what that one ended with."""
    standard = found[peer][-1].moved
    return {
        name: Measured.of(
            rounds, found[peer], " ".join(filter(None, (_note(candidates[name], rounds[-1].moved, standard))))
        )
        for name, rounds in found.items()
    }


def divided(found: Mapping[str, Sequence[Round]], name: str, peer: str) -> Range:
    """The time of one candidate divided by that of another, round by round."""
    own, other = ([each.seconds for each in found[key]] for key in (name, peer))
    return Range.of(ratios(own, other))


def _note(candidate: Candidate, moved: Moved, standard: Moved) -> tuple[str, str]:
    return candidate.note, differences(moved, standard)


def run_once(candidate: Candidate, number: int) -> Round:
    """Run one round of a candidate.

    Args:
        candidate: The candidate.
        number: Of the round.

    Returns:
        What it took.

    Raises:
        CandidateFailed: Its process ended without an answer.
    """
    with apart(_perform, candidate.opening, number, candidate.arguments) as (pid, talk):
        _answer(talk)  # it is ready
        if candidate.before is not None:
            candidate.before()
        with watching({CLIENT: pid, **candidate.watch}) as used:
            talk.send("begin")
            seconds = _answer(talk)
        moved: Moved = _answer(talk)
        return Round(seconds, moved, used)


@contextmanager
def apart(target: Callable[..., None], *arguments: object) -> Iterator[tuple[int, Connection]]:
    """Run a function in a process of its own.

    Args:
        target: Gets its end of a pipe, then the arguments; it ends when the pipe does.
        *arguments: Have to be picklable.

    Yields:
        The process's id, and our end of the pipe.
    """
    ours, theirs = SPAWN.Pipe()
    process: BaseProcess = SPAWN.Process(target=target, args=(theirs, *arguments))
    process.start()
    theirs.close()
    assert process.pid is not None
    try:
        yield process.pid, ours
    finally:
        ours.close()
        process.join(30)
        if process.is_alive():
            process.kill()
            process.join()


def tell(line: str) -> None:
    """Tell whoever waits how far it is."""
    print(line, file=sys.stderr, flush=True)


def _answer(talk: Connection) -> Any:
    try:
        return talk.recv()
    except EOFError:
        raise CandidateFailed("The candidate's process ended; its traceback stands above.") from None


def _perform(talk: Connection, opening: Opening, number: int, arguments: tuple[object, ...]) -> None:
    """What the process of a candidate does."""
    with opening(number, *arguments) as work:
        talk.send("ready")
        talk.recv()
        started = time.perf_counter()
        result = work()
        seconds = time.perf_counter() - started
        talk.send(seconds)
        talk.send(describe(result))
