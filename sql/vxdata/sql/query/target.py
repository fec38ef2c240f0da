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
        dialect: The dialect of the engine that will run it.
    """

    instant: Instant
    dialect: Dialect


@dataclass(frozen=True)
class ConditionScope:
    """The place in a query where a condition stands.

    Args:
        table: Alias of the rows that it tests.
        dialect: The dialect of the engine.
        write: Writes a predicate in a scope.
        negated: Whether it stands below a negation, where null and false differ.
    """

    table: str
    dialect: Dialect
    write: Callable[[BoundPredicate, ConditionScope], exp.Expr]
    negated: bool = False

    def condition(self, predicate: BoundPredicate) -> exp.Expr:
        """Write a predicate in this scope."""
        return self.write(predicate, self)

    def below_not(self) -> ConditionScope:
        """The scope below a negation."""
        return replace(self, negated=True)

    def within(self, table: str) -> ConditionScope:
        """The scope of the condition of a subquery, which keeps the rows for which the condition is true."""
        return replace(self, table=table, negated=False)
