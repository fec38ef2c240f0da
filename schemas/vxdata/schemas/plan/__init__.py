"""Query plans: frozen values that travel as canonical JSON."""

from vxdata.schemas.plan.codec import MAX_PLAN_BYTES, decode, encode
from vxdata.schemas.plan.nodes import (
    PLAN_VERSION,
    And,
    Comparison,
    ComparisonOperator,
    IsIn,
    IsNull,
    Or,
    Plan,
    Predicate,
    Value,
)

__all__ = [
    "MAX_PLAN_BYTES",
    "PLAN_VERSION",
    "And",
    "Comparison",
    "ComparisonOperator",
    "IsIn",
    "IsNull",
    "Or",
    "Plan",
    "Predicate",
    "Value",
    "decode",
    "encode",
]
