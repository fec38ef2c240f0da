"""Conditions on hashes: a row belongs to a part of all rows whose size is known, whatever else is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.sql.literals import to_sql
from vxdata.sql.query.operands import hash_of, text_of

if TYPE_CHECKING:
    from vxdata.schemas.binding.bound_predicates import BoundHashTest
    from vxdata.sql.query.target import ConditionScope


def hash_test(predicate: BoundHashTest, scope: ConditionScope) -> exp.Expr:
    """Write the test whether the hash of a value lies in a range, open at either end or not; never null."""
    first, *others = [text_of(each, scope.table, scope.dialect) for each in predicate.operands]
    if not predicate.operands[-1].required:
        others.append(exp.Literal.string(""))
    text = exp.Coalesce(this=first, expressions=others) if others else first
    hashed = hash_of(text, predicate.seed, scope.dialect)
    tests: list[exp.Expr] = []
    if predicate.low is not None:
        tests.append(exp.GTE(this=hashed, expression=to_sql(predicate.low)))
    if predicate.high is not None:
        tests.append(exp.LT(this=hashed.copy(), expression=to_sql(predicate.high)))
    return exp.and_(*tests, copy=False) if tests else exp.true()
