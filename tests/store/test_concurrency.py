"""Writers and readers side by side, and one of the parts killed among them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.fixtures.commands import DEADLINE, Running, until
from tests.store.audit import assert_sound, records
from tests.store.load import (
    Scene,
    count_up,
    create_under_keys,
    insist,
    meddle,
    read_again,
    write_in_bulk,
)
from tests.store.relay import Relay
from vxdata.schemas.create import ArtefactCreate, PatientCreate
from vxdata.schemas.errors import LineageCycle, ParentNotFound, ResourceAlreadyExists
from vxdata.schemas.update import ArtefactUpdate, VolumeUpdate
from vxdata.sdk import Client, F
from vxdata.sdk._changes import tables_of_updates
from vxdata.sdk._models import tables_from_models
from vxdata.sdk._upload import Upload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from vxdata.server.app import Server

COUNTERS = 2
"""Processes that increment counters; as many meddle."""

STEPS = 30
"""What each of them does."""

READERS = 2
REREADS = 1_010
"""Answers that each reader asks for again, at least."""


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    """Processes that share nothing with this one."""
    with ProcessPoolExecutor(8, multiprocessing.get_context("spawn")) as pool:
        yield pool


def test_writers_and_readers_side_by_side(
    processes: ProcessPoolExecutor, server: Server, client: Client, unique: str, session_dir: Path
) -> None:
    scene, since = Scene(server.flight_url, unique), client.now().version
    scene.prepare(client)
    stop = session_dir / f"{unique}.stop"
    readers = [processes.submit(read_again, scene, seed, stop, REREADS) for seed in range(READERS)]
    counting = [processes.submit(count_up, scene, seed, STEPS) for seed in range(COUNTERS)]
    meddling = [processes.submit(meddle, scene, seed, STEPS) for seed in range(COUNTERS)]
    bulk = [processes.submit(write_in_bulk, scene, number, 2, 2_000) for number in range(2)]
    try:
        counted = [future.result() for future in counting]
        created = [name for future in meddling for name in future.result()]
        assert [future.result() for future in bulk] == [6, 6]
    finally:
        stop.touch()

    reread = [future.result() for future in readers]
    assert [found.differing for found in reread] == [[], []]
    assert sum(found.count for found in reread) >= 2_000
    assert len(created) == len(set(created)) > 0
    assert_counters(client, scene, counted)
    found = records(client, since)
    assert_sound(found, since)
    assert len(found.commits) >= 1 + COUNTERS * STEPS + len(created) // 2 + 12


def assert_counters(client: Client, scene: Scene, counted: list[dict[str, int]]) -> None:
    """No increment was lost, and none applied twice."""
    stored = {found.identifier: found.b_value for found in client.volumes.retrieve(scene.counters)}
    assert stored == {name: sum(counts[name] for counts in counted) for name in scene.counters}
    for name in scene.counters:
        values = [version.resource.model_dump()["b_value"] for version in client.volumes.history(name)]
        assert values == [float(number) for number in range(len(values))]


class TestRaces:
    """Two calls that cannot both be right: exactly one wins, again and again."""

    @pytest.fixture
    def clients(self, server: Server) -> Iterator[tuple[Client, Client]]:
        with Client(server.flight_url) as one, Client(server.flight_url) as other:
            yield one, other

    def test_two_creates_of_one_identifier(
        self, clients: tuple[Client, Client], datasource: str, unique: str
    ) -> None:
        for turn in range(20):
            model = PatientCreate(
                identifier=f"{unique}-{turn}", parent_identifier=datasource, license="x", sex="M"
            )
            failures = together(*(partial(one.patients.create, model) for one in clients))
            assert sorted(map(type, failures), key=str) == sorted(
                [type(None), ResourceAlreadyExists], key=str
            )

    def test_a_create_and_the_delete_of_its_parent(
        self, clients: tuple[Client, Client], datasource: str, unique: str
    ) -> None:
        one, other = clients
        since = one.now().version
        for turn in range(20):
            parent, child = (f"artefact/{unique}-{turn}-{part}" for part in ("parent", "child"))
            one.artefacts.create(artefact(parent, datasource))
            created, deleted = together(
                partial(one.artefacts.create, artefact(child, parent)),
                partial(other.artefacts.delete, parent, cascade=turn % 2 == 0),
            )
            assert deleted is None
            assert created is None or isinstance(created, ParentNotFound)
            if created is None and turn % 2 == 0:
                assert one.artefacts.query().filter(F.identifier == child).collect().is_empty()
        found = records(one, since).versions
        versions = {(row["identifier"], row["deleted"]): row["version"] for row in found.to_dicts()}
        for (name, deleted_), version in versions.items():
            if name.endswith("child") and not deleted_:
                assert version < versions[name.replace("child", "parent"), True]

    def test_two_moves_that_would_close_a_cycle(
        self, clients: tuple[Client, Client], datasource: str, unique: str
    ) -> None:
        one, other = clients
        for turn in range(20):
            first, second = (f"artefact/{unique}-{turn}-{part}" for part in ("first", "second"))
            one.artefacts.create([artefact(first, datasource), artefact(second, datasource)])
            failures = together(
                partial(one.artefacts.update, first, ArtefactUpdate(parent_identifier=second)),
                partial(other.artefacts.update, second, ArtefactUpdate(parent_identifier=first)),
            )
            assert sorted(map(type, failures), key=str) == sorted([type(None), LineageCycle], key=str)

    def test_one_request_sent_at_once_under_one_key(
        self, server: Server, client: Client, datasource: str, unique: str
    ) -> None:
        since = client.now().version
        model = PatientCreate(identifier=unique, parent_identifier=datasource, license="x")
        tables = list(tables_from_models([model]).items())
        upload = Upload("create", tables, idempotency_key=unique)
        clients = [Client(server.flight_url) for _ in range(8)]
        with ThreadPoolExecutor(8) as threads:
            receipts = list(threads.map(lambda one: upload.send(one._session.transport), clients))
        for one in clients:
            one.close()
        assert {receipt.version for receipt in receipts} == {since + 1}
        assert len({receipt.model_dump_json() for receipt in receipts}) == 1
        assert client.now().version == since + 1


def artefact(identifier: str, parent: str) -> ArtefactCreate:
    return ArtefactCreate(identifier=identifier, parent_identifier=parent, license="x")


def together(*calls: Callable[[], object]) -> list[BaseException | None]:
    """Make calls at once; tell what each raised."""
    with ThreadPoolExecutor(len(calls)) as threads:
        futures = [threads.submit(call) for call in calls]
    return [future.exception() for future in futures]


def test_a_write_whose_answer_is_lost_is_applied_once(server: Server, client: Client, unique: str) -> None:
    scene = Scene(server.flight_url, unique)
    scene.prepare(client)
    name = scene.counters[0]
    with Relay(server.flight_url) as relay, Client(relay.url) as far:
        for number in range(5):
            before = far.volumes.retrieve(name)
            relay.swallow_answers()
            with ThreadPoolExecutor(1) as threads:
                sending = threads.submit(count_once, far, name, before.version, number + 1)
                until(
                    partial(is_past, client, name, before.version),
                    "the commit that nobody hears of",
                )
                relay.cut()
                receipt_version = sending.result()
            after = client.volumes.retrieve(name)
            assert after.b_value == number + 1
            assert after.version == receipt_version
        assert relay.cuts == 5
    assert len(client.volumes.history(name)) == 1 + 5


def is_past(client: Client, name: str, version: int) -> bool:
    return client.volumes.retrieve(name).version > version


def count_once(client: Client, name: str, expected: int, value: int) -> int:
    tables = tables_of_updates({name: VolumeUpdate(b_value=value)}, expected)
    return Upload("update", tables).send(client._session.transport).version


def kill_server(running: Running, start: Callable[..., Running], arguments: tuple[str, ...]) -> None:
    """Kill the server with all that it started, and start it again in its place."""
    children = running.children()
    running.process.kill()
    running.process.wait(DEADLINE)
    _, alive = psutil.wait_procs(children, timeout=DEADLINE)
    assert alive == []
    start(*arguments)


def kill_postgresql(running: Running, start: Callable[..., Running], arguments: tuple[str, ...]) -> None:
    """Kill one backend: PostgreSQL ends all others, and recovers from its log."""
    backend = next(
        child
        for child in running.children()
        if "postgres: " in (title := " ".join(child.cmdline())) and "vxdata" in title
    )
    os.kill(backend.pid, signal.SIGKILL)
    psutil.wait_procs([backend], timeout=DEADLINE)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.parametrize("kill", [kill_server, kill_postgresql])
def test_one_part_is_killed_in_the_middle(
    processes: ProcessPoolExecutor,
    start: Callable[..., Running],
    data_dir: Path,
    unique: str,
    kill: Callable[[Running, Callable[..., Running], tuple[str, ...]], None],
) -> None:
    arguments = ("up", "--data-dir", str(data_dir), "--port", str(free_port()), "--http-port", "0")
    running = start(*arguments)
    scene = Scene(running.flight_url, unique)
    with Client(scene.url) as client:
        scene.prepare(client)
        since = client.now().version - 1
        counting = [processes.submit(count_up, scene, seed, 60) for seed in range(COUNTERS)]
        keyed = [
            processes.submit(create_under_keys, scene, number, steps, rows=rows, insisting=insisting)
            for number, (steps, rows, insisting) in enumerate(
                [(60, 1, True), (60, 1, False), (12, 2_000, True), (12, 2_000, False)]
            )
        ]
        until(lambda: client.now().version > since + 60, "some commits are in")
        kill(running, start, arguments)
        counted = [future.result() for future in counting]
        outcomes = [future.result() for future in keyed]

        insist(client.now)
        found = records(client, since)
        assert_sound(found, since)
        assert_counters(client, scene, counted)
        versions = found.keys()
        for outcome in outcomes:
            for key, receipt in outcome.acknowledged.items():
                assert versions[key] == receipt.version
        lost = [key for outcome in outcomes for key in outcome.lost]
        sizes = found.versions.group_by("version").len()
        rows_of = dict(sizes.iter_rows())
        assert {rows_of[versions[key]] for key in lost if key in versions} <= {1, 2_000}
        assert [len(outcome.acknowledged) for outcome in outcomes if not outcome.lost].count(60) >= 1
