"""Authenticators: each checks one kind of credentials, and returns the principal whom they identify."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from vxdata.schemas.errors import NotAuthenticated

if TYPE_CHECKING:
    from vxdata.server.call import Principal
    from vxdata.server.identities.signatures import SignedAddress

BEARER: Final = "bearer"
"""Scheme of a token in the header `Authorization` (RFC 6750), in lower case."""


@dataclass(frozen=True)
class Presented:
    """The credentials that a call presents. All of them are secret, so `repr` shows none.

    Args:
        authorization: The header `Authorization`; None if the call has none.
        certificate: The name in the client's certificate, which TLS has checked; empty without one.
        session: The identifier of a browser's session; None without one.
        address: The signed address that the call reads; None if it reads none.
    """

    authorization: str | None = field(default=None, repr=False)
    certificate: str = field(default="", repr=False)
    session: str | None = field(default=None, repr=False)
    address: SignedAddress | None = field(default=None, repr=False)

    @property
    def is_empty(self) -> bool:
        """Whether the call presents no credentials."""
        nothing = (self.authorization, self.session, self.address) == (None, None, None)
        return nothing and not self.certificate

    @property
    def bearer(self) -> str | None:
        """The bearer token of the header, of whatever kind; None if it has none.

        Example:
            >>> Presented("Bearer abc").bearer, Presented("Basic abc").bearer
            ('abc', None)
        """
        scheme, _, token = (self.authorization or "").partition(" ")
        return token if scheme.lower() == BEARER else None

    @property
    def strongest(self) -> Presented:
        """The credentials that count: the header, else the session, else the signature, else the certificate.

        So invalid credentials are refused even if the call presents valid ones of a weaker kind too.
        """
        if self.authorization is not None:
            return Presented(authorization=self.authorization)
        if self.session is not None:
            return Presented(session=self.session)
        if self.address is not None:
            return Presented(address=self.address)
        return self


class Authenticator(Protocol):
    """Identifies callers by one kind of credentials."""

    def identify(self, presented: Presented) -> Principal | None:
        """Identify a caller. This may block, and several threads may call it at a time.

        Args:
            presented: The credentials of the call.

        Returns:
            The caller; None if there are no credentials of this kind.

        Raises:
            NotAuthenticated: There are credentials of this kind, and they are invalid.
        """
        ...


def refused() -> NotAuthenticated:
    """Make the error of invalid credentials: always the same, so that it reveals nothing about them."""
    return NotAuthenticated(
        "What the call presents as its identity does not hold: it is unknown, expired or revoked."
    )
