"""The faults: how each kind strikes, how long it lasts, and how it heals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.trial.installation import Installation

Act = Callable[["Installation"], None]


@dataclass(frozen=True)
class Fault:
    """A kind of fault.

    Args:
        name: Its name.
        lane: What it strikes: faults of one lane never overlap, those of different lanes do.
        strike: Does it. Raises `NoTarget` if there is nothing to strike at the moment.
        heal: Undoes what does not heal by itself.
        seconds: Least and most time between the two.
        needs_disk: Whether it needs a file system that can be filled.
    """

    name: str
    lane: str
    strike: Act
    heal: Act
    seconds: tuple[float, float]
    needs_disk: bool = False


def _nothing(_: Installation) -> None:
    """What is killed is started again by its supervisor."""


FAULTS = (
    Fault("server killed", "server", lambda on: on.kill_server(), _nothing, (0.0, 0.0)),
    Fault(
        "server stopped",
        "server",
        lambda on: on.pause("server", lambda: [on.server()]),
        lambda on: on.resume("server"),
        (0.2, 3.0),
    ),
    Fault("PostgreSQL killed", "postgresql", lambda on: on.postgresql()[0].kill(), _nothing, (0.0, 0.0)),
    Fault("backend killed", "postgresql", lambda on: on.backend().kill(), _nothing, (0.0, 0.0)),
    Fault(
        "PostgreSQL stopped",
        "postgresql",
        lambda on: on.pause("postgresql", on.postgresql),
        lambda on: on.resume("postgresql"),
        (0.2, 3.0),
    ),
    Fault("S3 killed", "s3", lambda on: on.s3()[0].kill(), _nothing, (0.0, 0.0)),
    Fault(
        "S3 stopped",
        "s3",
        lambda on: on.pause("s3", on.s3),
        lambda on: on.resume("s3"),
        (0.2, 3.0),
    ),
    Fault(
        "disk full",
        "disk",
        lambda on: on.disk.fill(),
        lambda on: on.disk.make_room(),
        (0.5, 3.0),
        needs_disk=True,
    ),
    Fault("network stalled", "network", lambda on: on.relay.stall(), lambda on: on.relay.go_on(), (0.2, 5.0)),
    Fault("network cut", "network", lambda on: on.relay.stall(), lambda on: on.relay.cut(), (0.0, 2.0)),
)
