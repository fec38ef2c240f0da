"""How a client reaches S3: by its own credentials, or by addresses that the server signs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final, Literal

from vxdata.schemas.errors import InvalidRequest, NotAllowed, ServiceProblem
from vxdata.schemas.wire import MAX_URLS, Action, BlobStoreInfo, BlobUrls
from vxdata.sdk._transport.retry import retry_read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.sdk._storage.access import Access
    from vxdata.sdk._transport.base import Transport

THREADS_VARIABLE: Final = "VXDATA_STORAGE_THREADS"
DEFAULT_THREADS: Final = 16


@dataclass(frozen=True)
class StorageOptions:
    """How a client reaches S3.

    Args:
        access: ``"direct"`` uses S3 credentials of the client's environment, ``"presigned"`` short-lived
            addresses from the server. By default direct if ``VXDATA_S3_ACCESS_KEY`` or ``VXDATA_S3_URL`` is
            set, or if boto3 finds credentials and the server's blobs are in AWS; else presigned.
        threads: Files that are moved at a time. By default ``VXDATA_STORAGE_THREADS``, else 16.
    """

    access: Literal["direct", "presigned"] | None = None
    threads: int | None = None

    @property
    def thread_count(self) -> int:
        """The number of threads that counts.

        Raises:
            InvalidRequest: It is no positive number.
        """
        given = os.environ.get(THREADS_VARIABLE, "") if self.threads is None else str(self.threads)
        if not given:
            return DEFAULT_THREADS
        if not given.isdecimal() or int(given) < 1:
            msg = f"The number of storage threads must be 1 or more, not {given!r}."
            raise InvalidRequest(msg)
        return int(given)


class StorageBackend:
    """Chooses once how S3 is reached, at the first use.

    Args:
        transport: The way to the server.
        options: What the user chose.
    """

    def __init__(self, transport: Transport, options: StorageOptions) -> None:
        """Choose nothing yet; the server may not even be asked."""
        self._transport = transport
        self.options = options

    @cached_property
    def access(self) -> Access:
        """The access to S3.

        Raises:
            InvalidRequest: The environment's settings for S3 make no sense.
            NotAllowed: The server has no blob store.
            ServiceProblem: It cannot be reached or cannot answer.
        """
        # boto3 and urllib3 take longer to import than all of the SDK, and few programs move files.
        from vxdata.sdk._storage import direct, mixed, presigned  # noqa: PLC0415

        threads = self.options.thread_count
        given = {name: os.environ.get(f"VXDATA_S3_{name}") or None for name in _NAMES}
        own = given["ACCESS_KEY"] or given["URL"]
        served = presigned.PresignedAccess(self._transport, threads)
        if self.options.access is None and not own:
            if self._store.url is not None or not direct.has_credentials():
                return served
            given["REGION"] = given["REGION"] or self._store.region
        elif self.options.access == "presigned":
            return served
        own_bucket = os.environ.get("VXDATA_S3_BUCKET") or None
        make = partial(mixed.MixedAccess, served=served, ask_public=self._public_buckets, own=own_bucket)
        return direct.access_from(threads, given, make)

    @cached_property
    def bucket(self) -> str:
        """The bucket that uploads go to: ``VXDATA_S3_BUCKET``, else what the server says.

        Raises:
            NotAllowed: The server has no blob store.
            ServiceProblem: It cannot be reached or cannot answer.
        """
        return os.environ.get("VXDATA_S3_BUCKET") or self._store.bucket

    def touch(self, urls: Sequence[str]) -> None:
        """Make objects as young to the server's sweep as if they were uploaded now.

        Args:
            urls: The objects.

        Raises:
            ServiceProblem: The server cannot be reached or cannot answer.
        """
        for begin in range(0, len(urls), MAX_URLS):
            asked = BlobUrls(urls=list(urls[begin : begin + MAX_URLS]))
            retry_read(partial(self._transport.act, Action.TOUCH, asked.to_bytes()), self._transport)

    @cached_property
    def _store(self) -> BlobStoreInfo:
        answer = retry_read(lambda: self._transport.act(Action.BLOB_STORE), self._transport)
        return BlobStoreInfo.model_validate_json(answer)

    def _public_buckets(self) -> list[str] | None:
        """The public buckets that the server lists; none where it has no blobs, None if it does not answer.

        Who has credentials needs no server to read.
        """
        try:
            answer = self._transport.act(Action.BLOB_STORE)
        except NotAllowed:
            return []
        except ServiceProblem:
            return None
        return BlobStoreInfo.model_validate_json(answer).public_buckets

    def close(self) -> None:
        """Close the connections, if there are any."""
        access = self.__dict__.pop("access", None)
        if access is not None:
            access.close()


_NAMES: Final = ("URL", "REGION", "ACCESS_KEY", "SECRET_KEY")
