"""The headers of a call: what its caller accepts, and how long it waits."""

from __future__ import annotations

from typing import Any, Final, get_args

import pyarrow.flight

from vxdata.schemas.wire import ACCEPT_LINEAGE, COMPRESSION, TIMEOUT, Compression
from vxdata.server.ingest.lineage import CreatedLineage
from vxdata.server.listeners.deadlines import seconds_of

HEADERS: Final = "headers"
"""Name of the middleware."""


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
    """

    def __init__(
        self, codec: Compression | None, lineage: CreatedLineage | None, timeout: float, size: int
    ) -> None:
        """Keep them for the call."""
        self.size = size
        self.codec = codec
        self.lineage = lineage
        self.timeout = timeout


class HeadersFactory(pyarrow.flight.ServerMiddlewareFactory):
    """Reads the headers of each call."""

    def start_call(self, _info: Any, headers: dict[str, list[str]]) -> Headers:
        """Take the first codec that is known, or none; keep lineage for those who take it."""
        accepted = [name.strip() for name in ",".join(headers.get(COMPRESSION, ())).split(",")]
        known: dict[str, Compression] = {name: name for name in get_args(Compression)}
        codec = next((known[name] for name in accepted if name in known), None)
        lineage = CreatedLineage() if headers.get(ACCEPT_LINEAGE) == ["1"] else None
        return Headers(codec, lineage, seconds_of(headers.get(TIMEOUT, ())), _size(headers))


def _size(headers: dict[str, list[str]]) -> int:
    return sum(len(name) + len(value) + ENTRY_BYTES for name, values in headers.items() for value in values)
