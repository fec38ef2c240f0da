"""Client certificates: TLS has checked them, and the settings say what those who have them may do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vxdata.schemas.identity import EVERYTHING
from vxdata.server.call import Principal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vxdata.schemas.identity import Role
    from vxdata.server.identities.authenticator import Presented

HOW: Final = "certificate"


class CertificateRoles:
    """Knows callers by the names in their certificates.

    Args:
        roles: Roles by name.
    """

    def __init__(self, roles: Mapping[str, Role]) -> None:
        """Keep them."""
        self._roles = dict(roles)

    def identify(self, presented: Presented) -> Principal | None:
        """Return who has a certificate.

        Args:
            presented: What the call shows.

        Returns:
            The principal; None without a certificate, or where its name has no role: then a token may tell
            who the caller is.
        """
        role = self._roles.get(presented.certificate)
        if not presented.certificate or role is None:
            return None
        return Principal(f"{HOW}:{presented.certificate}", role, EVERYTHING, HOW)
