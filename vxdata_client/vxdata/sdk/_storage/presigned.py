"""Access without S3 credentials: the server signs the addresses."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final

from vxdata.schemas.errors import BlobForbidden, InvalidRequest, LocalFileProblem, NotAllowed
from vxdata.schemas.wire import Action, Listed, ListRequest
from vxdata.sdk._storage.http import HttpAccess
from vxdata.sdk._storage.signer import Signer
from vxdata.sdk._transport.retry import retry_read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vxdata.schemas.types.object_url import ObjectUrl
    from vxdata.sdk._storage.access import Method, Source
    from vxdata.sdk._storage.http import Signed
    from vxdata.sdk._storage.progress import FileProgress
    from vxdata.sdk._transport.base import Transport

MAX_PUT_BYTES: Final = 5 * 1024**3
"""Bytes that S3 takes in one put."""


class PresignedAccess(HttpAccess):
    """Reaches S3 by addresses from the server.

    Args:
        transport: The way to the server.
        threads: Requests at a time, and those of large objects in parts again as many.
    """

    def __init__(self, transport: Transport, threads: int) -> None:
        """Prepare the connections; they are made at the first requests."""
        super().__init__(threads)
        self._transport = transport
        self._signers = {method: Signer(transport, method) for method in ("get", "head", "put")}

    def expect(self, method: Method, urls: Iterable[ObjectUrl]) -> None:
        """Have these signed along with the first of them."""
        self._signers[method].expect(urls)

    def signed(self, method: Method, url: ObjectUrl) -> Signed:
        """Give an address from the server."""
        with _refusals_of(url):
            return self._signers[method].signed(url)

    def put(self, url: ObjectUrl, source: Source, file_progress: FileProgress) -> bool:
        """Upload a file in one piece unless the object is there, and tell whether it was uploaded."""
        if source.size > MAX_PUT_BYTES:
            msg = f"the file has {source.size:,} bytes, and without S3 credentials 5 GiB is the most"
            raise LocalFileProblem.about(str(url), msg)
        return super().put(url, source, file_progress)

    def list(self, prefix: ObjectUrl) -> Iterator[tuple[str, int]]:
        """Go through the objects below a prefix, as the server lists them."""
        after: str | None = None
        while True:
            request = ListRequest(url=str(prefix), after=after)
            with _refusals_of(prefix):
                ask = partial(self._transport.act, Action.LIST_BLOBS, request.to_bytes())
                answer = retry_read(ask, self._transport)
            page = Listed.model_validate_json(answer)
            yield from ((blob.url, blob.size) for blob in page.blobs)
            after = page.after
            if after is None:
                return


@contextmanager
def _refusals_of(url: ObjectUrl) -> Iterator[None]:
    """Name the object that the server does not allow, or that S3 refuses to it."""
    try:
        yield
    except InvalidRequest as error:
        if not isinstance(error, NotAllowed) and "urls" not in error.details:
            raise  # about no object, but a client that is closed for instance
        raise BlobForbidden.about(str(url), error.message.removesuffix(".")) from error
