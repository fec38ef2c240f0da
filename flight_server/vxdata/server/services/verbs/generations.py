"""Generations: the staged types in an order in which parents come before their children.

Only types whose resources hang below each other, in one call, share a generation: a volume below a volume,
or a study below a volume below a study.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vxdata.schemas.payload_type import PayloadType
    from vxdata.server.ingest.staging import Staging


@dataclass(frozen=True)
class Generation:
    """Types whose rows are inserted together.

    Args:
        types: The types, in the order of the registry.
        may_hang_below_itself: Whether some rows state parents of these types.
    """

    types: tuple[PayloadType, ...]
    may_hang_below_itself: bool

    @property
    def prefixes(self) -> tuple[str, ...]:
        """The prefixes of the types."""
        return tuple(payload_type.prefix for payload_type in self.types)


def generations(staging: Staging) -> list[Generation]:
    """Order the staged types.

    Args:
        staging: What is staged, and which types of parents it states.

    Returns:
        All staged types, parents first.
    """
    staged = {payload_type.prefix: payload_type for payload_type in staging.staged_types}
    above = {prefix: _above(prefix, staged, staging.parents) for prefix in staged}
    groups: dict[frozenset[str], list[PayloadType]] = {}
    for prefix, payload_type in staged.items():
        groups.setdefault(frozenset(above[prefix] | {prefix}), []).append(payload_type)
    # What is above a parent is above its children as well, and these have the parent besides.
    return [
        Generation(tuple(types), types[0].prefix in above[types[0].prefix])
        for _, types in sorted(groups.items(), key=lambda group: len(group[0]))
    ]


def _above(prefix: str, staged: Mapping[str, object], parents: Mapping[str, set[str]]) -> set[str]:
    """The staged types that rows of a type may hang below, however far."""
    found: set[str] = set()
    left = [prefix]
    while left:
        new = {name for name in parents.get(left.pop(), ()) if name in staged} - found
        found |= new
        left += new
    return found
