"""Values that a field cannot hold: the condition is sound, but finds nothing, which deserves a word."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Final

from vxdata.schemas.binding.bound_predicates import BoundAnd, BoundComparison, BoundIsIn, BoundNot, BoundOr
from vxdata.schemas.binding.values import Literal
from vxdata.schemas.errors.messages import abridged, did_you_mean
from vxdata.schemas.fields import Enum
from vxdata.schemas.payload_type import LINEAGE_PREFIXES
from vxdata.sdk._snapshot import level_of_user

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.schemas.binding.bound_predicates import BoundPredicate, Operand
    from vxdata.schemas.catalog.registry import Registry

IDENTIFIERS: Final = frozenset({"identifier", "parent_identifier", *LINEAGE_PREFIXES})
"""Fields whose values begin with the prefix of a resource type."""


class UnlikelyValueWarning(UserWarning):
    """A condition asks for a value that its field cannot hold, so it can only find nothing."""


def warn_of_unlikely(registry: Registry, predicate: BoundPredicate, resource_type: str) -> None:
    """Warn of words that are not in a field's vocabulary, and of identifiers without their prefix.

    Args:
        registry: The payload types.
        predicate: What is about to be asked.
        resource_type: What it is asked of.
    """
    for test in _tests(predicate):
        unlikely = [value for value in _values(test) if _cannot_be(registry, test.operand, value)]
        if unlikely:
            message = f"{test.operand} is never {abridged([f'{value!r:.80}' for value in unlikely[:100]])}."
            hint = _hint(registry, test.operand, unlikely[0], resource_type)
            warnings.warn(f"{message} {hint}", UnlikelyValueWarning, level_of_user())


def _tests(predicate: BoundPredicate) -> Iterator[BoundComparison | BoundIsIn]:
    match predicate:
        case BoundAnd(terms=terms) | BoundOr(terms=terms):
            for term in terms:
                yield from _tests(term)
        case BoundNot(term=term):
            yield from _tests(term)
        case BoundComparison(op="==" | "!=") | BoundIsIn():
            yield predicate


def _values(test: BoundComparison | BoundIsIn) -> list[str]:
    return [str(value.value) for value in test.literals if isinstance(value, Literal)]


def _cannot_be(registry: Registry, operand: Operand, value: str) -> bool:
    if isinstance(operand.type, Enum):
        return value not in operand.type.values
    return operand.column.name in IDENTIFIERS and value.partition("/")[0] not in registry.by_prefix


def _hint(registry: Registry, operand: Operand, value: str, resource_type: str) -> str:
    if isinstance(operand.type, Enum):
        return did_you_mean(value, operand.type.values)
    prefix, slash, rest = value.partition("/")
    own = {"identifier": resource_type, **LINEAGE_PREFIXES}.get(operand.column.name, "<prefix>")
    known = registry.canonical_prefix.get(prefix, own) if slash else own
    return f"It holds whole identifiers; did you mean {f'{known}/{rest or value}'!r:.90}?"
