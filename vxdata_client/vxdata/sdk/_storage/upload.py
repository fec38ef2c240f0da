"""Uploads: files become objects whose keys hold their hash, so that none is ever overwritten.

An object that is there already is not sent again. Nothing may refer to it yet, and the server's sweep may
be about to remove it: so it is touched, which makes it young to the sweep, and then looked at once more
(decision 0013).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from vxdata.schemas.errors import BlobCorrupted, BlobNotFound, InvalidBlobUrl, InvalidRequest
from vxdata.schemas.errors.messages import abridged
from vxdata.schemas.types.object_url import SCHEME, ObjectUrl
from vxdata.sdk._storage.access import CHUNK_BYTES, Source
from vxdata.sdk._storage.checks import sha256_of
from vxdata.sdk._storage.progress import Progress
from vxdata.sdk._storage.transfer_pool import TransferPool
from vxdata.sdk._storage.user_paths import DIRECTORY, expanded, named, special_kind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from vxdata.sdk._storage.access import Access
    from vxdata.sdk._storage.options import StorageBackend
    from vxdata.sdk._storage.progress import FileProgress
    from vxdata.sdk._storage.user_paths import StrPath

DEFAULT_GROUP: Final = "files"

LOOK_FIRST_BYTES: Final = CHUNK_BYTES
"""Size from which a file is looked for before it is sent: a look takes as long as a few small files do."""

HASH_DELAY: Final = 1.0
"""Seconds after which hashing shows its own bar: small files are hashed before anybody looks."""


@dataclass(frozen=True)
class Target:
    """Where uploads go.

    Args:
        bucket: The bucket.
        group: The folder in it.
    """

    bucket: str
    group: str | None

    def url_of(self, name: str, sha256: str) -> ObjectUrl:
        """The object for a file of this name and content.

        Raises:
            InvalidBlobUrl: The name or the group cannot be part of a key.
        """
        text = f"{SCHEME}{self.bucket}/{(self.group or DEFAULT_GROUP).strip('/')}/{sha256}/{name}"
        url = ObjectUrl.parse(text)
        if url.is_prefix or url.sha256 != sha256:
            raise InvalidBlobUrl.from_urls([text], f"{name!r} is no name for an object")
        return url


@dataclass(frozen=True)
class FileUpload:
    """A local file, and the name that its object gets.

    Args:
        path: The file.
        name: The name of the object.
        called: What errors call it.
    """

    path: Path
    name: str
    called: str

    @classmethod
    def of(cls, given: StrPath) -> Self:
        """Upload a file that a user names, under its own name."""
        path = expanded(given)
        return cls(path, path.name, os.fspath(given))

    def __str__(self) -> str:
        """Name of the file in errors."""
        return self.called


def upload(
    backend: StorageBackend,
    group: str | None,
    files: Iterable[FileUpload],
    *,
    fail_fast: bool = False,
    progress: bool = True,
) -> dict[Path, str]:
    """Upload files that are not there yet.

    Args:
        backend: How S3 is reached.
        group: The folder in the bucket.
        files: What to upload.
        fail_fast: Whether the first failure ends it all; by default all are named at the end.
        progress: Whether to show a progress bar.

    Returns:
        The URL of each file, by its path as given.

    Raises:
        InvalidRequest: A path is no file, but a directory or a pipe for instance; nothing is uploaded.
        InvalidBlobUrl: A name or the group cannot be part of a key; nothing is uploaded.
        StorageProblem: Something failed; it names every file that did. The others are uploaded.
        ServiceProblem: There are such objects already, and the server cannot be told so.
    """
    target = Target(backend.bucket, group)
    files = list(dict.fromkeys(files))
    _require_files(files)
    for file in files:
        target.url_of(file.name, "0" * 64)
    pool = TransferPool(backend.options.thread_count, fail_fast=fail_fast)
    with Progress("hash", len(files), shown=progress, delay=HASH_DELAY) as bar:
        sources = pool.run(files, _hashed, bar)
    urls = {file: target.url_of(file.name, source.sha256) for file, source in sources.items()}
    sending = _Sending(backend.access, {url: sources[file] for file, url in urls.items()})
    called = {url: file.called for file, url in urls.items()}.__getitem__
    sending.prepare()
    with Progress("upload", len(sending.sources), shown=progress) as bar:
        sent = pool.run(sending.sources, sending.send, bar, called=called)
        found = [url for url, is_new in sent.items() if not is_new]
        if not pool.is_stopped:
            backend.touch([str(url) for url in found])
        sending.prepare_to_confirm(found)
        pool.run(found, sending.confirm, bar, called=called)
    pool.finish()
    return {file.path: str(url) for file, url in urls.items()}


def _require_files(files: list[FileUpload]) -> None:
    """Refuse what has no size, or would never end. What cannot be looked at is named by the upload itself."""
    special = [(file, kind) for file in files if (kind := _special_kind(file.path)) is not None]
    if not special:
        return
    msg = f"{abridged([f'{file.called} is {kind}' for file, kind in special])}; upload takes files."
    folder = next((str(file.path) for file, kind in special if kind == DIRECTORY), None)
    if folder is not None:
        found = f"[path for path in Path({folder!r}).rglob('*') if path.is_file()]"
        msg += f" Try client.storage.upload({found})."
    raise InvalidRequest(msg, paths=[file.called for file, _ in special])


def _special_kind(path: Path) -> str | None:
    try:
        return special_kind(path.stat().st_mode)
    except OSError:
        return None
    except ValueError:  # it holds a NUL character, or one that names on this system do not have
        return "a name that no file can have"


def _hashed(file: FileUpload, file_progress: FileProgress) -> Source:
    with named(file.called):
        found = file.path.stat()
        file_progress.sized(found.st_size)
        return Source(file.path, found.st_size, found.st_mtime_ns, sha256_of(file.path, file_progress))


class _Sending:
    """Uploads files under known keys.

    Args:
        access: The way to S3.
        sources: A file for each object.
    """

    def __init__(self, access: Access, sources: dict[ObjectUrl, Source]) -> None:
        self._access = access
        self.sources = sources

    def prepare(self) -> None:
        """Announce what will be asked for."""
        large = [url for url, source in self.sources.items() if source.size >= LOOK_FIRST_BYTES]
        self._access.expect("head", large)
        self._access.expect("put", self.sources)

    def send(self, url: ObjectUrl, file_progress: FileProgress) -> bool:
        """Upload one file unless the object is there, and tell whether it was uploaded."""
        source = self.sources[url]
        file_progress.sized(source.size)
        source.require_unchanged(url)
        is_found = source.size >= LOOK_FIRST_BYTES and self._is_there(url, source)
        is_new = not is_found and self._access.put(url, source, file_progress)
        if not is_new:
            file_progress.spared()
        return is_new

    def prepare_to_confirm(self, found: list[ObjectUrl]) -> None:
        """Announce which objects will be looked at again."""
        self._access.expect("head", found)

    def confirm(self, url: ObjectUrl, file_progress: FileProgress) -> None:
        """Make sure that an object is there since it was touched: a sweep may have been faster."""
        source = self.sources[url]
        if not self._is_there(url, source):
            self._access.put(url, source, file_progress)

    def _is_there(self, url: ObjectUrl, source: Source) -> bool:
        try:
            stat = self._access.head(url)
        except BlobNotFound:
            return False
        if stat.size != source.size:
            problem = f"S3 holds {stat.size:,} bytes under the hash of a file of {source.size:,}, at {url}"
            raise BlobCorrupted.about(str(url), problem)
        return True
