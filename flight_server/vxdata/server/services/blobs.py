"""Blobs: where they are stored, addresses to reach them by, and which of them uploads have found again.

Blobs do not pass through the server, except for the few that a browser previews. A caller from whom resources
are hidden can reach the blobs that visible resources name, now or in an earlier version, by URL or by prefix.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vxdata.schemas.errors import (
    BlobNotFound,
    InvalidBlobUrl,
    InvalidRequest,
    NotAllowed,
    NotPermitted,
    StorageProblem,
)
from vxdata.schemas.errors.messages import abridged
from vxdata.schemas.identity import EVERYTHING
from vxdata.schemas.types.object_url import ObjectUrl, headers_of
from vxdata.schemas.wire import BlobStoreInfo, BlobUrls, Listed, ListedBlob, Presigned
from vxdata.server.database.pool import Lane
from vxdata.server.disk_guard import DiskGuard
from vxdata.server.services.write_transaction import write_transaction
from vxdata.server.storage.blobs import PRESIGNED_SECONDS
from vxdata.server.storage.references import forms_of
from vxdata.sql.write import touches
from vxdata.sql.write.blob_columns import named
from vxdata.sql.write.granted import Granted

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterable, Sequence

    from vxdata.schemas.catalog.registry import Registry
    from vxdata.schemas.identity import Grants
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
        registry: The payload types, whose fields name blobs.
        monitor: Cancels statements whose caller has gone.
        disk: The guard of the disk, which the blobs share with the database.
    """

    def __init__(
        self,
        blobs: BlobStore | None,
        database: ConnectionPool,
        registry: Registry,
        monitor: CancellationMonitor,
        disk: DiskGuard | None = None,
    ) -> None:
        """Keep the parts."""
        self._registry = registry
        self._monitor = monitor
        self._disk = disk or DiskGuard()
        self._blobs = blobs
        self._database = database

    def describe(self, call: Call) -> BlobStoreInfo:  # noqa: ARG002 - every service is told of the call
        """Describe where blobs are stored.

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

    def presign(self, asked: PresignRequest, call: Call) -> Presigned:
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
            BlobNotFound: No resource that the caller sees names an object that is to be read.
            NotPermitted: An object is to be put by a caller who does not see everything, under a name without
                its hash, or below a prefix that a hidden resource names, whose file it would become.
            DiskFull: Objects are to be put, and the disk has too little room.
        """
        call.trail.ask(asked)
        if asked.method != "put":
            self._require_named(map(ObjectUrl.parse, asked.urls), call, by_hash=asked.method == "head")
        elif call.principal.grants.hides_resources:
            self._require_own_names(list(map(ObjectUrl.parse, asked.urls)), call)
        return self.presign_named(asked)

    def presign_named(self, asked: PresignRequest) -> Presigned:
        """Make addresses as `presign` does, of objects that a resource names which the caller has just read.

        Args:
            asked: The objects, and what to do with them.

        Returns:
            The addresses, in order.

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

    def preview(self, url: ObjectUrl, call: Call) -> Generator[bytes]:
        """Read a blob that is small enough to be looked at.

        Args:
            url: The blob, as a resource names it which the caller has just read.
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
        call.trail.ask(BlobUrls(urls=[str(url)]))
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

    def list(self, asked: ListRequest, call: Call) -> Listed:
        """List the objects below a prefix.

        Args:
            asked: The prefix, and where the page before ended.
            call: The call.

        Returns:
            A page of objects.

        Raises:
            NotAllowed: The bucket is not open to clients, or no blob store is configured.
            InvalidBlobUrl: The URL has a form that is refused, or stands for one object.
            BlobNotFound: There is no such bucket, or no resource that the caller sees names the prefix.
            BlobForbidden: S3 does not let the server list it.
        """
        call.trail.ask(asked)
        store = self._store()
        prefix = ObjectUrl.parse(asked.url)
        _require([prefix], store.buckets)
        if not prefix.is_prefix:
            raise InvalidBlobUrl.from_urls(
                [asked.url], "it stands for one object, and a prefix ends in / or /*"
            )
        self._require_named([prefix], call)
        objects, after = store.page(prefix.bucket, prefix.key, asked.after)
        return Listed(
            blobs=[ListedBlob(url=str(found.url), size=found.size) for found in objects], after=after
        )

    def touch(self, asked: BlobUrls, call: Call) -> BlobUrls:
        """Protect objects from a sweep as if they had been stored just now.

        A client that finds an object and is going to refer to it touches the object and then checks it
        again: an object that is there after the touch stays. The call waits while a sweep removes objects.
        It tells nothing of the objects, so it takes those that no resource names, or none that is seen.

        Args:
            asked: Objects, whether they are there or not.
            call: The call, with its deadline.

        Returns:
            The objects.

        Raises:
            InvalidBlobUrl: A URL or its key has a form that is refused.
            DiskFull: The disk has too little room; nothing is written.
        """
        call.trail.ask(asked)
        urls = sorted({str(ObjectUrl.parse(url)) for url in asked.urls})
        with write_transaction(self._database, self._monitor, self._disk, call) as connection:
            connection.execute(touches.touch(urls))
        return BlobUrls(urls=urls)

    def _require_named(self, urls: Iterable[ObjectUrl], call: Call, *, by_hash: bool = False) -> None:
        """Refuse objects that no visible resource names.

        Args:
            urls: The objects.
            call: The call.
            by_hash: Whether who knows the hash that a key states may ask whether the object is there.

        Raises:
            BlobNotFound: There are such.
        """
        grants = call.principal.grants
        if not grants.hides_resources:
            return
        public = self._store().public.names
        forms = {
            url: list(forms_of(url))
            for url in urls
            if url.bucket not in public and not (by_hash and url.sha256)
        }
        if not forms:
            return
        found = self._named({form for each in forms.values() for form in each}, grants, call)
        if unnamed := [str(url) for url, each in forms.items() if found.isdisjoint(each)]:
            problem = "there is no such object"
            raise StorageProblem.from_failures(
                [{"name": url, "code": BlobNotFound.code, "problem": problem} for url in unnamed]
            )

    def _require_own_names(self, urls: Sequence[ObjectUrl], call: Call) -> None:
        """Refuse names under which an object could pass for one that a hidden resource names."""
        hashless = [str(url) for url in urls if url.sha256 is None]
        if hashless:
            msg = f"Your grants let you put objects under names with their hashes, not {abridged(hashless)}."
            raise NotPermitted(msg, urls=hashless)
        prefixes = {url: set(forms_of(url)) - {str(url)} for url in urls}
        every = set().union(*prefixes.values())
        hidden = self._named(every, EVERYTHING, call)
        if hidden:  # of most uploads, nobody names a prefix
            hidden -= self._named(hidden, call.principal.grants, call)
        foreign = [str(url) for url, each in prefixes.items() if each & hidden]
        if foreign:
            msg = f"Your grants do not let you put {abridged(foreign)} there. Upload to another group."
            raise NotPermitted(msg, urls=foreign)

    def _named(self, urls: Collection[str], grants: Grants, call: Call) -> set[str]:
        """Find which URLs are named by resources that the grants show."""
        query = named(self._registry.only(grants.types), sorted(urls), Granted.of(grants))
        with (
            self._database.connection(Lane.LOOKUP, caller=call.caller, deadline=call.deadline) as connection,
            self._monitor.watching(connection, call.is_cancelled),
        ):
            return {row["url"] for row in connection.rows(query)}

    def _store(self) -> BlobStore:
        if self._blobs is None:
            msg = "The server has no blob store: its operator must set VXDATA_S3_BUCKET."
            raise NotAllowed(msg)
        return self._blobs


def _require(urls: Iterable[ObjectUrl], allowed: Collection[str]) -> None:
    """Refuse buckets that clients may not use."""
    foreign = sorted({url.bucket for url in urls} - set(allowed))
    if foreign:
        names, others = abridged(foreign), abridged(list(allowed))
        msg = f"The server does not open the bucket {names} for this; it does {others}."
        raise NotAllowed(msg, buckets=foreign, allowed=list(allowed))
