"""A program that interrupts its own calls: `python -m tests.sdk.transport.interrupted …`.

Its arguments are an address, a study, a beginning of identifiers, and, as JSON, pairs of a kind of call and
the seconds after which a signal comes. For each, a line of JSON tells the kind, the class of what was raised,
the seconds since the signal, and the notes.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa

from vxdata.sdk import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KNOWN_ROWS = 20_000
FILE_BYTES = 20 * 1024**2


class Calls:
    """Calls to interrupt.

    Args:
        client: Makes them.
        study: Parent of what is created.
        unique: Begins every identifier.
    """

    def __init__(self, client: Client, study: str, unique: str) -> None:
        """Keep the parts."""
        self._client = client
        self._study = study
        self._unique = unique
        self._folder = Path(tempfile.mkdtemp(prefix="vxdata-interrupted-"))
        self._stored = ""

    def frame(self, name: object, rows: int) -> pl.DataFrame:
        """Volumes to create."""
        names = pl.Series([f"{self._unique}-{name}-{number}" for number in range(rows)])
        return pl.DataFrame({"identifier": names}).with_columns(
            parent_identifier=pl.lit(self._study),
            license=pl.lit("x"),
            volume_type=pl.lit("T2"),
            modality=pl.lit("MR"),
        )

    def clear(self) -> None:
        """Remove the files."""
        shutil.rmtree(self._folder)

    def kinds(self, number: int) -> dict[str, Callable[[], Any]]:
        """The calls by kind; the number makes them different from earlier ones."""
        volumes, none = self._client.volumes, f"volume/{self._unique}-none"
        return {
            "create": lambda: volumes.create(self.frame(number, 50_000)),
            "small create": lambda: volumes.create(self.frame(number, 1)),
            "models": lambda: volumes.create(_slowly()),
            "update": lambda: volumes.update(self._changed(number)),
            "delete": lambda: volumes.delete(none),
            "health": self._client.health,
            "count": lambda: volumes.query().count(),
            "query": lambda: volumes.query().collect(),
            "retrieve": lambda: volumes.retrieve(none),
            "now": self._client.now,
            "upload": lambda: self._client.storage.upload(self._file(number), progress=False),
            "download": lambda: self._download(number),
        }

    def _file(self, number: int) -> Path:
        """A file of its own, which takes a while."""
        path = self._folder / f"{number}.bin"
        path.write_bytes(random.Random(f"{self._unique} {number}").randbytes(FILE_BYTES))
        return path

    def _download(self, number: int) -> None:
        if not self._stored:
            self._stored = self._client.storage.upload(self._file(-1), progress=False)
        self._client.storage.download(self._stored, self._folder / str(number), progress=False)

    def _changed(self, number: int) -> pl.DataFrame:
        known = self.frame("known", KNOWN_ROWS).select("identifier")
        return known.with_columns(series_number=pl.lit(number + 1))


def _slowly() -> Iterator[Any]:
    time.sleep(3600)
    yield


def interrupted(url: str, study: str, unique: str, kind: str, moment: float, number: int) -> list[Any]:
    """Make calls of a kind, one after the other, until a signal comes."""
    sent: list[float] = []

    def interrupt() -> None:
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(moment, interrupt)
    with Client(url) as client:
        calls = Calls(client, study, unique)
        timer.start()
        try:
            while True:
                calls.kinds(number)[kind]()
                number += 1000
        except BaseException as error:  # noqa: BLE001 - whatever is raised is told
            seconds = time.monotonic() - sent[0] if sent else None
            return [kind, type(error).__name__, seconds, getattr(error, "__notes__", [])]
        finally:
            timer.cancel()
            calls.clear()


def main(url: str, study: str, unique: str, moments: str) -> None:
    """Interrupt calls, and tell how each ended."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    pa.array([1])  # it imports pandas, which may swallow an interrupt
    wanted = json.loads(moments)
    if any(kind == "update" for kind, _ in wanted):
        with Client(url) as client:
            client.volumes.create(Calls(client, study, unique).frame("known", KNOWN_ROWS))
    for number, (kind, moment) in enumerate(wanted):
        sys.stdout.write(json.dumps(interrupted(url, study, unique, kind, moment, number)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
