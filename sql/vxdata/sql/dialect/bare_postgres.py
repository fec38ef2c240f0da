"""PostgreSQL as it is in databases that VxData did not design: nothing of VxData's own schema is there."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from vxdata.sql.dialect.postgres import PostgreSQL


@dataclass(frozen=True)
class BarePostgreSQL(PostgreSQL):
    """PostgreSQL with its own functions alone.

    What case is follows from the collation of the column, and sums of doubles from the order in which
    PostgreSQL adds them.
    """

    def matches(self, value: exp.Expr, pattern: exp.Expr, *, ignore_case: bool) -> exp.Expr:
        """The operators `~` and `~*`."""
        kind = exp.RegexpILike if ignore_case else exp.RegexpLike
        return kind(this=value, expression=pattern)

    def fold(self, text: exp.Expr) -> exp.Expr:
        """`lower`."""
        return exp.Lower(this=text)

    def mean_of_integers(self, value: exp.Expr) -> exp.Expr:
        """`avg`, which is exact for whole numbers."""
        return exp.cast(exp.Avg(this=value), exp.DType.DOUBLE)

    def sum_of_doubles(self, value: exp.Expr) -> exp.Expr:
        """`sum`."""
        return exp.Sum(this=value)

    def mean_of_doubles(self, value: exp.Expr) -> exp.Expr:
        """`avg`."""
        return exp.Avg(this=value)


BARE_POSTGRESQL = BarePostgreSQL()
