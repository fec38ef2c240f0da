"""Comparisons of a field with values: Python's operators, and methods beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.notation.literals import moment, plain, plain_values
from vxdata.schemas.notation.predicates import Predicate
from vxdata.schemas.notation.reference import Reference
from vxdata.schemas.notation.subqueries import AggregateOfQuery, Quantified, SelectsOne
from vxdata.schemas.plan import Aggregated, Comparison, IsIn, IsInQuery, IsNull
from vxdata.schemas.plan import Quantified as QuantifiedNode

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from vxdata.schemas.notation.literals import Literal
    from vxdata.schemas.plan import ComparisonOperator, Ordering


class Comparable(Reference):
    """The comparisons of a field; one with a null field is unknown, as in SQL and Polars."""

    __slots__ = ()
    # Equality makes predicates, so it cannot find members of sets.
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, value: Literal | AggregateOfQuery | None) -> Predicate:  # type: ignore[override]
        """Equal to the value; with None, `is_null`."""
        return self.is_null() if value is None else self._compare("==", value)

    def __ne__(self, value: Literal | AggregateOfQuery | None) -> Predicate:  # type: ignore[override]
        """Different from the value, and not null; with None, `is_not_null`."""
        return self.is_not_null() if value is None else self._compare("!=", value)

    def __lt__(self, value: Literal | Quantified | AggregateOfQuery) -> Predicate:
        """Less than the value, or than any or all that a query finds."""
        return self._order("<", value)

    def __le__(self, value: Literal | Quantified | AggregateOfQuery) -> Predicate:
        """Less than or equal to the value, or to any or all that a query finds."""
        return self._order("<=", value)

    def __gt__(self, value: Literal | Quantified | AggregateOfQuery) -> Predicate:
        """Greater than the value, or than any or all that a query finds."""
        return self._order(">", value)

    def __ge__(self, value: Literal | Quantified | AggregateOfQuery) -> Predicate:
        """Greater than or equal to the value, or to any or all that a query finds."""
        return self._order(">=", value)

    def is_in(self, values: Iterable[Literal] | SelectsOne) -> Predicate:
        """Equal to one of the values; for a list field, some item is.

        Args:
            values: Any number of values, such as a list or a Polars series, in which None is refused;
                or a query that selects one field, whose nulls do not count.

        Returns:
            The predicate.

        Raises:
            FieldTypeMismatch: What is given is no collection, or a value in it is None, not finite, or
                of a type that no field has.
            InvalidPlan: There are too many values, the query does not select one field, or queries are
                nested too deeply.

        Example:
            >>> from vxdata.sdk import F
            >>> F.volume_type.is_in(["T2", "ADC"])
            F.volume_type.is_in(['T2', 'ADC'])
        """
        if isinstance(values, SelectsOne):
            node = IsInQuery(**self.place, query=values.as_subquery())
            return Predicate.of(node)
        listed = plain_values(self, "is_in", values)
        return Predicate(IsIn(**self.place, values=listed))

    def between(self, low: Literal, high: Literal) -> Predicate:
        """Between two values, both included.

        Args:
            low: The least value.
            high: The greatest value.

        Returns:
            The predicate.

        Raises:
            FieldTypeMismatch: No field holds such a value.

        Example:
            >>> from vxdata.sdk import F
            >>> F.slice_thickness.between(2.0, 4.0)
            F.slice_thickness.between(2.0, 4.0)
        """
        return self._compare(">=", low) & self._compare("<=", high)

    def after(self, instant: str | date | datetime) -> Predicate:
        """Later than an instant or a day, that one excluded.

        Args:
            instant: Text in ISO 8601, a date or a datetime. Without a time zone it is UTC; a date
                compared with an instant is the start of its day.

        Returns:
            The predicate.

        Raises:
            FieldTypeMismatch: It is no date and no instant.

        Example:
            >>> from vxdata.sdk import F
            >>> F.acquisition_datetime.after("2024-01-01")
            F.acquisition_datetime > '2024-01-01'
        """
        return self._compare(">", moment(self, "after", instant))

    def before(self, instant: str | date | datetime) -> Predicate:
        """Earlier than an instant or a day, that one excluded.

        Args:
            instant: Text in ISO 8601, a date or a datetime. Without a time zone it is UTC; a date
                compared with an instant is the start of its day.

        Returns:
            The predicate.

        Raises:
            FieldTypeMismatch: It is no date and no instant.

        Example:
            >>> from vxdata.sdk import F
            >>> F.acquisition_datetime.before("2025-01-01")
            F.acquisition_datetime < '2025-01-01'
        """
        return self._compare("<", moment(self, "before", instant))

    def is_null(self) -> Predicate:
        """The field has no value, or the mapping no such entry; true or false, never unknown.

        Returns:
            The predicate.

        Example:
            >>> from vxdata.sdk import F
            >>> F.b_value.is_null()
            F.b_value.is_null()
        """
        return Predicate(IsNull(op="is_null", **self.place))

    def is_not_null(self) -> Predicate:
        """The field has a value, or the mapping such an entry; true or false, never unknown.

        Returns:
            The predicate.

        Example:
            >>> from vxdata.sdk import F
            >>> F.summary_metrics["auc"].is_not_null()
            F.summary_metrics['auc'].is_not_null()
        """
        return Predicate(IsNull(op="is_not_null", **self.place))

    def _compare(self, op: ComparisonOperator, value: object) -> Predicate:
        if isinstance(value, AggregateOfQuery):
            node = Aggregated(op=value.function, comparison=op, query=value.query, **self.place)
            return Predicate.of(node)
        return Predicate(Comparison(op=op, **self.place, value=plain(self, value)))

    def _order(self, op: Ordering, value: Literal | Quantified | AggregateOfQuery) -> Predicate:
        if not isinstance(value, Quantified):
            return self._compare(op, value)
        node = QuantifiedNode(op=value.quantifier, comparison=op, **self.place, query=value.query)
        return Predicate.of(node)
