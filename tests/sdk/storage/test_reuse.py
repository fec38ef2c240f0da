"""Equal files share one object: nobody's failure and no sweep takes it from another who has just found it."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.sdk.storage.conftest import point_at
from tests.server.database.deadlocks import waits_for
from tests.server.databases import admin, empty_databases
from tests.server.support import until
from vxdata.cli.running import upgrade_database
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.create import ArtefactCreate
from vxdata.schemas.errors import BlobNotFound, ResourceAlreadyExists, StateConflict
from vxdata.sdk import Client, StorageOptions
from vxdata.sdk._storage.access import PART_BYTES
from vxdata.server.app import Server
from vxdata.server.database.connection import READ_WRITE
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.embedded.s3 import s3_client
from vxdata.server.services import sweep as sweeps
from vxdata.server.services.sweep import Sweep
from vxdata.server.storage.blobs import BlobStore
from vxdata.sql import commit_clock as clock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vxdata.sdk import Storage
    from vxdata.server.config import Settings
    from vxdata.server.embedded import EmbeddedStack

__all__ = ["admin"]

AT_ONCE = timedelta(0)
"""Whatever was stored or touched before the sweep began is old enough to go."""

LARGE = 9 * 1024**2
"""Bytes of a file that is looked for before it is sent."""


@pytest.fixture(scope="module")
def own(settings: Settings, stack: EmbeddedStack, admin: ConnectionPool) -> Iterator[Settings]:
    """A database and a bucket of this module, to sweep."""
    bucket = f"test-{secrets.token_hex(6)}"
    with closing(s3_client(stack.s3)) as s3:
        s3.create_bucket(Bucket=bucket)
    with empty_databases(admin, stack) as new_database:
        uri = new_database()
        upgrade_database(uri)
        yield settings.model_copy(update={"database_uri": uri, "s3_bucket": bucket})


@pytest.fixture(scope="module")
def database(own: Settings) -> Iterator[ConnectionPool]:
    """Connections beside those of the server."""
    assert own.database_uri is not None
    with closing(ConnectionPool(own.database_uri, size=4)) as pool:
        yield pool


@pytest.fixture
def sweep(own: Settings, database: ConnectionPool) -> Iterator[Sweep]:
    """A sweep of the bucket."""
    with closing(BlobStore(own)) as blobs:
        yield Sweep(database, registry(), blobs)


@pytest.fixture(scope="module")
def own_server(own: Settings) -> Iterator[Server]:
    """A server on them."""
    with Server(own) as running:
        yield running


@pytest.fixture(params=["direct", "presigned"])
def client(
    request: pytest.FixtureRequest,
    own: Settings,
    own_server: Server,
    stack: EmbeddedStack,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Client]:
    """A client of it, with S3 credentials and without."""
    if request.param == "direct":
        point_at(monkeypatch, stack)
        monkeypatch.setenv("VXDATA_S3_BUCKET", str(own.s3_bucket))
    with Client(own_server.flight_url, storage=StorageOptions(access=request.param)) as connected:
        yield connected


@pytest.fixture(params=[100, LARGE], ids=["small", "large"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A file whose content no other test has."""
    path = tmp_path / "scan.nii"
    path.write_bytes(secrets.token_bytes(request.param))
    return path


def silent(*_: int) -> None:
    """Show no progress."""


def is_there(client: Client, url: str, folder: Path) -> bool:
    try:
        client.storage.download(url, folder / secrets.token_hex(4), progress=False)
    except BlobNotFound:
        return False
    return True


def test_a_refused_create_takes_nothing_from_others(
    client: Client, database: ConnectionPool, file: Path, tmp_path: Path
) -> None:
    """Another finds the object of a create that is about to be refused, and refers to it afterwards."""
    taken, mine = secrets.token_hex(6), secrets.token_hex(6)
    client.artefacts.create(ArtefactCreate(identifier=taken))
    with database.connection() as operator, ThreadPoolExecutor(1) as threads:
        operator.execute(READ_WRITE)
        operator.rows(clock.LOCK)
        refused = threads.submit(client.artefacts.create, ArtefactCreate(identifier=taken, files={"a": file}))
        until(partial(waits_for, database, "commit_clock"), "its file is uploaded, and its rows are staged")
        url = client.storage.upload(file)
        operator.rollback()
        assert isinstance(refused.exception(), ResourceAlreadyExists)
    stored = client.artefacts.create(ArtefactCreate(identifier=mine, files={"a": url}))
    assert stored.files == {"a": url}
    assert is_there(client, url, tmp_path)


