"""Signed addresses: who reads one is taken for who has signed it, at that address alone.

So a library that can send no header reads what its user may see. The signer's token decides at each call: the
address ends with it, and with its grants.
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
"""By what the principals of such calls are known."""


class SignedAddresses:
    """Identifies callers by the signature of the address that they read, which the gate has checked.

    Args:
        tokens: Tells whose token a signer's is, and whether it still holds.
    """

    def __init__(self, tokens: KnownTokens) -> None:
        """Keep it."""
        self._tokens = tokens

    def identify(self, presented: Presented) -> Principal | None:
        """Tell who has signed the address of a call.

        Args:
            presented: What the call shows.

        Returns:
            The signer, as a reader; None where the address has no signature, or one of nobody.

        Raises:
            NotAuthenticated: The signer's token holds no longer.
            ServerUnavailable: The database does not tell which tokens there are.
        """
        address = presented.address
        if address is None or not address.signer:
            return None
        signer = self._tokens.principal_of(address.signer)
        if signer is None:
            raise refused()
        return replace(signer, role=Role.READER, how=HOW)
