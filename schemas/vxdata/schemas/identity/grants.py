"""Grants: the part of the data that an identity sees, and the part that it may change."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class Grants(BaseModel):
    """What an identity may see and change; a part that is None is not limited.

    What several parts limit has to be within all of them. What is not granted does not exist for the
    identity, at any instant.

    Example:
        >>> Grants(read=("datasource/a", "datasource/b"), write=("datasource/a",)).may_write("datasource/b")
        False
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    read: tuple[str, ...] | None = Field(
        None, description="Identifiers of the data sources whose resources are seen."
    )
    write: tuple[str, ...] | None = Field(
        None, description="Of these data sources, those below which may be written; by default all of them."
    )
    types: tuple[str, ...] | None = Field(None, description="Prefixes of the payload types that are seen.")
    licenses: tuple[str, ...] | None = Field(
        None, description="Licences of the resources that are seen, as the resources name them."
    )
    catalogs: Mapping[str, tuple[str, ...] | None] | None = Field(
        None,
        description="Names of the reflected catalogs that are seen, each with its tables or null for all.",
    )

    @field_validator("read", "write", "types", "licenses")
    @classmethod
    def _each_once(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        """Write what is the same in one way: statements, and the keys of their results, follow from it."""
        return None if names is None else tuple(sorted(set(names)))

    @model_validator(mode="after")
    def _writes_what_it_sees(self) -> Self:
        if self.read is not None and self.write is not None and not set(self.write) <= set(self.read):
            msg = "Below a data source can only be written by those who see it: add it to `read` as well."
            raise ValueError(msg)
        return self

    def __hash__(self) -> int:
        """Hash by all of it: a mapping has no hash of its own."""
        catalogs = None if self.catalogs is None else frozenset(self.catalogs.items())
        return hash((self.read, self.write, self.types, self.licenses, catalogs))

    @property
    def limits_rows(self) -> bool:
        """Whether of a type that is seen, some resources may be hidden."""
        return self.read is not None or self.licenses is not None

    @property
    def hides_resources(self) -> bool:
        """Whether any resource may be hidden, by its type or among those of its type."""
        return self.limits_rows or self.types is not None

    @cached_property
    def view(self) -> str:
        """Name of what is seen of the resources: equal where grants show the same; empty where that is all.

        Example:
            >>> Grants(read=("datasource/a",)).view == Grants(read=("datasource/a",), write=()).view
            True
        """
        if not self.hides_resources:
            return ""
        seen = self.model_dump_json(include={"read", "types", "licenses"})
        return hashlib.blake2b(seen.encode(), digest_size=16).hexdigest()

    def shows_catalog(self, name: str) -> bool:
        """Tell whether a reflected catalog is seen, if there is one of this name.

        Args:
            name: Its name.
        """
        return self.catalogs is None or name in self.catalogs

    def limits_tables(self, catalog: str) -> bool:
        """Tell whether tables of a reflected catalog are hidden.

        Args:
            catalog: Its name.
        """
        return self.catalogs is not None and self.catalogs.get(catalog, ()) is not None

    def may_write(self, data_source: str | None) -> bool:
        """Tell whether may be written below a data source.

        Args:
            data_source: Its identifier; None for what lies below none.
        """
        within = self.read if self.write is None else self.write
        return within is None or data_source in within


EVERYTHING: Final = Grants(read=None, write=None, types=None, licenses=None, catalogs=None)
"""Nothing is limited."""
