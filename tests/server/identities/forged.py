"""Forged credentials, by any bytes.

`python -m tests.server.identities.forged CALLS [SEED]` tries as many on a server of its own.
"""

from __future__ import annotations

import random
import socket
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.fixtures.raw_grpc import RawConnection, action
from tests.server.child import ChildServer, child_server
from vxdata.cli.running import upgrade_database
from vxdata.schemas.identity import EVERYTHING, Role
from vxdata.server.config import Settings
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.embedded import EmbeddedStack
from vxdata.server.identities.token_store import TokenStore
from vxdata.server.identities.tokens import new_token

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.fixtures.raw_grpc import Header

AT_ONCE: Final = 20
"""Calls of Flight that are made at a time."""

GRPC_REFUSALS: Final = {"NOT_AUTHENTICATED", "LIMIT_EXCEEDED"}

HTTP_REFUSALS: Final = {400, 401, 431}
"""Malformed, refused, and too large."""


def _truncated(random_: random.Random, token: bytes) -> Sequence[bytes]:
    return [b"Bearer " + token[: random_.randrange(len(token))]]


def _flipped(random_: random.Random, token: bytes) -> Sequence[bytes]:
    changed = bytearray(token)
    changed[random_.randrange(len(token))] ^= 1 << random_.randrange(8)
    return [b"Bearer " + bytes(changed)]


def _longer(random_: random.Random, token: bytes) -> Sequence[bytes]:
    return [b"Bearer " + token + b"A" + random_.randbytes(random_.randrange(20))]


def _giant(random_: random.Random, token: bytes) -> Sequence[bytes]:
    return [b"Bearer " + token * random_.randrange(20, 100)]


def _several(random_: random.Random, token: bytes) -> Sequence[bytes]:
    both = [b"Bearer " + token, b"Bearer " + random_.choice([token, b"x", b""])]
    random_.shuffle(both)
    return both


def _other_scheme(random_: random.Random, token: bytes) -> Sequence[bytes]:
    return [random_.choice([b"Basic ", b"Bearer", b"Token ", b"Bearer:", b"", b"Bearer\t"]) + token]


def _other_case(random_: random.Random, token: bytes) -> Sequence[bytes]:
    changed = bytes(each ^ 0x20 if chr(each).isalpha() and random_.random() < 0.3 else each for each in token)
    return [b"Bearer " + (changed if changed != token else token.upper())]


def _noise(random_: random.Random, _: bytes) -> Sequence[bytes]:
    return [random_.choice([b"Bearer ", b""]) + random_.randbytes(random_.randrange(100))]


def _unknown(_: random.Random, __: bytes) -> Sequence[bytes]:
    return [b"Bearer " + new_token().get_secret_value().encode()]


FORGERIES: Final = (
    _truncated,
    _flipped,
    _longer,
    _giant,
    _several,
    _other_scheme,
    _other_case,
    _noise,
    _unknown,
)
"""Each makes the values of `Authorization` headers from a token that holds; none of them holds."""


def forgeries(seed: int, count: int, token: str, revoked: str) -> Iterator[Sequence[bytes]]:
    """Make values of `Authorization` headers, none of which holds.

    Args:
        seed: Of the random numbers.
        count: How many.
        token: A token that holds.
        revoked: A token that does not any more, and is presented again and again.
    """
    random_ = random.Random(seed)
    for _ in range(count):
        make = random_.choice((*FORGERIES, None))
        yield [b"Bearer " + revoked.encode()] if make is None else make(random_, token.encode())


def try_flight(port: int, made: Sequence[Sequence[bytes]]) -> Counter[str]:
    """Present forged headers over Flight, by any bytes of HTTP/2, and count the answers.

    Args:
        port: The port.
        made: The values of the headers of each call.

    Returns:
        Code -> calls; `cut` for those that gRPC has refused before any code of ours saw them.
    """
    requests = []
    for values in made:
        headers: list[Header] = [(b"authorization", value) for value in values]
        requests.append((b"DoAction", [action(b"health")], headers))
    found: Counter[str] = Counter()
    for first in range(0, len(requests), AT_ONCE):
        with RawConnection(port) as connection:
            for answer in connection.calls(requests[first : first + AT_ONCE]):
                found[answer.code or ("cut" if answer.status != 0 else "ACCEPTED")] += 1
    return found


def try_http(port: int, made: Sequence[Sequence[bytes]]) -> Counter[int]:
    """Present forged headers over HTTP, by any bytes, and count the statuses.

    Args:
        port: The port.
        made: The values of the headers of each request.

    Returns:
        Status -> requests; 0 for those whose connection was closed without one.
    """
    found: Counter[int] = Counter()
    for values in made:
        lines = [b"GET /v1/session HTTP/1.1", b"Host: localhost", b"Connection: close"]
        lines += [b"Authorization: " + value for value in values]
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            connection.sendall(b"\r\n".join([*lines, b"", b""]))
            begin = connection.recv(64)
        found[int(begin.split(b" ")[1]) if begin.startswith(b"HTTP/1.1 ") else 0] += 1
    return found


def main(calls: int, seed: int) -> int:
    """Try forged credentials, print the figures as they grow, and return how many were accepted."""
    folder = Path(tempfile.mkdtemp(prefix="vxdata-forged-"))
    folder.chmod(0o755)
    with EmbeddedStack.start(folder / "stack") as stack:
        upgrade_database(stack.postgres_uri)
        with closing(ConnectionPool(stack.postgres_uri, size=1)) as database:
            store = TokenStore(database)
            token = store.create("right", Role.ADMINISTRATOR, EVERYTHING).get_secret_value()
            revoked = store.create("revoked", Role.ADMINISTRATOR, EVERYTHING).get_secret_value()
            store.revoke("revoked")
        with child_server(Settings(database_uri=stack.postgres_uri, log_level="ERROR")) as child:
            return try_all(child, calls, seed, token, revoked)


def try_all(child: ChildServer, calls: int, seed: int, token: str, revoked: str) -> int:
    """Try forgeries of a token on a server, print the figures, and return how many were accepted.

    Args:
        child: The server.
        calls: How many calls.
        seed: Of the random numbers.
        token: A token that holds.
        revoked: One that does not any more.
    """
    assert try_flight(child.port, [[b"Bearer " + token.encode()]]) == {"ACCEPTED": 1}, "it does not hold"
    flight: Counter[str] = Counter()
    http: Counter[int] = Counter()
    begun, done, step = time.monotonic(), 0, 2_000
    while done < calls and child.is_alive:
        made = list(forgeries(seed + done, min(step, calls - done), token, revoked))
        half = len(made) // 2
        flight += try_flight(child.port, made[:half])
        http += try_http(int(child.http_url.rpartition(":")[2]), made[half:])
        done += len(made)
        seconds = time.monotonic() - begun
        sys.stdout.write(f"{done:,} in {seconds:.0f} s: Flight {dict(flight)}, HTTP {dict(http)}\n")
        sys.stdout.flush()
    accepted = flight["ACCEPTED"] + http[200] + (not child.is_alive)
    sys.stdout.write(f"{accepted} accepted; the server {'lives' if child.is_alive else 'HAS ENDED'}\n")
    return accepted


if __name__ == "__main__":
    sys.exit(bool(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)))
