"""Query plans: frozen values that travel as canonical JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.binding.bound import BoundPlan
from vxdata.schemas.plan.codec import MAX_NESTING, MAX_PLAN_BYTES, decode, digest, encode
from vxdata.schemas.plan.nodes import PLAN_VERSION, Aggregate, AggregateFunction, Plan
from vxdata.schemas.plan.predicates import (
    And,
    Comparison,
    ComparisonOperator,
    HasAncestor,
    HasDescendant,
    IsIn,
    IsInQuery,
    IsNull,
    ItemsTest,
    Not,
    OnField,
    Or,
    OrderBy,
    Ordering,
    Predicate,
    Quantified,
    Subquery,
    TextOperator,
    TextTest,
    Value,
)

if TYPE_CHECKING:
    from vxdata.schemas.binding.bind import bind

__all__ = [
    "MAX_NESTING",
    "MAX_PLAN_BYTES",
    "PLAN_VERSION",
    "Aggregate",
    "AggregateFunction",
    "And",
    "BoundPlan",
    "Comparison",
    "ComparisonOperator",
    "HasAncestor",
    "HasDescendant",
    "IsIn",
    "IsInQuery",
    "IsNull",
    "ItemsTest",
    "Not",
    "OnField",
    "Or",
    "OrderBy",
    "Ordering",
    "Plan",
    "Predicate",
    "Quantified",
    "Subquery",
    "TextOperator",
    "TextTest",
    "Value",
    "bind",
    "decode",
    "digest",
    "encode",
]


def __getattr__(name: str) -> object:
    """Import `bind` when it is first asked for: its package stands above this one and imports it."""
    if name == "bind":
        from vxdata.schemas.binding.bind import bind  # noqa: PLC0415 - see above

        return bind
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
