"""How much is measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Scale:
    """How much is measured.

    Args:
        rounds: Rounds that count.
        quick: Whether sizes are small, so that all ends within minutes.
        huge: Whether growth goes up to ten million rows.
    """

    rounds: int
    quick: bool = False
    huge: bool = False

    def of(self, full: T, quick: T) -> T:
        """Choose between two sizes."""
        return quick if self.quick else full

    @property
    def warm(self) -> bool:
        """Whether a round that does not count goes first."""
        return not self.quick
