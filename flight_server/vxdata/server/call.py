"""Calls: the context of a request that every service receives, from every listener."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from vxdata.schemas.identity import EVERYTHING, Grants, Role
from vxdata.server.trail import Trail

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Principal:
    """The identity of a caller. What it may do and see has no default: whoever makes one says it.

    Args:
        name: Name in the logs, in the commit log and in the audit.
        role: What it may do.
        grants: What it sees, and what of that it may change.
        how: By what it is known, such as ``token`` or ``certificate``; ``nothing`` for anonymous callers.
        token_id: The part of its token that may be seen; empty for one that has none.
    """

    name: str
    role: Role
    grants: Grants
    how: str = "nothing"
    token_id: str = ""

    @property
    def is_known(self) -> bool:
        """Whether the caller has said who it is."""
        return self.how != "nothing"


ANONYMOUS: Final = Principal("anonymous", Role.ADMINISTRATOR, EVERYTHING)
"""The principal of every call to a server that asks nobody who they are."""

NOBODY: Final = Principal(
    "nobody", Role.READER, Grants(read=(), write=(), types=(), licenses=(), catalogs={})
)
"""The principal of a call whose caller is not known, to a server that asks: it sees nothing."""


@dataclass(frozen=True)
class Call:
    """One call, from its request to the end of its response.

    Args:
        request_id: Identifier of the call in the log and in its errors.
        has_left: Returns whether the caller has gone; called from another thread.
        principal: The caller.
        peer: Network address of the caller, with its port after the last colon; empty if unknown.
        deadline: Time by which the call must have ended, in seconds of the monotonic clock; infinite without
            a limit.
        trail: What it asks for and is given, as the services note it.
    """

    request_id: str
    has_left: Callable[[], bool] = field(repr=False)
    principal: Principal
    peer: str = ""
    deadline: float = math.inf
    trail: Trail = field(default_factory=Trail, repr=False, compare=False)

    @property
    def caller(self) -> str:
        """The name under which calls share places: the principal, or the address of an anonymous caller."""
        return self.principal.name if self.principal.is_known else self.peer.rpartition(":")[0]

    @property
    def is_late(self) -> bool:
        """Whether the deadline has passed."""
        return time.monotonic() >= self.deadline

    def is_cancelled(self) -> bool:
        """Return whether the response is not wanted any more: the caller has gone, or is out of time."""
        return self.is_late or self.has_left()
