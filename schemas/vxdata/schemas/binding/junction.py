"""And, or, not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.plan.bound import BoundAnd, BoundNot, BoundOr

if TYPE_CHECKING:
    from vxdata.schemas.binding import Scope
    from vxdata.schemas.plan.predicates import And, Not, Or


def all_of(predicate: And, scope: Scope) -> BoundAnd:
    """Terms of which all hold."""
    return BoundAnd(tuple(map(scope.bind, predicate.terms)))


def any_of(predicate: Or, scope: Scope) -> BoundOr:
    """Terms of which one holds."""
    return BoundOr(tuple(map(scope.bind, predicate.terms)))


def not_(predicate: Not, scope: Scope) -> BoundNot:
    """A term that is false."""
    return BoundNot(scope.bind(predicate.term))
