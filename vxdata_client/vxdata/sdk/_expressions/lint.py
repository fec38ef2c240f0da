"""Warnings of values that a field cannot hold."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from vxdata.schemas.binding.unlikely import unlikely_values
from vxdata.schemas.notation.stack import level_of_user

if TYPE_CHECKING:
    from vxdata.schemas.binding.bound_predicates import BoundPredicate
    from vxdata.schemas.catalog.registry import Registry


class UnlikelyValueWarning(UserWarning):
    """A condition asks for what its field cannot hold, or for what all its values begin with."""


def warn_of_unlikely(registry: Registry, predicate: BoundPredicate, resource_type: str) -> None:
    """Warn of words that are not in a field's vocabulary, and of identifiers without their prefix.

    Args:
        registry: The payload types.
        predicate: What is about to be asked.
        resource_type: What it is asked of.
    """
    for unlikely in unlikely_values(registry, predicate, resource_type):
        warnings.warn(unlikely.message, UnlikelyValueWarning, level_of_user())
