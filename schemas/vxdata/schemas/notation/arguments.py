"""Arguments of the steps of a query: fields by name or reference, and orders."""

from __future__ import annotations

from collections.abc import Iterator
from operator import index
from typing import TYPE_CHECKING, Any, SupportsIndex

from vxdata.schemas.errors import FieldTypeMismatch, InvalidPlan
from vxdata.schemas.notation.aggregates import Order
from vxdata.schemas.notation.fields import FieldRef
from vxdata.schemas.notation.parts import Bin
from vxdata.schemas.notation.show_names import key_name
from vxdata.schemas.plan import GroupKey, OrderBy
from vxdata.schemas.plan.predicates import MAX_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def unpacked(arguments: Sequence[object]) -> tuple[Any, ...]:
    """Take the items of a list, tuple or generator that is the only argument, else the arguments.

    Args:
        arguments: What a step was given.

    Returns:
        The arguments as if they had been given one by one.

    Example:
        >>> unpacked((["identifier", "b_value"],))
        ('identifier', 'b_value')
    """
    match arguments:
        case [list() | tuple() | Iterator() as items]:
            return tuple(items)
        case _:
            return tuple(arguments)


def field_names(step: str, fields: Iterable[str | FieldRef]) -> tuple[str, ...]:
    """Take fields by name or reference.

    Args:
        step: The method that was called, for messages.
        fields: What it was given.

    Returns:
        Their names.

    Raises:
        FieldTypeMismatch: A reference is to an entry of a mapping.
        TypeError: An argument is no name and no reference.
    """
    return tuple(_field_name(step, field) for field in fields)


def _field_name(step: str, field: object) -> str:
    match field:
        case FieldRef(key=None, part=None, name=name):
            return name
        case FieldRef(part=str()):
            msg = f"{step} takes fields as they are; {field!r} is computed. Group by it, or use Polars."
            raise FieldTypeMismatch(msg, field=field.label)
        case FieldRef():
            msg = f"{step} takes whole fields; {field!r} is one entry. Take it from the collected frame."
            raise FieldTypeMismatch(msg, field=field.label)
        case str():
            return str.__str__(field)
        case _:
            msg = f"{step} takes names such as 'b_value' or F.b_value, not {field!r:.80}."
            raise TypeError(msg)


def group_keys(
    fields: Iterable[str | FieldRef | Bin], named: Mapping[str, str | FieldRef | Bin]
) -> tuple[str | GroupKey, ...]:
    """Take what rows are grouped by.

    Args:
        fields: Names, references, or parts of values such as ``F.study_date.year()`` and
            ``F.summary_metrics["auc"]``.
        named: More, by the names of their columns.

    Returns:
        Names of fields, and a node for all else.

    Raises:
        TypeError: An argument is no name and no reference.
    """
    return (
        *(_group_key(field, None) for field in fields),
        *(_group_key(field, name) for name, field in named.items()),
    )


def _group_key(field: object, name: str | None) -> str | GroupKey:
    if isinstance(field, Bin):
        return field.key(name)
    if isinstance(field, FieldRef) and (field.label != field.name or field.name == name):
        return GroupKey(**field.place, name=name or key_name(field.name, field.key, field.part))
    plain = _field_name("group_by", field)
    return plain if name in {None, plain} else GroupKey(field=plain, name=name)


def orders(fields: Iterable[str | FieldRef | Order], *, descending: bool) -> tuple[OrderBy, ...]:
    """Take what rows are ordered by.

    Args:
        fields: Names, references, or orders that state their own direction.
        descending: The direction of names and references.

    Returns:
        One node each.

    Raises:
        TypeError: An argument is none of these.
    """
    return tuple(_order(field, descending=descending) for field in fields)


def _order(field: object, *, descending: bool) -> OrderBy:
    match field:
        case Order(node=node):
            return node
        case FieldRef():
            return OrderBy(**field.place, descending=descending)
        case _:
            return OrderBy(field=_field_name("order_by", field), descending=descending)


def row_count(step: str, rows: int) -> int:
    """Take a number of rows.

    Args:
        step: The method that was called, for messages.
        rows: What it was given.

    Returns:
        The number.

    Raises:
        InvalidPlan: It is no whole number, or out of range.
    """
    given: object = rows
    if isinstance(given, bool) or not isinstance(given, SupportsIndex) or not 0 <= index(given) <= MAX_ROWS:
        msg = f"{step} takes a whole number of rows, 0 or more, not {rows!r:.80}."
        raise InvalidPlan(msg, **{step: repr(rows)[:80]})
    return index(given)
