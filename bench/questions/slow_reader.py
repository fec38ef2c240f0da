"""How much memory does the server need while somebody reads all volumes slowly?

The reader pauses after every frame, so that the server could run far ahead of it. Each round has a server
of its own, which has answered one small query before: memory that an earlier pull left behind would hide
what this one needs. Resident memory counts pages of files that are mapped; private memory does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bench._harness.candidates import SERVER, Candidate, run_once, tabled, tell
from bench._harness.environment import served
from bench._harness.figures import Answer, Round
from bench._harness.summary import Range
from bench.peers import vxdata

if TYPE_CHECKING:
    from bench._harness.environment import Environment
    from bench._harness.scale import Scale

SLOW: Final = "a slow reader"
FAST: Final = "a reader that does not pause"
MEGABYTE: Final = 1e6


def answer(environment: Environment, scale: Scale) -> Answer:
    """Measure what a pull adds to the server's memory."""
    pauses = {SLOW: scale.of(0.1, 0.05), FAST: 0.0}
    found: dict[str, list[Round]] = {name: [] for name in pauses}
    candidates: dict[str, Candidate] = {}
    for number in range(scale.rounds):
        for name, pause in pauses.items():
            with served(environment.uri) as server:
                watch = environment.watch | {SERVER: server.pid}
                candidates[name] = Candidate(vxdata.slowly, (server.url, pause), watch)
                found[name].append(run_once(candidates[name], number))
            tell(f"  {name}: {_added(found[name][-1:], 'resident').median:,.0f} MB")
    return Answer(
        tables={"pull of all volumes, frame by frame": tabled(found, candidates, FAST)},
        values={
            "MB of resident memory added": _added(found[SLOW], "resident"),
            "MB of private memory added": _added(found[SLOW], "private"),
        },
        notes=(f"The slow reader pauses {1e3 * pauses[SLOW]:.0f} ms after each frame.",),
    )


def _added(rounds: list[Round], kind: str) -> Range:
    """What the server's memory grew by from the beginning of each round to its peak."""
    server = [each.used[SERVER] for each in rounds]
    return Range.of([(getattr(each.peak, kind) - getattr(each.before, kind)) / MEGABYTE for each in server])
