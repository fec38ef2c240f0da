"""Conditions of cohorts, combined with `&` and `|` as far as a single match can express it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn

from vxdata.schemas.errors import InvalidPlan
from vxdata.sdk._cohorts.show import show_condition

if TYPE_CHECKING:
    from vxdata.schemas.cohorts import CohortCondition

COMBINE: Final = (
    "One match asks for all of some conditions, and for one of others. Make a cohort of each part, and "
    "combine the cohorts with &, | and -."
)


@dataclass(frozen=True)
class Term:
    """A condition on one column.

    Args:
        node: The plan node that it stands for.
        is_bare: Whether it is a negation that does not say which rows of an entity count.
    """

    node: CohortCondition
    is_bare: bool = False

    def __repr__(self) -> str:
        """Show the condition as it is written."""
        return show_condition(self.node, is_bare=self.is_bare)


class Condition:
    """A condition on subjects or files, made by `C`, to be combined with ``&`` and ``|``.

    A subject may have many observations, files and projects. Two conditions on observations may be met by
    different ones; two on files have to be met by one file, and two on projects by one project.

    Args:
        every: Terms that must all be met.
        some: Terms of which at least one must be met, if there are any.

    Example:
        >>> from vxdata.sdk import C
        >>> (C.sex == "male") & C.diagnosis.like("glio*")
        (C.sex == 'male') & C.diagnosis.like('glio*')
    """

    __slots__ = ("every", "some")

    def __init__(self, every: tuple[Term, ...], some: tuple[Term, ...] = ()) -> None:
        """Keep the terms."""
        self.every = every
        self.some = some

    def __and__(self, other: Condition) -> Condition:
        """Combine two conditions that must both be met.

        Raises:
            InvalidPlan: Both contain alternatives.
        """
        other = _required(other)
        if self.some and other.some:
            msg = f"{self!r} and {other!r} each ask for one of several conditions. {COMBINE}"
            raise InvalidPlan(msg)
        return Condition(self.every + other.every, self.some + other.some)

    def __or__(self, other: Condition) -> Condition:
        """Combine two conditions of which at least one must be met.

        Raises:
            InvalidPlan: One of them combines several conditions with `&`.
        """
        other = _required(other)
        terms: tuple[Term, ...] = ()
        for part in (self, other):
            if len(part.every) > 1 or (part.every and part.some):
                msg = f"{part!r} asks for several conditions, and is one side of |. {COMBINE}"
                raise InvalidPlan(msg)
            terms += part.every + part.some
        return Condition((), terms)

    def in_no_row(self) -> Condition:
        """Met if no row of the entity meets the condition; an entity without rows qualifies.

        Returns:
            The condition.

        Raises:
            InvalidPlan: It combines several conditions, or is already about no row.

        Example:
            >>> from vxdata.sdk import C
            >>> (C.age >= 60).in_no_row()
            (C.age >= 60).in_no_row()
        """
        if len(self.every) != 1 or self.some or self.every[0].node.quantifier == "none":
            msg = f"in_no_row takes one condition on some row, not {self!r}. {COMBINE}"
            raise InvalidPlan(msg)
        node = self.every[0].node.model_copy(update={"quantifier": "none"})
        return Condition((Term(node),))

    def __invert__(self) -> NoReturn:
        """Refuse: a negation has to say which rows count.

        Raises:
            TypeError: Always.
        """
        msg = (
            f"~ does not say which rows of an entity count. {self!r} for no row at all is "
            "(…).in_no_row(); for some row, use the opposite operator, such as some_is_not."
        )
        raise TypeError(msg)

    def __rand__(self, other: object) -> NoReturn:
        """Refuse what is no condition on the left.

        Raises:
            TypeError: Always.
        """
        raise no_condition(other)

    __ror__ = __rand__

    def __bool__(self) -> NoReturn:
        """Refuse: `and`, `or`, `not` and chained comparisons would silently drop a part.

        Raises:
            TypeError: Always.
        """
        msg = (
            "a condition has no truth value of its own. Combine conditions with & and | (in parentheses), "
            "and write C.age.between(1, 5) instead of 1 <= C.age <= 5."
        )
        raise TypeError(msg)

    def __repr__(self) -> str:
        """Show the condition as it is written."""
        if len(self.every) + len(self.some) == 1:
            return repr((self.every + self.some)[0])
        every, some = (list(map(_grouped, each)) for each in (self.every, self.some))
        if some:
            either = " | ".join(some)
            every.append(f"({either})" if every and len(some) > 1 else either)
        return " & ".join(every)


def no_condition(value: object) -> TypeError:
    """Make the error for a value that is not a condition.

    Args:
        value: What was given.

    Returns:
        The error.
    """
    return TypeError(
        f"{value!r:.80} is no condition on cohorts. Conditions are made with C, each in parentheses, as in "
        '(C.sex == "male") & (C.age > 50); F makes those of plain tables.'
    )


def _required(value: object) -> Condition:
    if not isinstance(value, Condition):
        raise no_condition(value)
    return value


def _grouped(term: Term) -> str:
    """Show a term as an operand of `&` or `|`."""
    shown = repr(term)
    return f"({shown})" if " " in shown.partition("(")[0] else shown
