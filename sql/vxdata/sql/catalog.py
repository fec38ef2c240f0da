"""The catalog: the relations and columns that a plan may name.

The payload registry is one source of it; the planner below asks for nothing else, so that a
reflected PostgreSQL schema can become another.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from vxdata.schemas.errors import UnknownField, UnknownResourceType

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vxdata.schemas.fields import Field
    from vxdata.schemas.payload_type import PayloadType


@dataclass(frozen=True)
class Relation:
    """A versioned relation and its columns.

    Args:
        name: Resource type; also the name of the table that holds the latest versions.
        columns: Columns in the order of a full result.
    """

    name: str
    columns: tuple[Field, ...]

    @cached_property
    def column_by_name(self) -> dict[str, Field]:
        """Columns by name."""
        return {column.name: column for column in self.columns}

    def resolve(self, names: Sequence[str]) -> tuple[Field, ...]:
        """Look columns up by name.

        Args:
            names: Column names, in the order wanted.

        Returns:
            The columns, in that order.

        Raises:
            UnknownField: At least one is not there; all such are named.
        """
        unknown = [name for name in names if name not in self.column_by_name]
        if unknown:
            raise UnknownField.from_names(self.name, unknown, self.column_by_name)
        return tuple(self.column_by_name[name] for name in names)


@dataclass(frozen=True)
class Catalog:
    """All relations, by resource type."""

    relations: dict[str, Relation]

    @classmethod
    def from_registry(cls, payload_types: Iterable[PayloadType]) -> Catalog:
        """Describe registered payload types.

        Args:
            payload_types: The types to offer.

        Returns:
            A catalog with one relation a type.
        """
        return cls(
            {
                payload_type.prefix: Relation(payload_type.prefix, payload_type.response_fields)
                for payload_type in payload_types
            }
        )

    def relation(self, name: str) -> Relation:
        """Look a relation up.

        Args:
            name: A resource type.

        Returns:
            The relation.

        Raises:
            UnknownResourceType: There is none of this name.
        """
        try:
            return self.relations[name]
        except KeyError:
            raise UnknownResourceType.from_name(name, known=self.relations) from None
