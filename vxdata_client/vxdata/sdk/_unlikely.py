"""Values that a field cannot hold: the condition is sound, but finds nothing, which deserves a word."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Final

from vxdata.schemas.fields import Enum
from vxdata.schemas.messages import did_you_mean
from vxdata.schemas.payload_type import LINEAGE_PREFIXES
from vxdata.schemas.plan.bound import BoundAnd, BoundComparison, BoundIsIn, BoundNot, BoundOr
from vxdata.schemas.registry import registry
from vxdata.sdk._time import level_of_user

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.schemas.plan.bound import BoundPredicate, Operand

IDENTIFIERS: Final = frozenset({"identifier", "parent_identifier", *LINEAGE_PREFIXES})
"""Fields whose values begin with the prefix of a resource type."""


class UnlikelyValueWarning(UserWarning):
    """A condition asks for a value that its field cannot hold, so it can only find nothing."""


def warn_of_unlikely(predicate: BoundPredicate) -> None:
    """Warn of words that are not in a field's vocabulary, and of identifiers without their prefix.

    Args:
        predicate: What is about to be asked.
    """
    for message in dict.fromkeys(_unlikely(predicate)):
        warnings.warn(message, UnlikelyValueWarning, level_of_user())


def _unlikely(predicate: BoundPredicate) -> Iterator[str]:
    match predicate:
        case BoundAnd(terms=terms) | BoundOr(terms=terms):
            for term in terms:
                yield from _unlikely(term)
        case BoundNot(term=term):
            yield from _unlikely(term)
        case BoundComparison(op="==" | "!=", operand=operand, value=value):
            yield from _doubt(operand, str(value.value))
        case BoundIsIn(operand=operand, values=values):
            for value in values:
                yield from _doubt(operand, str(value.value))


def _doubt(operand: Operand, value: str) -> Iterator[str]:
    if isinstance(operand.type, Enum) and value not in operand.type.values:
        yield f"{operand} is never {value!r:.80}. {did_you_mean(value, operand.type.values)}"
    elif operand.column.name in IDENTIFIERS:
        prefix, slash, rest = value.partition("/")
        known = registry().canonical_prefix.get(prefix) if slash else None
        if known != prefix:
            example = f"{known or LINEAGE_PREFIXES.get(operand.column.name, 'volume')}/{rest or value}"
            yield f"{operand} holds whole identifiers, so it is never {value!r:.80}. Did you mean {example!r:.90}?"
