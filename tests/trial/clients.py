"""What the clients of the trial do, each in a process of its own, until the sign `stop`."""

from __future__ import annotations

import hashlib
import random
import shutil
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from tests.store.keyed import Writer
from tests.store.load import Reader, insist, meddle_once
from tests.trial.tally import CountedTransport

if TYPE_CHECKING:
    from pathlib import Path

    from tests.store.journal import Stage
    from tests.store.load import Reread
    from tests.trial.tally import CountedScene, Tally
    from vxdata.sdk import Client

WRITERS = (
    Writer("small-insisting", 1, insists=True, pause=0.05),
    Writer("small", 1, insists=False, pause=0.05),
    Writer("bulk-insisting", 500, insists=True, pause=0.5),
    Writer("bulk", 500, insists=False, pause=0.5),
)

REREADS_AT_THE_END = 1_000
"""Answers of each reader that it asks for again when all faults are healed."""

MAX_FILE_BYTES = 200_000


@dataclass(frozen=True)
class StoredFile:
    """An upload that was acknowledged.

    Args:
        url: Its address.
        digest: SHA-256 of its bytes.
    """

    url: str
    digest: str


def meddle_on(scene: CountedScene, seed: int, stage: Stage) -> None:
    """Create, update, move, delete and restore contested names."""
    choose = random.Random(seed)
    with scene.connect() as client:
        while not stage.has("stop"):
            insist(partial(meddle_once, scene, client, choose))


def read_on(scene: CountedScene, seed: int, stage: Stage) -> Reread:
    """Note answers and ask for them again, during the faults and after them."""
    with scene.connect() as client:
        reader = Reader(scene, client, random.Random(seed))
        while not stage.has("stop"):
            reader.read()
        for earlier in reader.choose.sample(reader.noted, min(len(reader.noted), REREADS_AT_THE_END)):
            reader.compare(earlier)
    return reader.outcome


def store_files(scene: CountedScene, seed: int, stage: Stage) -> list[StoredFile]:
    """Upload files and fetch earlier ones; when all faults are healed, fetch every one of them."""
    choose = random.Random(seed)
    stored: list[StoredFile] = []
    with scene.connect() as client:
        while not stage.has("stop"):
            stored.append(_upload(client, choose, stage.folder / "upload.bin"))
            _fetch(client, choose.choice(stored), stage.folder / "fetched")
        for one in stored:
            _fetch(client, one, stage.folder / "fetched")
    return stored


def _upload(client: Client, choose: random.Random, path: Path) -> StoredFile:
    content = choose.randbytes(choose.randrange(1, MAX_FILE_BYTES))
    path.write_bytes(content)
    upload = partial(client.storage.upload, str(path), progress=False)
    url = insist(lambda: _tally(client).call("upload of a file", upload))
    return StoredFile(url, hashlib.sha256(content).hexdigest())


def _fetch(client: Client, stored: StoredFile, folder: Path) -> None:
    """Fetch a file anew, and compare its bytes."""
    download = partial(client.storage.download, stored.url, folder, progress=False)
    path = insist(lambda: _tally(client).call("download of a file", download))
    assert hashlib.sha256(path.read_bytes()).hexdigest() == stored.digest, stored
    shutil.rmtree(folder)


def _tally(client: Client) -> Tally:
    transport = client._session.transport
    assert isinstance(transport, CountedTransport)
    return transport.tally
