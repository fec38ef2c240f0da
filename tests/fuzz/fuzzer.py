"""The fuzzer: sends changed requests to a running server, and records what must not happen."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tests.fixtures.raw_grpc import Answer, RawConnection
from tests.fuzz.mutations import changed, request_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.fuzz.seeds import Seed

AT_ONCE: Final = 32
"""Calls that are sent at once."""

CALLS_OF_CONNECTION: Final = 3_200


@dataclass
class Report:
    """What a run has seen.

    Args:
        calls: Number of calls.
        codes: How often each code, or gRPC status, came back.
        faults: Seeds whose request broke a promise, with what was said.
    """

    calls: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[Seed, str]] = field(default_factory=list)


def fuzz(port: int, seeds: Sequence[Seed], number: int, calls: int, is_alive: Callable[[], bool]) -> Report:
    """Send changed requests.

    Args:
        port: Where the server listens.
        seeds: What to change.
        number: Seed of the random numbers.
        calls: How many calls to make; a server that ends is sent no more.
        is_alive: Whether the server lives.

    Returns:
        The report.
    """
    numbers = random.Random(number)
    report = Report()
    while report.calls < calls and is_alive():
        with RawConnection(port) as connection:
            for _ in range(min(CALLS_OF_CONNECTION, calls - report.calls + AT_ONCE) // AT_ONCE):
                if not _round(connection, seeds, numbers, report):
                    break
    if not is_alive():
        report.faults.append((seeds[0], "the server has ended"))
    return report


def _round(connection: RawConnection, seeds: Sequence[Seed], numbers: random.Random, report: Report) -> bool:
    """Make some calls at once; false if the connection was cut."""
    tried = [changed(numbers.choice(seeds), seeds, numbers) for _ in range(AT_ONCE)]
    answers = connection.calls([request_of(seed, numbers) for seed in tried])
    report.calls += len(answers)
    for seed, answer in zip(tried, answers, strict=True):
        code = answer.code or f"gRPC {answer.status}"
        report.codes[code] += 1
        if (fault := _fault(seed, answer)) is not None:
            report.faults.append((seed, fault))
    return all(answer.status is not None for answer in answers)


def _fault(seed: Seed, answer: Answer) -> str | None:
    """What an answer must not say."""
    if answer.code == "INTERNAL_ERROR":
        return answer.message
    if "Traceback" in answer.message and seed.kind != "headers":
        return answer.message
    return None
