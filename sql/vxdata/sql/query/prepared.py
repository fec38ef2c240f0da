"""The prepared plan: how a bound plan is answered, and with which statement.

Running a plan, explaining it and telling its schema all begin here, so that they cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, overload

from vxdata.sql.dialect.postgres import POSTGRESQL
from vxdata.sql.query.lookups import point_lookup
from vxdata.sql.query.template import statement_of

if TYPE_CHECKING:
    from vxdata.schemas.binding import BoundPlan
    from vxdata.schemas.fields import Field
    from vxdata.sql.dialect.base import Dialect
    from vxdata.sql.instant import Instant
    from vxdata.sql.query.template import Statement

FEW_ROWS: Final = 100
"""Most rows that come at once instead of as a stream."""


class Method(StrEnum):
    """The ways to read the result of a plan."""

    POINT_LOOKUP = "point lookup"
    """By a prepared statement outside a transaction, all rows at once, with the last commit beside them."""

    STREAM = "stream"
    """Batch by batch over one connection, in the snapshot in which the instant was resolved."""


@dataclass(frozen=True)
class PreparedPlan:
    """A plan that is ready to run.

    Args:
        engine: What runs it: the name of a dialect.
        method: How its result is read.
        statement: The statement that asks for the whole result.
        columns: The columns of the result, in order.
        max_rows: Most rows of the result, if the plan tells; a point lookup may bring more.
    """

    engine: str
    method: Method
    statement: Statement
    columns: tuple[Field, ...]
    max_rows: int | None

    @property
    def is_small(self) -> bool:
        """Whether the result has so few rows that they can come all at once."""
        return self.max_rows is not None and self.max_rows <= FEW_ROWS


@overload
def prepare(plan: BoundPlan) -> PreparedPlan | None: ...
@overload
def prepare(plan: BoundPlan, instant: Instant, dialect: Dialect = ...) -> PreparedPlan: ...
def prepare(
    plan: BoundPlan, instant: Instant | None = None, dialect: Dialect = POSTGRESQL
) -> PreparedPlan | None:
    """Decide how to run a plan.

    Args:
        plan: A bound plan.
        instant: The instant to read at, resolved in the snapshot that will run the statement. A point lookup
            needs none: its statement brings its own.
        dialect: The dialect of the engine.

    Returns:
        The prepared plan; None where it depends on an instant and none was given.
    """
    if instant is None:
        lookup = point_lookup(plan)
        return None if lookup is None else _prepared(plan, Method.POINT_LOOKUP, lookup)
    return _prepared(plan, Method.STREAM, statement_of(plan, instant, dialect), dialect)


def _prepared(
    plan: BoundPlan, method: Method, statement: Statement, dialect: Dialect = POSTGRESQL
) -> PreparedPlan:
    return PreparedPlan(dialect.name, method, statement, plan.columns, plan.max_rows)
