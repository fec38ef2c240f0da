"""How long does a small query take, beside its SQL?

Each of our calls is followed by the SQL of its query, a statement with literals, through ADBC: the same
columns into an Arrow table. For a retrieve our server has a statement prepared that does the same, and a
model is made of the row besides; it has one for the first ten rows, too. No other query is asked twice, so
none is answered from what was kept: retrieves and first rows never are. Retrieves of the same volume are
measured by themselves. So is what the server does with a plan before PostgreSQL gets to work, nothing being
remembered.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from bench._harness.candidates import SERVER, Candidate, run_once
from bench._harness.environment import served
from bench._harness.figures import Answer, Measured
from bench._harness.summary import Range, percentile
from bench.peers.calls import OURS, PEER, SEPARATOR, WARM_CALLS, small

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench._harness.environment import Environment
    from bench._harness.scale import Scale

MILLISECONDS = 1e3


def answer(environment: Environment, scale: Scale) -> Answer:
    """Make the calls, in as many parts as there are rounds."""
    calls = scale.of(50, 20)
    count = scale.rounds * (calls + WARM_CALLS)
    volumes, patients = environment.first("volumes", 2 * count), environment.patients_with_mr(count)
    with served(environment.uri) as server:
        arguments = (server.url, environment.uri, volumes, patients, calls)
        candidate = Candidate(small, arguments, environment.watch | {SERVER: server.pid})
        parts = [run_once(candidate, number).moved.series for number in range(scale.rounds)]
    whole = {name: [value for part in parts for value in part[name]] for name in parts[0]}
    tables: dict[str, dict[str, Measured]] = defaultdict(dict)
    for name, seconds in whole.items():
        question, _, who = name.partition(SEPARATOR)
        peer = whole[f"{question}{SEPARATOR}{PEER}"]
        tables[question][who] = Measured.of_calls(seconds, peer)
    return Answer(
        tables=dict(tables),
        values={
            f"{question}: ms of p50 over ADBC": Range.of([_over(part, question) for part in parts])
            for question in tables
        },
        notes=("Ranges are over the processes that the calls were spread over.",),
    )


def _over(part: Mapping[str, Sequence[float]], question: str) -> float:
    """What our median adds to that of the same SQL."""
    ours, peer = (percentile(part[f"{question}{SEPARATOR}{who}"], 50) for who in (OURS, PEER))
    return (ours - peer) * MILLISECONDS
