"""The steps of queries: filter, columns, groups, order and limit."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Self

from vxdata.schemas.binding import BindingScope
from vxdata.schemas.binding.result import bind_keys
from vxdata.schemas.errors import InvalidPlan
from vxdata.schemas.notation.arguments import field_names, group_keys, orders, unpacked
from vxdata.schemas.notation.grouped import GroupedQuery
from vxdata.schemas.notation.partial import PartialQuery
from vxdata.schemas.notation.predicates import Predicate
from vxdata.schemas.notation.show_names import show_keys
from vxdata.schemas.notation.show_query import show_query
from vxdata.schemas.notation.steps import joined
from vxdata.schemas.notation.subqueries import ClientSubquery, require_instant
from vxdata.schemas.notation.window import least_limit, only_offset
from vxdata.schemas.notation.words import in_vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vxdata.schemas.notation.aggregates import Order
    from vxdata.schemas.notation.fields import FieldRef
    from vxdata.schemas.notation.parts import Bin
    from vxdata.schemas.plan import Aggregate, GroupKey, Subquery


class PlannedQuery(PartialQuery):
    """A query with all of its steps, whoever runs it."""

    __slots__ = ()

    def filter(self, *predicates: Predicate | Iterable[Predicate]) -> Self:
        """Keep the resources for which every predicate holds; after `agg`, the groups.

        A word that can only mean one word of a field's vocabulary becomes that word, as `axial` becomes
        `transversal`. An `UnlikelyValueWarning` tells of what a field cannot hold: another word outside its
        vocabulary, an identifier without prefix, also in the beginning that a text operator asks for.

        Args:
            *predicates: Conditions made with `F`, or one list of them; several are combined with and.

        Returns:
            The narrower query.

        Raises:
            UnknownField: A predicate names fields that the resource type does not have, or after `agg`
                columns that the result does not have.
            FieldTypeMismatch: A value or an operator does not fit its field.
            InvalidPlan: Rows are already limited or distinct; or a subquery is that of a client which reads
                at another instant.
            TypeError: An argument is no predicate.
        """
        conditions = unpacked(predicates)
        for predicate in conditions:
            if not isinstance(predicate, Predicate):
                msg = f"filter takes predicates such as F.identifier == 'x', not {predicate!r:.80}."
                raise TypeError(msg)
        if not conditions:
            return self
        scope = self._scope_of_filter()
        understood = []
        for predicate in conditions:
            require_instant(predicate.node, self._client_as_of, self._catalog_name)
            node = in_vocabulary(predicate.node, scope.relation)
            self._look_over(scope.bind(node))
            understood.append(Predicate(node, predicate.depth))
        if self._plan.group_by is None:
            return self._with(where=self._where_with(understood))
        return self._with(having=joined(self._plan.having, understood))

    def select(self, *fields: str | FieldRef | Iterable[str | FieldRef]) -> Self:
        """Fetch these fields only, in this order; of several calls the last one counts.

        Args:
            *fields: Names, or references such as ``F.b_value``; or one list of them.

        Returns:
            The narrower query.

        Raises:
            UnknownField: The resource type does not have one of them.
            InvalidPlan: None is named, or one twice, or rows are already grouped or distinct.
            TypeError: An argument is no name and no reference.
        """
        names = field_names("select", unpacked(fields))
        if not names:
            msg = "select needs at least one field; a query without select fetches all of them."
            raise InvalidPlan(msg)
        if self._plan.distinct or self._plan.group_by is not None:
            msg = (
                "select comes too late: distinct and agg settle the columns. Name those that you want there."
            )
            raise InvalidPlan(msg)
        return self._checked(select=names)

    def distinct(self, *fields: str | FieldRef | Iterable[str | FieldRef]) -> Self:
        """Fetch each combination of values once; nulls are equal here.

        Args:
            *fields: Names, or references such as ``F.b_value``, or one list of them; without any,
                those of `select`.

        Returns:
            The query for the combinations.

        Raises:
            UnknownField: The resource type does not have one of them.
            FieldTypeMismatch: One of them is a list or a mapping.
            InvalidPlan: No field is named or selected, or one twice; or rows are already limited, grouped or
                distinct.
            TypeError: An argument is no name and no reference.
        """
        self._require_room_for("distinct")
        names = field_names("distinct", unpacked(fields)) or self._plan.select
        if not names:
            msg = "distinct needs at least one field: whole resources all differ."
            raise InvalidPlan(msg)
        return self._checked(select=names, distinct=True)

    def group_by(
        self, /, *fields: str | FieldRef | Bin | Iterable[str | FieldRef | Bin], **named: str | FieldRef | Bin
    ) -> GroupedQuery[Self]:
        """Group rows with equal values, for aggregates by `agg`; nulls are equal here.

        Args:
            *fields: Names, references such as ``F.b_value``, parts of values such as
                ``F.study_date.year()``, or bins such as ``F.b_value.bin(100)``, or one list of them; without
                any, all rows are one group.
            **named: More, under the names that their columns shall have.

        Returns:
            The groups.

        Raises:
            UnknownField: The resource type does not have one of them.
            FieldTypeMismatch: A field is a list or a mapping, or has no such part.
            InvalidPlan: Rows are already limited, grouped or distinct; or items of several lists are named.
            TypeError: An argument is no name and no reference.
        """
        self._require_room_for("group_by")
        keys = group_keys(unpacked(fields), named)
        bind_keys(keys, BindingScope.of(self._relation, self._catalog))
        return GroupedQuery(f"{self!r}.group_by({show_keys(keys)})", partial(self._grouped, keys))

    def order_by(
        self, *fields: str | FieldRef | Order | Iterable[str | FieldRef | Order], descending: bool = False
    ) -> Self:
        """Order the rows; of several calls the last one counts.

        Ties are broken by identifier, so that an order is always the same. Nulls come last, whatever the
        direction, unless the order says otherwise.

        Args:
            *fields: Names, references, or orders such as ``F.b_value.desc(nulls_first=True)``, or one list
                of them. Of a grouped or distinct query, columns of its result.
            descending: Whether the largest value of names and references comes first.

        Returns:
            The ordered query.

        Raises:
            UnknownField: The resource type does not have one of them.
            FieldTypeMismatch: One of them is a list or a mapping.
            InvalidPlan: None is named, or one is no column of the result, or rows are already limited.
            TypeError: An argument is none of these.
        """
        wanted = orders(unpacked(fields), descending=descending)
        if not wanted:
            msg = "order_by needs at least one field."
            raise InvalidPlan(msg)
        if self._limited_by is not None:
            raise self._too_late("order_by", self._limited_by)
        return self._checked(order_by=wanted)

    def limit(self, rows: int) -> Self:
        """Fetch so many rows at most: the first in the query's order, without one in identifier order.

        Args:
            rows: Number of rows, at least 0; of several limits the least one counts.

        Returns:
            The narrower query.

        Raises:
            InvalidPlan: It is no whole number, or out of range.
        """
        return self._with(limit=least_limit(self._plan.limit, rows))

    def offset(self, rows: int) -> Self:
        """Leave out so many rows first, as in SQL before a limit counts, wherever that was stated.

        Args:
            rows: Number of rows, at least 0.

        Returns:
            The query for what follows them.

        Raises:
            InvalidPlan: It is no whole number, or out of range; or there is an offset already.
        """
        return self._with(offset=only_offset(self._plan.offset, rows, "query", "rows"))

    def history(self) -> Self:
        """Read every version up to the instant, tombstones included, and not the state at it.

        Versions have one more column, ``deleted``. They are read by their own key, of identifier and version.

        Returns:
            The query for the versions.

        Raises:
            InvalidPlan: The relation keeps no versions; or rows are already limited, grouped or distinct, or
                the first of groups.
        """
        self._require_room_for("history")
        return self._checked(history=True)

    def as_subquery(self) -> Subquery:
        """The values of the one selected field, for another query; `is_in`, `ANY` and `ALL` call it.

        Returns:
            The plan node. It is read at the instant of the query around it.

        Raises:
            InvalidPlan: Not exactly one field is selected, rows are grouped or distinct, or the query
                states an instant of its own.
        """
        plan = self._plan
        if plan.group_by is not None or plan.first_per is not None or plan.distinct or plan.history:
            msg = (
                "A subquery finds values of resources as they are; it takes no groups, no distinct and no "
                "history, and no first_per. Repeated values do not matter in it."
            )
            raise InvalidPlan(msg)
        if plan.select is None or len(plan.select) != 1:
            found = "none" if plan.select is None else ", ".join(plan.select)
            msg = (
                'A subquery selects exactly one field, as in .select("identifier"); '
                f"this one selects {found}."
            )
            raise InvalidPlan(msg, fields=list(plan.select or ()))
        if plan.as_of is not None:
            msg = "A subquery reads at the instant of the query around it: put as_of or pin there."
            raise InvalidPlan(msg, as_of=plan.as_of.isoformat())
        kept = ("relation", "where", "order_by", "limit", "offset")
        parts = {name: getattr(plan, name) for name in kept}
        as_of = self._client_as_of
        return ClientSubquery.model_construct(select=plan.select[0], client_as_of=as_of, **parts)

    def __repr__(self) -> str:
        """Show the query as it is written."""
        return show_query(self._plan)

    def _scope_of_filter(self) -> BindingScope:
        """What a condition may name that is added now: the fields of rows, or the columns of groups."""
        scope = BindingScope.of(self._relation, self._catalog)
        if self._plan.group_by is None or self._limited_by is not None:
            self._require_room_for("filter")
            return scope
        return scope.of_groups(self._bound(self._plan).outputs)

    def _grouped(self, keys: tuple[str | GroupKey, ...], aggregates: Sequence[Aggregate]) -> Self:
        """The query for aggregates of groups."""
        return self._checked(group_by=keys, aggregates=tuple(aggregates))
