"""Free ports on the loopback interface."""

from __future__ import annotations

import random
import socket

from vxdata.server.embedded.errors import NoFreePorts

LOOPBACK = "127.0.0.1"

GRPC_OFFSET = 10_000
"""SeaweedFS finds the gRPC port of a component at its HTTP port plus this, unless told otherwise.

Its built-in maintenance worker cannot be told otherwise, so the convention is kept.
"""

# Both ports of a pair stay below 32768, where Linux begins to hand out ports to outgoing connections:
# between the test here and the server's own bind no outgoing connection gets one of them.
_LOWEST, _HIGHEST = 10_240, 32_767 - GRPC_OFFSET
_ATTEMPTS = 200


def is_free(port: int) -> bool:
    """Tell whether a TCP port of the loopback interface can be bound now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def is_listening(port: int) -> bool:
    """Tell whether a process accepts connections on a TCP port of the loopback interface."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((LOOPBACK, port)) == 0


def free_port_pairs(count: int) -> tuple[int, ...]:
    """Choose random ports that are free, each together with its gRPC partner ``port + GRPC_OFFSET``.

    Args:
        count: how many pairs.

    Returns:
        The lower port of each pair, all different.

    Raises:
        NoFreePorts: too many of the tried ports were taken.
    """
    chosen: list[int] = []
    for port in random.sample(range(_LOWEST, _HIGHEST + 1), _ATTEMPTS):
        if is_free(port) and is_free(port + GRPC_OFFSET):
            chosen.append(port)
        if len(chosen) == count:
            return tuple(chosen)
    raise NoFreePorts(2 * count, _ATTEMPTS)
