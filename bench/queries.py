"""What does a query cost beside its SQL: planning, a small round trip, the memory of a long stream?"""

from __future__ import annotations

import multiprocessing
import time
from typing import TYPE_CHECKING, Any, Final

import psutil
from adbc_driver_postgresql import dbapi

from bench.measure import Figures, peak_memory
from bench.writes import Calls
from vxdata.schemas.catalog import catalog
from vxdata.schemas.plan import bind, decode, encode
from vxdata.sdk import ALL, Client, F, has_ancestor
from vxdata.sql.compile import compile_plan
from vxdata.sql.instant import Instant

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.environment import Environment
    from vxdata.sdk import Query

OURS: Final = "VxData"
PEER: Final = "the same SQL by ADBC"


def queries(environment: Environment, count: int) -> dict[str, dict[str, Figures]]:
    """Measure small queries.

    Args:
        environment: The server under test.
        count: Calls of each kind.

    Returns:
        Figures by question and candidate; each round is one call.
    """
    found: dict[str, dict[str, Figures]] = {}
    with (
        dbapi.connect(environment.database_uri, autocommit=True) as connection,
        connection.cursor() as cursor,
    ):
        for name, query in _small_queries(environment).items():
            found[f"planning: {name}"] = {"decode, bind, render": _calls(_planning(query), count)}
            found[f"small query: {name}"] = _beside(query, cursor, count)
    return found


def streaming(environment: Environment) -> dict[str, dict[str, Figures]]:
    """Measure how much memory a process needs to go through all volumes, frame by frame.

    Args:
        environment: The server under test.

    Returns:
        Figures whose peak is what the client's process grew by, for a stream and for one whole frame.
    """
    found = {}
    for name, work in (("iter_batches", _iterate), ("collect", _collect)):
        context = multiprocessing.get_context("spawn")
        with context.Pool(1) as pool:
            rows, seconds, growth = pool.apply(work, (environment.client.base_url,))
        found[name] = Figures(rows, [seconds], [1.0], growth)
    return {"memory of the client over all volumes": found}


def _small_queries(environment: Environment) -> dict[str, Query[Any]]:
    """Queries as they are written every day, each with few rows."""
    volumes = environment.client.volumes
    patient = environment.mapped.frames["patient"]["identifier"][0]
    thin = volumes.query().filter(F.volume_type == "T2").select("slice_thickness").limit(100)
    return {
        "limit(10), all columns": volumes.query().limit(10),
        "one identifier": volumes.query().filter(
            F.identifier == environment.mapped.frames["volume"]["identifier"][0]
        ),
        "T2 of a patient, 4 columns": volumes.query()
        .filter(F.patient_id == patient, F.volume_type.is_in(["T2", "ADC", "DWI"]))
        .select("identifier", "volume_type", "b_value", "path_nii"),
        "below a patient, thinner than all of 100": volumes.query()
        .filter(has_ancestor(patient), F.slice_thickness < ALL(thin))
        .select("identifier"),
    }


def _planning(query: Query[Any]) -> Callable[[], object]:
    """What the server does with the bytes of a plan before PostgreSQL gets to work."""
    data = encode(query.plan)
    token = query.pin().plan.as_of
    assert token is not None
    instant = Instant(1, token, is_current=True)
    return lambda: compile_plan(bind(decode(data), catalog()), instant)


def _beside(query: Query[Any], cursor: Any, count: int) -> dict[str, Figures]:
    sql = query.explain().sql

    def direct() -> object:
        cursor.execute(sql)
        return cursor.fetch_arrow_table()

    seconds: dict[str, list[float]] = {OURS: [], PEER: []}
    for _ in range(count):
        for name, work in ((OURS, query.collect), (PEER, direct)):
            seconds[name].append(_seconds(work))
    ratios = [own / other for own, other in zip(seconds[OURS], seconds[PEER], strict=True)]
    return {OURS: Calls(1, seconds[OURS], ratios, 0), PEER: Calls(1, seconds[PEER], [1.0] * count, 0)}


def _calls(work: Callable[[], object], count: int) -> Calls:
    return Calls(1, [_seconds(work) for _ in range(count)], [1.0] * count, 0)


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _iterate(url: str) -> tuple[int, float, int]:
    with Client(url) as client:
        return _watched(lambda: sum(frame.height for frame in client.volumes.query().iter_batches()), client)


def _collect(url: str) -> tuple[int, float, int]:
    with Client(url) as client:
        return _watched(lambda: client.volumes.query().collect().height, client)


def _watched(work: Callable[[], int], client: Client) -> tuple[int, float, int]:
    """Rows, seconds and growth of this process, after a first query has loaded what every query needs."""
    client.volumes.query().limit(1).collect()
    process = psutil.Process()
    before = process.memory_info().rss
    started = time.perf_counter()
    with peak_memory(process) as peak:
        rows = work()
    return rows, time.perf_counter() - started, peak[0] - before
