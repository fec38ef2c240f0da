"""Access without S3 credentials: plain HTTP to short-lived addresses that the server signs."""

from __future__ import annotations

import base64
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, cast

import urllib3
from urllib3.exceptions import HTTPError

from vxdata.schemas.errors import BlobForbidden, LocalFileProblem, NotAllowed, TransferFailed
from vxdata.schemas.wire import Action, Listed, ListRequest
from vxdata.sdk._retry import retried
from vxdata.sdk._storage.access import CHUNK_BYTES, Stat
from vxdata.sdk._storage.answers import AlreadyThere, problem_of_status
from vxdata.sdk._storage.checks import digest_of
from vxdata.sdk._storage.signer import Signer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import IO

    from vxdata.schemas.blob_urls import ObjectUrl
    from vxdata.sdk._storage.access import Method, Source
    from vxdata.sdk._storage.progress import Tally
    from vxdata.sdk._transport.base import Transport

LARGEST_PUT: Final = 5 * 1024**3
"""Bytes that S3 takes in one put."""

_CODE: Final = re.compile(rb"<Code>([A-Za-z0-9]{1,60})</Code>")


class PresignedAccess:
    """Reaches S3 by addresses from the server.

    Args:
        transport: The way to the server.
        threads: Requests at a time.
    """

    def __init__(self, transport: Transport, threads: int) -> None:
        """Prepare the connections; they are made at the first requests."""
        self._transport = transport
        self._signers = {method: Signer(transport, method) for method in ("get", "head", "put")}
        self._pool = urllib3.PoolManager(
            maxsize=threads,
            retries=False,
            timeout=urllib3.Timeout(connect=10, read=60),
            blocksize=CHUNK_BYTES,
        )

    def expect(self, method: Method, urls: Iterable[ObjectUrl]) -> None:
        """Have these signed along with the first of them."""
        self._signers[method].expect(urls)

    def head(self, url: ObjectUrl) -> Stat:
        """Look at an object."""
        with self._answer("head", url) as answer:
            return _stat(answer)

    def get(self, url: ObjectUrl, path: Path, tally: Tally) -> Stat:
        """Write an object to a file in one stream."""
        with self._answer("get", url) as answer, path.open("wb") as file:
            stat = _stat(answer)
            tally.sized(stat.size)
            for chunk in answer.stream(CHUNK_BYTES, decode_content=False):
                file.write(chunk)
                tally.moved(len(chunk))
            return stat

    def put(self, url: ObjectUrl, source: Source, tally: Tally) -> bool:
        """Upload a file unless the object is there."""
        if source.size > LARGEST_PUT:
            msg = f"{source.path} has {source.size:,} bytes, and without S3 credentials 5 GiB is the most"
            raise LocalFileProblem.about(str(url), msg)
        digest = base64.b64encode(bytes.fromhex(digest_of(source.path, "md5"))).decode()
        if source.has_changed():
            raise LocalFileProblem.about(str(url), f"{source.path} changed while it was uploaded")
        # S3 compares the hash with what arrives, so what it stores is what was hashed for the key.
        headers = {"content-length": str(source.size), "content-md5": digest}
        try:
            with source.path.open("rb") as file, self._answer("put", url, _Body(file, tally), headers):
                return True
        except AlreadyThere:
            return False

    def list(self, prefix: ObjectUrl) -> Iterator[tuple[str, int]]:
        """Go through the objects below a prefix, as the server lists them."""
        after: str | None = None
        while True:
            request = ListRequest(url=str(prefix), after=after)
            with _refusals_of(prefix):
                answer = retried(lambda: self._transport.act(Action.LIST_BLOBS, request.to_bytes()))  # noqa: B023 - asked at once
            page = Listed.model_validate_json(answer)
            yield from ((blob.url, blob.size) for blob in page.blobs)
            after = page.after
            if after is None:
                return

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    @contextmanager
    def _answer(
        self,
        method: Method,
        url: ObjectUrl,
        body: _Body | None = None,
        headers: dict[str, str] | None = None,
    ) -> Iterator[urllib3.BaseHTTPResponse]:
        """Ask S3; the answer is read in the block and its connection given back after it."""
        with _refusals_of(url):
            signed = self._signers[method].signed(url)
        try:
            answer = self._pool.request(
                method.upper(),
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


class _Body:
    """A file that tells what was read of it."""

    def __init__(self, file: IO[bytes], tally: Tally) -> None:
        self._file = file
        self._tally = tally

    def read(self, size: int = -1) -> bytes:
        """Read on."""
        data = self._file.read(size)
        self._tally.moved(len(data))
        return data


def _stat(answer: urllib3.BaseHTTPResponse) -> Stat:
    return Stat.from_headers({name.lower(): value for name, value in answer.headers.items()})


def _require_success(url: ObjectUrl, answer: urllib3.BaseHTTPResponse) -> None:
    if not 200 <= answer.status < 300:  # noqa: PLR2004 - the successes of HTTP
        code = _CODE.search(answer.read(CHUNK_BYTES) or b"")
        raise problem_of_status(url, answer.status, code[1].decode() if code else None, None)


@contextmanager
def _refusals_of(url: ObjectUrl) -> Iterator[None]:
    """Name the object that the server does not allow."""
    try:
        yield
    except NotAllowed as error:
        raise BlobForbidden.about(str(url), error.message.removesuffix(".")) from error
