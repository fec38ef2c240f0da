"""What do columnar copies cost the calls that they do not answer, and what do they bring to many clients?

Two servers take turns on one database, one with copies and one without; only one runs at a time, since
copies apply what any server commits. The one with copies keeps its folder, and begins once its copies hold
the last commit. A write waits, untimed, until they hold the one before it, or a tenth of a second where there
are none; those that are made back to back do not, so there the copies apply earlier ones meanwhile, on the
same cores. Then 64 clients ask, each of them one question after the other that nobody has asked before:
counts by a number, a search for text, a grouped sum and a median by group. What is divided are rounds side
by side.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from bench._harness.candidates import SERVER, Candidate, run_once, tell
from bench._harness.copies import await_copies
from bench._harness.environment import served
from bench._harness.figures import Answer, Measured
from bench._harness.summary import Range, percentile, ratios
from bench.peers.beside_copies import BACK_TO_BACK, OFF, ON, asking, small_calls
from bench.peers.calls import crowd
from vxdata.sdk import Client

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench._harness.candidates import Server
    from bench._harness.environment import Environment
    from bench._harness.figures import Round
    from bench._harness.scale import Scale

CLIENTS: Final = 64
CROWD_ROUNDS: Final = 3
"""Rounds of the many clients: without copies, one of them takes half a minute."""

VOLUMES: Final = 2_000
MEGABYTE: Final = 1e6


def answer(environment: Environment, scale: Scale) -> Answer:
    """Let both servers answer in turn."""
    found = _Found()
    with ExitStack() as stack:
        uri = stack.enter_context(environment.database("bench_beside", with_data=True))
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="vxdata-bench-"))
        settings: dict[str, dict[str, Any]] = {ON: {"copies": True, "cache_dir": folder}, OFF: {}}
        for number in range(1, scale.rounds + 1):
            for who in (ON, OFF) if number % 2 else (OFF, ON):
                with served(uri, **settings[who]) as server:
                    _ask(environment, scale, server, who, number, found)
    return _answer(found)


@dataclass(frozen=True)
class _Found:
    """The rounds of both servers: of single calls, and of many clients."""

    calls: dict[str, list[Round]] = field(default_factory=lambda: {ON: [], OFF: []})
    crowds: dict[str, list[Round]] = field(default_factory=lambda: {ON: [], OFF: []})


def _ask(
    environment: Environment, scale: Scale, server: Server, who: str, number: int, found: _Found
) -> None:
    """Single calls, then many clients."""
    with Client(server.url) as client:
        if who == ON:
            await_copies(client)
        watch = environment.watch | {SERVER: server.pid}
        arguments = (
            server.url,
            environment.volumes,
            environment.first("volumes", VOLUMES),
            scale.of(80, 20),
            who,
        )
        found.calls[who].append(run_once(Candidate(small_calls, arguments, watch), number))
        tell(f"  {who}: single calls are made")
        if number > CROWD_ROUNDS:
            return
        if who == ON:
            await_copies(client)
    calls = CLIENTS * (scale.of(8, 2) if who == ON else 1)
    one = run_once(Candidate(crowd, (asking, (server.url,), CLIENTS, calls), watch), number)
    found.crowds[who].append(one)
    tell(f"  {who}: {_per_second(one):,.1f} calls/s of {CLIENTS} clients")


def _answer(found: _Found) -> Answer:
    tables = {
        work: {
            who: Measured.of_calls(_calls(found.calls[who], work), _calls(found.calls[OFF], work))
            for who in (ON, OFF)
        }
        for work in found.calls[ON][0].moved.series
    }
    on, off = ([_per_second(each) for each in found.crowds[who]] for who in (ON, OFF))
    return Answer(
        tables=tables
        | {
            f"{CLIENTS} clients, different questions": {
                who: Measured.of_calls(
                    [value for each in found.crowds[who] for value in each.moved.series["seconds"]]
                )
                for who in (ON, OFF)
            }
        },
        values={f"{work}: time ÷ copies off": _ratio(found, work) for work in tables}
        | {
            "small calls: time ÷ copies off, most": _most(found, is_storm=False),
            "writes back to back: time ÷ copies off, most": _most(found, is_storm=True),
            f"{CLIENTS} clients, different questions: calls/s ÷ copies off": Range.of(ratios(on, off)),
            f"{CLIENTS} clients, different questions: calls/s": Range.of(on),
        }
        | {
            f"MB of the server, {who}, most": Range.of(
                [each.used[SERVER].peak.resident / MEGABYTE for each in found.crowds[who]]
            )
            for who in (ON, OFF)
        },
    )


def _ratio(found: _Found, work: str) -> Range:
    """The median of a kind of call with copies, divided by that without, round by round."""
    on, off = ([percentile(each.moved.series[work], 50) for each in found.calls[who]] for who in (ON, OFF))
    return Range.of(ratios(on, off))


def _most(found: _Found, *, is_storm: bool) -> Range:
    """The greatest ratio of the writes that follow each other at once, or of all other calls."""
    works = (work for work in found.calls[ON][0].moved.series if (BACK_TO_BACK in work) == is_storm)
    return max((_ratio(found, work) for work in works), key=lambda value: value.median)


def _calls(rounds: Sequence[Round], work: str) -> list[float]:
    return [value for each in rounds for value in each.moved.series[work]]


def _per_second(one: Round) -> float:
    return one.moved.rows / one.seconds
