"""The gate: identifies the caller of each call, and checks that its role allows the operation."""

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
        principal: Who it is; None if unknown.
        refusal: Why its credentials were refused; None if they were not, or if it presented none.
    """

    principal: Principal | None = None
    refusal: Exception | None = None


def no_signature_holds(_: SignedAddress) -> None:
    """Refuse every signature, as a server does that signs no addresses because it has no data of its own."""
    raise refused()


class Gate:
    """Identifies callers, and decides which operations they may use.

    An operation is listed as a *door*, with the right that it needs (`doors.py`).

    Args:
        authenticators: One for each kind of credentials that the server accepts.
        is_required: Whether callers must say who they are. Otherwise everybody is anonymous, and may do
            everything.
        require_signature: Checks the signature of an address, whoever reads it; by default it refuses all.

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
        """Identify a caller. This may block, but raises nothing: `authorise` raises the refusal.

        Args:
            presented: The credentials of the call.

        Returns:
            The caller, or why it is unknown.
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
        """Ask the authenticators; a session stands for the credentials that it was opened with."""
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
        """Check that a caller may use an operation.

        Args:
            door: Name of the operation, one of `DOORS`.
            caller: What `identify` has returned.

        Returns:
            The principal of the call; `NOBODY` for an unknown caller of an operation that needs no right.

        Raises:
            NotAuthenticated: The operation needs a right, and the caller is unknown.
            NotPermitted: The caller's role lacks the right, or there is no such operation.
            InvalidSignature: The signature does not belong to the address.
            AddressExpired: The signature of the address has expired.
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
    """Make the error of a call without credentials."""
    return NotAuthenticated("The server answers no caller who has not said who they are: present a token.")
