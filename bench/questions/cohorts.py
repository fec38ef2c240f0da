"""How long do answers of the CDA API take, beside a server written after its design document?

The database is made up: 120,000 subjects with four files each, in the shape of NCI's Cancer Data Aggregator.
Our server reads it as a catalog and keeps no results here. Its peer, FastAPI over SQLAlchemy with statements
of its own, reads the same tables. Before the clock starts, each question is asked of both, and their answers
must be the same. Then the same subjects are pulled into a frame: by our client over Flight, by ADBC, and by
cdapython, the published client of the API, which reads from our server.
"""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final

from pydantic import SecretStr

from bench._harness.candidates import (
    SERVER,
    Candidate,
    Server,
    apart,
    divided,
    in_turn,
    run_once,
    tabled,
    tell,
)
from bench._harness.environment import served
from bench._harness.figures import Answer, Measured
from bench._harness.processes import Family
from bench._harness.summary import Range, percentile
from bench.peers import adbc, cohort_frames
from bench.peers.cohort_calls import (
    SEPARATOR,
    Caller,
    at_once,
    one_by_one,
    same_answers,
    whole_page,
)
from bench.peers.cohort_requests import HUNDRED, LISTINGS, SUMMARIES, large_pages, lookups, pages_of, walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from multiprocessing.connection import Connection

    from bench._harness.environment import Environment
    from bench._harness.figures import Round
    from bench._harness.scale import Scale
    from bench.peers.cohort_calls import Request

OURS: Final = "VxData"
PEER: Final = "FastAPI, SQLAlchemy"
POLARS: Final = "VxData → Polars"
DIRECT: Final = "ADBC → Polars"
PANDAS: Final = "cdapython → pandas"
SCHEMA: Final = "cda"
CALLERS: Final = 8
MEGABYTE: Final = 1e6
PEER_ROUNDS: Final = 3
"""Rounds of large pages by the peer, which take up to half a minute each."""


def answer(environment: Environment, scale: Scale) -> Answer:
    """Load the database, compare the answers, then measure."""
    subjects = scale.of(120_000, 5_000)
    with ExitStack() as stack:
        uri = stack.enter_context(environment.database("bench_cda", with_data=False))
        _load(environment, uri, subjects)
        ours = stack.enter_context(_catalog_server(uri))
        peer = stack.enter_context(_peer(uri))
        begun = Family([ours.pid]).memory()
        roots = {OURS: f"{ours.http_url}/{SCHEMA}", PEER: peer.url}
        calls, pages = _requests(uri, scale)
        _compare(roots, [*calls, *pages])
        found = [
            _calls(environment, scale, roots, calls),
            _crowd(environment, scale, roots),
            _pages(environment, scale, {OURS: ours, PEER: peer}, roots, pages, begun.resident),
            _frames(environment, scale, ours, uri),
        ]
    return Answer(
        tables={name: table for part in found for name, table in part.tables.items()},
        values={name: value for part in found for name, value in part.values.items()},
        notes=(f"{subjects:,} subjects. {_note(scale)}",),
    )


def _note(scale: Scale) -> str:
    peers = min(PEER_ROUNDS, scale.rounds)
    return f"Of large pages and of cdapython, the peers run {peers} rounds without one to warm up."


def _load(environment: Environment, uri: str, subjects: int) -> None:
    from vxdata.cli.cda import generate, load  # noqa: PLC0415 - the processes of candidates need none of it

    tell(f"  loading {subjects:,} subjects")
    load(SecretStr(uri), generate(subjects), schema=SCHEMA, indexes_texts=True)
    environment.administer("VACUUM (ANALYZE)", database="bench_cda")


@contextmanager
def _catalog_server(uri: str) -> Iterator[Server]:
    """Our server over the tables; the results of earlier calls are no help."""
    catalogs = json.dumps({SCHEMA: {"uri": uri, "schema": SCHEMA}})
    with served(uri, catalogs=catalogs, cache_bytes=0) as server:
        yield server


@contextmanager
def _peer(uri: str) -> Iterator[Server]:
    with apart(_serve_peer, uri) as (pid, talk):
        yield Server(pid, talk.recv())


def _serve_peer(talk: Connection, uri: str) -> None:
    from bench.peers.cda import serve  # noqa: PLC0415 - SQLAlchemy takes memory of this process alone

    serve(talk, uri, SCHEMA)


def _requests(uri: str, scale: Scale) -> tuple[list[Request], list[Request]]:
    """The calls that are made many times, and the large pages."""
    counts = scale.of(((200, 1_000), (1_000, 10_000, 50_000)), ((50, 200), (200, 1_000)))
    usual = scale.of((1_000, 100_000), (500, 4_000))
    calls = [
        *LISTINGS,
        *lookups(uri, *counts),
        *SUMMARIES,
        *pages_of(*usual),
        walk(*scale.of((20, 1_000), (5, 500))),
    ]
    return calls, large_pages(scale.of(100_000, 4_000))


