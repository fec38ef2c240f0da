"""Values that a field cannot hold: the condition is sound, but finds nothing, which deserves a word."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from vxdata.schemas.binding.bound_predicates import (
    BoundAnd,
    BoundComparison,
    BoundIsIn,
    BoundItemsTest,
    BoundNot,
    BoundOr,
    BoundTextTest,
)
from vxdata.schemas.binding.values import Literal
from vxdata.schemas.errors.messages import abridged, did_you_mean
from vxdata.schemas.fields import Enum
from vxdata.schemas.notation.stack import level_of_user
from vxdata.sdk._expressions.identifier_lint import misread, prefixes_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.schemas.binding.bound_predicates import BoundPredicate
    from vxdata.schemas.catalog.registry import Registry

ValueTest = BoundComparison | BoundIsIn | BoundItemsTest
"""A condition that asks for whole values."""


class UnlikelyValueWarning(UserWarning):
    """A condition asks for what its field cannot hold, or for what all its values begin with."""


def warn_of_unlikely(registry: Registry, predicate: BoundPredicate, resource_type: str) -> None:
    """Warn of words that are not in a field's vocabulary, and of identifiers without their prefix.

    Args:
        registry: The payload types.
        predicate: What is about to be asked.
        resource_type: What it is asked of.
    """
    for test in _tests(predicate):
        prefixes = prefixes_in(registry, test.operand, resource_type)
        message = (
            misread(test, _values(test)[0], prefixes)
            if isinstance(test, BoundTextTest) and prefixes
            else _of_values(registry, test, prefixes)
        )
        if message is not None:
            warnings.warn(message, UnlikelyValueWarning, level_of_user())


def _tests(predicate: BoundPredicate) -> Iterator[ValueTest | BoundTextTest]:
    match predicate:
        case BoundAnd(terms=terms) | BoundOr(terms=terms):
            for term in terms:
                yield from _tests(term)
        case BoundNot(term=term):
            yield from _tests(term)
        case BoundComparison(op="==" | "!=") | BoundIsIn() | BoundItemsTest() | BoundTextTest():
            yield predicate


def _values(test: ValueTest | BoundTextTest) -> list[str]:
    return [str(value.value) for value in test.literals if isinstance(value, Literal)]


def _of_values(registry: Registry, test: ValueTest | BoundTextTest, prefixes: tuple[str, ...]) -> str | None:
    """Tell which values the field cannot hold; None if it can hold all of them."""
    kind = test.operand.type
    if isinstance(test, BoundTextTest):
        # Only `equals` asks for a whole word, whatever its case.
        is_word = isinstance(kind, Enum) and test.op == "equals"
        allowed = [word.casefold() for word in kind.values] if isinstance(kind, Enum) else []
        unlikely = [text for text in _values(test) if is_word and text.casefold() not in allowed]
    elif isinstance(kind, Enum):
        unlikely = [value for value in _values(test) if value not in kind.values]
    else:
        unlikely = [value for value in _values(test) if prefixes and value.partition("/")[0] not in prefixes]
    if not unlikely:
        return None
    hint = (
        did_you_mean(unlikely[0], kind.words)
        if isinstance(kind, Enum)
        else _identifier_hint(registry, unlikely[0], prefixes)
    )
    return f"{test.operand} is never {abridged([f'{value!r:.80}' for value in unlikely[:100]])}. {hint}"


def _identifier_hint(registry: Registry, value: str, prefixes: tuple[str, ...]) -> str:
    prefix, slash, rest = value.partition("/")
    known = registry.canonical_prefix.get(prefix) if slash else None
    own = prefixes[0] if len(prefixes) == 1 else "<prefix>"
    if known is not None and known not in prefixes:
        return f"It holds identifiers that begin with {f'{own}/'!r}."
    return f"It holds whole identifiers; did you mean {f'{known or own}/{rest or value}'!r:.90}?"
