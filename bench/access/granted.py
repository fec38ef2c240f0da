"""What grants cost: the same questions by who sees everything, and by who is granted ten data sources."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from bench._harness.candidates import tell
from bench._harness.copies import answered_by_copies, await_copies
from bench._harness.environment import served
from bench._harness.figures import Answer, Measured
from bench._harness.summary import Range
from bench.access.credentials import make_tokens
from bench.access.sources import create_sources, create_volumes, source_name
from bench.columnar.column_questions import PULLED, question_named
from bench.columnar.respondents import connected, through_vxdata
from bench.columnar.rounds import Way, ask_all, most_over, over
from vxdata.schemas.identity import EVERYTHING, Grants
from vxdata.sdk import Client

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench._harness.environment import Environment
    from bench._harness.scale import Scale
    from bench.columnar.rounds import Seconds

DATABASE: Final = "bench_granted"
SOURCES: Final = 10
NAMES: Final = tuple(map(source_name, range(SOURCES)))
"""The data sources that are granted."""

QUESTIONS: Final = tuple(map(question_named, ("count by a number", PULLED, "group by, count and sums")))
CALLS: Final = 5
"""Calls of each question in each way, in a round."""

FREE: Final = "sees everything"
CHOOSING: Final = "sees everything, asks for ten data sources"
GRANTED: Final = "is granted ten data sources"
COPIES: Final = "copies"


def answer(environment: Environment, scale: Scale) -> Answer:
    """Ask where there are ten data sources, and again where there are ten more with as many volumes."""
    rows = scale.of(500_000, 4_000)
    found: dict[str, dict[str, Seconds]] = {}
    answered = 0
    with ExitStack() as stack:
        uri = stack.enter_context(environment.database(DATABASE, with_data=False))
        tokens = make_tokens(uri, {"free": EVERYTHING, "granted": Grants(read=NAMES)})
        settings = {"authentication": "required", "cache_bytes": 0}
        urls = {
            "PostgreSQL": stack.enter_context(served(uri, **settings)).url,
            COPIES: stack.enter_context(served(uri, copies=True, **settings)).url,
        }
        client = stack.enter_context(Client(urls[COPIES], token=tokens["free"]))
        for begin in (0, SOURCES):
            create_sources(client, range(begin, begin + SOURCES))
            create_volumes(client, rows, range(begin, begin + SOURCES))
            environment.administer("VACUUM (ANALYZE)", database=DATABASE)
            await_copies(client)
            for engine, url in urls.items():
                case = f"{SOURCES} of {begin + SOURCES} data sources, {engine}"
                tell(f"  {case}")
                before = answered_by_copies(client)
                found[case] = _ask(url, tokens, scale, is_all=not begin)
                answered += answered_by_copies(client) - before
        asked = 2 * len((FREE, CHOOSING, GRANTED)) * len(QUESTIONS) * (1 + CALLS * scale.rounds)
    return Answer(
        tables={
            f"{question}, {case}": _table(seconds)
            for case, questions in found.items()
            for question, seconds in questions.items()
        },
        values=_values(found)
        | {"part of the answers of copies that came from them": Range.of([answered / asked])},
    )


def _ask(url: str, tokens: Mapping[str, str], scale: Scale, *, is_all: bool) -> dict[str, Seconds]:
    """Ask one server in all ways; who sees everything gets other rows, unless all of it is granted."""
    with ExitStack() as stack:
        free = stack.enter_context(connected(through_vxdata, url, tokens["free"]))
        choosing = stack.enter_context(connected(through_vxdata, url, tokens["free"], NAMES))
        granted = stack.enter_context(connected(through_vxdata, url, tokens["granted"]))
        ways = {
            FREE: Way(free, FREE),
            CHOOSING: Way(choosing, FREE if is_all else CHOOSING),
            GRANTED: Way(granted, CHOOSING),
        }
        return ask_all(ways, QUESTIONS, scale.rounds, CALLS)


def _table(seconds: Seconds) -> dict[str, Measured]:
    """The calls of one question, each way divided by who sees everything."""
    whole = {name: [value for each in rounds for value in each] for name, rounds in seconds.items()}
    return {name: Measured.of_calls(each, whole[FREE]) for name, each in whole.items()}


def _values(found: Mapping[str, Mapping[str, Seconds]]) -> dict[str, Range]:
    """The figures that have goals, then those of each question."""
    peers = {"time ÷ sees everything": FREE, "time ÷ asks for the same": CHOOSING}
    most = {
        f"{case}: {name}, most": most_over(questions, GRANTED, peer)
        for case, questions in found.items()
        for name, peer in peers.items()
    }
    each = {
        f"{question}, {case}: {name}": over(seconds, GRANTED, peer)
        for case, questions in found.items()
        for question, seconds in questions.items()
        for name, peer in peers.items()
    }
    return most | each