def _compare(roots: Mapping[str, str], requests: Sequence[Request]) -> None:
    """Ask each question of both once; their answers must be the same."""
    with ExitStack() as stack:
        callers = {name: stack.enter_context(Caller(root)) for name, root in roots.items()}
        for request in requests:
            answers = {name: caller.make(request) for name, caller in callers.items()}
            rows = same_answers(answers, request)
            tell(f"  the same answer of both, {rows:,} rows: {request.name}")


def _calls(
    environment: Environment, scale: Scale, roots: Mapping[str, str], requests: Sequence[Request]
) -> Answer:
    candidate = Candidate(one_by_one, (roots, requests, scale.of(20, 5)), environment.watch)
    parts = [run_once(candidate, number).moved.series for number in range(scale.rounds)]
    whole = {name: [value for part in parts for value in part[name]] for name in parts[0]}
    tables = {
        request.name: {
            who: Measured.of_calls(whole[_name(request, who)], whole[_name(request, PEER)], rows=request.rows)
            for who in roots
        }
        for request in requests
    }
    summaries = [request for request in requests if request in SUMMARIES]
    return Answer(
        tables=tables,
        values={
            "summaries: time of FastAPI ÷ ours, least": _least(parts, summaries),
            "any call: time of FastAPI ÷ ours, least": _least(parts, requests),
        },
    )


def _name(request: Request, who: str) -> str:
    return f"{request.name}{SEPARATOR}{who}"


def _least(parts: Sequence[Mapping[str, Sequence[float]]], requests: Sequence[Request]) -> Range:
    """The least ratio of medians over several questions, round by round."""

    def median(part: Mapping[str, Sequence[float]], request: Request, who: str) -> float:
        return percentile(part[_name(request, who)], 50)

    return Range.of(
        [
            min(median(part, request, PEER) / median(part, request, OURS) for request in requests)
            for part in parts
        ]
    )


def _crowd(environment: Environment, scale: Scale, roots: Mapping[str, str]) -> Answer:
    calls = scale.of(12, 4)
    candidates = {
        who: Candidate(at_once, (root, HUNDRED, CALLERS, calls), environment.watch)
        for who, root in roots.items()
    }
    found = in_turn(candidates, scale.rounds, warm=scale.warm)
    seconds = {
        who: [value for each in rounds for value in each.moved.series["seconds"]]
        for who, rounds in found.items()
    }
    return Answer(
        tables={
            f"{CALLERS} callers at once: {HUNDRED.name}": {
                who: Measured.of_calls(own, seconds[PEER]) for who, own in seconds.items()
            }
        },
        values={f"{CALLERS} callers at once: calls/s ÷ FastAPI": divided(found, PEER, OURS)},
    )


def _pages(
    environment: Environment,
    scale: Scale,
    servers: Mapping[str, Server],
    roots: Mapping[str, str],
    requests: Sequence[Request],
    begun: int,
) -> Answer:
    tables: dict[str, Any] = {}
    found: list[Mapping[str, Sequence[Round]]] = []
    for request in requests:
        tell(f"  {request.name}")
        candidates = {
            who: Candidate(
                whole_page,
                (roots[who], request),
                environment.watch | {SERVER: server.pid},
                most_rounds=PEER_ROUNDS if who == PEER else None,
            )
            for who, server in servers.items()
        }
        found.append(in_turn(candidates, scale.rounds, warm=scale.warm))
        tables[request.name] = tabled(found[-1], candidates, PEER)
    ours = [rounds for each in found for rounds in zip(*[each[OURS]], strict=True)]
    ratios = [divided(each, PEER, OURS) for each in found]
    first = [
        max(each[OURS][number].moved.series["first byte"][0] for each in found)
        for number in range(scale.rounds)
    ]
    peaks = [each.used[SERVER].peak.resident for (each,) in ours]
    return Answer(
        tables=tables,
        values={
            "large pages: rows/s ÷ FastAPI, least": min(ratios, key=lambda ratio: ratio.median),
            "large pages: ms to the first byte, most": Range.of([1e3 * value for value in first]),
            "large pages: MB added to the server's memory": Range.of([(max(peaks) - begun) / MEGABYTE]),
        },
    )


def _frames(environment: Environment, scale: Scale, server: Server, uri: str) -> Answer:
    """All subjects as a frame, three ways."""
    ours = environment.watch | {SERVER: server.pid}
    candidates = {
        POLARS: Candidate(cohort_frames.to_polars, (server.url, SCHEMA), ours),
        DIRECT: Candidate(adbc.to_polars, (uri, cohort_frames.SUBJECTS), environment.watch),
        PANDAS: Candidate(
            cohort_frames.to_pandas,
            (f"{server.http_url}/{SCHEMA}",),
            ours,
            most_rounds=PEER_ROUNDS,
            note="It makes Python objects of JSON, and a column of sources of its own.",
        ),
    }
    found = in_turn(candidates, scale.rounds, warm=scale.warm)
    return Answer(
        tables={"all subjects as a frame": tabled(found, candidates, DIRECT)},
        values={
            "all subjects: time of cdapython ÷ ours": divided(found, PANDAS, POLARS),
            "all subjects: time ÷ ADBC → Polars": divided(found, POLARS, DIRECT),
        },
    )
