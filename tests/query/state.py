"""What could be seen at an instant, worked out from the dump alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import polars as pl

from vxdata.schemas.catalog.builtin import COMMIT, DELETED, RESOURCE
from vxdata.schemas.payload_type import METADATA

if TYPE_CHECKING:
    from datetime import datetime

    from tests.query.data import Dump

METADATA_NAMES: Final = tuple(column.name for column in METADATA)


@dataclass
class State:
    """The store at an instant.

    Args:
        dump: All that was ever written.
        as_of: The instant; None for the last commit.
    """

    dump: Dump
    as_of: datetime | None
    _frames: dict[tuple[str, bool], pl.DataFrame] = field(default_factory=dict)
    _parents: dict[str, str | None] | None = None

    def rows(self, relation: str, *, history: bool = False) -> pl.DataFrame:
        """The rows of a relation: what is live, or with `history` every version so far."""
        key = (relation, history)
        if key not in self._frames:
            self._frames[key] = self._read(relation, history=history)
        return self._frames[key]

    def _read(self, relation: str, *, history: bool) -> pl.DataFrame:
        if relation == COMMIT:
            return self.dump.commits.filter(self._is_past("as_of"))
        if relation == RESOURCE:
            columns = (*METADATA_NAMES, DELETED.name) if history else METADATA_NAMES
            parts = [self.rows(prefix, history=history).select(columns) for prefix in self.dump.versions]
            return pl.concat(parts)
        versions = self.dump.versions[relation].filter(self._is_past("valid_from"))
        if history:
            return versions.with_columns(
                valid_to=pl.when(self._is_past("valid_to")).then(pl.col("valid_to")).otherwise(None)
            )
        live = newest(versions).filter(~pl.col("deleted")).drop("deleted")
        return live.with_columns(valid_to=pl.lit(None, pl.Datetime("us", "UTC")))

    def _is_past(self, column: str) -> pl.Expr:
        return pl.col(column).is_not_null() if self.as_of is None else pl.col(column) <= self.as_of

    @property
    def parents(self) -> dict[str, str | None]:
        """The parent of every resource, deleted ones included."""
        if self._parents is None:
            frames = [
                newest(versions.filter(self._is_past("valid_from")))
                for versions in self.dump.versions.values()
            ]
            pairs = pl.concat([frame.select("identifier", "parent_identifier") for frame in frames])
            self._parents = dict(pairs.iter_rows())
        return self._parents

    def above(self, identifier: str) -> list[str]:
        """All ancestors of a resource, the nearest first."""
        found: list[str] = []
        parent = self.parents.get(identifier)
        while parent is not None:
            assert parent not in found, f"a cycle through {parent}"
            found.append(parent)
            parent = self.parents.get(parent)
        return found

    def below(self, identifier: str) -> list[str]:
        """All descendants of a resource."""
        return [name for name in self.parents if identifier in self.above(name)]


def newest(versions: pl.DataFrame) -> pl.DataFrame:
    """The last version of each resource."""
    return versions.sort("version").unique("identifier", keep="last", maintain_order=True)
