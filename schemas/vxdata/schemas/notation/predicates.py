"""Predicates: conditions on a resource, combined with `&`, `|` and `~`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NoReturn

from vxdata.schemas.errors import InvalidPlan
from vxdata.schemas.notation.show import show
from vxdata.schemas.plan import MAX_NESTING, And, Not, Or
from vxdata.schemas.plan.predicates import MAX_TERMS
from vxdata.schemas.plan.traverse import levels

if TYPE_CHECKING:
    from vxdata.schemas.plan import Predicate as PredicateNode

PARENTHESES: Final = (
    "& and | combine predicates, and bind more tightly than comparisons: put each comparison in "
    'parentheses, as in (F.volume_type == "T2") & (F.b_value > 10). '
    "A boolean field makes a predicate with F.is_prospective == True."
)


NO_TRUTH: Final = (
    "a predicate has no truth value of its own. Combine predicates with & and | (in parentheses) "
    "and negate them with ~ instead of `and`, `or` and `not`, "
    "and write (F.x > 1) & (F.x < 5) instead of 1 < F.x < 5."
)


class Predicate:
    """A condition on the fields of a resource, to be combined with ``&``, ``|`` and ``~``.

    A condition on a null field is unknown, and so is its negation: neither keeps the resource.

    Args:
        node: The plan node that it stands for.
        depth: How many levels of nodes, subqueries included, lie below that one.

    Example:
        >>> from vxdata.sdk import F
        >>> (F.volume_type == "T2") & ~F.b_value.is_null()
        (F.volume_type == 'T2') & ~F.b_value.is_null()
    """

    __slots__ = ("depth", "node")

    def __init__(self, node: PredicateNode, depth: int = 0) -> None:
        """Wrap a node."""
        self.node = node
        self.depth = depth

    @classmethod
    def of(cls, node: PredicateNode) -> Predicate:
        """Wrap a node whose depth is not known.

        Args:
            node: A plan node, perhaps with a subquery in it.

        Returns:
            The predicate.

        Raises:
            InvalidPlan: It is nested too deeply.
        """
        return cls(node, _allowed(nesting(node)))

    def __and__(self, other: Predicate) -> Predicate:
        """Both hold."""
        return _combine(And, self, other)

    def __or__(self, other: Predicate) -> Predicate:
        """At least one holds."""
        return _combine(Or, self, other)

    def __rand__(self, other: object) -> NoReturn:
        """Refuse what is no predicate on the left.

        Raises:
            TypeError: Always.
        """
        raise _no_predicate(other)

    __ror__ = __rand__

    def __invert__(self) -> Predicate:
        """It does not hold; unknown stays unknown."""
        if isinstance(self.node, Not):
            return Predicate(self.node.term, self.depth - 1)
        return Predicate(Not.model_construct(term=self.node), _allowed(self.depth + 1))

    def __bool__(self) -> NoReturn:
        """Refuse: `and`, `or`, `not`, `if` and chained comparisons would silently drop a part.

        Raises:
            TypeError: Always.
        """
        raise TypeError(NO_TRUTH)

    def __repr__(self) -> str:
        """Show the predicate as it is written."""
        return show(self.node)


def nesting(node: PredicateNode) -> int:
    """Count the levels of nodes below one, subqueries included; the plan's bytes may have `MAX_NESTING`.

    Args:
        node: A plan node.

    Returns:
        0 for a plain comparison.
    """
    return len(levels(node)) - 1


def _combine(kind: type[And | Or], left: Predicate, right: Predicate) -> Predicate:
    """Make one node of two, flattening `a & b & c`, so that long chains stay shallow."""
    if not isinstance(right, Predicate):
        raise _no_predicate(right)
    terms: list[PredicateNode] = []
    depth = 0
    for part in (left, right):
        is_same = isinstance(part.node, kind)
        terms += part.node.terms if isinstance(part.node, kind) else [part.node]
        depth = max(depth, part.depth if is_same else part.depth + 1)
    if len(terms) > MAX_TERMS:
        msg = (
            f"{len(terms):,} predicates are joined; at most {MAX_TERMS:,} are allowed. "
            "For many values of one field, use is_in."
        )
        raise InvalidPlan(msg, terms=len(terms), limit=MAX_TERMS)
    # The terms are nodes, hence valid; checking them again would make long chains quadratic.
    return Predicate(kind.model_construct(terms=tuple(terms)), _allowed(depth))


def _allowed(depth: int) -> int:
    if depth > MAX_NESTING:
        msg = (
            f"Predicates are nested {depth} deep; "
            f"at most {MAX_NESTING} levels of &, |, ~ and subqueries are allowed."
        )
        raise InvalidPlan(msg, depth=depth, limit=MAX_NESTING)
    return depth


def _no_predicate(value: object) -> TypeError:
    return TypeError(f"{value!r:.80} is no predicate. {PARENTHESES}")
