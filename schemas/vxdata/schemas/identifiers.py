"""Identifiers `<prefix>/<rest>`: parse, normalise, print.

A prefix names the payload type. The rest is 1 to 200 visible ASCII characters, with single inner
spaces allowed because DICOM patient identifiers have them; it never starts or ends with a slash.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vxdata.schemas.errors import InvalidIdentifier, UnexpectedPayload, UnknownResourceType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vxdata.schemas.catalog.registry import Registry

MAX_REST_LENGTH = 200
"""Characters that may follow the prefix and its slash …"""

REST_FORM = r"[!-.0-~](?:[ -~]*[!-.0-~])?"
"""… and their form however many they are, as a regular expression that RE2 and Python read alike.

Apart from their number, as RE2 would take milliseconds to compile one that counts to 200.
"""

REST_PATTERN = REST_FORM.replace("*", f"{{0,{MAX_REST_LENGTH - 2}}}")
"""Form and number in one."""

_REST = re.compile(REST_PATTERN)


def prefix_of(registry: Registry, identifier: str) -> str:
    """Tell the resource type of an identifier.

    Args:
        registry: The payload types.
        identifier: A full identifier; a plural prefix is accepted.

    Returns:
        The canonical prefix.

    Raises:
        InvalidIdentifier: There is no prefix at all.
        UnknownResourceType: The prefix belongs to no payload type.

    Example:
        >>> from vxdata.schemas.catalog.registry import registry
        >>> prefix_of(registry(), "volumes/vol1")
        'volume'
    """
    prefix, slash, _ = identifier.partition("/")
    if not slash:
        msg = f"{identifier!r} has no prefix; write it as <prefix>/<rest>, such as volume/{identifier}."
        raise InvalidIdentifier(msg, identifiers=[identifier])
    canonical = registry.canonical_prefix.get(prefix)
    if canonical is None:
        raise UnknownResourceType.from_name(prefix, known=registry.by_prefix)
    return canonical


def normalise(registry: Registry, identifier: str) -> str:
    """Write an identifier with its canonical prefix, and check its form.

    Args:
        registry: The payload types.
        identifier: A full identifier such as ``"volumes/vol1"``.

    Returns:
        The identifier with the singular prefix.

    Raises:
        InvalidIdentifier: The part after the prefix is empty, too long or holds other characters.
        UnknownResourceType: The prefix belongs to no payload type.

    Example:
        >>> from vxdata.schemas.catalog.registry import registry
        >>> normalise(registry(), "volumes/vol1")
        'volume/vol1'
    """
    return _joined(prefix_of(registry, identifier), identifier.partition("/")[2], identifier)


def _joined(prefix: str, rest: str, identifier: str) -> str:
    """Write a canonical prefix and a rest as one identifier, if the rest is well formed."""
    if not _REST.fullmatch(rest):
        msg = (
            f"{identifier!r} is not a valid identifier: after {prefix}/ come 1 to 200 visible ASCII "
            "characters (spaces only inside), not beginning or ending with a slash."
        )
        raise InvalidIdentifier(msg, identifiers=[identifier])
    return f"{prefix}/{rest}"


def normalise_as(registry: Registry, identifier: str, expected: str) -> str:
    """Write an identifier of a known resource type in full; a bare rest gets the prefix.

    An identifier whose first part is no known prefix is taken as bare, so that
    ``BB00017/001`` means ``imagingstudy/BB00017/001`` in the imaging studies' namespace.

    Args:
        registry: The payload types.
        identifier: Bare (``"vol1"``) or full (``"volume/vol1"``).
        expected: The prefix that it must have.

    Returns:
        The full identifier.

    Raises:
        UnexpectedPayload: The identifier has the prefix of another payload type.
        InvalidIdentifier: The rest is malformed.

    Example:
        >>> from vxdata.schemas.catalog.registry import registry
        >>> normalise_as(registry(), "vol1", "volume")
        'volume/vol1'
    """
    prefix, slash, rest = identifier.partition("/")
    canonical = registry.canonical_prefix.get(prefix) if slash else None
    if canonical is None:
        return _joined(expected, identifier, f"{expected}/{identifier}")
    if canonical != expected:
        raise UnexpectedPayload.from_identifiers([identifier], expected)
    return _joined(expected, rest, identifier)


def normalise_all(registry: Registry, identifiers: Iterable[str], expected: str) -> list[str]:
    """Apply `normalise_as` to many identifiers and report every wrong prefix at once.

    Args:
        registry: The payload types.
        identifiers: Bare or full identifiers.
        expected: The prefix that they must have.

    Returns:
        The full identifiers, in order.

    Raises:
        UnexpectedPayload: At least one has another prefix; all such are in the details.
        InvalidIdentifier: At least one is malformed.
    """
    identifiers = list(identifiers)
    known = registry.canonical_prefix
    wrong = [
        identifier
        for identifier in identifiers
        if "/" in identifier and known.get(identifier.partition("/")[0], expected) != expected
    ]
    if wrong:
        raise UnexpectedPayload.from_identifiers(wrong, expected)
    return [normalise_as(registry, identifier, expected) for identifier in identifiers]
