"""How large a cohort may be: how many parts the statement has that is written for it.

To write a statement takes time that nobody can cancel, and PostgreSQL takes more to plan it. Equalities of
which one has to hold become one list of values, of any length; every other condition is a part of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vxdata.schemas.cohorts.plan import Linked, Match
from vxdata.schemas.errors import LimitExceeded

if TYPE_CHECKING:
    from vxdata.schemas.cohorts.plan import CohortCondition, Entities

MAX_SEPARATE: Final = 1_000
"""Conditions of one cohort that are parts of their own, at most."""


def is_equality(op: str, value: object) -> bool:
    """Whether a condition asks for one value of several, so that others of its column can join it."""
    return op in {"=", "in"} and value is not None


def check_size(entities: Entities) -> None:
    """Refuse a cohort for which too large a statement would have to be written.

    Args:
        entities: Which entities it asks for.

    Raises:
        LimitExceeded: More conditions than `MAX_SEPARATE` are parts of their own.
    """
    found = _separate(entities)
    if found > MAX_SEPARATE:
        msg = (
            f"A cohort has at most {MAX_SEPARATE:,} conditions, and this one has {found:,}, not counting "
            "equalities of which one has to hold. Ask for the values of a column with one `in` or `not in`."
        )
        raise LimitExceeded(msg, limit=MAX_SEPARATE, found=found)


def _separate(entities: Entities) -> int:
    if isinstance(entities, Match):
        return len(entities.match_all) + sum(map(_is_separate, entities.match_some))
    if isinstance(entities, Linked):
        return _separate(entities.of)
    return sum(map(_separate, entities.of))


def _is_separate(condition: CohortCondition) -> bool:
    return condition.quantifier == "none" or not is_equality(condition.op, condition.value)
