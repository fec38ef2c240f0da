"""Presigned addresses, fetched from the server in batches shortly before they are used."""

from __future__ import annotations

import threading
import time
from itertools import islice
from typing import TYPE_CHECKING, Final

from vxdata.schemas.errors import InvalidRequest, ServiceProblem, TransferFailed
from vxdata.schemas.wire import MAX_URLS, Action, Presigned, PresignRequest
from vxdata.sdk._storage.http import Signed
from vxdata.sdk._transport.retry import retry_read

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vxdata.schemas.types.object_url import ObjectUrl
    from vxdata.sdk._storage.access import Method
    from vxdata.sdk._transport.base import Transport

MARGIN: Final = 0.5
"""Part of an address's time in which it is used; a transfer that has begun may last longer."""


class Signer:
    """Signs for one method.

    Args:
        transport: The way to the server.
        method: The HTTP method.
    """

    def __init__(self, transport: Transport, method: Method) -> None:
        """Begin with nothing signed."""
        self._transport = transport
        self._method: Method = method
        self._lock = threading.Lock()
        self._waiting: dict[ObjectUrl, None] = {}
        self._ready: dict[ObjectUrl, Signed] = {}
        self._lost: tuple[float, ServiceProblem] | None = None

    def expect(self, urls: Iterable[ObjectUrl]) -> None:
        """Replace what will be asked for soon."""
        with self._lock:
            self._waiting = dict.fromkeys(urls)
            self._ready = {}

    def signed(self, url: ObjectUrl) -> Signed:
        """Give an address, used once; what is expected next is signed along with it.

        Args:
            url: The object.

        Returns:
            An address that still works for a while.

        Raises:
            InvalidRequest: The server refuses this object.
            ServiceProblem: The server cannot be reached or cannot answer.
        """
        asked = time.monotonic()
        # A thread that waits for the lock finds its URL in the batch that is fetched meanwhile.
        with self._lock:
            found = self._ready.pop(url, None)
            if found is not None and time.monotonic() < found.until:
                return found
            if self._lost is not None and asked < self._lost[0]:
                # The server was lost while this thread waited: waiting for it once is enough for all.
                raise self._lost[1]
            self._waiting.pop(url, None)
            batch = [url, *islice(self._waiting, MAX_URLS - 1)]
            try:
                signed = self._sign(batch)
            except InvalidRequest:
                if len(batch) == 1:
                    raise
                # One object of the batch was refused; only the thread that wants it should raise.
                return self._sign([url])[url]
            for other in batch[1:]:
                del self._waiting[other]
            own = signed.pop(url)
            self._ready |= signed
            return own

    def _sign(self, urls: list[ObjectUrl]) -> dict[ObjectUrl, Signed]:
        request = PresignRequest(method=self._method, urls=[str(url) for url in urls])
        asked = time.monotonic()
        try:
            answer = retry_read(
                lambda: self._transport.act(Action.PRESIGN, request.to_bytes()), self._transport
            )
        except ServiceProblem as problem:
            self._lost = (time.monotonic(), problem)
            raise
        presigned = Presigned.model_validate_json(answer)
        if any(not address.startswith(("http://", "https://")) for address in presigned.urls):
            raise TransferFailed.about(str(urls[0]), "the server signed an address that is not HTTP")
        until = asked + presigned.seconds * MARGIN
        return {
            url: Signed(address, headers, until)
            for url, address, headers in zip(urls, presigned.urls, presigned.headers, strict=True)
        }
