"""Values that a field cannot hold: the condition is sound, but finds nothing, which deserves a word."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vxdata.schemas.binding.bound_predicates import (
    BoundAggregated,
    BoundAnd,
    BoundComparison,
    BoundIsIn,
    BoundIsInQuery,
    BoundItemsTest,
    BoundNot,
    BoundOr,
    BoundQuantified,
    BoundTextTest,
)
from vxdata.schemas.binding.unlikely_texts import misread, prefixes_in
from vxdata.schemas.binding.values import Literal
from vxdata.schemas.errors.messages import abridged, did_you_mean
from vxdata.schemas.fields import Enum

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.schemas.binding.bound import BoundPlan
    from vxdata.schemas.binding.bound_predicates import BoundPredicate
    from vxdata.schemas.catalog.registry import Registry

ValueTest = BoundComparison | BoundIsIn | BoundItemsTest
"""A condition that asks for whole values."""

ReadsQuery = BoundIsInQuery | BoundQuantified | BoundAggregated
"""A condition that compares with what a subquery finds."""


@dataclass(frozen=True)
class Unlikely:
    """A test that can hold for no row, or for every one, since of what its field holds.

    Args:
        relation: Name of what is read.
        test: The test.
        values: Those that it asks for in vain; the text that it searches for.
        message: A sentence that tells it, with what may be meant.
    """

    relation: str
    test: ValueTest | BoundTextTest
    values: tuple[str, ...]
    message: str

    @property
    def op(self) -> str:
        """The operator, as plans name it."""
        return "is_in" if isinstance(self.test, BoundIsIn) else self.test.op


def unlikely_values(registry: Registry, predicate: BoundPredicate, relation: str) -> Iterator[Unlikely]:
    """Find words that are not in a field's vocabulary, and identifiers without their prefix.

    Args:
        registry: The payload types.
        predicate: What is about to be asked; its subqueries are not looked at.
        relation: Name of what it is asked of.

    Returns:
        Each such test.
    """
    for test in _tests(predicate):
        found = _unlikely(registry, test, relation)
        if found is not None:
            yield found


def unlikely_in_plan(registry: Registry, plan: BoundPlan) -> Iterator[Unlikely]:
    """Find them in all conditions of a plan, those of its subqueries included.

    Args:
        registry: The payload types.
        plan: What is about to be asked.

    Returns:
        Each such test.
    """
    places: deque[tuple[BoundPredicate, str]] = deque((each, plan.relation.name) for each in plan.conditions)
    while places:
        predicate, relation = places.popleft()
        if isinstance(predicate, ValueTest | BoundTextTest):
            yield from unlikely_values(registry, predicate, relation)
        below = predicate.query.relation.name if isinstance(predicate, ReadsQuery) else relation
        places.extendleft((child, below) for child in reversed(predicate.children))


def _tests(predicate: BoundPredicate) -> Iterator[ValueTest | BoundTextTest]:
    match predicate:
        case BoundAnd(terms=terms) | BoundOr(terms=terms):
            for term in terms:
                yield from _tests(term)
        case BoundNot(term=term):
            yield from _tests(term)
        case BoundComparison(op="==" | "!=") | BoundIsIn() | BoundItemsTest() | BoundTextTest():
            yield predicate


def _unlikely(registry: Registry, test: ValueTest | BoundTextTest, relation: str) -> Unlikely | None:
    prefixes = prefixes_in(registry, test.operand, relation)
    values = tuple(str(value.value) for value in test.literals if isinstance(value, Literal))
    if isinstance(test, BoundTextTest) and prefixes:
        message = misread(test, values[0], prefixes)
        return None if message is None else Unlikely(relation, test, values, message)
    kind = test.operand.type
    if isinstance(test, BoundTextTest):
        # Only `equals` asks for a whole word, whatever its case.
        is_word = isinstance(kind, Enum) and test.op == "equals"
        allowed = [word.casefold() for word in kind.values] if isinstance(kind, Enum) else []
        found = [text for text in values if is_word and text.casefold() not in allowed]
    elif isinstance(kind, Enum):
        found = [value for value in values if value not in kind.values]
    else:
        found = [value for value in values if prefixes and value.partition("/")[0] not in prefixes]
    if not found:
        return None
    hint = (
        did_you_mean(found[0], kind.words)
        if isinstance(kind, Enum)
        else _identifier_hint(registry, found[0], prefixes)
    )
    told = abridged([f"{value!r:.80}" for value in found[:100]])
    return Unlikely(relation, test, tuple(found), f"{test.operand} is never {told}. {hint}")


def _identifier_hint(registry: Registry, value: str, prefixes: tuple[str, ...]) -> str:
    prefix, slash, rest = value.partition("/")
    known = registry.canonical_prefix.get(prefix) if slash else None
    own = prefixes[0] if len(prefixes) == 1 else "<prefix>"
    if known is not None and known not in prefixes:
        return f"It holds identifiers that begin with {f'{own}/'!r}."
    return f"It holds whole identifiers; did you mean {f'{known or own}/{rest or value}'!r:.90}?"
