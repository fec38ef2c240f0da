"""Errors of callers who may not do what they ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from vxdata.schemas.errors.base import VxDataError
from vxdata.schemas.errors.messages import abridged

if TYPE_CHECKING:
    from collections.abc import Sequence


class AccessDenied(VxDataError):
    """The server does not let this caller do this; others may."""


class NotAuthenticated(AccessDenied):
    """The call has no token, or one that is unknown, expired or revoked."""


class NotPermitted(AccessDenied):
    """The caller's role or grants do not allow what the call asks for."""

    @classmethod
    def to_write(cls, identifiers: Sequence[str]) -> Self:
        """Name the resources that must not be written.

        Args:
            identifiers: Resources that the caller sees, or has named.
        """
        return cls(
            f"Your grants do not let you write {abridged(identifiers)}; GET /v1/session shows them.",
            identifiers=list(identifiers),
        )

    @classmethod
    def to_name_files(cls, identifiers: Sequence[str]) -> Self:
        """Name the resources that would name files of others.

        Args:
            identifiers: Resources that the caller has named.
        """
        return cls(
            f"{abridged(identifiers)}: your grants let you name files that you have uploaded, or that a "
            "resource names which you see.",
            identifiers=list(identifiers),
        )


class UnusableCredentials(AccessDenied):
    """A token cannot be used: its file is open to others or cannot be read, or it would not be encrypted."""
