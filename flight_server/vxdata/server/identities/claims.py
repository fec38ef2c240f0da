"""Claims: what a JWT says of its caller, as a principal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from vxdata.schemas.errors import NotPermitted
from vxdata.schemas.identity import EVERYTHING, Grants, Role
from vxdata.server.call import Principal

if TYPE_CHECKING:
    from collections.abc import Mapping

HOW: Final = "oidc"

DEFAULT_ROLES: Final[Mapping[str, Role]] = {f"vxdata-{role.value}": role for role in Role}
"""Roles by the names that a provider gives them: an `administrator` of something else is none here."""

ALL: Final = "everything"
"""The grants of those who see everything, in a word: what limits nothing otherwise may be an oversight."""

NAME_LENGTH: Final = 200
"""Characters of a name, at most."""


@dataclass(frozen=True)
class ClaimRules:
    """Which claims tell what.

    Args:
        name: Claim with the name of the caller.
        role: Claim with its roles; dots lead into objects.
        roles: Roles by the values of that claim.
        grants: Claim with its grants; None where grants are not limited.
    """

    name: str = "sub"
    role: str = "roles"
    roles: Mapping[str, Role] = field(default_factory=lambda: DEFAULT_ROLES)
    grants: str | None = None

    def principal(self, claims: Mapping[str, Any]) -> Principal:
        """Return who the claims are about.

        Args:
            claims: The claims of a JWT that has been checked.

        Returns:
            The principal, in the highest of its roles.

        Raises:
            NotPermitted: They give no name, no role, or no grants.

        Example:
            >>> ClaimRules().principal({"sub": "ada", "roles": ["staff", "vxdata-writer"]}).role
            <Role.WRITER: 'writer'>
        """
        name = claim(claims, self.name)
        if not isinstance(name, str) or not 0 < len(name) <= NAME_LENGTH or not name.isprintable():
            raise _refusal(f"no name of 1 to {NAME_LENGTH} printable characters in the claim {self.name!r}")
        held = claim(claims, self.role)
        values = held if isinstance(held, list) else [held]
        roles = {self.roles[value] for value in values if isinstance(value, str) and value in self.roles}
        if not roles:
            raise _refusal(f"none of this server's roles in the claim {self.role!r}")
        highest = next(role for role in reversed(Role) if role in roles)
        return Principal(f"{HOW}:{name}", highest, self._grants(claims), HOW)

    def _grants(self, claims: Mapping[str, Any]) -> Grants:
        if self.grants is None:
            return EVERYTHING
        stated = claim(claims, self.grants)
        if stated == ALL:
            return EVERYTHING
        lacking = f"no grants in the claim {self.grants!r} (one part at least, none of them null)"
        # A provider gives an empty object, or null, for somebody of whom it knows no grants.
        if not isinstance(stated, dict) or not stated or None in stated.values():
            raise _refusal(lacking)
        try:
            return Grants.model_validate(stated)
        except ValidationError:
            raise _refusal(lacking) from None


def claim(claims: Mapping[str, Any], name: str) -> Any:
    """Look a claim up.

    Args:
        claims: All claims.
        name: Name of a claim, which may have dots in it, or the way into objects with dots between.

    Returns:
        Its value; None if there is none.

    Example:
        >>> claim({"realm_access": {"roles": ["staff"]}}, "realm_access.roles")
        ['staff']
        >>> claim({"https://vxdata.example/roles": "staff"}, "https://vxdata.example/roles")
        'staff'
    """
    if name in claims:
        return claims[name]
    first, dot, rest = name.partition(".")
    within = claims.get(first) if dot else None
    return claim(within, rest) if isinstance(within, dict) else None


def _refusal(lacking: str) -> NotPermitted:
    msg = f"The identity provider vouches for you, but its JWT has {lacking}: ask an administrator for it."
    return NotPermitted(msg)
