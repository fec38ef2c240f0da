"""Writers and readers side by side, and one of the parts killed among them."""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.fixtures.commands import DEADLINE, Running, until
from tests.store.audit import assert_counters, assert_sound, assert_whole_or_absent, records
from tests.store.journal import Stage
from tests.store.keyed import Writer
from tests.store.kills import free_port, kill_a_backend, kill_postgresql, kill_server, staged_uploads
from tests.store.load import Scene, count_up, meddle, read_again, write_in_bulk
from tests.store.relay import Relay
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.create import ArtefactCreate, PatientCreate
from vxdata.schemas.errors import LineageCycle, ParentNotFound, ResourceAlreadyExists
from vxdata.schemas.update import ArtefactUpdate, VolumeUpdate
from vxdata.sdk import Client, F
from vxdata.sdk._resources.changes import tables_of_updates
from vxdata.sdk._resources.create_result import CreateResult
from vxdata.sdk._resources.upload import WriteRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.store.audit import Records
    from tests.store.journal import Attempt
    from vxdata.server.app import Server

COUNTERS = 2
"""Processes that increment counters; as many meddle."""

STEPS = 20
"""What each of them does."""

BULK = 1_000
"""Rows of a large write beside a kill."""

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
    bulk = [processes.submit(write_in_bulk, scene, number, 1, 2_000) for number in range(2)]
    try:
        counted = [future.result() for future in counting]
        created = [name for future in meddling for name in future.result()]
        assert [future.result() for future in bulk] == [3, 3]
    finally:
        stop.touch()

    reread = [future.result() for future in readers]
    assert [found.differing for found in reread] == [[], []]
    assert sum(found.count for found in reread) >= 2_000
    assert len(created) == len(set(created)) > 0
    assert_counters(client, scene, counted)
    found = records(client, since)
    assert_sound(found, since)
    assert len(found.commits) >= 1 + COUNTERS * STEPS + len(created) // 2 + 6


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
        upload = WriteRequest("create", CreateResult(registry(), [model]), idempotency_key=unique)
        clients = [Client(server.flight_url) for _ in range(8)]
        with ThreadPoolExecutor(8) as threads:
            receipts = list(threads.map(lambda one: upload.send(one._session.transport).receipt, clients))
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
    tables = tables_of_updates(registry(), {name: VolumeUpdate(b_value=value)}, expected)
    return WriteRequest("update", tables).send(client._session.transport).receipt.version


WRITERS = (
    Writer("small-insisting", 1, insists=True),
    Writer("small", 1, insists=False),
    Writer("bulk", BULK, insists=False),
    Writer("held-insisting", BULK, insists=True, holds=True),
    Writer("held", BULK, insists=False, holds=True),
)


@pytest.mark.parametrize("kill", [kill_server, kill_postgresql, kill_a_backend])
def test_one_part_is_killed_in_the_middle(
    processes: ProcessPoolExecutor,
    start: Callable[..., Running],
    data_dir: Path,
    tmp_path: Path,
    unique: str,
    kill: Callable[[Running], list[psutil.Process]],
) -> None:
    arguments = ("up", "--data-dir", str(data_dir), "--port", str(free_port()), "--http-port", "0")
    running = start(*arguments)
    scene, stage = Scene(running.flight_url, unique), Stage(tmp_path)
    stop = stage.folder / "stop"
    with Client(scene.url) as client:
        scene.prepare(client)
        since = client.now().version - 1
        counting = [processes.submit(count_up, scene, seed, 10_000, stop) for seed in range(COUNTERS)]
        reading = processes.submit(read_again, scene, 0, stop, 100)
        writing = [processes.submit(writer.run, scene, stage) for writer in WRITERS]
        try:
            wait_for_the_middle(running, data_dir, stage)
            killed = time.monotonic()
            ending = kill(running)
            stage.give("resume")
            _, alive = psutil.wait_procs(ending, timeout=DEADLINE)
            assert alive == []
            if kill is kill_server:
                running.process.wait(DEADLINE)
                start(*arguments)
            until(
                lambda: all_go_on(stage, killed) or any(future.done() for future in writing),
                "every writer has written again",
            )
        finally:
            stage.give("stop")
        if kill is kill_postgresql:
            assert running.process.poll() is None
            assert "PostgreSQL was ended by signal 9" in running.log.read_text()
        counted = [future.result() for future in counting]
        assert [future.result() for future in writing] == [None] * len(WRITERS)
        assert all_go_on(stage, killed)
        reread = reading.result()

        assert reread.differing == []
        assert reread.count >= 100
        found = records(client, since)
        assert_sound(found, since)
        assert_counters(client, scene, counted)
        assert_whole_or_absent(stage.attempts(), found)
        assert_interrupted(stage.attempts(), killed, found, server_killed=kill is kill_server)


def wait_for_the_middle(running: Running, data_dir: Path, stage: Stage) -> None:
    """Wait until two uploads stand still half-sent, and another one is complete but not answered."""
    until(lambda: all_go_on(stage, 0), "every writer has written")
    stage.give("hold")
    until(lambda: len([one for one in stage.attempts() if one.held]) == 2, "two uploads are held")
    assert staged_uploads(running, data_dir) == 0, "what waits for its client is in no transaction"
    until(lambda: any(is_being_applied(one) for one in stage.attempts()), "a large write is being applied")


def is_being_applied(attempt: Attempt) -> bool:
    return attempt.rows == BULK and attempt.sent is not None and attempt.ended is None


def all_go_on(stage: Stage, moment: float) -> bool:
    """Whether each writer has two acknowledged writes that it began after a moment."""
    done = Counter(one.writer for one in stage.attempts() if one.begun > moment and one.version is not None)
    return all(done[writer.name] >= 2 for writer in WRITERS)


def assert_interrupted(
    attempts: list[Attempt], killed: float, found: Records, *, server_killed: bool
) -> None:
    """Writes were under way: each kind of them ended as it must."""
    stored = found.keys()
    tries = Counter(attempt.key for attempt in attempts)
    caught = [attempt for attempt in attempts if attempt.is_in_flight(killed)]
    assert [one for one in caught if one.sent is not None and one.sent < killed] != []
    held = {attempt.writer: attempt for attempt in caught if attempt.held is not None}
    assert held.keys() == {"held", "held-insisting"}
    if server_killed:
        assert [attempt.version for attempt in held.values()] == [None, None]
        # No marker was sent for these. One writer gave up; the other sent its write again, under its key.
        assert held["held"].key not in stored
        assert tries[held["held-insisting"].key] >= 2
    else:
        # The server has what they sent, so they go on; PostgreSQL may be back or not when they end.
        assert (held["held"].version is not None) == (held["held"].key in stored)
    # Whatever an insisting writer was about is there, and according to the above exactly once.
    insisting = {writer.name for writer in WRITERS if writer.insists}
    assert {one.key for one in caught if one.writer in insisting} <= stored.keys()
