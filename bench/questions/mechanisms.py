"""What do kept answers and remembered statements still bring where columnar copies answer?

Kept answers: the same questions again, nothing having been committed since, beside a server with copies that
keeps none; and a pull that is asked for the second time, which is the one that is kept, beside a pull that is
not. Remembered statements: what a plan takes from its bytes to DuckDB's statement, from memory and rendered
anew.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from bench._harness.candidates import SERVER, Candidate, divided, in_turn, run_once, tabled
from bench._harness.environment import served
from bench._harness.figures import Answer, Moved
from bench._harness.summary import Range
from bench._harness.timing import median_seconds
from bench.columnar import respondents
from bench.columnar.column_questions import COLUMN_QUESTIONS
from bench.columnar.rounds import Way, ask_all, milliseconds, most_over
from bench.data import Toucher
from bench.peers import vxdata
from vxdata.schemas.binding import bind
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.plan import decode, encode
from vxdata.sdk import Client
from vxdata.sql.dialect.duckdb import DUCKDB
from vxdata.sql.instant import Instant
from vxdata.sql.query.compile import compile_plan
from vxdata.sql.query.template import statement_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench._harness.candidates import Server, Work
    from bench._harness.environment import Environment
    from bench._harness.figures import Measured, Round
    from bench._harness.scale import Scale
    from bench.columnar.rounds import Seconds

KEPT: Final = "kept answer"
KEEPING: Final = "copy, and the answer is kept"
COPY: Final = "copy"
TIMES: Final = 30
"""Times that each statement is made."""

MILLISECONDS: Final = 1e3
NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


def answer(environment: Environment, scale: Scale) -> Answer:
    """Take one mechanism after the other."""
    pulls, questions = _kept(environment, scale)
    statements = run_once(Candidate(making_statements), 1).moved.series
    return Answer(
        tables={"pull of all volumes": pulls[1]},
        values={
            "pull again: kept answer ÷ copy": divided(pulls[0], KEPT, COPY),
            "second pull: with keeping ÷ without": divided(pulls[0], KEEPING, COPY),
            "question again: kept answer ÷ copy, most": most_over(questions, KEPT, COPY),
        }
        | {
            f"{name}, {who}: ms": milliseconds(each, who)
            for name, each in questions.items()
            for who in (KEPT, COPY)
        }
        | {f"statement, {name}: ms": Range.of(values) for name, values in statements.items()},
    )


def _kept(
    environment: Environment, scale: Scale
) -> tuple[tuple[dict[str, list[Round]], dict[str, Measured]], dict[str, Seconds]]:
    """Pulls in turn, with their table; and the smaller questions, asked again and again."""
    with ExitStack() as stack:
        keeping = stack.enter_context(served(environment.uri, copies=True))
        fresh = stack.enter_context(served(environment.uri, copies=True, cache_bytes=0))
        touch = Toucher(keeping.url, environment.smallest_volume, (keeping.url, fresh.url))
        stack.callback(touch.close)
        touch()
        client = stack.enter_context(Client(keeping.url))

        def ask_once() -> None:
            touch()
            _pull(client, 1)

        candidates = {
            KEPT: _pulling(environment, keeping, before=partial(_pull, client, 2)),
            KEEPING: _pulling(environment, keeping, before=ask_once),
            COPY: _pulling(environment, fresh, before=touch),
        }
        pulls = in_turn(candidates, scale.rounds, warm=scale.warm)
        ways = {
            KEPT: Way(
                stack.enter_context(respondents.connected(respondents.through_vxdata, keeping.url)), COPY
            ),
            COPY: Way(
                stack.enter_context(respondents.connected(respondents.through_vxdata, fresh.url)), COPY
            ),
        }
        return (pulls, tabled(pulls, candidates, COPY)), ask_all(
            ways, COLUMN_QUESTIONS, scale.rounds, scale.of(3, 2), warm=2
        )


def _pulling(environment: Environment, server: Server, **given: Any) -> Candidate:
    watch = environment.watch | {SERVER: server.pid}
    return Candidate(vxdata.to_polars, (server.url,), watch, **given)


def _pull(client: Client, times: int) -> None:
    """Ask for all volumes; the frames are dropped as they come."""
    for _ in range(times):
        with client.volumes.query().iter_batches() as frames:
            for _frame in frames:
                pass


@contextmanager
def making_statements(_: int) -> Iterator[Work]:
    """Bind and write the plan of each question, from memory and anew."""
    with Client() as unconnected:
        plans = {each.name: encode(each.query(unconnected.volumes.query()).plan) for each in COLUMN_QUESTIONS}
    instant = Instant(1, NEVER, is_current=True)

    def work() -> Moved:
        found: dict[str, list[float]] = {"remembered": [], "rendered anew": []}
        for data in plans.values():
            remembered = partial(_remembered, data, instant)
            anew = partial(_anew, data, instant)
            found["remembered"].append(MILLISECONDS * median_seconds(remembered, TIMES))
            found["rendered anew"].append(MILLISECONDS * median_seconds(anew, TIMES))
        return Moved(len(plans), series=found)

    yield work


def _remembered(data: bytes, instant: Instant) -> str:
    return statement_of(bind(decode(data), default_catalog()), instant, DUCKDB).sql


def _anew(data: bytes, instant: Instant) -> str:
    return compile_plan(bind(decode(data), default_catalog()), instant, DUCKDB)
