"""Signed addresses: whoever reads one acts as its signer, for that address and nothing else.

So a library that cannot send headers can read what its user may see. Each call checks the signer's token
again: once the token or its grants end, so does the address.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from vxdata.schemas.identity import Role
from vxdata.server.identities.authenticator import refused

if TYPE_CHECKING:
    from vxdata.server.call import Principal
    from vxdata.server.identities.authenticator import Presented
    from vxdata.server.identities.known_tokens import KnownTokens

HOW: Final = "signed address"
"""How such principals were identified (`Principal.how`)."""


class SignedAddresses:
    """Identifies callers by the signature of the address that they read, which the gate has checked.

    Args:
        tokens: Finds the principal of the signer's token, if it is still valid.
    """

    def __init__(self, tokens: KnownTokens) -> None:
        """Keep it."""
        self._tokens = tokens

    def identify(self, presented: Presented) -> Principal | None:
        """Find the signer of the address that a call reads.

        Args:
            presented: The credentials of the call.

        Returns:
            The signer, with the role of a reader; None without a signature, or if it names no signer.

        Raises:
            NotAuthenticated: The signer's token is no longer valid.
            ServerUnavailable: The tokens cannot be read from the database.
        """
        address = presented.address
        if address is None or not address.signer:
            return None
        signer = self._tokens.principal_of(address.signer)
        if signer is None:
            raise refused()
        return replace(signer, role=Role.READER, how=HOW)
