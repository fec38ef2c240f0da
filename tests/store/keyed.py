"""Writers that send everything under keys and keep a journal: some insist, others give up."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import polars as pl

from tests.store.journal import Journal
from tests.store.load import insist
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.errors import ServiceProblem
from vxdata.schemas.wire import WriteCommand
from vxdata.sdk._conversion.frames import table_from_frame
from vxdata.sdk._resources.upload import WriteRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from tests.store.journal import Stage
    from tests.store.load import Scene
    from vxdata.sdk import Client
    from vxdata.sdk._transport.base import Transport


@dataclass(frozen=True)
class Writer:
    """One writing process.

    Args:
        name: Its name, part of its keys.
        rows: Rows a write.
        insists: Whether it sends a write again, under the same key, until that is acknowledged.
        holds: Whether it stops in the middle of a write at the sign `hold`, until the sign `resume`.
        pause: Seconds between two writes.
    """

    name: str
    rows: int
    insists: bool
    holds: bool = False
    pause: float = 0.0

    def run(self, scene: Scene, stage: Stage) -> None:
        """Create volumes until the sign `stop`."""
        journal = Journal(stage, self.name)
        with scene.connect() as client:
            for step in count():
                if stage.has("stop"):
                    break
                self._write(f"{scene.corner}-{self.name}-{step}", scene, stage, client, journal)
                time.sleep(self.pause)
        journal.close()

    def _write(self, key: str, scene: Scene, stage: Stage, client: Client, journal: Journal) -> None:
        tables = [("volume", table) for table in _halves(scene, key, self.rows)]
        upload = WriteRequest("create", tables, idempotency_key=key)

        def send() -> None:
            journal.note("begun", key=key, rows=self.rows)
            self._send(upload, client._session.transport, stage, journal)

        try:
            if self.insists:
                insist(send)
            else:
                send()
        except ServiceProblem:
            if self.insists:
                raise
            insist(client.now)

    def _send(self, upload: WriteRequest, transport: Transport, stage: Stage, journal: Journal) -> None:
        """Send once, without the client's own retries."""
        command = WriteCommand(verb=upload.verb, idempotency_key=upload.idempotency_key)
        try:
            receipt = transport.write(command, self._sections(upload, stage, journal), self.rows).receipt
        except ServiceProblem:
            journal.note("ended")
            raise
        journal.note("ended", version=receipt.version)

    def _sections(self, upload: WriteRequest, stage: Stage, journal: Journal) -> Iterator[pa.RecordBatch]:
        for number, section in enumerate(upload._sections()):
            if number and self.holds and stage.has("hold") and not stage.has("resume"):
                journal.note("held")
                stage.wait("resume")
            yield section
        journal.note("sent")


def _halves(scene: Scene, key: str, rows: int) -> list[pa.Table]:
    frame = pl.DataFrame(
        {
            "identifier": [f"{key}-{row}" for row in range(rows)],
            "parent_identifier": scene.source,
            "license": scene.corner,
        }
    )
    table = table_from_frame(registry(), registry().get("volume"), frame)
    half = rows // 2
    return [table.slice(0, half), table.slice(half)] if half else [table]
