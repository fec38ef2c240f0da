"""The catalog: the relations and columns that a plan may name.

The payload registry is one source of it; the planner below asks for nothing else, so that a
reflected PostgreSQL schema can become another.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from functools import cache, cached_property
from typing import TYPE_CHECKING

from vxdata.schemas.errors import InvalidPlan, UnknownField, UnknownResourceType
from vxdata.schemas.payload_type import METADATA
from vxdata.schemas.registry import registry
from vxdata.schemas.relations import COMMIT, COMMIT_FIELDS, DELETED, RESOURCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vxdata.schemas.fields import Field
    from vxdata.schemas.payload_type import PayloadType


class Rows(Enum):
    """What a row of a relation stands for."""

    RESOURCE = "a live resource, in the version that is current at an instant"
    PRESENT = "a resource, live or deleted, in the version that is current at an instant"
    DELETED = "a deleted resource, in the version that is current at an instant"
    VERSION = "a version of a resource"
    COMMIT = "a commit"


@dataclass(frozen=True)
class Relation:
    """What a plan can read, and its columns.

    Args:
        name: As plans name it.
        columns: Columns in the order of a full result.
        members: Resource types whose tables it reads.
        rows: What a row stands for.
        key: Columns that tell the rows apart, in the order of a limited result.
    """

    name: str
    columns: tuple[Field, ...]
    members: tuple[str, ...]
    rows: Rows = Rows.RESOURCE
    key: tuple[str, ...] = ("identifier",)

    @property
    def label(self) -> str:
        """What tells it apart from the relations that read the same resources otherwise."""
        return (
            self.name
            if self.rows in {Rows.RESOURCE, Rows.COMMIT}
            else f"{self.name}:{self.rows.name.lower()}"
        )

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

    def __hash__(self) -> int:
        """Hash by what tells relations apart."""
        return hash((self.name, self.rows))

    def with_deleted(self) -> Relation:
        """The relation's resources, those included that are deleted at the instant."""
        return replace(self, rows=Rows.PRESENT)

    def only_deleted(self) -> Relation:
        """The relation's resources that are deleted at the instant."""
        return replace(self, rows=Rows.DELETED)

    def without(self, member: str) -> Relation:
        """The relation's resources but for those of one type."""
        members = tuple(name for name in self.members if name != member)
        return replace(self, name=f"{self.name} but {member}", members=members)

    def with_history(self) -> Relation:
        """The versions of the relation's resources, instead of their state.

        Raises:
            InvalidPlan: Its rows are no resources.
        """
        if self.rows is not Rows.RESOURCE:
            msg = f"{self.name} has no history."
            raise InvalidPlan(msg, resource_type=self.name)
        return replace(
            self, columns=(*self.columns, DELETED), rows=Rows.VERSION, key=("identifier", "version")
        )


@dataclass(frozen=True)
class Catalog:
    """All relations, by name."""

    relations: dict[str, Relation]

    @classmethod
    def from_registry(cls, payload_types: Iterable[PayloadType]) -> Catalog:
        """Describe registered payload types.

        Args:
            payload_types: The types to offer.

        Returns:
            A catalog with one relation a type, one of all resources, and one of the commits.
        """
        payload_types = tuple(payload_types)
        relations = [
            Relation(payload_type.prefix, payload_type.response_fields, (payload_type.prefix,))
            for payload_type in payload_types
        ]
        members = tuple(payload_type.prefix for payload_type in payload_types)
        relations.append(Relation(RESOURCE, METADATA, members))
        relations.append(Relation(COMMIT, COMMIT_FIELDS, (), Rows.COMMIT, ("version",)))
        return cls({relation.name: relation for relation in relations})

    def relation(self, name: str) -> Relation:
        """Look a relation up.

        Args:
            name: A resource type, or one of the names that span all types.

        Returns:
            The relation.

        Raises:
            UnknownResourceType: There is none of this name.
        """
        try:
            return self.relations[name]
        except KeyError:
            raise UnknownResourceType.from_name(name, known=self.relations) from None


@cache
def catalog() -> Catalog:
    """The catalog of the registered payload types."""
    return Catalog.from_registry(registry())
