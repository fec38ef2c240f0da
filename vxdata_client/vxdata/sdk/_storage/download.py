"""Downloads: URLs become files and folders below one folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from vxdata.schemas.errors import BlobNotFound, InvalidBlobUrl, InvalidRequest
from vxdata.schemas.types.object_url import ObjectUrl
from vxdata.sdk._storage.checks import is_whole
from vxdata.sdk._storage.fetch import Fetcher
from vxdata.sdk._storage.local_paths import place_of
from vxdata.sdk._storage.progress import Progress
from vxdata.sdk._storage.transfer_pool import TransferPool
from vxdata.sdk._storage.user_paths import expanded, named
from vxdata.sdk._storage.whole_files import remove_stale, whole_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vxdata.sdk._storage.access import Access
    from vxdata.sdk._storage.options import StorageBackend
    from vxdata.sdk._storage.progress import FileProgress
    from vxdata.sdk._storage.user_paths import StrPath


@dataclass(frozen=True)
class DownloadOptions:
    """How files are to be fetched.

    Args:
        fail_fast: Whether the first failure ends it all; by default all are named at the end.
        verify: Whether files that are there are hashed too, instead of only measured.
        progress: Whether to show a progress bar.
        each_by_itself: Whether a URL whose form is refused fails by itself, as a missing object does. URLs of
            stored rows do: the caller did not write them. By default nothing is fetched then.
    """

    fail_fast: bool = False
    verify: bool = False
    progress: bool = True
    each_by_itself: bool = False


def parse_urls(urls: Iterable[str]) -> tuple[dict[str, ObjectUrl], dict[str, InvalidBlobUrl]]:
    """Read URLs, each once.

    Args:
        urls: Texts.

    Returns:
        The parts, and the refusals of what has a form that is not allowed; both by text.

    Raises:
        InvalidRequest: Something is no text.
    """
    parsed, refused = {}, {}
    for url in dict.fromkeys(_texts(urls)):
        try:
            parsed[url] = ObjectUrl.parse(url)
        except InvalidBlobUrl as error:
            refused[url] = error
    return parsed, refused


def _require_none(refused: dict[str, InvalidBlobUrl]) -> None:
    """Refuse all at once, each URL named."""
    if refused:
        problems = dict.fromkeys(error.details["problem"] for error in refused.values())
        raise InvalidBlobUrl.from_urls(list(refused), "; ".join(problems))


def _texts(urls: Iterable[object]) -> Iterator[str]:
    """Refuse what is no text, such as the nulls of a column; `materialize` is who leaves these out."""
    for position, url in enumerate(urls):
        if not isinstance(url, str):
            msg = (
                f"URLs are texts, and the one at position {position} is {url!r:.100}. "
                "Leave out what is null, or give the frame to materialize."
            )
            raise InvalidRequest(msg, position=position)
        yield url


def download(
    backend: StorageBackend, urls: Iterable[str], dest_dir: StrPath, options: DownloadOptions
) -> dict[str, Path]:
    """Fetch objects that are not there yet.

    Args:
        backend: How S3 is reached.
        urls: Objects and prefixes.
        dest_dir: The folder below which all files go, as the user calls it.
        options: How.

    Returns:
        The file of each object and the folder of each prefix, by URL.

    Raises:
        InvalidBlobUrl: Some URL has a form that is not allowed, and none is to fail by itself; then nothing
            is fetched.
        StorageProblem: Something failed; it names every object that did. The others are in place.
    """
    wanted, refused = parse_urls(urls)
    if not options.each_by_itself:
        _require_none(refused)
    top = expanded(dest_dir).absolute()
    access = backend.access
    pool = TransferPool(backend.options.thread_count, fail_fast=options.fail_fast)
    for text, refusal in refused.items():
        pool.fail(text, refusal)
    prefixes = [url for url in wanted.values() if url.is_prefix]
    listed = pool.run(prefixes, partial(_listed, access))
    sizes: dict[ObjectUrl, int | None] = {url: None for url in wanted.values() if not url.is_prefix}
    for found in listed.values():
        sizes |= _usable(found, pool)
    with (
        Progress("download", len(sizes), shown=options.progress) as progress,
        Fetcher(access, backend.options.thread_count) as fetcher,
    ):
        fetching = _Fetching(access, fetcher, sizes, top, Path(dest_dir), verify=options.verify)
        fetching.prepare()
        pool.run(sizes, fetching.fetch, progress)
    pool.finish()
    return {text: place_of(url, top) for text, url in wanted.items()}


def _listed(access: Access, prefix: ObjectUrl, file_progress: FileProgress) -> dict[str, int]:
    """The objects below a prefix; the empty ones that stand for folders are left out."""
    found = {}
    for url, size in access.list(prefix):
        file_progress.moved(0)
        if not url.endswith("/"):
            found[url] = size
    if not found:
        raise BlobNotFound.about(str(prefix), "there is nothing below this prefix")
    return found


def _usable(found: dict[str, int], pool: TransferPool) -> dict[ObjectUrl, int]:
    """Read the URLs of a listing, and let those fail that are refused."""
    usable = {}
    for text, size in found.items():
        try:
            url = ObjectUrl.parse(text)
            if url.is_prefix:
                problem = "its key ends in /*, as what stands for a whole prefix does"
                raise InvalidBlobUrl.from_urls([text], problem)
            usable[url] = size
        except InvalidBlobUrl as refusal:
            pool.fail(text, refusal)
    return usable


class _Fetching:
    """Fetches objects that are not there yet.

    Args:
        access: The way to S3.
        fetcher: Writes them to files.
        sizes: The objects, with their sizes where a listing told them.
        top: The folder below which all files go.
        called: What the user calls that folder.
        verify: Whether to hash what is there.
    """

    def __init__(
        self,
        access: Access,
        fetcher: Fetcher,
        sizes: dict[ObjectUrl, int | None],
        top: Path,
        called: Path,
        *,
        verify: bool,
    ) -> None:
        self._access = access
        self._fetcher = fetcher
        self._sizes = sizes
        self._top = top
        self._called = called
        self._places = {url: place_of(url, top) for url in sizes}
        self._verify = verify
        # Unlike Path.is_file, it says no where a folder may not be read: the fetch will name the object.
        self._present = {url for url, place in self._places.items() if os.path.isfile(place)}  # noqa: PTH113

    def prepare(self) -> None:
        """Announce what will be requested, and clean up after processes that were killed."""
        unsure = [url for url in self._sizes if url in self._present and self._needs_look(url)]
        self._access.expect("head", unsure)
        self._access.expect("get", [url for url in self._sizes if url not in self._present])
        for folder in {self._top, *(place.parent for place in self._places.values())}:
            remove_stale(folder)

    def fetch(self, url: ObjectUrl, file_progress: FileProgress) -> None:
        """Fetch one object if it must be."""
        place = self._places[url]
        with named(place_of(url, self._called)):
            if url in self._present and self._is_right(url, place, file_progress):
                file_progress.spared()
                return
            with whole_file(place, self._top) as unfinished:
                self._fetcher.fetch(url, unfinished, file_progress)

    def _is_right(self, url: ObjectUrl, place: Path, file_progress: FileProgress) -> bool:
        if not self._needs_look(url):
            return place.stat().st_size == self._sizes[url]
        stat = self._access.head(url)
        if self._verify:
            return is_whole(place, url, stat, file_progress)
        return place.stat().st_size == stat.size

    def _needs_look(self, url: ObjectUrl) -> bool:
        return self._verify or self._sizes[url] is None
