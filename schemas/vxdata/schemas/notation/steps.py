"""Steps of a query: each makes a new one, and refuses to come too late."""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from functools import reduce
from typing import TYPE_CHECKING, Final, Self

from vxdata.schemas.binding import bind
from vxdata.schemas.errors import InvalidPlan
from vxdata.schemas.notation.predicates import Predicate
from vxdata.schemas.plan import And

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from vxdata.schemas.binding import BoundPlan
    from vxdata.schemas.binding.bound_predicates import BoundPredicate
    from vxdata.schemas.catalog import Catalog, Relation
    from vxdata.schemas.plan import Plan
    from vxdata.schemas.plan import Predicate as PredicateNode

AFTER_FIRST: Final = frozenset({"group_by", "distinct"})
"""Steps that are done with the first row of each group, and not before."""


class SteppedQuery(ABC):
    """A plan that grows step by step; every step returns a new query."""

    __slots__ = ()

    _plan: Plan

    @property
    @abstractmethod
    def _catalog(self) -> Catalog:
        """What the plan may name."""

    @abstractmethod
    def _following(self, plan: Plan) -> Self:
        """The query of a plan that was made from this one."""

    @property
    def _client_as_of(self) -> datetime | None:
        """Instant of every read of its client that names no other."""
        return None

    @property
    def _catalog_name(self) -> str | None:
        """Name of the catalog whose tables are read; None for VxData's own data."""
        return None

    @abstractmethod
    def _look_over(self, condition: BoundPredicate) -> None:
        """See a condition that is sound, before it is added."""

    @property
    def _relation(self) -> Relation:
        """The relation that is read."""
        relation = self._catalog.relation(self._plan.relation)
        return relation.with_history() if self._plan.history else relation

    def _bound(self, plan: Plan) -> BoundPlan:
        """Check all of a plan but its conditions, which are checked one by one as they come."""
        return bind(plan.model_copy(update={"where": None, "having": None}), self._catalog)

    @property
    def _limited_by(self) -> str | None:
        """The step that took a part of the rows."""
        if self._plan.limit is not None:
            return "limit"
        return "offset" if self._plan.offset else None

    def _require_room_for(self, step: str) -> None:
        """Refuse a step that would be done before an earlier one, and so mean something else."""
        plan = self._plan
        derived = "agg" if plan.group_by is not None else "distinct" if plan.distinct else None
        if derived is None and plan.first_per is not None and step not in AFTER_FIRST:
            derived = "first_per"
        earlier = self._limited_by or derived
        if earlier is not None:
            raise self._too_late(step, earlier)

    def _too_late(self, step: str, earlier: str) -> InvalidPlan:
        msg = (
            f"{step} comes too late: it would be done before {earlier}. Write {step} before {earlier}, "
            f"or do it with Polars after collect."
        )
        return InvalidPlan(msg, step=step, earlier=earlier)

    def _checked(self, **changes: object) -> Self:
        """Change the plan, and check what `_bound` checks."""
        changed = self._plan.model_copy(update=changes)
        self._bound(changed)
        return self._following(changed)

    def _with(self, **changes: object) -> Self:
        """Change the plan by values that were checked before."""
        return self._following(self._plan.model_copy(update=changes))

    def _where_with(self, predicates: Iterable[Predicate]) -> PredicateNode:
        """The conditions so far together with some more."""
        return joined(self._plan.where, predicates)


def joined(stated: PredicateNode | None, predicates: Iterable[Predicate]) -> PredicateNode:
    """Join a condition that is stated already with some more.

    Args:
        stated: A condition of a plan, or None.
        predicates: At least one more.
    """
    earlier = [] if stated is None else [_wrapped(stated)]
    return reduce(operator.and_, [*earlier, *predicates]).node


def _wrapped(where: PredicateNode) -> Predicate:
    """The conditions so far; those of an `and` are met one level further down, however many follow."""
    return Predicate(where) if isinstance(where, And) else Predicate.of(where)
