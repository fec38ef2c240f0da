"""A small Flight server that asks for a token, and keeps what it was shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import pyarrow as pa
import pyarrow.flight

from vxdata.schemas.errors import NotAuthenticated
from vxdata.schemas.wire import CommitMarker, CommitReceipt, WireError
from vxdata.schemas.wire.headers import snapshot_metadata

NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)

REFUSAL: Final = "The call has no token that this server knows."

ROWS: Final = pa.table({"version": pa.array([1, 2, 3], pa.int64())})


class _Guard(pa.flight.ServerMiddlewareFactory):  # type: ignore[misc]
    """Refuses calls without one of the tokens, before any of their messages is read."""

    def __init__(self) -> None:
        super().__init__()
        self.accepted: set[str] = set()
        self.shown: list[str | None] = []

    def start_call(self, _info: Any, headers: Any) -> None:
        (value,) = headers.get("authorization", (None,))
        token = None if value is None else str(value).removeprefix("Bearer ")
        self.shown.append(token)
        if token not in self.accepted:
            wire = WireError(**NotAuthenticated(REFUSAL).to_wire(), request_id="guard")
            raise pa.flight.FlightUnauthenticatedError(REFUSAL, wire.to_bytes())


class GuardedServer(pa.flight.FlightServerBase):  # type: ignore[misc]
    """Answers everything alike, to those who have a token.

    Args:
        *accepted: The tokens.
    """

    def __init__(self, *accepted: str) -> None:
        self._guard = _Guard()
        super().__init__("grpc://127.0.0.1:0", middleware={"guard": self._guard})
        self._guard.accepted = set(accepted)
        self.received: list[int] = []

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"grpc://127.0.0.1:{self.port}"

    @property
    def shown(self) -> list[str | None]:
        """The token of each call, in their order."""
        return self._guard.shown

    def accept(self, *accepted: str) -> None:
        """Accept other tokens from now on, in the place of the former ones."""
        self._guard.accepted = set(accepted)

    def do_get(self, _context: Any, _ticket: Any) -> Any:
        schema = ROWS.schema.with_metadata(snapshot_metadata(NOW, 3))
        return pa.flight.RecordBatchStream(ROWS.cast(schema))

    def do_put(self, _context: Any, _descriptor: Any, reader: Any, writer: Any) -> None:
        rows = 0
        marker = None
        for chunk in reader:
            if chunk.data is not None:
                rows += chunk.data.num_rows
            if chunk.app_metadata is not None:
                marker = CommitMarker.model_validate_json(bytes(chunk.app_metadata))
        assert marker is not None
        self.received.append(rows)
        writer.write(CommitReceipt(version=4, as_of=NOW, counts={"patient": marker.rows}).to_bytes())

    def do_action(self, _context: Any, _action: Any) -> list[Any]:
        return [pa.flight.Result(pa.py_buffer(b"done"))]