def test_an_object_that_is_found_again_is_young(
    client: Client, sweep: Sweep, file: Path, tmp_path: Path
) -> None:
    url = client.storage.upload(file)
    unreferenced = sweep.find(AT_ONCE, silent)
    assert url in {str(each.url) for each in unreferenced.objects}

    assert client.storage.upload(file) == url
    removed = sweep.remove(unreferenced, silent)

    assert url not in {str(each.url) for each in removed}
    assert is_there(client, url, tmp_path)


def test_an_object_that_is_removed_while_it_is_found_is_stored_again(
    client: Client, sweep: Sweep, database: ConnectionPool, file: Path, tmp_path: Path
) -> None:
    """The upload finds the object, the sweep removes it, and only then the upload hears that it may go on."""
    url = client.storage.upload(file)
    unreferenced = sweep.find(AT_ONCE, silent)
    with database.connection() as operator, ThreadPoolExecutor(2) as threads:
        operator.execute(READ_WRITE)
        operator.execute("LOCK TABLE vxdata.type_clock")  # which the sweep reads just before it removes
        sweeping = threads.submit(sweep.remove, unreferenced, silent)
        until(partial(waits_for, database, "type_clock"), "the sweep has locked everybody out")
        uploading = threads.submit(client.storage.upload, file)
        until(partial(waits_for, database, "touched"), "the upload has found the object")
        assert is_there(client, url, tmp_path)
        operator.rollback()
        assert url in {str(each.url) for each in sweeping.result()}
        assert uploading.result() == url
    assert is_there(client, url, tmp_path)
    assert url not in {str(each.url) for each in sweep.remove(unreferenced, silent)}
    assert is_there(client, url, tmp_path)


def test_a_sweep_among_uploads_of_equal_files(
    client: Client, sweep: Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the order: what an upload has told, and a resource refers to, is there."""
    monkeypatch.setattr(sweeps, "OBJECTS_PER_BATCH", 3)
    paths = [tmp_path / f"{number}.bin" for number in range(60)]
    for path in paths:
        path.write_bytes(secrets.token_bytes(100))
    urls = client.storage.upload(paths)
    unreferenced = sweep.find(AT_ONCE, silent)

    def upload_and_refer(chosen: list[Path]) -> list[str]:
        told = client.storage.upload(chosen, progress=False)
        files = {str(number): url for number, url in enumerate(told)}
        client.artefacts.create(ArtefactCreate(identifier=secrets.token_hex(6), files=files))
        return told

    with ThreadPoolExecutor(5) as threads:
        sweeping = threads.submit(sweep.remove, unreferenced, silent)
        told = list(threads.map(upload_and_refer, [paths[begin::8] for begin in range(4)]))
        sweeping.result()

    relied_upon = {url for each in told for url in each}
    assert relied_upon == {urls[number] for number in range(60) if number % 8 < 4}
    assert all(is_there(client, url, tmp_path) for url in relied_upon)
    assert not any(is_there(client, url, tmp_path) for url in set(urls) - relied_upon)


def test_a_sweep_that_was_overtaken_removes_nothing(
    client: Client, sweep: Sweep, file: Path, tmp_path: Path
) -> None:
    """What the first sweep found the second removes; it is stored anew, and then the first goes on."""
    url = client.storage.upload(file)
    first = sweep.find(AT_ONCE, silent)
    second = sweep.find(AT_ONCE, silent)
    assert url in {str(each.url) for each in sweep.remove(second, silent)}
    assert client.storage.upload(file) == url

    with pytest.raises(StateConflict, match="Another sweep has begun"):
        sweep.remove(first, silent)

    assert is_there(client, url, tmp_path)


@pytest.mark.parametrize("size", [3_000, PART_BYTES + 1_000], ids=["small", "large"])
def test_the_bar_counts_what_is_sent(
    storage: Storage, unique: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], size: int
) -> None:
    """What S3 has already is taken off the total, whenever that is found out."""
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_bytes(unique.encode() * (size // len(unique)))
    new.write_bytes(unique.encode() * 100)
    storage.upload(old, group=unique, progress=False)

    storage.upload([old, new], group=unique)

    last = capsys.readouterr().err.replace("\r", "\n").strip().splitlines()[-1]
    assert last.startswith("upload: 100%")
    assert " 1.17k/1.17k " in last
