"""The headers of a call: what its caller accepts, how long it waits, and what it shows of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, get_args

import pyarrow.flight

from vxdata.schemas.wire import ACCEPT_LINEAGE, COMPRESSION, TIMEOUT, Compression
from vxdata.server.ingest.lineage import CreatedLineage
from vxdata.server.listeners.deadlines import seconds_of

if TYPE_CHECKING:
    from vxdata.server.listeners.flight.handshake import Handshake

HEADERS: Final = "headers"
"""Name of the middleware."""

AUTHORIZATION: Final = "authorization"

HANDSHAKE: Final = pyarrow.flight.FlightMethod.HANDSHAKE

ENTRY_BYTES: Final = 32
"""What HTTP/2 counts for each header beside its name and value (RFC 9113, 6.5.2)."""


class Headers(pyarrow.flight.ServerMiddleware):
    """The headers of one call.

    One piece of middleware for all of them: C++ asks the interpreter three times for each.

    Args:
        codec: How record batches are compressed; None for as they are.
        lineage: Takes up the lineage of what an upload creates; None where the caller does not take it.
        timeout: Seconds that the caller waits.
        size: Bytes of all headers, as HTTP/2 counts them.
        authorization: The header of that name; None if there is none.
        granted: That header as the caller states it from now on, after a handshake; None after other calls.
    """

    def __init__(
        self,
        codec: Compression | None,
        lineage: CreatedLineage | None,
        timeout: float,
        size: int,
        authorization: str | None,
        granted: str | None = None,
    ) -> None:
        """Keep them for the call."""
        self.size = size
        self.codec = codec
        self.lineage = lineage
        self.timeout = timeout
        self.authorization = authorization
        self.granted = granted

    def sending_headers(self) -> dict[str, str]:
        """Answer a handshake by the header that it was made for."""
        return {} if self.granted is None else {AUTHORIZATION: self.granted}


class HeadersFactory(pyarrow.flight.ServerMiddlewareFactory):
    """Reads the headers of each call.

    Args:
        handshake: Answers handshakes; None where none are offered.
    """

    def __init__(self, handshake: Handshake | None = None) -> None:
        """Keep what answers handshakes."""
        super().__init__()
        self._handshake = handshake

    def start_call(self, info: Any, headers: dict[str, list[str]]) -> Headers:
        """Take the first codec that is known, or none; keep lineage for those who take it."""
        accepted = [name.strip() for name in ",".join(headers.get(COMPRESSION, ())).split(",")]
        known: dict[str, Compression] = {name: name for name in get_args(Compression)}
        codec = next((known[name] for name in accepted if name in known), None)
        lineage = CreatedLineage() if headers.get(ACCEPT_LINEAGE) == ["1"] else None
        # Several headers become what no authenticator takes: which of them counts, nobody can tell.
        authorization = ", ".join(headers.get(AUTHORIZATION, ())) if AUTHORIZATION in headers else None
        timeout = seconds_of(headers.get(TIMEOUT, ()))
        granted = self._granted(info, authorization)
        return Headers(codec, lineage, timeout, _size(headers), authorization, granted)

    def _granted(self, info: Any, authorization: str | None) -> str | None:
        if self._handshake is None or authorization is None or info.method is not HANDSHAKE:
            return None
        return self._handshake.exchange_header(authorization)


def _size(headers: dict[str, list[str]]) -> int:
    return sum(len(name) + len(value) + ENTRY_BYTES for name, values in headers.items() for value in values)
