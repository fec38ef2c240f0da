"""The single list of payload types that everything else iterates."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Self

from vxdata.schemas.errors import UnknownResourceType
from vxdata.schemas.payload_type import InvalidPayloadType, PayloadType
from vxdata.schemas.payloads import BUILTIN_PAYLOAD_TYPES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

ENTRY_POINT_GROUP = "vxdata.payload_types"
"""Entry points of this group name a `PayloadType`; a deployment adds its own types this way."""


@dataclass(frozen=True)
class Registry:
    """An immutable, ordered collection of payload types with unique names.

    Raises:
        InvalidPayloadType: Two types share a name, a prefix or a namespace.
    """

    payload_types: tuple[PayloadType, ...]

    def __post_init__(self) -> None:
        """Refuse two types that could be mistaken for each other."""
        for attribute in ("name", "prefix", "namespace"):
            values = [getattr(payload_type, attribute) for payload_type in self.payload_types]
            repeated = sorted({value for value in values if values.count(value) > 1})
            if repeated:
                msg = f"payload types share the {attribute} {', '.join(repeated)}"
                raise InvalidPayloadType(msg)

    def __iter__(self) -> Iterator[PayloadType]:
        """Iterate in declaration order: parents before children among the built-in types."""
        return iter(self.payload_types)

    @cached_property
    def by_prefix(self) -> dict[str, PayloadType]:
        """Payload types by identifier prefix."""
        return {payload_type.prefix: payload_type for payload_type in self.payload_types}

    @cached_property
    def canonical_prefix(self) -> dict[str, str]:
        """Every accepted spelling of a prefix, singular or plural, to the canonical one."""
        plural = {payload_type.plural_prefix: payload_type.prefix for payload_type in self.payload_types}
        return plural | {prefix: prefix for prefix in self.by_prefix}

    def only(self, prefixes: Collection[str] | None) -> Self:
        """Leave types out, as if they were not installed.

        Args:
            prefixes: Identifier prefixes of the types that stay; None for all.

        Returns:
            A registry of them.

        Example:
            >>> [payload_type.name for payload_type in registry().only({"volume"})]
            ['Volume']
        """
        if prefixes is None:
            return self
        return type(self)(tuple(each for each in self.payload_types if each.prefix in prefixes))

    def get(self, resource_type: str) -> PayloadType:
        """Look a payload type up by its prefix.

        Args:
            resource_type: An identifier prefix such as ``"volume"``.

        Returns:
            The declaration.

        Raises:
            UnknownResourceType: No such prefix; the error lists the nearest ones.

        Example:
            >>> registry().get("volume").name
            'Volume'
        """
        try:
            return self.by_prefix[resource_type]
        except KeyError:
            raise UnknownResourceType.from_name(resource_type, known=self.by_prefix) from None

    def named(self, name: str) -> PayloadType:
        """Look a payload type up by the name of its class.

        Args:
            name: Such as ``"Volume"`` or ``"PIRADSAssessment"``.

        Returns:
            The declaration.

        Raises:
            UnknownResourceType: No such type; the error lists the nearest ones.

        Example:
            >>> registry().named("Volume").prefix
            'volume'
        """
        by_name = {payload_type.name: payload_type for payload_type in self.payload_types}
        if name not in by_name:
            raise UnknownResourceType.from_name(name, known=by_name)
        return by_name[name]


@cache
def registry() -> Registry:
    """Return the built-in payload types, followed by the ones of installed packages.

    Returns:
        The registry of this process, built once.

    Raises:
        InvalidPayloadType: A declaration clashes with another or is malformed.
    """
    added = [entry_point.load() for entry_point in entry_points(group=ENTRY_POINT_GROUP)]
    return Registry((*BUILTIN_PAYLOAD_TYPES, *added))
