"""Many small calls, ours and the same SQL through ADBC, one after the other in one process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import groupby, product
from typing import TYPE_CHECKING, Any, Final

from bench._harness.candidates import SPAWN
from bench._harness.figures import Moved
from bench.peers.adbc import cursor_on
from vxdata.schemas.binding import bind
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.plan import decode, encode
from vxdata.sdk import ALL, Client, F, has_ancestor
from vxdata.sql.instant import Instant
from vxdata.sql.query.compile import compile_plan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bench._harness.candidates import Work
    from vxdata.sdk import Query

OURS: Final = "VxData"
PEER: Final = "the same SQL through ADBC"
PLANNING: Final = "decode, bind, render"
SEPARATOR: Final = ": "
WARM_CALLS: Final = 5

Connecting = Callable[..., Callable[[], object]]
"""Takes a stack and further arguments, connects one client, and gives the call that it makes."""

SLOW: Final = "below a patient, thinner than all of 100"
SLOW_CALLS: Final = 10
"""Calls of the question that PostgreSQL takes a second for."""


@contextmanager
def small(
    number: int, url: str, uri: str, volumes: Sequence[str], patients: Sequence[str], calls: int
) -> Iterator[Work]:
    """Make the calls of one question after those of the other, ours and the peer's in turn.

    Args:
        number: Of the round.
        url: The server.
        uri: The database.
        volumes: A volume for each call of all rounds, by ours and by the peer.
        patients: A patient for each call of all rounds.
        calls: Calls of each kind, but for the slow one.
    """
    count = calls + WARM_CALLS
    with Client(url) as client, cursor_on(uri) as cursor:
        unasked = volumes[2 * number * count :][: 2 * count]
        queries = _queries(client, patients[number * count :][:count])
        kinds = dict(_kinds(client, cursor, unasked, queries))

        def work() -> Moved:
            series: dict[str, list[float]] = {name: [] for name in kinds}
            for question, group in groupby(kinds.items(), key=lambda kind: kind[0].partition(SEPARATOR)[0]):
                times = min(calls, SLOW_CALLS) if question == SLOW else calls
                for _, (name, call) in product(range(times), list(group)):
                    series[name].append(seconds_of(call))
            return Moved(sum(map(len, series.values())), series=series)

        for _ in range(WARM_CALLS):
            for call in kinds.values():
                call()
        yield work


def _kinds(
    client: Client, cursor: Any, volumes: Sequence[str], queries: Mapping[str, Sequence[Query[Any]]]
) -> Iterator[tuple[str, Callable[[], object]]]:
    """Every call, by question and candidate."""

    def direct(sql: str) -> object:
        cursor.execute(sql)
        return cursor.fetch_arrow_table()

    volume, unasked = volumes[0], iter(volumes)
    sql = _sql(client.volumes.query().filter(F.identifier == volume))
    one = "retrieve of one identifier"
    yield _name(one, OURS), lambda: client.volumes.retrieve(next(unasked), include_children=False)
    yield _name(one, PEER), lambda: direct(sql.replace(volume, next(unasked)))
    again = "retrieve of the same identifier again"
    yield _name(again, OURS), lambda: client.volumes.retrieve(volume, include_children=False)
    yield _name(again, PEER), partial(direct, sql)
    for question, asked in queries.items():
        collects = iter([query.collect for query in asked])
        statements = iter([partial(direct, _sql(query)) for query in asked])
        yield _name(question, OURS), partial(_call_next, collects)
        yield _name(question, PEER), partial(_call_next, statements)
        yield _name(question, PLANNING), _planning(asked[0])


def _call_next(calls: Iterator[Callable[[], object]]) -> object:
    return next(calls)()


def _queries(client: Client, patients: Sequence[str]) -> dict[str, list[Query[Any]]]:
    """Queries as they are written every day, each with few rows; the first ten are never kept."""
    volumes = client.volumes
    thin = volumes.query().filter(F.volume_type == "T2").select("slice_thickness").limit(100)
    return {
        "limit(10), all columns": [volumes.query().limit(10) for _ in patients],
        "T2, ADC and DWI of a patient, 4 columns": [
            volumes.query()
            .filter(F.patient_id == patient, F.volume_type.is_in(["T2", "ADC", "DWI"]))
            .select("identifier", "volume_type", "b_value", "path_nii")
            for patient in patients
        ],
        SLOW: [
            volumes.query().filter(has_ancestor(patient), F.slice_thickness < ALL(thin)).select("identifier")
            for patient in patients
        ],
    }


def _sql(query: Query[Any]) -> str:
    """A query of the present as one statement; a point lookup would run another one, which has parameters."""
    return compile_plan(bind(query.plan, default_catalog()), Instant(0, datetime.now(UTC), is_current=True))


def _planning(query: Query[Any]) -> Callable[[], object]:
    """What the server does with the bytes of a plan before PostgreSQL gets to work."""
    data = encode(query.plan)
    snapshot = query.pin().plan.as_of
    assert snapshot is not None
    instant = Instant(1, snapshot, is_current=True)
    return lambda: compile_plan(bind(decode(data), default_catalog()), instant)


@contextmanager
def crowd(_: int, connect: Connecting, arguments: Sequence[Any], clients: int, calls: int) -> Iterator[Work]:
    """Call from several clients at once, each of them a thread with its own connection.

    Threads are spread over a few processes, since those of one process share its interpreter.

    Args:
        _: Number of the round.
        connect: A function of a module, which makes the call of one client.
        arguments: For it.
        clients: How many at once.
        calls: Calls of all of them together.
    """
    processes = min(clients, 4)
    with ExitStack() as stack:
        pipes = []
        for number in range(processes):
            ours, theirs = SPAWN.Pipe()
            threads = clients // processes + (number < clients % processes)
            given = (theirs, connect, arguments, threads, calls // clients)
            process = SPAWN.Process(target=_part_of_crowd, args=given)
            process.start()
            stack.callback(process.join)
            pipes.append(ours)
        for pipe in pipes:
            pipe.recv()

        def work() -> Moved:
            for pipe in pipes:
                pipe.send("begin")
            seconds = [value for pipe in pipes for value in pipe.recv()]
            return Moved(len(seconds), series={"seconds": seconds})

        yield work


def _part_of_crowd(
    pipe: Any, connect: Connecting, arguments: Sequence[Any], threads: int, calls: int
) -> None:
    seconds: list[float] = []
    begin, ready = threading.Event(), threading.Barrier(threads + 1)

    def member() -> None:
        with ExitStack() as stack:
            call = connect(stack, *arguments)
            call()
            ready.wait()
            begin.wait()
            seconds.extend([seconds_of(call) for _ in range(calls)])

    members = [threading.Thread(target=member) for _ in range(threads)]
    for each in members:
        each.start()
    ready.wait()
    pipe.send("ready")
    pipe.recv()
    begin.set()
    for each in members:
        each.join()
    pipe.send(seconds)


def retrieving(stack: ExitStack, url: str, uri: str | None, volume: str) -> Callable[[], object]:
    """Connect one client that retrieves a volume.

    Args:
        stack: Closes the connection.
        url: The server.
        uri: The database, to ask it directly; our server if None.
        volume: What is asked for.

    Returns:
        The call.
    """
    if uri is None:
        client = stack.enter_context(Client(url))
        return lambda: client.volumes.retrieve(volume, include_children=False)
    cursor = stack.enter_context(cursor_on(uri))

    def direct() -> object:
        cursor.execute(f"SELECT * FROM vxdata.volume WHERE identifier = '{volume}'")
        return cursor.fetch_arrow_table().to_pylist()

    return direct


def seconds_of(work: Callable[[], object]) -> float:
    """How long a call takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _name(question: str, candidate: str) -> str:
    return f"{question}{SEPARATOR}{candidate}"
