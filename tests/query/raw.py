"""A small server of a test module's own, and a Flight client that knows nothing of VxData."""

from __future__ import annotations

import json
import re
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.flight as fl

from tests.server.support import until
from vxdata.schemas.errors import InvalidRequest, VxDataError
from vxdata.schemas.wire import WireError
from vxdata.server.app import Server
from vxdata.server.database.pool import Lane

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import SecretStr

    from vxdata.server.config import Settings

POOL_SIZE: Final = 3
SECONDS: Final = 120.0
"""How long a call may take: what takes longer hangs."""

LEAKS: Final = re.compile(
    r"Traceback|File \"|\.pyx?\b|\.cc:|site-packages|SELECT |FROM |vxdata\.\"|libpq|SQLSTATE|adbc|0x[0-9a-f]"
)
"""What no error may tell, unless it was asked for it."""

NORMAL: Final = b'{"relation":"artefact","select":["identifier"],"version":2}'


@dataclass
class Raw:
    """A client and its server."""

    client: Any
    server: Server

    def ask(self, content: dict[str, Any] | bytes) -> pa.Table | VxDataError:
        """Send a plan; return the answer, or the error that its wire form stands for."""
        ticket = content if isinstance(content, bytes) else json.dumps(content).encode()
        try:
            return self.get(ticket, SECONDS)
        except fl.FlightError as error:
            wire = WireError.model_validate_json(error.extra_info)
            is_ours = not LEAKS.search(wire.message) or LEAKS.search(ticket.decode("utf-8", "replace"))
            assert is_ours, wire.message
            return VxDataError.from_wire(wire.model_dump())

    def get(self, ticket: bytes, seconds: float) -> pa.Table:
        """Send a ticket, and wait for the whole answer so long."""
        return self.client.do_get(fl.Ticket(ticket), fl.FlightCallOptions(timeout=seconds)).read_all()

    def answer_or_refusal(self, content: dict[str, Any] | bytes) -> pa.Table | InvalidRequest:
        """Send a plan that may be anything, and then a normal one; no error but a refusal comes back."""
        found = self.ask(content)
        assert isinstance(found, pa.Table | InvalidRequest), (
            f"{type(found).__name__}: {found} for {content!r:.2000}"
        )
        self.assert_usable()
        return found

    def refusal(self, content: dict[str, Any] | bytes) -> InvalidRequest:
        """Send a plan that must be refused."""
        found = self.answer_or_refusal(content)
        assert isinstance(found, InvalidRequest), f"{found} for {content!r:.2000}"
        return found

    def table(self, content: dict[str, Any] | bytes) -> pa.Table:
        """Send a plan that must be answered."""
        found = self.answer_or_refusal(content)
        assert isinstance(found, pa.Table), f"{found} for {content!r:.2000}"
        return found

    def assert_usable(self) -> None:
        """A normal plan is answered, and no connection is missing."""
        assert isinstance(self.ask(NORMAL), pa.Table)
        until(lambda: self.free_places() == POOL_SIZE, "all connections came back")

    def free_places(self) -> int:
        """How many connections the server could lend at once."""
        return self.server._services.read._database._places[Lane.STREAM].free


def serve(settings: Settings, uri: SecretStr) -> Iterator[Raw]:
    """Run a server on a database."""
    own = settings.model_copy(update={"database_uri": uri, "pool_size": POOL_SIZE, "pool_wait": 20.0})
    with Server(own) as server, closing(fl.connect(server.flight_url)) as client:
        yield Raw(client, server)
