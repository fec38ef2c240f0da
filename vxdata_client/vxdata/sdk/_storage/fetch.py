"""Fetching: an object becomes a file, in parts side by side, and is checked on the way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Self

from vxdata.sdk._storage.access import PART_BYTES, Span
from vxdata.sdk._storage.checks import Check
from vxdata.sdk._storage.parallel import side_by_side

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from vxdata.schemas.types.object_url import ObjectUrl
    from vxdata.sdk._storage.access import Access, ObjectReader
    from vxdata.sdk._storage.progress import FileProgress


class Fetcher:
    """Writes objects to files.

    The first part of an object tells how large it is, and small ones are there with it. The others move
    side by side, while the thread that asked for the object hashes them in their order: they have just
    been written, so reading them costs next to nothing.

    Args:
        access: The way to S3.
        threads: Parts at a time, beside the first ones.
    """

    def __init__(self, access: Access, threads: int) -> None:
        """Start no thread before there are parts."""
        self._access = access
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="vxdata-part")

    def fetch(self, url: ObjectUrl, path: Path, file_progress: FileProgress) -> None:
        """Write one object to a file.

        Args:
            url: The object.
            path: The file, which is overwritten.
            file_progress: Hears of what moves.

        Raises:
            BlobCorrupted: What arrived is not what was stored.
            StorageProblem: S3 refuses or breaks off.
            OSError: The file cannot be written.
        """
        readable = self._access.object(url)
        with readable.read(Span(0, PART_BYTES)) as (stat, chunks), path.open("wb") as file:
            file_progress.sized(stat.size)
            check = Check(url, stat)
            rest = Span.parts(PART_BYTES, stat.size)
            work = partial(_fetch_part, readable, stat.etag, path)
            with side_by_side(self._threads, work, rest, file_progress) as fetched:
                for chunk in chunks:
                    file.write(chunk)
                    check.update(chunk)
                    file_progress.moved(len(chunk))
                for span, _ in zip(rest, fetched, strict=True):
                    check.update_from(path, span)
        check.finish()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let the threads end."""
        self._threads.shutdown()


def _fetch_part(
    readable: ObjectReader, etag: str, path: Path, span: Span, file_progress: FileProgress
) -> None:
    with readable.read(span, etag) as (_, chunks), path.open("r+b") as file:
        file.seek(span.begin)
        for chunk in chunks:
            file.write(chunk)
            file_progress.moved(len(chunk))
