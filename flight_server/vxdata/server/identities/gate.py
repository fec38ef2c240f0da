"""The gate: finds out who calls, and lets them through the doors that their role opens."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from vxdata.schemas.errors import NotAuthenticated
from vxdata.schemas.identity import Right
from vxdata.server.call import ANONYMOUS, NOBODY, Principal
from vxdata.server.identities.authenticator import Authenticator, Presented, refused
from vxdata.server.identities.doors import DOORS, require
from vxdata.server.identities.sessions import HOW as SESSION
from vxdata.server.identities.sessions import Sessions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vxdata.server.identities.signatures import SignedAddress


@dataclass(frozen=True)
class Identified:
    """What the gate has found out about a caller.

    Args:
        principal: Who it is; None if that is not known.
        refusal: Why what it has shown does not tell; None if it has shown nothing.
    """

    principal: Principal | None = None
    refusal: Exception | None = None


def no_signature_holds(_: SignedAddress) -> None:
    """Refuse every signature: that of a server without data of its own to sign addresses of."""
    raise refused()


class Gate:
    """Knows who calls, and which doors are open to them.

    Args:
        authenticators: Those of all kinds of credentials that the server takes.
        is_required: Whether callers must say who they are; else everybody is anonymous, and may do
            everything.
        require_signature: Checks the signature of an address, whoever reads it; by default none holds.

    Attributes:
        is_required: Whether callers must say who they are.
        sessions: The sessions of browsers.
    """

    def __init__(
        self,
        authenticators: Sequence[Authenticator],
        *,
        is_required: bool,
        require_signature: Callable[[SignedAddress], None] = no_signature_holds,
    ) -> None:
        """Keep all."""
        self._authenticators = tuple(authenticators)
        self._require_signature = require_signature
        self.is_required = is_required
        self.sessions = Sessions()

    def identify(self, presented: Presented) -> Identified:
        """Find out who calls. It may wait, but raises nothing: a refusal belongs to the call.

        Args:
            presented: What the call shows.

        Returns:
            The caller, or why it is not known.
        """
        try:
            if presented.address is not None:
                self._require_signature(presented.address)
            if not self.is_required:
                return _ANYBODY
            return Identified() if presented.is_empty else Identified(self._principal(presented.strongest))
        except Exception as error:  # noqa: BLE001 - raised by `authorise`, within the boundary of the call
            return Identified(refusal=error)

    def _principal(self, presented: Presented) -> Principal:
        """Ask the authenticators; a session stands for what it was opened with."""
        if presented.session is not None:
            opened_with = self.sessions.presented(presented.session)
            if opened_with is None:
                raise refused()
            return replace(self._principal(opened_with), how=SESSION)
        for authenticator in self._authenticators:
            if (principal := authenticator.identify(presented)) is not None:
                return principal
        raise refused()

    def authorise(self, door: str, caller: Identified) -> Principal:
        """Let a caller through a door.

        Args:
            door: Name of the operation, one of `DOORS`.
            caller: What `identify` has found.

        Returns:
            The caller; `NOBODY` where the door needs no right and the caller is not known.

        Raises:
            NotAuthenticated: The door needs a right, and the caller is not known.
            NotPermitted: The caller's role does not have the right, or there is no such door.
            InvalidSignature: The signature of the address does not belong to it.
            AddressExpired: It has held until now.
        """
        if not self.is_required:
            if caller.refusal is not None:
                raise caller.refusal
            return ANONYMOUS
        if caller.principal is None and DOORS.get(door) is not Right.NOTHING:
            raise caller.refusal or _missing()
        principal = caller.principal or NOBODY
        require(door, principal)
        return principal


_ANYBODY: Final = Identified(ANONYMOUS)


def _missing() -> NotAuthenticated:
    """Make the error of a call that shows nothing of its caller."""
    return NotAuthenticated("The server takes calls of those alone who say who they are: present a token.")
