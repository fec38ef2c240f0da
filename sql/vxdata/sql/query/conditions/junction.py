"""And, or, not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.binding.bound_predicates import BoundAnd, BoundNot, BoundOr
    from vxdata.sql.query.target import Scope


def all_of(predicate: BoundAnd, scope: Scope) -> exp.Expr:
    """Terms of which all hold.

    More than the engine should plan one by one are grouped as `(a AND b …) IS TRUE`, which it does not open.
    """
    terms, most = [_part(scope.condition(term)) for term in predicate.terms], scope.dialect.max_planned
    if len(terms) > most and not scope.negated:
        chunks = [terms[start : start + most] for start in range(0, len(terms), most)]
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
