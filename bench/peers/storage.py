"""`client.storage`, as its users call it."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from bench._harness.figures import Moved
from bench._harness.files import THREADS
from vxdata.sdk import Client, StorageOptions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench._harness.candidates import Work
    from bench._harness.files import Files, Variables

Way = Literal["direct", "presigned"]


@contextmanager
def upload(number: int, url: str, s3: Variables, files: Files, way: Way) -> Iterator[Work]:
    """Upload all files into a group of this round, so that none is there already."""
    with _warm_client(url, s3, files, way) as client:
        yield lambda: Moved(
            len(client.storage.upload(files.paths, group=f"{way}-{number}", progress=False)), files.total
        )


@contextmanager
def download(_: int, url: str, s3: Variables, files: Files, way: Way, urls: Sequence[str]) -> Iterator[Work]:
    """Download all objects into an empty folder."""
    with (
        _warm_client(url, s3, files, way) as client,
        tempfile.TemporaryDirectory(dir=files.folder) as folder,
    ):
        yield lambda: Moved(len(client.storage.download(urls, folder, progress=False)), files.total)


@contextmanager
def _warm_client(url: str, s3: Variables, files: Files, way: Way) -> Iterator[Client]:
    """A client that has moved a file both ways."""
    os.environ.update(s3 if way == "direct" else {})  # of this process, which runs one round
    with (
        Client(url, storage=StorageOptions(way, THREADS)) as client,
        tempfile.TemporaryDirectory(dir=files.folder) as folder,
    ):
        client.storage.download(client.storage.upload(files.tiny, progress=False), folder, progress=False)
        yield client
