"""Groups: the step between `group_by` and what is computed of each group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from vxdata.schemas.notation.aggregates import Aggregation
from vxdata.schemas.notation.arguments import unpacked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from vxdata.schemas.plan import Aggregate

Grouped = TypeVar("Grouped")


class GroupedQuery(Generic[Grouped]):
    """A query whose rows are put into groups; `agg` says what is returned of each.

    Made by the `group_by` of a query.

    Args:
        shown: The query so far, as it is written.
        grouped: Makes the query that returns aggregates of the groups.
    """

    __slots__ = ("_grouped", "_shown")

    def __init__(self, shown: str, grouped: Callable[[Sequence[Aggregate]], Grouped]) -> None:
        """Keep the way back to a query."""
        self._shown = shown
        self._grouped = grouped

    def agg(self, /, *aggregates: Aggregation | Iterable[Aggregation], **named: Aggregation) -> Grouped:
        """Return one row a group: its keys, then its aggregates, which leave nulls out.

        Args:
            *aggregates: What to compute, such as ``count()`` or ``F.b_value.mean()``; or one list of that.
            **named: More, under the names that their columns shall have.

        Returns:
            A query for the groups. `filter`, `order_by`, `limit` and `offset` work on its columns; without
            any aggregate it gives the keys alone.

        Raises:
            UnknownField: An aggregate names a field that the resource type does not have.
            FieldTypeMismatch: A field has no such aggregate.
            InvalidPlan: Two columns would have one name, or there is neither key nor aggregate.
            TypeError: An argument is no aggregate.
        """
        listed = unpacked(aggregates)
        for given in (*listed, *named.values()):
            if not isinstance(given, Aggregation):
                msg = f"agg takes aggregates such as count() or F.b_value.mean(), not {given!r:.80}."
                raise TypeError(msg)
        renamed = [aggregate.alias(name) for name, aggregate in named.items()]
        return self._grouped([aggregate.node for aggregate in (*listed, *renamed)])

    def __repr__(self) -> str:
        """Show the query as it is written."""
        return self._shown
