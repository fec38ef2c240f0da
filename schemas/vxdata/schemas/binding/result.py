"""Bind what a plan returns: fields as they are, or groups with their aggregates."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from vxdata.schemas.binding.bound import BoundAggregate, Output
from vxdata.schemas.binding.bound_predicates import Operand
from vxdata.schemas.binding.kinds import bin_of, part_of, require_plain
from vxdata.schemas.binding.values import type_name
from vxdata.schemas.errors import FieldTypeMismatch, InvalidPlan
from vxdata.schemas.fields import Boolean, Field, Float, Integer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.binding.bind import BindingScope
    from vxdata.schemas.fields import FieldType
    from vxdata.schemas.plan.nodes import Aggregate, GroupKey, Plan

NUMERIC = frozenset({"mean", "sum", "quantile"})
"""Functions of numbers alone."""


MAX_SELECTIONS: Final = 200
"""Lists of fields that are remembered: those of a whole resource take as long to make as a row to read."""

MAX_NAME_BYTES: Final = 63
"""Longest name of a computed column."""


def bind_outputs(plan: Plan, scope: BindingScope) -> tuple[Output, ...]:
    """Resolve the columns of the result.

    Args:
        plan: A well-formed plan.
        scope: What it may name.

    Returns:
        The columns, in order.

    Raises:
        UnknownField: A field does not exist.
        FieldTypeMismatch: A field cannot be grouped, compared or computed with.
        InvalidPlan: Parts of the plan contradict each other, or two columns have one name.
    """
    if plan.group_by is None:
        if plan.aggregates:
            msg = "A query with aggregates says what it groups by; for one group of all rows, by nothing."
            raise InvalidPlan(msg)
        outputs = _fields(plan, scope)
    else:
        outputs = _groups(plan, plan.group_by, scope)
    _require_distinct([output.field.name for output in outputs])
    return outputs


def _fields(plan: Plan, scope: BindingScope) -> tuple[Output, ...]:
    columns = scope.relation.columns if plan.select is None else scope.relation.resolve(plan.select)
    if plan.distinct:
        for column in columns:
            require_plain(Operand(column), "distinct")
    return _as_they_are(columns)


@lru_cache(MAX_SELECTIONS)
def _as_they_are(columns: tuple[Field, ...]) -> tuple[Output, ...]:
    return tuple(Output(column, Operand(column)) for column in columns)


def _groups(plan: Plan, group_by: Sequence[str | GroupKey], scope: BindingScope) -> tuple[Output, ...]:
    if plan.select is not None or plan.distinct:
        msg = "A grouped query returns its groups and aggregates; it takes no select and no distinct."
        raise InvalidPlan(msg)
    keys = bind_keys(group_by, scope)
    outputs = (*keys, *(_aggregate(aggregate, scope) for aggregate in plan.aggregates))
    if not outputs:
        msg = "A grouped query needs a field to group by, or an aggregate."
        raise InvalidPlan(msg)
    return outputs


def bind_keys(group_by: Sequence[str | GroupKey], scope: BindingScope) -> tuple[Output, ...]:
    """Resolve the keys of groups.

    Args:
        group_by: Fields by name, and what is computed of each row.
        scope: What they may name.

    Returns:
        Their columns, in order.

    Raises:
        UnknownField: A field does not exist.
        FieldTypeMismatch: A key is a list or a mapping, or a field has no such part.
        InvalidPlan: A name is too long, or several keys are items of lists.
    """
    scope.relation.resolve([key if isinstance(key, str) else key.field for key in group_by])
    keys = tuple(_key(key, scope) for key in group_by)
    sources = [key.source for key in keys if isinstance(key.source, Operand)]
    lists = [source.column.name for source in sources if source.part == "item"]
    if len(lists) > 1:
        msg = f"Groups are made by the items of one list, not of several: {', '.join(lists)}."
        raise InvalidPlan(msg, fields=lists)
    return keys


def _key(key: str | GroupKey, scope: BindingScope) -> Output:
    if isinstance(key, str):
        column = scope.operand(key).column
        require_plain(Operand(column), "group_by")
        return Output(column, Operand(column))
    _require_short(key.name)
    whole = scope.operand(key.field, key.key)
    part = whole if key.part is None else part_of(whole, key.part)
    operand = bin_of(part, key.width, key.origin)
    require_plain(operand, "group_by")
    return Output(_column(key.name, operand.type, required=operand.required), operand)


def _aggregate(aggregate: Aggregate, scope: BindingScope) -> Output:
    function = aggregate.function
    _require_short(aggregate.name)
    if (function == "quantile") != (aggregate.quantile is not None):
        msg = f"The function quantile, and it alone, takes a quantile; {aggregate.name} does not fit."
        raise InvalidPlan(msg, name=aggregate.name)
    if aggregate.field is None:
        if function != "count":
            msg = f"{function} needs a field; only count can do without one."
            raise InvalidPlan(msg, name=aggregate.name)
        return Output(_column(aggregate.name, Integer(), required=True), BoundAggregate("count", None))
    operand = scope.operand_of(aggregate)
    source = BoundAggregate(function, operand, aggregate.quantile)
    is_count = function in {"count", "n_unique"}
    return Output(_column(aggregate.name, result_type(function, operand), required=is_count), source)


def result_type(function: str, operand: Operand) -> FieldType:
    """Tell the type of an aggregate.

    Args:
        function: How it is computed.
        operand: What it is computed of.

    Returns:
        The type of its value.

    Raises:
        FieldTypeMismatch: Values of the operand's type have no such aggregate.
    """
    if function == "count":
        return Integer()
    require_plain(operand, function)
    if function == "n_unique":
        return Integer()
    is_number = isinstance(operand.type, Integer | Float)
    if (function in NUMERIC and not is_number) or isinstance(operand.type, Boolean):
        wanted = type_name(operand.type)
        msg = f"{operand} is of type {wanted}, which has no {function}."
        raise FieldTypeMismatch(msg, field=str(operand), field_type=wanted, function=function)
    if function in {"mean", "quantile"}:
        return Float()
    return Integer() if function == "sum" and isinstance(operand.type, Integer) else operand.type


def _column(name: str, field_type: FieldType, *, required: bool) -> Field:
    return Field(name=name, type=field_type, required=required, description="Computed.")


def _require_short(name: str) -> None:
    """Refuse what PostgreSQL would cut off: two names could become one."""
    if len(name.encode()) > MAX_NAME_BYTES:
        msg = f"The name {name!r:.80} takes {len(name.encode())} bytes; at most {MAX_NAME_BYTES} are allowed."
        raise InvalidPlan(msg, name=name[:200], limit=MAX_NAME_BYTES)


def _require_distinct(names: Sequence[str]) -> None:
    if len(set(names)) < len(names):
        repeated = sorted(name for name, count in Counter(names).items() if count > 1)
        msg = f"Columns of the result that have one name: {', '.join(repeated)}."
        raise InvalidPlan(msg, fields=repeated)
