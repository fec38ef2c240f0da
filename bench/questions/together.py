"""How often does PostgreSQL run a query that many clients ask at the same moment?

Each client is a process of its own, connected and waiting; then all ask the same question, which nobody has
asked since the last commit. PostgreSQL logs every statement that it runs meanwhile, and those that read the
volumes are counted. Beside it the same clients run the same query through ADBC.
"""

from __future__ import annotations

import re
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

from bench._harness.candidates import CLIENT, SERVER, apart, tell
from bench._harness.environment import served
from bench._harness.figures import Answer, Measured, Moved, Round
from bench._harness.processes import watching
from bench._harness.summary import Range, ratios
from bench.data import WHERE, Toucher, select_volumes
from bench.peers import adbc, vxdata

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from multiprocessing.connection import Connection

    from bench._harness.environment import Environment
    from bench._harness.scale import Scale

CLIENTS: Final = 16
ASKED_FOR: Final = "T2"
"""A type of volume, so that sixteen answers fit into memory."""

OURS: Final = "VxData"
PEER: Final = "ADBC → Polars"
READS_VOLUMES: Final = re.compile(r'LOG:  (execute [^:]*|statement): .*vxdata"?\."?volume\b')
SETTLED_SECONDS: Final = 0.5
"""For settings to reach all of PostgreSQL's processes, and for its log to be written."""


def answer(environment: Environment, scale: Scale) -> Answer:
    """Let all of them ask at once, round by round."""
    sql = select_volumes(where=f"{WHERE} AND volume_type = '{ASKED_FOR}'")
    found: dict[str, list[Round]] = {OURS: [], PEER: []}
    counts: dict[str, list[float]] = {OURS: [], PEER: []}
    with ExitStack() as stack:
        server = stack.enter_context(served(environment.uri))
        touch = Toucher(server.url, environment.first_volume)
        stack.callback(touch.close)
        crew = [stack.enter_context(apart(_member, server.url, environment.uri, sql)) for _ in range(CLIENTS)]
        for _, talk in crew:
            talk.recv()  # it is connected
        stack.enter_context(_logging(environment))
        members = [pid for pid, _ in crew]
        pids: dict[str, int | Sequence[int]] = {CLIENT: members, SERVER: server.pid, **environment.watch}
        for _ in range(scale.rounds):
            for name, rounds in found.items():
                touch()
                time.sleep(SETTLED_SECONDS)
                begun = environment.log.stat().st_size
                rounds.append(_ask(name, [talk for _, talk in crew], pids))
                time.sleep(SETTLED_SECONDS)
                counts[name].append(_queries_since(environment, begun))
                tell(f"  {name}: {rounds[-1].seconds:.3f} s, {counts[name][-1]:.0f} queries")
    seconds = {name: [each.seconds for each in rounds] for name, rounds in found.items()}
    notes = {name: f"PostgreSQL ran {Range.of(own).median:.0f} queries." for name, own in counts.items()}
    return Answer(
        tables={
            f"{CLIENTS} clients, the same query at once": {
                name: Measured.of(rounds, found[PEER], notes[name]) for name, rounds in found.items()
            }
        },
        values={
            "queries that PostgreSQL ran": Range.of(counts[OURS]),
            "time ÷ ADBC → Polars": Range.of(ratios(seconds[OURS], seconds[PEER])),
        },
        notes=(f"The query: all columns of the volumes of type {ASKED_FOR}.",),
    )


def _member(talk: Connection, url: str, uri: str, sql: str) -> None:
    """One client: it asks in the way that it is told to, as often as it is told."""
    with vxdata.to_polars(0, url, ASKED_FOR) as ours, adbc.to_polars(0, uri, sql) as peer:
        talk.send("ready")
        while True:
            try:
                name = talk.recv()
            except EOFError:
                return
            frame = (ours if name == OURS else peer)()
            talk.send((frame.height, frame.estimated_size()))  # type: ignore[attr-defined]


def _ask(name: str, crew: Sequence[Connection], pids: Mapping[str, int | Sequence[int]]) -> Round:
    """From the first that asks to the last that has its answer."""
    with watching(pids) as used:
        started = time.perf_counter()
        for talk in crew:
            talk.send(name)
        received = [talk.recv() for talk in crew]
        seconds = time.perf_counter() - started
    rows, size = (sum(each) for each in zip(*received, strict=True))
    return Round(seconds, Moved(rows, size), used)


@contextmanager
def _logging(environment: Environment) -> Iterator[None]:
    """Let PostgreSQL log every statement."""
    environment.administer("ALTER SYSTEM SET log_statement = 'all'", "SELECT pg_reload_conf()")
    try:
        yield
    finally:
        environment.administer("ALTER SYSTEM RESET log_statement", "SELECT pg_reload_conf()")


def _queries_since(environment: Environment, begun: int) -> int:
    """Statements in the log, from an offset on, that read the volumes."""
    with environment.log.open("rb") as log:
        log.seek(begun)
        written = log.read().decode(errors="replace")
    return sum(READS_VOLUMES.search(line) is not None for line in written.splitlines())
