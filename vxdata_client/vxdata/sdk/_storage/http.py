"""Objects of S3 over plain HTTP, by presigned URLs.

Both ways to S3 share it: what differs is who signs. A request takes half the processor time of one of
boto3's own calls, so the same threads move more small objects.
"""

from __future__ import annotations

import re
import threading
import time
from abc import ABC, abstractmethod
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, Self, cast

import urllib3
from urllib3.exceptions import HTTPError

from vxdata.schemas.errors import TransferFailed
from vxdata.sdk._storage.access import CHUNK_BYTES, Span, Stat
from vxdata.sdk._storage.s3_errors import ConditionFailed, NothingThere, problem_of_status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import IO

    from vxdata.schemas.types.object_url import ObjectUrl
    from vxdata.sdk._storage.access import Method, Source
    from vxdata.sdk._storage.progress import FileProgress

_CODE: Final = re.compile(rb"<Code>([A-Za-z0-9]{1,60})</Code>")


@dataclass(frozen=True)
class Signed:
    """An address that works without credentials.

    Args:
        url: The HTTP address.
        headers: Headers that the request must carry.
        until: Instant up to which to begin a request with it, on the monotonic clock.
    """

    url: str
    headers: dict[str, str]
    until: float


class HttpAccess(ABC):
    """Reaches single objects over HTTP.

    Args:
        threads: Requests at a time, and those of large objects in parts again as many.
        proxy: Address of a proxy, if one is to be used.
        ca_certs: File with the certificates to trust, if not the usual ones.
    """

    def __init__(self, threads: int, *, proxy: str | None = None, ca_certs: str | None = None) -> None:
        """Prepare the connections; they are made at the first requests."""
        options: dict[str, Any] = {
            "maxsize": 2 * threads,
            "retries": False,
            "timeout": urllib3.Timeout(connect=10, read=60),
            "blocksize": CHUNK_BYTES,
            "ca_certs": ca_certs,
        }
        self._pool = urllib3.ProxyManager(proxy, **options) if proxy else urllib3.PoolManager(**options)

    @abstractmethod
    def signed(self, method: Method, url: ObjectUrl) -> Signed:
        """Give an address for one method on one object.

        Raises:
            StorageProblem: There is none to be had.
        """

    def head(self, url: ObjectUrl) -> Stat:
        """Look at an object."""
        with self.answer("HEAD", url, self.signed("head", url)) as answer:
            return Stat.from_headers(_lowered(answer))

    def object(self, url: ObjectUrl) -> ObjectReader:
        """Give an object to read from."""
        return ObjectReader(self, url)

    def put(self, url: ObjectUrl, source: Source, file_progress: FileProgress) -> bool:
        """Upload a file in one piece unless the object is there, and tell whether it was uploaded."""
        try:
            self.send(url, self.signed("put", url), Body(source, Span(0, source.size), file_progress))
        except ConditionFailed:
            return False
        return True

    def send(self, url: ObjectUrl, signed: Signed, body: Body, headers: dict[str, str] | None = None) -> str:
        """Put bytes to an address.

        Args:
            url: The object.
            signed: The address.
            body: The bytes.
            headers: Headers beside those that were signed.

        Returns:
            The ETag of what S3 has stored.
        """
        headers = {"content-length": str(body.span.size)} | (headers or {})
        with body, self.answer("PUT", url, signed, headers, body) as answer:
            return str(answer.headers["etag"])

    @contextmanager
    def answer(
        self,
        method: Literal["GET", "HEAD", "PUT"],
        url: ObjectUrl,
        signed: Signed,
        headers: dict[str, str] | None = None,
        body: Body | None = None,
    ) -> Iterator[urllib3.BaseHTTPResponse]:
        """Send a request to S3; the block reads the response, and its end returns the connection."""
        try:
            answer = self._pool.request(
                method,
                signed.url,
                headers=signed.headers | (headers or {}),
                body=cast("IO[bytes] | None", body),
                redirect=False,
                preload_content=False,
            )
            try:
                _require_success(url, answer)
                yield answer
                answer.drain_conn()
                answer.release_conn()
            except BaseException:
                answer.close()  # what was not read would arrive before the next answer
                raise
        except HTTPError as error:
            raise TransferFailed.about(
                str(url), f"S3 did not answer or broke off ({error!s:.300})"
            ) from error

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()


class ObjectReader:
    """An object to read from, in parts and by many threads, by one address as long as that works.

    Args:
        access: The way to S3.
        url: The object.
    """

    def __init__(self, access: HttpAccess, url: ObjectUrl) -> None:
        """Ask for nothing yet."""
        self._access = access
        self._url = url
        self._lock = threading.Lock()
        self._signed: Signed | None = None

    @contextmanager
    def read(self, span: Span, etag: str | None = None) -> Iterator[tuple[Stat, Iterator[bytes]]]:
        """Read a part.

        Args:
            span: Which; bytes beyond the end of the object are not missed.
            etag: What the object must still be, as an earlier part told.

        Yields:
            What S3 says of the object, and the bytes.
        """
        headers = {"range": f"bytes={span.begin}-{span.end - 1}"} | ({"if-match": etag} if etag else {})
        try:
            with self._access.answer("GET", self._url, self._address(), headers) as answer:
                yield Stat.from_headers(_lowered(answer)), answer.stream(CHUNK_BYTES, decode_content=False)
        except NothingThere:  # an empty object has no first byte
            yield self._access.head(self._url), iter(())
        except ConditionFailed as error:
            raise TransferFailed.about(str(self._url), "it changed while it was read") from error

    def _address(self) -> Signed:
        with self._lock:
            if self._signed is None or time.monotonic() >= self._signed.until:
                self._signed = self._access.signed("get", self._url)
            return self._signed


class Body:
    """Bytes of a file on their way to S3, for the length of a block.

    Args:
        source: The file.
        span: Which of its bytes.
        file_progress: Hears of what moves.
    """

    def __init__(self, source: Source, span: Span, file_progress: FileProgress) -> None:
        """Open nothing yet."""
        self.span = span
        self._source = source
        self._file_progress = file_progress
        self._left = span.size

    def __enter__(self) -> Self:
        """Go to the first byte."""
        self._file = self._source.path.open("rb")
        self._file.seek(self.span.begin)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._file.close()

    def read(self, size: int) -> bytes:
        """Read on.

        Raises:
            TransferFailed: The file has become shorter, and S3 would wait for the rest.
        """
        data = self._file.read(min(size, self._left))
        if self._left and not data:
            raise TransferFailed.about(str(self._source.path), "the file ends too early")
        self._left -= len(data)
        self._file_progress.moved(len(data))
        return data


def _lowered(answer: urllib3.BaseHTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items()}


def _require_success(url: ObjectUrl, answer: urllib3.BaseHTTPResponse) -> None:
    if not 200 <= answer.status < 300:  # noqa: PLR2004 - the successes of HTTP
        code = _CODE.search(answer.read(CHUNK_BYTES) or b"")
        raise problem_of_status(url, answer.status, code[1].decode() if code else None, None)
