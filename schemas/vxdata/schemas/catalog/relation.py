"""Relations, which are all that a plan can read: their kinds and their columns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING

from vxdata.schemas.catalog.builtin import DELETED
from vxdata.schemas.errors import InvalidPlan, UnknownField

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.fields import Field


class RelationKind(Enum):
    """The kinds of relation; each value says what a row stands for."""

    RESOURCE = "a live resource, in the version that is current at an instant"
    PRESENT = "a resource, live or deleted, in the version that is current at an instant"
    DELETED = "a deleted resource, in the version that is current at an instant"
    VERSION = "a version of a resource"
    COMMIT = "a commit"
    GROUP = "a group of rows, as a grouped query returns it"
    PLAIN = "a row of a table that VxData did not design: it has no versions and no lineage"

    @property
    def is_versioned(self) -> bool:
        """Whether the rows come from the tables of resources, which keep every version."""
        return self not in {RelationKind.COMMIT, RelationKind.GROUP, RelationKind.PLAIN}


@dataclass(frozen=True)
class PlainTable:
    """The table behind a plain relation.

    Args:
        schema: PostgreSQL schema of the table.
        name: Name of the table.
        release: Name of the release that the table holds; its rows do not change before the next release.
            None if they can change at any time: then no result is cached.
        casts: Columns that are read as another type of PostgreSQL, with that type: those that no plan can
            compare as they are.
    """

    schema: str
    name: str
    release: str | None = None
    casts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class VisibleRows:
    """What is seen of the resources behind a relation, where others are hidden.

    Args:
        sources: Data sources whose resources are seen; if None, those of all of them and of none.
        licenses: Licences of the resources that are seen; None for all.
    """

    sources: tuple[str, ...] | None
    licenses: tuple[str, ...] | None


@dataclass(frozen=True)
class Relation:
    """A set of rows that a plan can read, with its columns.

    Args:
        name: As plans name it.
        columns: Columns in the order of a full result.
        members: Resource types whose tables it reads.
        kind: What a row stands for.
        key: Columns that tell the rows apart, in the order of a limited result.
        table: The table of a plain relation; None for every other kind.
        visible: What is seen of the resources; None for all. Of the commits, those are seen that wrote
            versions of what is seen.

    Raises:
        ValueError: A plain relation has no table, or another one has a table.
    """

    name: str
    columns: tuple[Field, ...]
    members: tuple[str, ...]
    kind: RelationKind = RelationKind.RESOURCE
    key: tuple[str, ...] = ("identifier",)
    table: PlainTable | None = None
    visible: VisibleRows | None = None

    def __post_init__(self) -> None:
        """Refuse a plain relation without a table, and any other with one."""
        if (self.kind is RelationKind.PLAIN) != (self.table is not None):
            msg = f"{self.name}: a plain relation, and no other, names its table."
            raise ValueError(msg)

    @classmethod
    def plain(
        cls, name: str, columns: tuple[Field, ...], table: PlainTable, key: tuple[str, ...]
    ) -> Relation:
        """Describe a table that VxData did not design.

        Args:
            name: As plans name it.
            columns: Columns in the order of a full result.
            table: Where the rows are, and how fresh they are.
            key: Columns of the primary key; empty if there is none, which leaves the order of ties open.

        Returns:
            The relation.
        """
        return cls(name, columns, (), RelationKind.PLAIN, key, table)

    @property
    def label(self) -> str:
        """The name, followed by the kind where other relations read the same resources."""
        derived = {RelationKind.PRESENT, RelationKind.DELETED, RelationKind.VERSION}
        return f"{self.name}:{self.kind.name.lower()}" if self.kind in derived else self.name

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
        return hash((self.name, self.kind))

    def with_deleted(self) -> Relation:
        """Return a relation of the same resources that includes the ones deleted at the instant."""
        return replace(self, kind=RelationKind.PRESENT)

    def only_deleted(self) -> Relation:
        """Return a relation of only the resources that are deleted at the instant."""
        return replace(self, kind=RelationKind.DELETED)

    def without(self, member: str) -> Relation:
        """Return a relation that leaves out the resources of one type."""
        members = tuple(name for name in self.members if name != member)
        return replace(self, name=f"{self.name} but {member}", members=members)

    def with_history(self) -> Relation:
        """Return a relation of all versions of the resources, instead of their state.

        Raises:
            InvalidPlan: Its rows are no resources.
        """
        if self.kind is not RelationKind.RESOURCE:
            msg = f"{self.name} has no history."
            raise InvalidPlan(msg, resource_type=self.name)
        return replace(
            self, columns=(*self.columns, DELETED), kind=RelationKind.VERSION, key=("identifier", "version")
        )
