"""Operators: which conditions, parts and keys fit a field, as binding itself decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vxdata.schemas.binding.bind import BindingScope
from vxdata.schemas.binding.kinds import PARTS
from vxdata.schemas.errors import InvalidRequest
from vxdata.schemas.fields import Boolean, Date, Float, Integer, NumberMap, TextMap, Timestamp
from vxdata.schemas.plan.predicates import Comparison, IsIn, IsNull, ItemsTest, TextTest

if TYPE_CHECKING:
    from collections.abc import Callable

    from vxdata.schemas.catalog import Catalog
    from vxdata.schemas.fields import FieldType
    from vxdata.schemas.plan.predicates import Predicate, Value

SAMPLES: Final[dict[type[FieldType], Value]] = {
    Integer: 1,
    Float: 1.0,
    Boolean: True,
    Date: "2000-01-01",
    Timestamp: "2000-01-01T00:00:00Z",
}
"""A value that a field of some type can be compared with; a text for the other types."""

CONDITIONS: Final[dict[str, Callable[[str, Value], Predicate]]] = {
    "==": lambda field, value: Comparison(op="==", field=field, value=value),
    "!=": lambda field, value: Comparison(op="!=", field=field, value=value),
    "<": lambda field, value: Comparison(op="<", field=field, value=value),
    "<=": lambda field, value: Comparison(op="<=", field=field, value=value),
    ">": lambda field, value: Comparison(op=">", field=field, value=value),
    ">=": lambda field, value: Comparison(op=">=", field=field, value=value),
    "is_in": lambda field, value: IsIn(field=field, values=(value,)),
    "is_null": lambda field, _: IsNull(op="is_null", field=field),
    "is_not_null": lambda field, _: IsNull(op="is_not_null", field=field),
    "equals": lambda field, value: TextTest(op="equals", field=field, text=str(value)),
    "contains": lambda field, value: TextTest(op="contains", field=field, text=str(value)),
    "startswith": lambda field, value: TextTest(op="startswith", field=field, text=str(value)),
    "endswith": lambda field, value: TextTest(op="endswith", field=field, text=str(value)),
    "matches": lambda field, value: TextTest(op="matches", field=field, text=str(value)),
    "contains_any": lambda field, value: ItemsTest(op="contains_any", field=field, values=(value,)),
    "contains_all": lambda field, value: ItemsTest(op="contains_all", field=field, values=(value,)),
}
"""Operator of one field and literals -> a condition with it."""


def operators_of(catalog: Catalog, relation: str, field: str) -> tuple[str, ...]:
    """List the operators that compare a field with literals.

    Args:
        catalog: What the relation belongs to.
        relation: Name of the relation.
        field: Name of its field.

    Returns:
        Keys of `CONDITIONS`, in their order: those whose conditions bind.

    Raises:
        UnknownResourceType: The catalog does not have the relation.
        UnknownField: The relation does not have the field.

    Example:
        >>> from vxdata.schemas.catalog import default_catalog
        >>> operators_of(default_catalog(), "volume", "derived_from")
        ('is_in', 'is_null', 'is_not_null', 'contains_any', 'contains_all')
    """
    found = catalog.relation(relation)
    scope = BindingScope.of(found, catalog)
    (column,) = found.resolve([field])
    value = SAMPLES.get(type(column.type), "x")
    return tuple(name for name, make in CONDITIONS.items() if _binds(make(field, value), scope))


def parts_of(field_type: FieldType) -> tuple[str, ...]:
    """List the parts of the values of a type.

    Args:
        field_type: The type.

    Returns:
        Such as ``("year", "month")`` of dates.
    """
    return tuple(part for part, (_, kinds) in PARTS.items() if isinstance(field_type, kinds))


def has_entries(field_type: FieldType) -> bool:
    """Tell whether conditions may name one entry of a value, as those of mappings do."""
    return isinstance(field_type, TextMap | NumberMap)


def _binds(predicate: Predicate, scope: BindingScope) -> bool:
    try:
        scope.bind(predicate)
    except InvalidRequest:
        return False
    return True
