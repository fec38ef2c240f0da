"""Kinds of values: which can be compared with each other, and which have parts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from vxdata.schemas.binding.bound_predicates import Bins
from vxdata.schemas.binding.values import type_name
from vxdata.schemas.errors import FieldTypeMismatch, InvalidPlan
from vxdata.schemas.fields import (
    BlobUrl,
    Boolean,
    Date,
    Enum,
    Float,
    Integer,
    Nested,
    NumberMap,
    Text,
    TextList,
    TextMap,
    Timestamp,
)

if TYPE_CHECKING:
    from vxdata.schemas.binding.bound_predicates import Operand
    from vxdata.schemas.catalog import Relation
    from vxdata.schemas.fields import FieldType
    from vxdata.schemas.plan.predicates import Part

PARTS: Final[dict[Part, tuple[str, tuple[type[FieldType], ...]]]] = {
    "year": ("a date or a timestamp", (Date, Timestamp)),
    "month": ("a date or a timestamp", (Date, Timestamp)),
    "n_items": ("a list", (TextList,)),
    "item": ("a list or a mapping", (TextList, TextMap, NumberMap)),
}
"""Part of a value -> what it can be taken of, in words and as types."""

KINDS: Final[dict[type[FieldType], str | None]] = {
    Text: "text",
    Enum: "text",
    BlobUrl: "text",
    TextList: "text",  # of its items
    Integer: "number",
    Float: "number",
    Boolean: "boolean",
    Date: "date",
    Timestamp: "timestamp",
    TextMap: None,
    NumberMap: None,
}
"""Field type to the kind of its values: those of one kind can be compared with each other."""


def part_of(operand: Operand, part: Part) -> Operand:
    """Take a part of a value.

    Args:
        operand: The value.
        part: What of it.

    Returns:
        The part.

    Raises:
        FieldTypeMismatch: Values of this type have no such part.
    """
    wanted, kinds = PARTS[part]
    if not isinstance(operand.type, kinds):
        found = type_name(operand.type)
        msg = f"{operand} is of type {found}; {part} needs {wanted}."
        raise FieldTypeMismatch(msg, field=str(operand), field_type=found, part=part)
    return replace(operand, part=part)


def bin_of(operand: Operand, width: float | None, origin: float) -> Operand:
    """Take the number of the bin of a value.

    Args:
        operand: The value.
        width: How wide the bins are; None for the value itself.
        origin: Where bin 0 begins.

    Returns:
        The number of the bin, or the value itself.

    Raises:
        FieldTypeMismatch: The value is no number.
        InvalidPlan: An origin is stated for no bins.
    """
    if width is None:
        if origin:
            msg = f"The key {operand} has an origin and no width; bins have both, or a width alone."
            raise InvalidPlan(msg, field=str(operand), origin=origin)
        return operand
    if KINDS[type(operand.type)] != "number":
        found = type_name(operand.type)
        msg = f"{operand} is of type {found}; bins are made of numbers."
        raise FieldTypeMismatch(msg, field=str(operand), field_type=found, width=width)
    return replace(operand, bins=Bins(width, origin))


def require_plain(operand: Operand, use: str) -> None:
    """Refuse lists and mappings where single values are needed.

    Raises:
        FieldTypeMismatch: The operand is one.
    """
    if isinstance(operand.type, Nested):
        wanted = type_name(operand.type)
        msg = f"{operand} is of type {wanted}, a list or a mapping; {use} takes fields with one value."
        raise FieldTypeMismatch(msg, field=str(operand), field_type=wanted)


def require_comparable(operand: Operand, relation: Relation) -> None:
    """Refuse to compare a list or a mapping as a whole.

    Raises:
        FieldTypeMismatch: The operand is one.
    """
    if isinstance(operand.type, Nested):
        is_list = isinstance(operand.type, TextList)
        hint = "contains_any, contains_all or has" if is_list else f'has, or one entry: F.{operand}["key"]'
        wanted = type_name(operand.type)
        msg = (
            f"{relation.name}.{operand} is of type {wanted}, which cannot be compared as a whole; use {hint}."
        )
        raise FieldTypeMismatch(msg, resource_type=relation.name, field=str(operand), field_type=wanted)


def require_same_kind(left: Operand, right: Operand, outer: Relation, inner: Relation) -> None:
    """Refuse to look a number up among texts: PostgreSQL would fail, or find nothing.

    Raises:
        FieldTypeMismatch: The operands are of different kinds.
    """
    kinds = [KINDS[type(operand.type)] for operand in (left, right)]
    if None in kinds or kinds[0] != kinds[1]:
        names = [f"{outer.name}.{left}", f"{inner.name}.{right}"]
        types = [type_name(operand.type) for operand in (left, right)]
        msg = f"{names[0]} is of type {types[0]}, and {names[1]} of type {types[1]}: they cannot be compared."
        raise FieldTypeMismatch(msg, fields=names, field_types=types)
