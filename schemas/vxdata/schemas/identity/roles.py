"""Roles, and the rights that they have."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Right(StrEnum):
    """What a caller must have the right to do; each right is needed by some operations of the server."""

    NOTHING = "nothing"
    """Whoever reaches the server may: to ask whether it lives, and for the files of its pages."""

    READ = "read"
    """To read what the grants show."""

    WRITE = "write"
    """To create, update and move resources, register identifiers, and upload files."""

    CURATE = "curate"
    """To delete, to restore, and to purge where the operator allows it."""

    ADMINISTER = "administer"
    """To manage tokens, to read the audit, and to have catalogs read anew."""


class Role(StrEnum):
    """The role of an identity; each one may do what those before it may."""

    READER = "reader"
    WRITER = "writer"
    CURATOR = "curator"
    ADMINISTRATOR = "administrator"

    def has(self, right: Right) -> bool:
        """Tell whether the role has a right.

        Args:
            right: The right.

        Returns:
            Whether those in this role may.

        Example:
            >>> Role.WRITER.has(Right.WRITE), Role.WRITER.has(Right.CURATE)
            (True, False)
        """
        return _HIGHEST[self] >= _RANK[right]


_RANK: Final = {right: rank for rank, right in enumerate(Right)}
_HIGHEST: Final = {role: rank for rank, role in enumerate(Role, start=1)}
