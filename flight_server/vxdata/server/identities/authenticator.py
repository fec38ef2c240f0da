"""Authenticators: each knows one kind of credentials, and tells whose they are."""

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
    """What a call shows of its caller; all of it is secret, so its representation is empty.

    Args:
        authorization: The header `Authorization`; None if the call has none.
        certificate: The name in the client's certificate, which TLS has checked; empty without one.
        session: The identifier of a browser's session; None without one.
        address: The address that is read, where it is signed; None elsewhere.
    """

    authorization: str | None = field(default=None, repr=False)
    certificate: str = field(default="", repr=False)
    session: str | None = field(default=None, repr=False)
    address: SignedAddress | None = field(default=None, repr=False)

    @property
    def is_empty(self) -> bool:
        """Whether the call shows nothing."""
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
        """The part that counts: the header goes before a session, then a signature, then a certificate.

        So credentials that do not hold are not made good by others beside them.
        """
        if self.authorization is not None:
            return Presented(authorization=self.authorization)
        if self.session is not None:
            return Presented(session=self.session)
        if self.address is not None:
            return Presented(address=self.address)
        return self


class Authenticator(Protocol):
    """Tells whose credentials are, if they are of the kind that it knows."""

    def identify(self, presented: Presented) -> Principal | None:
        """Tell who calls; it may wait, and several threads ask at a time.

        Args:
            presented: What the call shows.

        Returns:
            The caller; None where nothing of this authenticator's kind is shown.

        Raises:
            NotAuthenticated: Something of its kind is shown, and it does not hold.
        """
        ...


def refused() -> NotAuthenticated:
    """Make the error of credentials that do not hold: always the same, so that nobody learns why."""
    return NotAuthenticated(
        "What the call presents as its identity does not hold: it is unknown, expired or revoked."
    )
