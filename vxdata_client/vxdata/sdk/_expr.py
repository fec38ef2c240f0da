"""Field references and predicates: data that a query sends, with Python's operators as their notation."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable
from datetime import UTC, date, datetime
from keyword import iskeyword
from typing import TYPE_CHECKING, Final, NoReturn

from vxdata.schemas.errors import FieldTypeMismatch, InvalidPlan
from vxdata.schemas.plan import And, Comparison, IsIn, IsNull, Or
from vxdata.schemas.plan import Predicate as PredicateNode
from vxdata.schemas.value_types import NaiveTimestampWarning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.schemas.plan import ComparisonOperator, Value

Literal = bool | int | float | str | date | datetime

MOST_NESTED: Final = 64
"""Deepest nesting of `&` in `|` in `&` …: what reads the plan's JSON goes about 98 levels deep."""

SHOWN_VALUES: Final = 20
"""At most this many values of an `is_in` are shown; a notebook should survive a list of a million."""

PARENTHESES: Final = (
    "& and | combine predicates, and bind more tightly than comparisons: put each comparison in "
    'parentheses, as in (F.volume_type == "T2") & (F.b_value > 10). '
    "A boolean field makes a predicate with F.is_prospective == True."
)


class Predicate:
    """A condition on the fields of a resource, to be combined with ``&`` and ``|``.

    Args:
        node: The plan node that it stands for.
        depth: How deep ``and`` and ``or`` are nested in it.
    """

    __slots__ = ("depth", "node")

    def __init__(self, node: PredicateNode, depth: int = 0) -> None:
        """Wrap a node."""
        self.node = node
        self.depth = depth

    def __and__(self, other: Predicate) -> Predicate:
        """Both hold."""
        return _combine(And, self, other)

    def __or__(self, other: Predicate) -> Predicate:
        """At least one holds."""
        return _combine(Or, self, other)

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
            FieldTypeMismatch: What is given is no collection, or a value in it is None, not finite, or
                of a type that no field has.

        Example:
            >>> F.volume_type.is_in(["T2", "ADC"])
            F.volume_type.is_in(['T2', 'ADC'])
        """
        if isinstance(values, str | bytes) or not isinstance(values, Iterable):
            msg = f"{self!r}.is_in takes a list of values, not {values!r:.80}."
            raise FieldTypeMismatch(msg, field=self.name, value_type=type(values).__name__)
        return Predicate(IsIn(field=self.name, values=tuple(_value(self.name, value) for value in values)))

    def is_null(self) -> Predicate:
        """The field has no value."""
        return Predicate(IsNull(op="is_null", field=self.name))

    def is_not_null(self) -> Predicate:
        """The field has a value."""
        return Predicate(IsNull(op="is_not_null", field=self.name))

    def __bool__(self) -> NoReturn:
        """Refuse: in `F.x and F.y == 1` Python would drop the first part.

        Raises:
            TypeError: Always.
        """
        msg = f"{self!r} has no truth value of its own. {PARENTHESES}"
        raise TypeError(msg)

    def __and__(self, other: object) -> NoReturn:
        """Refuse: this is a comparison without its parentheses.

        Raises:
            TypeError: Always.
        """
        msg = f"{self!r} is a field, not a predicate. {PARENTHESES}"
        raise TypeError(msg)

    __rand__ = __or__ = __ror__ = __and__

    def __repr__(self) -> str:
        """Show the reference as it is written."""
        is_attribute = self.name.isidentifier() and not iskeyword(self.name) and not self.name.startswith("_")
        return f"F.{self.name}" if is_attribute else f"F[{self.name!r}]"

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

    def __repr__(self) -> str:
        """Show the accessor as it is written."""
        return "F"


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


def _combine(kind: type[And | Or], left: Predicate, right: Predicate) -> Predicate:
    """Make one node of two, flattening `a & b & c`, so that long chains stay shallow."""
    if not isinstance(right, Predicate):
        msg = f"{right!r:.80} is no predicate. {PARENTHESES}"
        raise TypeError(msg)
    terms: list[PredicateNode] = []
    depth = 0
    for part in (left, right):
        is_same = isinstance(part.node, kind)
        terms += part.node.terms if isinstance(part.node, kind) else [part.node]
        depth = max(depth, part.depth if is_same else part.depth + 1)
    if depth > MOST_NESTED:
        msg = f"Predicates are nested {depth} deep; at most {MOST_NESTED} levels of & in | are allowed."
        raise InvalidPlan(msg, depth=depth, limit=MOST_NESTED)
    # The terms are nodes, hence valid; checking them again would make long chains quadratic.
    return Predicate(kind.model_construct(terms=tuple(terms)), depth)


def _value(name: str, value: object) -> Value:
    """A Python value as plans carry it; members of enumerations and the like become plain values."""
    match value:
        case datetime():
            return _instant(value).isoformat(timespec="microseconds")
        case date():
            return value.isoformat()
        case bool():
            return value
        case int():
            return int(value)
        case float() if math.isfinite(value):
            return float(value)
        case float():
            msg = f"F.{name} cannot be compared with {value}: fields hold finite numbers only."
            raise FieldTypeMismatch(msg, field=name)
        case str():
            return str.__str__(value)
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
            return f"{FieldRef(name)!r} {op} {value!r}"
        case IsIn(field=name, values=values):
            return f"{FieldRef(name)!r}.is_in([{_show_values(values)}])"
        case IsNull(op=op, field=name):
            return f"{FieldRef(name)!r}.{op}()"
        case And(terms=terms):
            return " & ".join(f"({_show(term)})" for term in terms)
        case Or(terms=terms):
            return " | ".join(f"({_show(term)})" for term in terms)


def _show_values(values: tuple[Value, ...]) -> str:
    shown = ", ".join(map(repr, values[:SHOWN_VALUES]))
    hidden = len(values) - SHOWN_VALUES
    return f"{shown}, … {hidden:,} more" if hidden > 0 else shown
