"""How the copies are: what health, explanations and metrics tell of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vxdata.sql.copies.apply import Applied


class CopiesState(Enum):
    """What the copier does."""

    OPENING = "opening"
    """The file is opened and read through."""

    BUILDING = "building"
    """Some types have no copy yet."""

    READY = "ready"
    """Every type has a copy, which is kept up to date."""

    WAITING = "waiting"
    """Something failed; the copier tries again after a while."""

    CLOSED = "closed"
    """The server stops."""


@dataclass(frozen=True)
class CopiesStatus:
    """How the copies are.

    Args:
        state: What the copier does.
        reason: Why it waits; None otherwise.
        applied: By resource type, what its copy has applied.
        rows: By resource type, the versions that its copy holds.
        bytes: Bytes of the file.
        behind: Commits that the copier knows of and has not applied.
    """

    state: CopiesState
    reason: str | None = None
    applied: Mapping[str, Applied] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)
    bytes: int = 0
    behind: int = 0
