"""The target that a query is written for, and the scope that a condition stands in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlglot import exp

    from vxdata.schemas.binding.bound_predicates import BoundPredicate
    from vxdata.sql.dialect.base import Dialect
    from vxdata.sql.instant import Instant


@dataclass(frozen=True)
class Target:
    """The snapshot and the engine that a query is written for.

    Args:
        instant: The instant to read at.
        dialect: How the engine that will run it writes.
    """

    instant: Instant
    dialect: Dialect


@dataclass(frozen=True)
class ConditionScope:
    """The place in a query where a condition stands.

    Args:
        table: Name of the rows that it is asked of.
        dialect: How the engine writes.
        write: Writes a predicate in a scope.
        negated: Whether it stands below a negation, where unknown and false differ.
    """

    table: str
    dialect: Dialect
    write: Callable[[BoundPredicate, ConditionScope], exp.Expr]
    negated: bool = False

    def condition(self, predicate: BoundPredicate) -> exp.Expr:
        """Write a predicate that stands in the same place."""
        return self.write(predicate, self)

    def below_not(self) -> ConditionScope:
        """The place below a negation."""
        return replace(self, negated=True)

    def within(self, table: str) -> ConditionScope:
        """The place inside a subquery, whose rows are where its condition is true."""
        return replace(self, table=table, negated=False)
