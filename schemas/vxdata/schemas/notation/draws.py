"""Parts of all rows: shards and samples, by the hash of a field."""

from __future__ import annotations

from operator import index as whole_number
from typing import TYPE_CHECKING, SupportsIndex

from vxdata.schemas.errors import InvalidPlan
from vxdata.schemas.notation.predicates import Predicate
from vxdata.schemas.notation.reference import Reference
from vxdata.schemas.plan import InSample, InShard
from vxdata.schemas.plan.predicates import MAX_ROWS, MAX_SHARDS

if TYPE_CHECKING:
    from typing import Any


class Drawable(Reference):
    """The parts of all rows by the hash of a field; rows with equal values are in the same part.

    A hash is a function of the value alone, so a row stays in its part while its value stays. A row
    without a value has the hash of its identifier. The conditions are never unknown.
    """

    __slots__ = ()

    def in_shard(self, index: int, count: int) -> Predicate:
        """Belong to one of several parts of about equal size, which have no row in common.

        Args:
            index: Which part, from 0.
            count: How many parts there are.

        Returns:
            The predicate.

        Raises:
            InvalidPlan: They are no whole numbers, or there is no such part.

        Example:
            >>> from vxdata.sdk import F
            >>> F.patient_id.in_shard(0, 4)
            F.patient_id.in_shard(0, 4)
        """
        number = whole("in_shard", "count", count, 1, MAX_SHARDS)
        place = whole("in_shard", "index", index, 0, number - 1)
        return Predicate(InShard(**self.place, index=place, count=number))

    def in_sample(self, fraction: float, seed: int) -> Predicate:
        """Belong to a sample of about a fraction of all values; a larger fraction holds the smaller ones.

        Args:
            fraction: From 0 to 1.
            seed: Which sample; those of different seeds have nothing to do with each other.

        Returns:
            The predicate.

        Raises:
            InvalidPlan: The fraction is no number from 0 to 1, or the seed no whole number.

        Example:
            >>> from vxdata.sdk import F
            >>> F.patient_id.in_sample(0.1, 7)
            F.patient_id.in_sample(0.1, 7)
        """
        share = part("in_sample", fraction)
        number = whole("in_sample", "seed", seed, 0, MAX_ROWS)
        return Predicate(InSample(**self.place, fraction=share, seed=number))


def whole(step: str, name: str, number: object, least: int, most: int) -> int:
    """Take a whole number.

    Args:
        step: The method that was called, for messages.
        name: The argument.
        number: What was given.
        least: The least that is allowed.
        most: The most that is allowed.

    Returns:
        The number.

    Raises:
        InvalidPlan: It is no whole number, or out of range.
    """
    is_number = isinstance(number, SupportsIndex) and not isinstance(number, bool)
    if not is_number or not least <= whole_number(number) <= most:  # type: ignore[arg-type]  # checked just before
        msg = f"{step} takes a whole number from {least:,} to {most:,} as {name}, not {number!r:.80}."
        raise InvalidPlan(msg, **_details(name, number))
    return whole_number(number)  # type: ignore[arg-type]  # checked just before


def part(step: str, fraction: object) -> float:
    """Take a fraction.

    Args:
        step: The method that was called, for messages.
        fraction: What was given.

    Returns:
        A number from 0 to 1.

    Raises:
        InvalidPlan: It is none.
    """
    if isinstance(fraction, bool) or not isinstance(fraction, int | float) or not 0 <= fraction <= 1:
        msg = f"{step} takes a number from 0 to 1 as fraction, not {fraction!r:.80}."
        raise InvalidPlan(msg, **_details("fraction", fraction))
    return float(fraction)


def _details(name: str, value: object) -> dict[str, Any]:
    return {name: repr(value)[:80]}
