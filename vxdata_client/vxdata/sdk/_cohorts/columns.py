"""The notation of cohorts: `C` and its columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn

from vxdata.schemas.cohorts import CohortCondition
from vxdata.schemas.cohorts.plan import SecondBound
from vxdata.schemas.errors import FieldTypeMismatch
from vxdata.schemas.notation.literals import plain, plain_text, plain_values
from vxdata.sdk._cohorts.conditions import Condition, Term
from vxdata.sdk._cohorts.show import show_column
from vxdata.sdk._expressions.tabular import TakesTables

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vxdata.schemas.cohorts.plan import Operator
    from vxdata.schemas.plan.predicates import Ordering

Value = bool | int | float | str
Closed = Literal["both", "left", "right", "none"]

ENDS: Final[dict[Closed, tuple[Operator, Ordering]]] = {
    "both": (">=", "<="),
    "left": (">=", "<"),
    "right": (">", "<="),
    "none": (">", "<"),
}
"""Which ends of a range belong to it -> how both are compared."""


class ColumnRef(TakesTables):
    """A column of a catalog under its public name; made by `C`.

    Texts are compared without regard to case. A subject or file can have several rows in another table, such
    as the observations of a subject. A condition on a column of that table is met if *some* row meets it. So
    a negation there has two meanings, each with a method of its own: ``some_is_not`` and ``none_is``. A plain
    ``!=`` is accepted only for columns of the subjects' or files' own table.

    Args:
        name: Public name of the column.

    Example:
        >>> from vxdata.sdk import C
        >>> C.diagnosis.like("glio*"), C.diagnosis.none_is("glioma"), C.age >= 60
        (C.diagnosis.like('glio*'), C.diagnosis.none_is('glioma'), C.age >= 60)
    """

    __slots__ = ()
    # Equality makes conditions, so it cannot find members of sets.
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, value: Value) -> Condition:  # type: ignore[override]
        """Equal to the value, ignoring case."""
        return self._compare("=", value)

    def __ne__(self, value: Value) -> Condition:  # type: ignore[override]
        """Different from the value; only for columns of the entities' own table. Null differs from a text."""
        return self._compare("!=", value, is_bare=True)

    def __lt__(self, value: float | str) -> Condition:
        """Less than the value."""
        return self._compare("<", value)

    def __le__(self, value: float | str) -> Condition:
        """Less than or equal to the value."""
        return self._compare("<=", value)

    def __gt__(self, value: float | str) -> Condition:
        """Greater than the value."""
        return self._compare(">", value)

    def __ge__(self, value: float | str) -> Condition:
        """Greater than or equal to the value."""
        return self._compare(">=", value)

    def between(self, low: float, high: float, *, closed: Closed = "both") -> Condition:
        """Between two numbers, in one row; ``(C.age >= 50) & (C.age < 60)`` may be met by two different rows.

        Args:
            low: The least number.
            high: The greatest number.
            closed: Which ends the range includes.

        Returns:
            The condition.

        Raises:
            FieldTypeMismatch: An end is no number.

        Example:
            >>> from vxdata.sdk import C
            >>> C.year_of_birth.between(1950, 1960, closed="left")
            C.year_of_birth.between(1950, 1960, closed='left')
        """
        if closed not in ENDS:
            msg = f"closed is one of {', '.join(ENDS)}, not {closed!r:.80}."
            raise FieldTypeMismatch(msg, closed=repr(closed)[:80])
        first, second = ENDS[closed]
        least, greatest = plain(self, low), plain(self, high)
        if isinstance(least, bool | str) or isinstance(greatest, bool | str):
            msg = f"{self!r}.between takes two numbers, not {low!r:.80} and {high!r:.80}."
            raise FieldTypeMismatch(msg, field=self.name)
        return self._condition(first, least, also=SecondBound(op=second, value=greatest))

    def like(self, pattern: str) -> Condition:
        """Like a pattern, ignoring case: ``*`` and ``%`` stand for any text, ``_`` for one character.

        Args:
            pattern: The pattern; a single ``*`` also finds null.

        Returns:
            The condition.

        Raises:
            FieldTypeMismatch: The pattern is no text.

        Example:
            >>> from vxdata.sdk import C
            >>> C.diagnosis.like("glio*")
            C.diagnosis.like('glio*')
        """
        return self._condition("like", plain_text(self, "like", pattern))

    def not_like(self, pattern: str) -> Condition:
        """Not like a pattern; only for columns of the entities' own table.

        Args:
            pattern: The pattern.

        Returns:
            The condition.

        Raises:
            FieldTypeMismatch: The pattern is no text.
        """
        return self._condition("not like", plain_text(self, "not_like", pattern), is_bare=True)

    def is_in(self, values: Iterable[Value]) -> Condition:
        """Equal to one of the values, ignoring case.

        Args:
            values: Any number of them, such as a list, a Polars series or an Arrow column; None is refused.

        Returns:
            The condition.

        Raises:
            FieldTypeMismatch: What is given is no collection, or a value in it is none of a column.
            InvalidPlan: There are too many values.

        Example:
            >>> from vxdata.sdk import C
            >>> C.subject_id.is_in(["S0", "S1"])
            C.subject_id.is_in(['S0', 'S1'])
        """
        return self._condition("in", plain_values(self, "is_in", values))

    def not_in(self, values: Iterable[Value]) -> Condition:
        """Equal to none of the values; only for columns of the entities' own table.

        Args:
            values: Any number of them.

        Returns:
            The condition.

        Raises:
            FieldTypeMismatch: What is given is no collection, or a value in it is none of a column.
            InvalidPlan: There are too many values.
        """
        return self._condition("not in", plain_values(self, "not_in", values), is_bare=True)

    def is_null(self) -> Condition:
        """The entity has no value: none of its rows has one, or it has no rows.

        Returns:
            The condition.

        Example:
            >>> from vxdata.sdk import C
            >>> C.diagnosis.is_null()
            C.diagnosis.is_null()
        """
        return self._condition("is", None)

    def some_is_null(self) -> Condition:
        """Some row has no value; other rows of the same entity may have one.

        Returns:
            The condition.
        """
        return self._condition("=", None)

    def is_not_null(self) -> Condition:
        """Some row has a value.

        Returns:
            The condition.
        """
        return self._condition("is not", None)

    def some_is_not(self, value: Value) -> Condition:
        """Some row has a different value, whatever the other rows have; null differs from a text.

        Args:
            value: The value.

        Returns:
            The condition.

        Raises:
            FieldTypeMismatch: No column holds such a value.

        Example:
            >>> from vxdata.sdk import C
            >>> C.diagnosis.some_is_not("glioma")
            C.diagnosis.some_is_not('glioma')
        """
        return self._compare("!=", value)

    def some_is_not_like(self, pattern: str) -> Condition:
        """Some row has a value that does not match a pattern, or null.

        Args:
            pattern: The pattern.

        Returns:
            The condition.

        Raises:
            FieldTypeMismatch: The pattern is no text.
        """
        return self._condition("not like", plain_text(self, "some_is_not_like", pattern))

    def some_is_not_in(self, values: Iterable[Value]) -> Condition:
        """Some row has a value that is none of these; in a text column, null counts as such a value.

        Args:
            values: Any number of them.

        Returns:
            The condition.

        Raises:
            FieldTypeMismatch: What is given is no collection, or a value in it is none of a column.
            InvalidPlan: There are too many values.
        """
        return self._condition("not in", plain_values(self, "some_is_not_in", values))

    def none_is(self, value: Value) -> Condition:
        """No row has the value; entities without rows are found too.

        Args:
            value: The value.

        Returns:
            The condition.

        Raises:
            FieldTypeMismatch: No column holds such a value.

        Example:
            >>> from vxdata.sdk import C
            >>> C.diagnosis.none_is("glioma")
            C.diagnosis.none_is('glioma')
        """
        return (self == value).in_no_row()

    def none_is_like(self, pattern: str) -> Condition:
        """No row has a value that matches a pattern.

        Args:
            pattern: The pattern.

        Returns:
            The condition.

        Raises:
            FieldTypeMismatch: The pattern is no text.
        """
        return self.like(pattern).in_no_row()

    def none_is_in(self, values: Iterable[Value]) -> Condition:
        """No row has one of the values.

        Args:
            values: Any number of them.

        Returns:
            The condition.

        Raises:
            FieldTypeMismatch: What is given is no collection, or a value in it is none of a column.
            InvalidPlan: There are too many values.
        """
        return self.is_in(values).in_no_row()

    def __contains__(self, item: object) -> NoReturn:
        """Refuse: `in` always gives a truth value.

        Raises:
            TypeError: Always.
        """
        msg = f"`in` makes no condition; write {self!r}.is_in(values) or {self!r}.like(pattern)."
        raise TypeError(msg)

    def __repr__(self) -> str:
        """Show the reference as it is written."""
        return show_column(self.name)

    def _compare(self, op: Operator, value: object, *, is_bare: bool = False) -> Condition:
        if value is None:
            msg = (
                f"Nothing is compared with None: {self!r}.is_null() finds entities without any value, "
                f"{self!r}.some_is_null() those of which some row has none, and {self!r}.is_not_null() those "
                "of which some row has one."
            )
            raise FieldTypeMismatch(msg, field=self.name)
        return self._condition(op, plain(self, value), is_bare=is_bare)

    def _condition(
        self, op: Operator, value: Any, *, is_bare: bool = False, also: SecondBound | None = None
    ) -> Condition:
        node = CohortCondition(column=self.name, op=op, value=value, also=also)
        return Condition((Term(node, is_bare),))


class Columns:
    """Makes references to the columns of whatever catalog the cohort is of."""

    def __getitem__(self, name: str) -> ColumnRef:
        """Refer to a column by its public name.

        Raises:
            TypeError: The name is no text.
        """
        given: object = name
        if not isinstance(given, str) or not given:
            msg = f'C takes the public name of a column, as in C["sex"], not {name!r:.80}.'
            raise TypeError(msg)
        return ColumnRef(str.__str__(name))

    def __getattr__(self, name: str) -> ColumnRef:
        """Refer to a column by attribute."""
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __repr__(self) -> str:
        """Show the accessor as it is written."""
        return "C"


C = Columns()
"""The accessor of columns of cohorts, as in ``C.sex == "male"``."""
