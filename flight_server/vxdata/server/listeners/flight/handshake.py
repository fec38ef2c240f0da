"""The handshake of Flight: clients that know a user and a password alone exchange them for a bearer token.

The user is the name of a token, the password the token itself. They stand in the header `Authorization:
Basic`, and the client states what it gets with every later call. Flight's older form, in which they come as a
message afterwards, is refused: the server would have to wait for the message of a stranger. pyarrow lets it
neither end such a wait nor tell whose it is, so strangers who say nothing could take all the places for it.
"""

from __future__ import annotations

import binascii
import threading
from base64 import b64decode
from typing import TYPE_CHECKING, Any, Final

import pyarrow.flight

from vxdata.schemas.errors import NotAuthenticated
from vxdata.server.identities.authenticator import Presented, refused
from vxdata.server.identities.gate import Identified

if TYPE_CHECKING:
    from vxdata.server.listeners.boundary import Boundary

BASIC: Final = "basic "
"""How the header of a user and a password begins, in lower case (RFC 7617)."""

NO_HEADER: Final = (
    "A handshake states user and password in the header Authorization: Basic; the server waits for no "
    "message. With pyarrow: authenticate_basic_token(user, password)."
)


class Handshake(pyarrow.flight.ServerAuthHandler):
    """Answers handshakes.

    pyarrow calls `exchange_header` with the header, and then `authenticate`, in one thread.

    Args:
        boundary: What every call passes.
    """

    def __init__(self, boundary: Boundary) -> None:
        """Keep the boundary."""
        super().__init__()
        self._boundary = boundary
        # Threads by number: those of C++ have no lasting state of Python's (`threading.local`).
        self._answered: set[int] = set()

    def authenticate(self, _outgoing: Any, _incoming: Any) -> None:
        """End a handshake whose header has been answered; nothing is read or written.

        Raises:
            FlightUnauthenticatedError: It had no header with user and password.
        """
        thread = threading.get_ident()
        if thread not in self._answered:
            stranger = Identified(refusal=NotAuthenticated(NO_HEADER))
            with self._boundary.call("handshake", _stays, caller=stranger):
                return
        self._answered.discard(thread)

    def is_valid(self, _token: bytes) -> bytes:
        """Take no notice of what a client states otherwise than in the header."""
        return b""

    def exchange_header(self, authorization: str) -> str | None:
        """Answer the header of a handshake.

        Args:
            authorization: The header.

        Returns:
            The header that the client states from then on; None if it holds no user.

        Raises:
            FlightUnauthenticatedError: User and password do not belong together.
        """
        if not authorization.lower().startswith(BASIC):
            return None
        try:
            given = b64decode(authorization[len(BASIC) :].strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            given = ""
        user, _, password = given.partition(":")
        granted = self.exchange(user, password)
        self._answered.add(threading.get_ident())
        return f"Bearer {granted}"

    def exchange(self, user: str, password: str) -> str:
        """Check a user and a password.

        Args:
            user: Name of a principal.
            password: Its token.

        Returns:
            The token.

        Raises:
            FlightUnauthenticatedError: They do not belong together.
        """
        caller = self._boundary.gate.identify(Presented(f"Bearer {password}"))
        with self._boundary.call("handshake", _stays, caller=caller) as opened:
            principal = opened.call.principal
            if principal.is_known and principal.name != user:
                raise refused()
        return password


def _stays() -> bool:
    """Return false: a handshake is too short to be cancelled."""
    return False
