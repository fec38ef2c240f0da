"""Operators: which conditions, parts and keys fit a field, as binding itself decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from vxdata.schemas.binding.bind import BindingScope
from vxdata.schemas.binding.kinds import KINDS, PARTS
from vxdata.schemas.errors import InvalidRequest
from vxdata.schemas.fields import Boolean, Date, Float, Integer, Nested, NumberMap, TextMap, Timestamp
from vxdata.schemas.plan.predicates import (
    Aggregated,
    And,
    Comparison,
    ComparisonOperator,
    InSample,
    InShard,
    IsIn,
    IsInQuery,
    IsNull,
    ItemsTest,
    OnField,
    Quantified,
    Subquery,
    TextOperator,
    TextTest,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from vxdata.schemas.catalog import Catalog
    from vxdata.schemas.fields import FieldType
    from vxdata.schemas.plan.predicates import Part, Predicate, Value

SAMPLES: Final[dict[type[FieldType], Value]] = {
    Integer: 1,
    Float: 1.0,
    Boolean: True,
    Date: "2000-01-01",
    Timestamp: "2000-01-01T00:00:00Z",
}
"""A value that a field of some type can be compared with; a text for the other types."""


@dataclass(frozen=True)
class Probe:
    """What a condition is tried with.

    Args:
        on: A field, or an entry or a part of one, as the keys of a condition.
        value: A literal of its type.
        query: A subquery for values of its kind.
    """

    on: dict[str, Any]
    value: Value
    query: Subquery


def _compares(op: ComparisonOperator) -> Callable[[Probe], Predicate]:
    return lambda probe: Comparison(op=op, value=probe.value, **probe.on)


def _searches(op: TextOperator) -> Callable[[Probe], Predicate]:
    return lambda probe: TextTest(op=op, text=str(probe.value), **probe.on)


def _has_items(op: Literal["contains_any", "contains_all"]) -> Callable[[Probe], Predicate]:
    return lambda probe: ItemsTest(op=op, values=(probe.value,), **probe.on)


def _quantifies(op: Literal["any", "all"]) -> Callable[[Probe], Predicate]:
    return lambda probe: Quantified(op=op, comparison="<", query=probe.query, **probe.on)


def _aggregates(op: Literal["min", "max", "mean", "count"]) -> Callable[[Probe], Predicate]:
    return lambda probe: Aggregated(op=op, comparison="<", query=probe.query, **probe.on)


def _between(probe: Probe) -> Predicate:
    return And(terms=(_compares(">=")(probe), _compares("<=")(probe)))


CONDITIONS: Final[dict[str, Callable[[Probe], Predicate]]] = {
    **{op: _compares(op) for op in get_args(ComparisonOperator)},
    "between": _between,
    "is_in": lambda probe: IsIn(values=(probe.value,), **probe.on),
    "is_null": lambda probe: IsNull(op="is_null", **probe.on),
    "is_not_null": lambda probe: IsNull(op="is_not_null", **probe.on),
    **{op: _searches(op) for op in get_args(TextOperator)},
    "contains_any": _has_items("contains_any"),
    "contains_all": _has_items("contains_all"),
    "is_in_query": lambda probe: IsInQuery(query=probe.query, **probe.on),
    "any": _quantifies("any"),
    "all": _quantifies("all"),
    "min": _aggregates("min"),
    "max": _aggregates("max"),
    "mean": _aggregates("mean"),
    "count": _aggregates("count"),
    "in_sample": lambda probe: InSample(fraction=0.5, seed=0, **probe.on),
    "in_shard": lambda probe: InShard(index=0, count=2, **probe.on),
}
"""Operator on a field, as plans or the methods of fields name it -> a condition with it."""


def operators_of(
    catalog: Catalog, relation: str, field: str, *, key: str | None = None, part: Part | None = None
) -> tuple[str, ...]:
    """List the operators that a field takes, or an entry or a part of its values.

    Args:
        catalog: What the relation belongs to.
        relation: Name of the relation.
        field: Name of its field.
        key: An entry of a mapping.
        part: Such as the year of a date.

    Returns:
        Keys of `CONDITIONS`, in their order: those whose conditions bind.

    Raises:
        UnknownResourceType: The catalog does not have the relation.
        UnknownField: The relation does not have the field.
        FieldTypeMismatch: Values of the field have no entries, or no such part.

    Example:
        >>> from vxdata.schemas.catalog import default_catalog
        >>> operators_of(default_catalog(), "volume", "derived_from")
        ('is_in', 'is_null', 'is_not_null', 'contains_any', 'contains_all', 'is_in_query')
        >>> "mean" in operators_of(default_catalog(), "volume", "valid_from", part="year")
        True
    """
    scope = BindingScope.of(catalog.relation(relation), catalog)
    probe = probe_of(scope, OnField(field=field, key=key, part=part))
    return tuple(name for name, make in CONDITIONS.items() if _binds(make(probe), scope))


def probe_of(scope: BindingScope, on: OnField) -> Probe:
    """Choose what conditions on a field are tried with.

    Args:
        scope: The relation whose field it is, and the catalog.
        on: The field, or an entry or a part of it.

    Returns:
        Operands that fit it as well as any do.

    Raises:
        FieldTypeMismatch: As from `operators_of`.
    """
    found = scope.operand_of(on).type
    return Probe(
        on=on.model_dump(exclude_none=True),
        value=SAMPLES.get(type(found), "x"),
        query=_query_of(scope, on.field, KINDS[type(found)]),
    )


def _query_of(scope: BindingScope, field: str, kind: str | None) -> Subquery:
    """A subquery for values of a kind; for those of the field itself where there are none of that kind."""
    for relation in (scope.relation, *scope.catalog.relations.values()):
        for column in relation.columns:
            if KINDS[type(column.type)] == kind and not isinstance(column.type, Nested):
                return Subquery(relation=relation.name, select=column.name)
    return Subquery(relation=scope.relation.name, select=field)


def parts_of(field_type: FieldType) -> tuple[Part, ...]:
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
