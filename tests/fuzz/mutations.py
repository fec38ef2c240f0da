"""Mutations: a right request becomes a wrong one, by a generator of random numbers that can be repeated."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from tests.fixtures.raw_grpc import action, command, flight_data, ipc_messages, path, ticket
from vxdata.schemas.wire import UPLOAD_SCHEMA

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from tests.fixtures.raw_grpc import Header
    from tests.fuzz.seeds import Seed

Request = tuple[bytes, list[bytes], list["Header"]]
"""A method, the messages, and the headers."""

NUMBERS: Final = (
    0,
    1,
    2,
    3,
    4,
    5,
    7,
    8,
    16,
    64,
    127,
    128,
    255,
    2**15,
    2**16,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**40,
    2**62,
    2**63 - 1,
)
WORDS: Final = (
    b"null",
    b"{}",
    b"[]",
    b"[[",
    b"\xff",
    b"\x00",
    b"1e999",
    b"-1",
    b'""',
    b"9" * 40,
    b"\\ud800",
    b"\xe9",
    b'"op":"not",',
    b"true",
    b"x" * 300,
)
MARKER: Final = b'{"rows":3}'
MAX_BYTES: Final = 100_000


def changed(seed: Seed, seeds: Sequence[Seed], random: random.Random) -> Seed:
    """Change a seed in one to four places.

    Args:
        seed: What to begin with.
        seeds: Others, whose pieces may be put in.
        random: The generator.

    Returns:
        The changed seed.
    """
    parts = [bytearray(part) for part in seed.parts]
    for _ in range(random.choice((1, 1, 1, 2, 2, 3, 4))):
        # The last part is the largest and the most interesting one.
        index = random.choice((len(parts) - 1, random.randrange(len(parts))))
        _change(parts[index], seeds, random)
    return type(seed)(seed.name, seed.kind, tuple(bytes(part[:MAX_BYTES]) for part in parts))


def _change(part: bytearray, seeds: Sequence[Seed], random: random.Random) -> None:
    random.choice(CHANGES)(part, random.randrange(len(part) + 1), seeds, random)


def _bit(part: bytearray, at: int, _: Sequence[Seed], random: random.Random) -> None:
    if at < len(part):
        part[at] ^= 1 << random.randrange(8)


def _byte(part: bytearray, at: int, _: Sequence[Seed], random: random.Random) -> None:
    if at < len(part):
        part[at] = random.randrange(256)


def _number(part: bytearray, at: int, _: Sequence[Seed], random: random.Random) -> None:
    """Put a number where one may stand: aligned as Arrow aligns it."""
    size = random.choice((1, 2, 4, 4, 8, 8, 8))
    at -= at % size
    number = random.choice((*NUMBERS, len(part), len(part) - 1, len(part) + 1, random.getrandbits(64)))
    sign = random.choice((1, 1, -1))
    if at + size <= len(part):
        part[at : at + size] = (sign * number % 2**64).to_bytes(8, "little")[:size]


def _small_step(part: bytearray, at: int, _: Sequence[Seed], random: random.Random) -> None:
    """Count a number up or down."""
    at -= at % 4
    if at + 4 <= len(part):
        (number,) = struct.unpack_from("<I", part, at)
        struct.pack_into("<I", part, at, (number + random.choice((-8, -4, -1, 1, 4, 8, 64))) % 2**32)


def _cut(part: bytearray, at: int, _: Sequence[Seed], random: random.Random) -> None:
    del part[at : at + random.choice((1, 4, 8, 64, len(part)))]


def _repeat(part: bytearray, at: int, _: Sequence[Seed], random: random.Random) -> None:
    part[at:at] = part[at : at + random.choice((1, 8, 16, 64, 256))] * random.choice((1, 2, 50))


def _insert(part: bytearray, at: int, _: Sequence[Seed], random: random.Random) -> None:
    part[at:at] = random.choice(WORDS)


def _copy(part: bytearray, at: int, _: Sequence[Seed], random: random.Random) -> None:
    """Copy eight bytes over others: offsets that cross, lengths that belong elsewhere."""
    source = random.randrange(len(part) + 1) & ~7
    at &= ~7
    if max(source, at) + 8 <= len(part):
        part[at : at + 8] = part[source : source + 8]


def _splice(part: bytearray, at: int, seeds: Sequence[Seed], random: random.Random) -> None:
    other = random.choice(random.choice(seeds).parts)
    part[at:] = other[min(at, len(other)) :]


CHANGES: Final[tuple[Callable[[bytearray, int, Sequence[Seed], random.Random], None], ...]] = (
    _bit,
    _byte,
    _number,
    _number,
    _number,
    _small_step,
    _copy,
    _cut,
    _repeat,
    _insert,
    _splice,
)


def request_of(seed: Seed, random: random.Random) -> Request:
    """Make the messages of a seed.

    Args:
        seed: The seed.
        random: Chooses among methods that take the same messages.

    Returns:
        The request.
    """
    parts = seed.parts
    asked = random.choice((b"GetFlightInfo", b"GetSchema"))
    match seed.kind:
        case "section":
            request: Request = (b"DoPut", _upload(*parts), [])
        case "outer":
            first = flight_data(command(parts[0]), parts[1])
            rows = flight_data(header=parts[3], body=parts[4])
            request = (b"DoPut", [first, rows, flight_data(metadata=MARKER)], [])
        case "ticket":
            request = (b"DoGet", [ticket(*parts)], [])
        case "descriptor":
            request = (asked, [command(*parts)], [])
        case "path":
            request = (asked, [path(*parts)], [])
        case "action":
            request = (b"DoAction", [action(*parts)], [])
        case _:
            headers = [(_name(parts[0]), parts[1]), (_name(parts[2]), parts[3])]
            request = (b"DoAction", [action(b"health")], headers)
    return request


def _name(name: bytes) -> bytes:
    """A header's name without what ends the connection by the rules of HTTP/2."""
    return bytes(byte for byte in name.lower() if chr(byte).isalnum() or byte in b"-_.") or b"x"


def _upload(text: bytes, resource_type: bytes, stream: bytes) -> list[bytes]:
    columns = [pa.array([resource_type], pa.binary()).view(pa.string()), pa.array([stream], pa.binary())]
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, UPLOAD_SCHEMA) as writer:
        writer.write_batch(pa.record_batch(columns, schema=UPLOAD_SCHEMA))
    (schema, _), (header, body) = ipc_messages(sink.getvalue().to_pybytes())[:2]
    first = flight_data(command(text), schema)
    return [first, flight_data(header=header, body=body), flight_data(metadata=MARKER)]
