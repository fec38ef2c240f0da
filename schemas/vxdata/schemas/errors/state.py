"""Errors that come from what is stored now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from vxdata.schemas.errors.base import VxDataError
from vxdata.schemas.errors.messages import abridged

if TYPE_CHECKING:
    from collections.abc import Sequence


class StateConflict(VxDataError):
    """The request contradicts what is stored now."""


class ResourceNotFound(StateConflict, LookupError):
    """Resources are missing or deleted."""

    @classmethod
    def from_identifiers(cls, identifiers: Sequence[str]) -> Self:
        """Name what is missing."""
        return cls(f"Not found: {abridged(identifiers)}.", identifiers=list(identifiers))


class ResourceAlreadyExists(StateConflict):
    """Resources of these identifiers exist already, live or deleted."""

    @classmethod
    def from_identifiers(cls, live: Sequence[str], deleted: Sequence[str]) -> Self:
        """Name what exists, and hint at restore for what is deleted.

        Args:
            live: Identifiers of live resources.
            deleted: Identifiers of deleted resources.

        Returns:
            The error, with `identifiers`, `live` and `deleted` in its details.
        """
        parts = []
        if live:
            parts.append(f"Already exists: {abridged(live)}.")
        if deleted:
            parts.append(f"Deleted, use restore to bring back: {abridged(deleted)}.")
        return cls(" ".join(parts), identifiers=[*live, *deleted], live=list(live), deleted=list(deleted))


class ParentNotFound(StateConflict, LookupError):
    """Parents are neither live nor part of the same batch."""

    @classmethod
    def from_identifiers(cls, parents: Sequence[str], children: Sequence[str]) -> Self:
        """Name the missing parents and the resources that wanted them."""
        return cls(
            f"Parents missing or deleted: {abridged(parents)}.",
            identifiers=list(parents),
            children=list(children),
        )


class LineageCycle(StateConflict):
    """Resources would be their own ancestors."""

    @classmethod
    def from_identifiers(cls, identifiers: Sequence[str]) -> Self:
        """Name the members of the cycle and what hangs below them."""
        return cls(f"Parents form a cycle through {abridged(identifiers)}.", identifiers=list(identifiers))


class NotDeleted(StateConflict):
    """A restore names resources that are live."""

    @classmethod
    def from_identifiers(cls, identifiers: Sequence[str]) -> Self:
        """Name what is live."""
        return cls(
            f"Not deleted, so not to be restored: {abridged(identifiers)}.", identifiers=list(identifiers)
        )


class VersionConflict(StateConflict):
    """Resources have other versions than the caller expects: another request changed them in between."""

    @classmethod
    def from_conflicts(cls, conflicts: Sequence[dict[str, Any]]) -> Self:
        """Name the resources with both versions.

        Args:
            conflicts: Dictionaries with `identifier`, `expected` and `found`.

        Returns:
            The error, with `conflicts` and `identifiers` in its details.
        """
        lines = [
            f"{found['identifier']} (expected {found['expected']}, is {found['found']})"
            for found in conflicts
        ]
        return cls(
            f"Changed in between: {abridged(lines)}.",
            identifiers=[found["identifier"] for found in conflicts],
            conflicts=list(conflicts),
        )


class IdempotencyMismatch(StateConflict):
    """An idempotency key was used before for a request with another content."""


class AlreadyRegistered(StateConflict):
    """External uids have identifiers already, or are asked for twice."""

    @classmethod
    def from_pairs(cls, pairs: Sequence[tuple[str, str]]) -> Self:
        """Name the external uids with their parents."""
        named = [f"{external_uid} in {parent}" for parent, external_uid in pairs]
        return cls(f"Already registered: {abridged(named)}.", pairs=[list(pair) for pair in pairs])


class NotRegistered(StateConflict, LookupError):
    """External uids have no identifiers."""

    @classmethod
    def from_pairs(cls, pairs: Sequence[tuple[str, str]]) -> Self:
        """Name the external uids with their parents."""
        named = [f"{external_uid} in {parent}" for parent, external_uid in pairs]
        return cls(f"Not registered: {abridged(named)}.", pairs=[list(pair) for pair in pairs])


class AnswerNotFound(StateConflict, LookupError):
    """No plan was given this address, or it was forgotten because nobody used it."""
