"""The recipes of the page on training, each as a program of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Literal

import pytest

from tests.fixtures.pages import blocks
from vxdata.cli.running import upgrade_database
from vxdata.schemas.create import DataSourceCreate, PatientCreate, VolumeCreate
from vxdata.sdk import Client
from vxdata.server.app import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic import SecretStr

    from vxdata.server.config import Settings

PAGE = Path(__file__).parents[2] / "docs" / "training.md"
PATIENTS, ROWS, PATIENCE = 12, 45, 120


@pytest.fixture(scope="module")
def url(settings: Settings, new_database: Callable[[], SecretStr]) -> Iterator[str]:
    """A server with some volumes to train on, and others."""
    uri = new_database()
    upgrade_database(uri)
    with Server(settings.model_copy(update={"database_uri": uri})) as server:
        with Client(server.flight_url) as client:
            client.resources.create(
                [
                    DataSourceCreate(identifier="datasource/a", license="x"),
                    *(
                        PatientCreate(
                            identifier=f"patient/{number}", parent_identifier="datasource/a", license="x"
                        )
                        for number in range(PATIENTS)
                    ),
                    *(volume(number) for number in range(ROWS)),
                    *(volume(number, "ADC") for number in range(ROWS, ROWS + 5)),
                ]
            )
        yield server.flight_url


def volume(number: int, kind: Literal["T2", "ADC"] = "T2") -> VolumeCreate:
    return VolumeCreate(
        identifier=f"volume/{number:03}",
        parent_identifier=f"patient/{number % PATIENTS}",
        license="x",
        volume_type=kind,
        path_nii=f"s3://bucket/{number}.nii.gz",
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The programs of the page, under the names that they give themselves."""
    for block in blocks(PAGE):
        name = block.code.splitlines()[0].removeprefix("# ")
        (tmp_path / name).write_text(block.code, "utf-8")
    return tmp_path


def run(folder: Path, url: str, *arguments: str) -> list[str]:
    """Run one of them, and tell what it printed."""
    environment = {**os.environ, "VXDATA_URL": url}
    command = [sys.executable, *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.fixture
def writer(url: str) -> Iterator[None]:
    """Somebody who creates and deletes volumes meanwhile, and leaves all as it was."""
    is_over, commits = Event(), [0]

    def write() -> None:
        with Client(url) as client:
            while not is_over.is_set():
                created = client.volumes.create([volume(commits[0] + number) for number in range(900, 910)])
                client.volumes.delete([each.identifier for each in created])
                commits[0] += 10

    thread = Thread(target=write)
    thread.start()
    yield
    is_over.set()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert commits[0] > 10


@pytest.mark.usefixtures("writer")
def test_epochs_are_equal_while_others_write(folder: Path, url: str) -> None:
    epochs = [line.split() for line in run(folder, url, "epochs.py")]
    assert [number for number, *_ in epochs] == ["0", "1", "2"]
    (rows,), (_digest,) = {rows for _, rows, _ in epochs}, {digest for *_, digest in epochs}
    assert int(rows) in {ROWS, ROWS + 10}


def test_a_reader_goes_on_where_it_broke_off(folder: Path, url: str) -> None:
    run(folder, url, "resume.py", "2")
    assert len((folder / "read.txt").read_text().splitlines()) == 20
    with Client(url) as client:
        client.volumes.create(volume(800))
        try:
            run(folder, url, "resume.py", "100")
        finally:
            client.volumes.delete("volume/800")
    read = (folder / "read.txt").read_text().splitlines()
    assert read == [f"volume/{number:03}" for number in range(ROWS)]


def test_parts_and_orders(folder: Path, url: str) -> None:
    assert run(folder, url, "parts.py") == [f"20 True {ROWS} {PATIENTS}"]


@pytest.mark.skipif(find_spec("torch") is None, reason="torch is no dependency")
def test_a_loader_of_torch(folder: Path, url: str) -> None:
    assert run(folder, url, "loader.py") == [f"{epoch} {ROWS}" for epoch in range(3)]


def test_every_block_of_the_page_is_a_program() -> None:
    names = {block.code.splitlines()[0] for block in blocks(PAGE)}
    assert names == {"# cohort.py", "# epochs.py", "# loader.py", "# resume.py", "# parts.py"}
