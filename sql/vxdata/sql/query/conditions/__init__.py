"""Conditions as SQL: one function for each kind of bound predicate, in the table below.

Conditions of plans have three values, like those of SQL: a test of a null is unknown. Where SQL itself
answers false instead, the difference shows only below a negation; there, `unknown_for_null` restores it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vxdata.schemas.binding.bound_predicates import (
    BoundAggregated,
    BoundAncestry,
    BoundAnd,
    BoundComparison,
    BoundHashTest,
    BoundIsIn,
    BoundIsInQuery,
    BoundIsNull,
    BoundItemsTest,
    BoundNot,
    BoundOr,
    BoundQuantified,
    BoundTextTest,
)
from vxdata.sql.query.conditions.ancestry import ancestry
from vxdata.sql.query.conditions.hashes import hash_test
from vxdata.sql.query.conditions.scalar import all_of, any_of, comparison, is_null, not_, text_test
from vxdata.sql.query.conditions.sets import aggregated, is_in, is_in_query, items_test, quantified
from vxdata.sql.query.target import ConditionScope

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlglot import exp

    from vxdata.schemas.binding.bound_predicates import BoundPredicate
    from vxdata.sql.dialect.base import Dialect

CONDITIONS: dict[type, Callable[[Any, ConditionScope], exp.Expr]] = {
    BoundComparison: comparison,
    BoundIsNull: is_null,
    BoundIsIn: is_in,
    BoundIsInQuery: is_in_query,
    BoundQuantified: quantified,
    BoundAggregated: aggregated,
    BoundTextTest: text_test,
    BoundItemsTest: items_test,
    BoundAncestry: ancestry,
    BoundHashTest: hash_test,
    BoundNot: not_,
    BoundAnd: all_of,
    BoundOr: any_of,
}
"""Kind of predicate -> how it is written."""


def scope_of(table: str, dialect: Dialect) -> ConditionScope:
    """Make the scope of the condition of a whole query.

    Args:
        table: Name of its rows.
        dialect: The dialect of the engine.
    """
    return ConditionScope(table, dialect, _write)


def _write(predicate: BoundPredicate, scope: ConditionScope) -> exp.Expr:
    return CONDITIONS[type(predicate)](predicate, scope)
