"""Asking at every door, as whoever a token says."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

import httpx
import pyarrow as pa
import pyarrow.flight

from vxdata.schemas.plan import Plan
from vxdata.schemas.wire import CommitMarker, WriteCommand
from vxdata.schemas.wire.tickets import Ticket, encode_ticket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


PASSED: Final = "PASSED"
"""What is told of a call that the gate has let through, whatever became of it."""

REFUSALS: Final = ("NOT_AUTHENTICATED", "NOT_PERMITTED")

PLAN: Final = encode_ticket(Ticket(Plan(relation="patient", limit=1)))
COMMAND: Final = pa.flight.FlightDescriptor.for_command(PLAN)

PARTS: Final = {
    "catalog": "cda",
    "identifier:path": "patient/x",
    "name": "cda",
    "digest": "0" * 32,
    "form": "csv",
    "column": "sex",
}
"""What stands in the places of paths."""

PARAMETERS: Final = {"GET /v1/previews/{identifier:path}": "?field=path_nii"}
"""What must be stated behind paths, else FastAPI refuses the request before there is a call."""

Options = Any
RPCS: Final[dict[str, Any]] = {
    "do_get": lambda raw, options: raw.do_get(pa.flight.Ticket(PLAN), options).read_all(),
    "get_flight_info": lambda raw, options: raw.get_flight_info(COMMAND, options),
    "get_schema": lambda raw, options: raw.get_schema(COMMAND, options),
    "list_flights": lambda raw, options: list(raw.list_flights(b"", options)),
    "list_actions": lambda raw, options: list(raw.list_actions(options)),
    "do_put": lambda raw, options: _put(raw, options, b"{}"),
    "do_exchange": lambda raw, options: raw.do_exchange(COMMAND, options)[1].read_chunk(),
    "do_action": lambda raw, options: list(raw.do_action(("none", b""), options)),
}


@dataclass(frozen=True)
class Clients:
    """Clients of a server, which state no identity by themselves."""

    flight_url: str
    raw: pa.flight.FlightClient
    http: httpx.Client

    @classmethod
    @contextmanager
    def of(cls, flight_url: str, http_url: str) -> Iterator[Self]:
        """Connect to a server for the length of a block."""
        with (
            pa.flight.connect(flight_url) as raw,
            httpx.Client(base_url=http_url, timeout=60, trust_env=False) as http,
        ):
            yield cls(flight_url, raw, http)


def ask(clients: Clients, door: str, token: str | None, user: str) -> str:
    """Ask at a door.

    Args:
        clients: Clients of the server.
        door: Name of the door.
        token: The token; None for none.
        user: Whose it is, for the handshake.

    Returns:
        `PASSED`, or the code with which the gate has refused.
    """
    if " " in door:
        return _ask_http(clients.http, door, token)
    headers = [] if token is None else [(b"authorization", f"Bearer {token}".encode())]
    if door == "handshake":
        return _ask_flight(lambda: _shake_hands(clients.flight_url, user, token or ""))
    options = pa.flight.FlightCallOptions(headers=headers)
    return _ask_flight(lambda: _call(clients.raw, door, options))


def _shake_hands(flight_url: str, user: str, password: str) -> None:
    with pa.flight.connect(flight_url) as stranger:
        stranger.authenticate_basic_token(user, password)


def _call(raw: pa.flight.FlightClient, door: str, options: Options) -> object:
    kind, _, rest = door.partition(":")
    if kind == "do_put" and rest:
        return _put(raw, options, WriteCommand(verb=rest).to_bytes())  # type: ignore[arg-type]
    if kind == "action":
        name, _, method = rest.partition(":")
        body = json.dumps({"method": method, "urls": []}).encode() if method else b"{}"
        return list(raw.do_action((name, body), options))
    return RPCS[door](raw, options)


def _put(raw: pa.flight.FlightClient, options: Options, command: bytes) -> object:
    writer, answers = raw.do_put(pa.flight.FlightDescriptor.for_command(command), pa.schema([]), options)
    with writer:
        writer.write_metadata(CommitMarker(rows=0).to_bytes())
        writer.done_writing()
        return answers.read()


def _ask_flight(call: Callable[[], object]) -> str:
    try:
        call()
    except (pa.ArrowException, StopIteration) as error:
        return next((code for code in REFUSALS if code in str(error)), PASSED)
    return PASSED


def _ask_http(http: httpx.Client, door: str, token: str | None) -> str:
    method, _, path = door.partition(" ")
    written = re.sub(r"\{(.*?)\}", lambda found: PARTS[found[1]], path) + PARAMETERS.get(door, "")
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    content = b"{}" if method == "POST" else None
    answer = http.request(method, written, headers=headers, content=content)
    assert answer.status_code not in {405, 421}, door
    code = {401: "NOT_AUTHENTICATED", 403: "NOT_PERMITTED"}.get(answer.status_code, PASSED)
    if path.startswith("/v1") and code != PASSED and method != "HEAD":
        assert answer.json()["code"] == code, answer.text
    return code
