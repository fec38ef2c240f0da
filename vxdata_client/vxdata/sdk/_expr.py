"""Field references and predicates: data that a query sends, with Python's operators as their notation."""

from __future__ import annotations

import math
import warnings
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, NoReturn

from vxdata.schemas.errors import FieldTypeMismatch
from vxdata.schemas.plan import And, Comparison, IsIn, IsNull, Or
from vxdata.schemas.plan import Predicate as PredicateNode
from vxdata.schemas.value_types import NaiveTimestampWarning

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vxdata.schemas.plan import ComparisonOperator, Value

Literal = bool | int | float | str | date | datetime


class Predicate:
    """A condition on the fields of a resource, to be combined with ``&`` and ``|``.

    Args:
        node: The plan node that it stands for.
    """

    __slots__ = ("node",)

    def __init__(self, node: PredicateNode) -> None:
        """Wrap a node."""
        self.node = node

    def __and__(self, other: Predicate) -> Predicate:
        """Both hold."""
        return Predicate(And(terms=(*_terms(self, And), *_terms(other, And))))

    def __or__(self, other: Predicate) -> Predicate:
        """At least one holds."""
        return Predicate(Or(terms=(*_terms(self, Or), *_terms(other, Or))))

    def __bool__(self) -> NoReturn:
        """Refuse: `and`, `or`, `not`, `if` and chained comparisons would silently drop a part.

        Raises:
            TypeError: Always.
        """
        msg = (
            "a predicate has no truth value of its own. Combine predicates with & and | (in parentheses) "
            "instead of `and` and `or`, and write (F.x > 1) & (F.x < 5) instead of 1 < F.x < 5."
        )
        raise TypeError(msg)

    def __repr__(self) -> str:
        """Show the predicate as it is written."""
        return _show(self.node)


class FieldRef:
    """A field of whatever resource type the query reads; made by `F`.

    Comparisons follow SQL and Polars: one with a null field is not true. ``== None`` asks for null.

    Args:
        name: Name of the field.
    """

    __slots__ = ("name",)
    # Equality makes predicates, so it cannot find members of sets.
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, name: str) -> None:
        """Name a field."""
        self.name = name

    def __eq__(self, value: Literal | None) -> Predicate:  # type: ignore[override]
        """Equal to the value; with None, `is_null`."""
        return self.is_null() if value is None else self._compare("==", value)

    def __ne__(self, value: Literal | None) -> Predicate:  # type: ignore[override]
        """Different from the value, and not null; with None, `is_not_null`."""
        return self.is_not_null() if value is None else self._compare("!=", value)

    def __lt__(self, value: Literal) -> Predicate:
        """Less than the value."""
        return self._compare("<", value)

    def __le__(self, value: Literal) -> Predicate:
        """Less than or equal to the value."""
        return self._compare("<=", value)

    def __gt__(self, value: Literal) -> Predicate:
        """Greater than the value."""
        return self._compare(">", value)

    def __ge__(self, value: Literal) -> Predicate:
        """Greater than or equal to the value."""
        return self._compare(">=", value)

    def is_in(self, values: Iterable[Literal]) -> Predicate:
        """Equal to one of the values.

        Args:
            values: Any number of values; a Polars series will do. None among them is refused.

        Returns:
            The predicate.

        Raises:
            FieldTypeMismatch: A value is None, not finite, or of a type that no field has.

        Example:
            >>> F.volume_type.is_in(["T2", "ADC"])
            F.volume_type.is_in(['T2', 'ADC'])
        """
        if isinstance(values, str):
            msg = f"F.{self.name}.is_in takes a list of values, not the text {values!r}."
            raise FieldTypeMismatch(msg, field=self.name)
        return Predicate(IsIn(field=self.name, values=tuple(_value(self.name, value) for value in values)))

    def is_null(self) -> Predicate:
        """The field has no value."""
        return Predicate(IsNull(op="is_null", field=self.name))

    def is_not_null(self) -> Predicate:
        """The field has a value."""
        return Predicate(IsNull(op="is_not_null", field=self.name))

    def __repr__(self) -> str:
        """Show the reference as it is written."""
        return f"F.{self.name}"

    def _compare(self, op: ComparisonOperator, value: Literal) -> Predicate:
        return Predicate(Comparison(op=op, field=self.name, value=_value(self.name, value)))


class Fields:
    """Makes field references: ``F.b_value`` or ``F["b_value"]``."""

    def __getattr__(self, name: str) -> FieldRef:
        """Refer to a field by attribute."""
        if name.startswith("_"):
            raise AttributeError(name)
        return FieldRef(name)

    def __getitem__(self, name: str) -> FieldRef:
        """Refer to a field by name."""
        return FieldRef(name)


F = Fields()
"""The field accessor, as in ``F.b_value > 10``."""


def fields_of(node: PredicateNode) -> Iterator[str]:
    """Name every field that a predicate mentions.

    Args:
        node: A plan node.

    Yields:
        Names, some perhaps more than once.
    """
    if isinstance(node, And | Or):
        for term in node.terms:
            yield from fields_of(term)
    else:
        yield node.field


def _terms(predicate: Predicate, kind: type[And | Or]) -> tuple[PredicateNode, ...]:
    """Flatten `a & b & c` into one node, so that long chains stay shallow."""
    return predicate.node.terms if isinstance(predicate.node, kind) else (predicate.node,)


def _value(name: str, value: object) -> Value:
    """A Python value as plans carry it."""
    match value:
        case datetime():
            return _instant(value).isoformat(timespec="microseconds")
        case date():
            return value.isoformat()
        case float() if not math.isfinite(value):
            msg = f"F.{name} cannot be compared with {value}: fields hold finite numbers only."
            raise FieldTypeMismatch(msg, field=name)
        case bool() | int() | float() | str():
            return value
        case _:
            msg = f"F.{name} cannot be compared with {value!r:.80} of type {type(value).__name__}."
            raise FieldTypeMismatch(msg, field=name, value_type=type(value).__name__)


def _instant(value: datetime) -> datetime:
    if value.tzinfo is None:
        warnings.warn(f"{value} has no time zone and is taken as UTC", NaiveTimestampWarning, stacklevel=5)
        return value.replace(tzinfo=UTC)
    return value.astimezone(UTC)


def _show(node: PredicateNode) -> str:
    match node:
        case Comparison(op=op, field=name, value=value):
            return f"F.{name} {op} {value!r}"
        case IsIn(field=name, values=values):
            return f"F.{name}.is_in({list(values)!r})"
        case IsNull(op=op, field=name):
            return f"F.{name}.{op}()"
        case And(terms=terms):
            return " & ".join(f"({_show(term)})" for term in terms)
        case Or(terms=terms):
            return " | ".join(f"({_show(term)})" for term in terms)
