"""And, or, not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.plan.bound import BoundAnd, BoundNot, BoundOr
    from vxdata.sql.conditions import Scope


MOST_PLANNED: Final = 100
"""Terms of a conjunction that PostgreSQL looks at one by one.

It compares each with each when it plans, which takes many seconds for ten thousand. More are put into
parcels of `(a AND b …) IS TRUE`, which it leaves closed."""


def all_of(predicate: BoundAnd, scope: Scope) -> exp.Expr:
    """Terms of which all hold."""
    terms = [_part(scope.condition(term)) for term in predicate.terms]
    if len(terms) > MOST_PLANNED and not scope.negated:
        chunks = [terms[start : start + MOST_PLANNED] for start in range(0, len(terms), MOST_PLANNED)]
        terms = [_is_true(_balanced(exp.And, chunk)) for chunk in chunks]
    return _balanced(exp.And, terms)


def any_of(predicate: BoundOr, scope: Scope) -> exp.Expr:
    """Terms of which one holds."""
    return _balanced(exp.Or, [_part(scope.condition(term)) for term in predicate.terms])


def not_(predicate: BoundNot, scope: Scope) -> exp.Expr:
    """A term that is false."""
    return exp.Not(this=exp.paren(scope.below_not().condition(predicate.term), copy=False))


def _is_true(term: exp.Expr) -> exp.Expr:
    return exp.Is(this=exp.paren(term, copy=False), expression=exp.true())


def _part(term: exp.Expr) -> exp.Expr:
    return exp.paren(term, copy=False) if isinstance(term, exp.Connector) else term


def _balanced(kind: type[exp.Connector], terms: Sequence[exp.Expr]) -> exp.Expr:
    """Join terms as a balanced tree, so that ten thousand of them are fourteen levels deep."""
    if len(terms) == 1:
        return terms[0]
    middle = len(terms) // 2
    return kind(this=_balanced(kind, terms[:middle]), expression=_balanced(kind, terms[middle:]))
