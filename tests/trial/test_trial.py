"""The parts of a trial: what it counts, what it plans, and when it says that something is wrong."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait as finished
from itertools import chain
from typing import TYPE_CHECKING

import pytest

from tests.store.relay import Relay
from tests.trial.conduct import lanes
from tests.trial.disk import Disk
from tests.trial.faults import FAULTS
from tests.trial.installation import Installation
from tests.trial.report import Report
from tests.trial.tally import OK, CountedScene, total
from vxdata.schemas.errors import ResourceNotFound
from vxdata.sdk import Client

if TYPE_CHECKING:
    from pathlib import Path

    from vxdata.server.app import Server


def test_calls_are_counted_by_verb_and_outcome(server: Server, tmp_path: Path, unique: str) -> None:
    scene = CountedScene(server.flight_url, unique, tmp_path)
    with scene.connect() as client:
        scene.prepare(client)
        with pytest.raises(ResourceNotFound):
            client.volumes.delete(unique)
        client.volumes.query().collect()
    assert total(tmp_path) == Counter(
        {("create", OK): 1, ("delete", ResourceNotFound.code): 1, ("read", OK): 1}
    )


def test_a_stalled_relay_holds_an_answer_back(server: Server) -> None:
    with Relay(server.flight_url) as relay, Client(relay.url) as client, ThreadPoolExecutor(1) as threads:
        before = client.now()
        relay.stall()
        asked = threads.submit(client.now)
        assert not finished([asked], timeout=0.3).done
        relay.go_on()
        assert asked.result() == before


def test_every_lane_follows_from_the_seed(tmp_path: Path) -> None:
    disk = Disk(tmp_path, 1)
    installation = Installation(tmp_path, disk)

    def names(seed: int) -> list[list[str]]:
        return [
            [fault.name for fault in lane.choose.sample(lane.faults, len(lane.faults))]
            for lane in lanes(installation, seed, threading.Event())
        ]

    assert names(1) == names(1)
    assert sorted(chain(*names(1))) == sorted(fault.name for fault in FAULTS)
    disk.problem = "not here"
    assert "disk full" not in chain(*names(1))


def test_a_report_fails_for_a_violation_and_for_an_internal_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert Report(1, 1).end() == 0
    internal = Report(1, 1)
    internal.calls["read", "INTERNAL_ERROR"] = 2
    assert internal.end() == 1
    found = Report(7, 1, skipped={"disk full": "only root"})
    found.violation("a snapshot gave other rows")
    assert found.end() == 1
    printed = capsys.readouterr().out
    assert "SEED=7" in printed
    assert "skipped: only root" in printed
    assert "VIOLATION a snapshot gave other rows" in printed
