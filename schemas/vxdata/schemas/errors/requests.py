"""Errors that end when the request is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from vxdata.schemas.errors.base import VxDataError
from vxdata.schemas.errors.messages import MAX_SUGGESTIONS, abridged, abridged_name, did_you_mean, suggestions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class InvalidRequest(VxDataError, ValueError):
    """The request can never succeed as it stands."""


class InvalidPlan(InvalidRequest):
    """A query plan is malformed, exceeds a limit, or has a version that this server does not speak."""


class QuerySyntaxError(InvalidPlan):
    """The text of a query cannot be read; `details` name the `line`, the `column` and a `hint`."""


class InvalidTicket(InvalidRequest):
    """A ticket, command or action body holds bytes that are not a VxData request."""


class LimitExceeded(InvalidRequest):
    """The request is larger than a limit of the server, or costs more; `details` name limit and setting."""


class UnknownAction(InvalidRequest):
    """The server offers no action of this name."""


class UnknownFormat(InvalidRequest):
    """The server writes results in none of the formats that the caller accepts."""


class UnknownParameter(InvalidRequest):
    """A path over HTTP does not take the query parameter that was named."""

    @classmethod
    def from_names(cls, path: str, names: Sequence[str], known: Sequence[str]) -> Self:
        """Name the unknown parameters and the nearest known ones.

        Args:
            path: The path.
            names: The names that it does not take.
            known: The names that it takes.

        Returns:
            The error, with `parameters`, `known` and `did_you_mean` in its details.
        """
        hint = (
            " ".join(did_you_mean(name, known) for name in names[:MAX_SUGGESTIONS])
            if known
            else "It takes none."
        )
        return cls(
            f"{path} takes no parameter {abridged([abridged_name(name) for name in names])}. {hint}",
            parameters=[abridged_name(name) for name in names],
            known=list(known),
            did_you_mean=suggestions(names, known),
        )


class UnknownField(InvalidRequest):
    """A payload type does not have the field that was named."""

    @classmethod
    def from_names(cls, resource_type: str, names: Sequence[str], known: Iterable[str]) -> Self:
        """Name the unknown fields and the nearest known ones.

        Args:
            resource_type: The payload type that was asked.
            names: The names that it does not have.
            known: The names that it has.

        Returns:
            The error, with `resource_type`, `fields`, `known` and `did_you_mean` in its details.
        """
        known = list(known)
        hint = " ".join(did_you_mean(name, known) for name in names[:MAX_SUGGESTIONS])
        return cls(
            f"{resource_type} has no field {abridged([abridged_name(name) for name in names])}. {hint}",
            resource_type=resource_type,
            fields=list(names),
            known=known,
            did_you_mean=suggestions(names, known),
        )


class UnknownResourceType(InvalidRequest):
    """No payload type is registered under this prefix."""

    @classmethod
    def from_name(cls, name: str, known: Iterable[str]) -> Self:
        """Name the unknown type and the nearest known ones, which are also in the details."""
        known = list(known)
        shown = abridged_name(name)
        return cls(
            f"There is no resource type {shown!r}. {did_you_mean(name, known)}",
            resource_type=shown,
            known=known,
            did_you_mean=suggestions([name], known),
        )


class FieldTypeMismatch(InvalidRequest, TypeError):
    """A value or a column has a type that its field does not take."""


class InvalidIdentifier(InvalidRequest):
    """An identifier does not have the form `<prefix>/<rest>`."""


class UnexpectedPayload(InvalidRequest):
    """An identifier or a model of one payload type was given where another is expected."""

    @classmethod
    def from_identifiers(cls, identifiers: Sequence[str], expected: str) -> Self:
        """Name the identifiers whose prefix is not `expected`."""
        return cls(
            f"Expected identifiers of {expected}, got {abridged(identifiers)}.",
            identifiers=list(identifiers),
            expected=expected,
        )


class ValidationFailed(InvalidRequest):
    """Values break the constraints of their fields; `details["violations"]` lists each of them.

    A violation is a dictionary with `resource_type`, `row` (position in the batch of that type,
    from 0), `identifier` (or None), `field`, `problem` and `value` (abridged text).
    """

    @property
    def violations(self) -> list[dict[str, Any]]:
        """Every violation found, up to the limit that the message states."""
        return list(self.details.get("violations", ()))

    @classmethod
    def from_violations(cls, violations: Sequence[dict[str, Any]], count: int | None = None) -> Self:
        """Describe the violations.

        Args:
            violations: The violations, possibly cut at a limit.
            count: How many there were before the cut; all of them by default.

        Returns:
            The error, with `violations` and `count` in its details.
        """
        count = len(violations) if count is None else count
        lines = [
            f"{found['resource_type']} row {found['row']} ({found['identifier']}), "
            f"{found['field']}: {found['problem']}"
            for found in violations[:3]
        ]
        more = f" ({count - len(lines):,} more)" if count > len(lines) else ""
        told = f"{'; '.join(lines)}{more}"
        return cls(told if told.endswith("?") else f"{told}.", violations=list(violations), count=count)


class DuplicateIdentifiers(InvalidRequest):
    """One batch names the same identifier more than once."""

    @classmethod
    def from_identifiers(cls, identifiers: Sequence[str]) -> Self:
        """Name the repeated identifiers."""
        return cls(
            f"Identifiers given more than once in the batch: {abridged(identifiers)}.",
            identifiers=list(identifiers),
        )


class IncompleteUpload(InvalidRequest):
    """An upload ended without a commit marker that matches it, so nothing was written."""


class InvalidBlobUrl(InvalidRequest):
    """An S3 URL, or the key that it holds, has a form that is not allowed."""

    @classmethod
    def from_urls(cls, urls: Sequence[str], problem: str) -> Self:
        """Name the URLs and what is wrong with each of them.

        Args:
            urls: The URLs.
            problem: The end of the sentence, such as ``"its key has an empty part"``.

        Returns:
            The error, with `urls` and `problem` in its details.
        """
        named = abridged([f"{url!r:.300}" for url in urls])
        return cls(f"Not an S3 URL to use: {named}: {problem}.", urls=list(urls), problem=problem)


class AsOfInFuture(InvalidRequest):
    """An `as_of` lies later than the server's clock, where the result could still change."""


class AsOfInClockGap(InvalidRequest):
    """An `as_of` lies where the clock was wrong, so that nobody can say which commits had been made."""


class ForkedProcess(InvalidRequest, RuntimeError):
    """A process that was forked from one with connections would use them."""


class NotAllowed(InvalidRequest):
    """The verb is off unless the server's operator allows it."""


class InvalidSignature(InvalidRequest):
    """A signed address was changed, or another database has signed it."""


class AddressExpired(InvalidRequest):
    """A signed address was used later than it allows."""
