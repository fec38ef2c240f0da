"""The questions, each a module of its own with one function that answers it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from bench.questions import (
    access,
    beside_copies,
    cohorts,
    cold,
    columnar,
    columnar_growth,
    columnar_pull,
    copying,
    create,
    first_batch,
    growth,
    http,
    mechanisms,
    models,
    past,
    repeated,
    shared_use,
    slow_reader,
    small,
    storage,
    together,
    verbs,
    write_growth,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from bench._harness.environment import Environment
    from bench._harness.figures import Answer
    from bench._harness.scale import Scale


@dataclass(frozen=True)
class Question:
    """Something to be measured.

    Args:
        name: How it is asked for.
        text: The question, and how it is answered: the docstring of its module.
        answer: Measures it.
    """

    name: str
    text: str
    answer: Callable[[Environment, Scale], Answer]

    @classmethod
    def of(cls, module: ModuleType) -> Self:
        """The question of a module."""
        return cls(module.__name__.rpartition(".")[2], (module.__doc__ or "").strip(), module.answer)


QUESTIONS: Final = tuple(
    Question.of(module)
    for module in (
        cold,
        repeated,
        together,
        first_batch,
        slow_reader,
        shared_use,
        small,
        create,
        models,
        verbs,
        past,
        growth,
        write_growth,
        storage,
        http,
        access,
        cohorts,
        columnar,
        columnar_pull,
        copying,
        beside_copies,
        mechanisms,
        columnar_growth,
    )
)
"""In the order that they are asked and reported in."""
