"""Blobs: where they are, addresses to reach them by, and which of them were found again.

Blobs do not pass through the server, but for the few that a browser previews.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vxdata.schemas.errors import InvalidBlobUrl, InvalidRequest, NotAllowed
from vxdata.schemas.errors.messages import abridged
from vxdata.schemas.types.object_url import ObjectUrl, headers_of
from vxdata.schemas.wire import BlobStoreInfo, BlobUrls, Listed, ListedBlob, Presigned
from vxdata.server.disk_guard import DiskGuard
from vxdata.server.services.write_transaction import write_transaction
from vxdata.server.storage.blobs import PRESIGNED_SECONDS
from vxdata.sql.write import touches

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterable

    from vxdata.schemas.wire import ListRequest, PresignRequest
    from vxdata.server.call import Call
    from vxdata.server.database.monitor import CancellationMonitor
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.storage.blobs import BlobStore

MAX_PREVIEW_BYTES: Final = 64 * 1024 * 1024
"""Most bytes of a blob that is previewed."""


class BlobService:
    """Answers what clients need to reach blobs.

    Args:
        blobs: The blob store, where one is configured.
        database: Pool of connections.
        monitor: Cancels statements whose caller has gone.
        disk: The guard of the disk, which the blobs share with the database.
    """

    def __init__(
        self,
        blobs: BlobStore | None,
        database: ConnectionPool,
        monitor: CancellationMonitor,
        disk: DiskGuard | None = None,
    ) -> None:
        """Keep the parts."""
        self._monitor = monitor
        self._disk = disk or DiskGuard()
        self._blobs = blobs
        self._database = database

    def describe(self, call: Call) -> BlobStoreInfo:  # noqa: ARG002 - every service is told of the call
        """Tell where blobs are kept.

        Args:
            call: The call.

        Returns:
            The buckets and the endpoint; no credentials.

        Raises:
            NotAllowed: No blob store is configured.
        """
        store = self._store()
        return BlobStoreInfo(
            bucket=store.bucket,
            buckets=list(store.buckets),
            public_buckets=list(store.public.names),
            url=store.url,
            region=store.region,
        )

    def presign(self, asked: PresignRequest, call: Call) -> Presigned:  # noqa: ARG002 - every service is told of the call
        """Make addresses that work without credentials for a short time.

        Args:
            asked: The objects, and what to do with them.
            call: The call.

        Returns:
            The addresses, in order. Those to put with are good only for objects that do not exist yet,
            and for the content whose hash a key states.

        Raises:
            NotAllowed: A bucket is not open to clients, or no blob store is configured.
            InvalidBlobUrl: A URL or its key has a form that is refused, or stands for a prefix.
            DiskFull: Objects are to be put, and the disk has too little room.
        """
        store = self._store()
        if asked.method == "put":
            self._disk.require_room()
        urls = [ObjectUrl.parse(url) for url in asked.urls]
        _require(urls, [store.bucket] if asked.method == "put" else store.buckets)
        prefixes = [str(url) for url in urls if url.is_prefix]
        if prefixes:
            raise InvalidBlobUrl.from_urls(prefixes, "it stands for a prefix, and one object is needed")
        return Presigned(
            urls=[store.presign(asked.method, url) for url in urls],
            headers=[headers_of(url.put_conditions) if asked.method == "put" else {} for url in urls],
            seconds=PRESIGNED_SECONDS,
        )

    def preview(self, url: ObjectUrl, call: Call) -> Generator[bytes]:  # noqa: ARG002 - every service is told of the call
        """Read a blob that is small enough to be looked at.

        Args:
            url: The blob.
            call: The call.

        Returns:
            Its bytes, to be closed.

        Raises:
            InvalidBlobUrl: The URL stands for a prefix.
            InvalidRequest: The blob is too large.
            NotAllowed: Its bucket is not open to clients, or no blob store is configured.
            BlobNotFound: It is not there.
            BlobForbidden: S3 does not let the server read it.
        """
        store = self._store()
        _require([url], store.buckets)
        if url.is_prefix:
            raise InvalidBlobUrl.from_urls([str(url)], "it stands for a prefix, and one object is needed")
        size, pieces = store.open(url)
        if size > MAX_PREVIEW_BYTES:
            pieces.close()
            msg = f"The file has {size:,} bytes, and previews at most {MAX_PREVIEW_BYTES:,}: download it."
            raise InvalidRequest(msg, url=str(url), size=size, limit=MAX_PREVIEW_BYTES)
        return pieces

    def list(self, asked: ListRequest, call: Call) -> Listed:  # noqa: ARG002 - every service is told of the call
        """List the objects below a prefix.

        Args:
            asked: The prefix, and where the page before ended.
            call: The call.

        Returns:
            A page of objects.

        Raises:
            NotAllowed: The bucket is not open to clients, or no blob store is configured.
            InvalidBlobUrl: The URL has a form that is refused, or stands for one object.
            BlobNotFound: There is no such bucket.
            BlobForbidden: S3 does not let the server list it.
        """
        store = self._store()
        prefix = ObjectUrl.parse(asked.url)
        _require([prefix], store.buckets)
        if not prefix.is_prefix:
            raise InvalidBlobUrl.from_urls(
                [asked.url], "it stands for one object, and a prefix ends in / or /*"
            )
        objects, after = store.page(prefix.bucket, prefix.key, asked.after)
        return Listed(
            blobs=[ListedBlob(url=str(found.url), size=found.size) for found in objects], after=after
        )

    def touch(self, asked: BlobUrls, call: Call) -> BlobUrls:
        """Make objects as young to a sweep as if they were stored now.

        A client that finds an object and is going to refer to it touches the object and then checks it
        again: an object that is there after the touch stays. The call waits while a sweep removes objects.

        Args:
            asked: Objects, whether they are there or not.
            call: The call, with its deadline.

        Returns:
            The objects.

        Raises:
            InvalidBlobUrl: A URL or its key has a form that is refused.
            DiskFull: The disk has too little room; nothing is written.
        """
        urls = sorted({str(ObjectUrl.parse(url)) for url in asked.urls})
        with write_transaction(self._database, self._monitor, self._disk, call) as connection:
            connection.execute(touches.touch(urls))
        return BlobUrls(urls=urls)

    def _store(self) -> BlobStore:
        if self._blobs is None:
            msg = "The server has no blob store: its operator must set VXDATA_S3_BUCKET."
            raise NotAllowed(msg)
        return self._blobs


def _require(urls: Iterable[ObjectUrl], allowed: Collection[str]) -> None:
    """Refuse buckets that are not open."""
    foreign = sorted({url.bucket for url in urls} - set(allowed))
    if foreign:
        names, others = abridged(foreign), abridged(list(allowed))
        msg = f"The server does not open the bucket {names} for this; it does {others}."
        raise NotAllowed(msg, buckets=foreign, allowed=list(allowed))
