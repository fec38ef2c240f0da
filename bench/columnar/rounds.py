"""Questions asked in turn, in several ways; every answer is held against that of another way."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench._harness.candidates import tell
from bench._harness.summary import Range, percentile
from bench.columnar.same import check_same

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from bench.columnar.column_questions import ColumnQuestion
    from bench.columnar.respondents import Reply, Respondent

Seconds = dict[str, list[list[float]]]
"""Of one question: by way, for each round, those of single calls."""

MILLISECONDS = 1e3


@dataclass(frozen=True)
class Way:
    """One way to ask.

    Args:
        respondent: The respondent.
        peer: The way whose answers its own have to equal; itself where there is none.
        instants: As of when, another one each time; the present if empty.
        before: What happens before each call, not timed.
    """

    respondent: Respondent
    peer: str
    instants: Sequence[datetime] = ()
    before: Callable[[], object] | None = None

    def ask(self, question: ColumnQuestion, number: int) -> Reply:
        """Ask a question for the nth time."""
        if self.before is not None:
            self.before()
        return self.respondent.ask(
            question, self.instants[number % len(self.instants)] if self.instants else None
        )


def ask_all(
    ways: Mapping[str, Way], questions: Sequence[ColumnQuestion], rounds: int, calls: int, *, warm: int = 1
) -> dict[str, Seconds]:
    """Ask every question in every way, one call at a time, every second time from the last way to the first.

    Args:
        ways: By name.
        questions: What is asked.
        rounds: Rounds that count; each asks every question.
        calls: Calls of each question in a round.
        warm: Calls of each that do not count, before the first round.

    Returns:
        The times, by question.

    Raises:
        WrongAnswer: A way answered otherwise than its peer.
    """
    found: dict[str, Seconds] = {question.name: defaultdict(list) for question in questions}
    for number in range(rounds + 1):
        for question in questions:
            first, count = (warm + (number - 1) * calls, calls) if number else (0, warm)
            taken = [_ask_once(ways, question, turn) for turn in range(first, first + count)]
            if number:
                for name in ways:
                    found[question.name][name].append([each[name] for each in taken])
        tell(f"  round {number} of {rounds}" + ("" if number else " (does not count)"))
    return found


def _ask_once(ways: Mapping[str, Way], question: ColumnQuestion, turn: int) -> dict[str, float]:
    """One call in each way, and their answers held side by side."""
    names = list(ways)
    replies = {name: ways[name].ask(question, turn) for name in (names if turn % 2 else reversed(names))}
    for name, way in ways.items():
        who = f"{question.name}: {name} beside {way.peer}"
        check_same(replies[name].frame, replies[way.peer].frame, who, is_ordered=question.is_ordered)
    return {name: replies[name].seconds for name in names}


def over(seconds: Seconds, own: str, other: str) -> Range:
    """The median of one way divided by that of another, round by round."""
    pairs = zip(seconds[own], seconds[other], strict=True)
    return Range.of([percentile(mine, 50) / percentile(theirs, 50) for mine, theirs in pairs])


def milliseconds(seconds: Seconds, own: str) -> Range:
    """The medians of one way, round by round."""
    return Range.of([MILLISECONDS * percentile(each, 50) for each in seconds[own]])


def most_over(found: Mapping[str, Seconds], own: str, other: str) -> Range:
    """The ratio of that question whose median ratio is greatest."""
    return max((over(seconds, own, other) for seconds in found.values()), key=lambda each: each.median)
