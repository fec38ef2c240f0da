"""The one tree of errors, raised alike by client and server.

Grouped by what the caller can do::

    VxDataError
    ├── InvalidRequest            change the request
    │   ├── InvalidPlan           a query plan is malformed, too large, or of another version
    │   ├── InvalidTicket         the bytes of a ticket, command or action are not ours
    │   ├── UnknownAction         no such action
    │   ├── UnknownField          a plan or a frame names a field that the type does not have
    │   ├── UnknownResourceType   no payload type has this prefix
    │   ├── FieldTypeMismatch     a value or a column has the wrong type for its field
    │   ├── InvalidIdentifier     an identifier is malformed
    │   ├── UnexpectedPayload     an identifier or a model belongs to another payload type
    │   ├── ValidationFailed      values break the constraints of their fields
    │   ├── DuplicateIdentifiers  one batch names an identifier twice
    │   ├── IncompleteUpload      an upload ended without its commit marker
    │   ├── NotAllowed            the server's operator has not allowed the verb
    │   └── AsOfInFuture          an `as_of` later than the server's clock
    ├── StateConflict             look at the present state, then decide
    │   ├── ResourceNotFound      missing or deleted
    │   ├── ResourceAlreadyExists live, or deleted (restore it instead)
    │   ├── ParentNotFound        a parent is missing or deleted
    │   ├── LineageCycle          resources would be their own ancestors
    │   ├── NotDeleted            a restore of what is live
    │   ├── VersionConflict       a resource has another version than the caller expects
    │   ├── IdempotencyMismatch   a key was used before for another request
    │   ├── AlreadyRegistered     an external uid has an identifier
    │   └── NotRegistered         an external uid has no identifier
    └── ServiceProblem            try again, or tell the operator
        ├── ServerUnavailable     nothing answers, or the server is shutting down
        ├── ServerBusy            no connection became free in time
        ├── RequestTimedOut       the deadline passed
        ├── RequestCancelled      the caller went away
        └── InternalError         a fault of the server, findable in its log by `request_id`
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from vxdata.schemas.messages import abridged, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class VxDataError(Exception):
    """Root of every error that VxData raises on purpose.

    Args:
        message: One or two sentences: what was wrong, what was there, what to try.
        details: JSON-compatible data, complete where the message is abridged.
    """

    code: ClassVar[str] = "ERROR"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, **details: Any) -> None:
        """Keep the message and the details."""
        super().__init__(message)
        self.message = message
        self.details: dict[str, Any] = details

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Derive the wire code from the class name: `ResourceNotFound` -> `RESOURCE_NOT_FOUND`."""
        super().__init_subclass__(**kwargs)
        stem = "".join(f"_{letter}" if letter.isupper() else letter for letter in cls.__name__)
        cls.code = stem.lstrip("_").upper()

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by message and details, so that errors cross process pools whole."""
        return _rebuild, (type(self), self.message, self.details)

    def to_wire(self) -> dict[str, Any]:
        """Describe the error as JSON-compatible data.

        Returns:
            A dictionary with `code`, `message`, `details` and `retryable`.
        """
        return {
            "code": self.code,
            "message": self.message,
            "details": self.details,
            "retryable": self.retryable,
        }

    @staticmethod
    def from_wire(wire: dict[str, Any]) -> VxDataError:
        """Rebuild an error from `to_wire`; an unknown code becomes an `InternalError` that names it.

        Args:
            wire: What `to_wire` returned on the other side.

        Returns:
            An error of the class that was raised there.
        """
        code = str(wire.get("code"))
        details = dict(wire.get("details") or {})
        error_class = _by_code(VxDataError).get(code)
        if error_class is None:
            return InternalError(f"{code}: {wire.get('message')}", **details)
        return _rebuild(error_class, str(wire.get("message")), details)


def _rebuild(error_class: type[VxDataError], message: str, details: dict[str, Any]) -> VxDataError:
    """Make an error from its parts; `details` may hold a key named `message`."""
    error = error_class(message)
    error.details = details
    return error


def _by_code(root: type[VxDataError]) -> dict[str, type[VxDataError]]:
    """Map every code of the tree below `root`, itself included, to its class."""
    below = {code: found for child in root.__subclasses__() for code, found in _by_code(child).items()}
    return below | {root.code: root}


class InvalidRequest(VxDataError, ValueError):
    """The request can never succeed as it stands."""


class InvalidPlan(InvalidRequest):
    """A query plan is malformed, exceeds a limit, or has a version that this server does not speak."""


class InvalidTicket(InvalidRequest):
    """A ticket, command or action body holds bytes that are not a VxData request."""


class UnknownAction(InvalidRequest):
    """The server offers no action of this name."""


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
            The error, with `resource_type`, `fields` and `known` in its details.
        """
        known = list(known)
        hint = " ".join(did_you_mean(name, known) for name in names[:3])
        return cls(
            f"{resource_type} has no field {abridged(names)}. {hint}",
            resource_type=resource_type,
            fields=list(names),
            known=known,
        )


class UnknownResourceType(InvalidRequest):
    """No payload type is registered under this prefix."""

    @classmethod
    def from_name(cls, name: str, known: Iterable[str]) -> Self:
        """Name the unknown type and the nearest known ones."""
        known = list(known)
        return cls(
            f"There is no resource type {name!r}. {did_you_mean(name, known)}",
            resource_type=name,
            known=known,
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
        return cls(f"{'; '.join(lines)}{more}.", violations=list(violations), count=count)


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


class AsOfInFuture(InvalidRequest):
    """An `as_of` lies later than the server's clock, where the answer could still change."""


class NotAllowed(InvalidRequest):
    """The verb is off unless the server's operator allows it."""


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
    """Resources have other versions than the caller expects: somebody changed them in between."""

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


class ServiceProblem(VxDataError):
    """The service could not do its part; the request itself may be right."""

    retryable = True


class ServerUnavailable(ServiceProblem, ConnectionError):
    """Nothing answers at the address, the connection broke, or the server is shutting down."""


class ServerBusy(ServiceProblem):
    """No database connection became free in time."""


class RequestTimedOut(ServiceProblem, TimeoutError):
    """The deadline of the call or of the statement passed."""


class RequestCancelled(ServiceProblem):
    """The call was cancelled by its caller."""

    retryable = False


class InternalError(ServiceProblem):
    """A fault of the server; its log explains it under `details["request_id"]`."""

    retryable = False
