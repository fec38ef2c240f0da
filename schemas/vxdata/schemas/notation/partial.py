"""Parts of all rows: shards, which together hold each row once; samples; the first rows of groups."""

from __future__ import annotations

import operator
from functools import reduce
from typing import TYPE_CHECKING, Final, Self

from vxdata.schemas.binding import BindingScope
from vxdata.schemas.errors import InvalidPlan
from vxdata.schemas.notation.arguments import field_names, orders, row_count, unpacked
from vxdata.schemas.notation.draws import part, whole
from vxdata.schemas.notation.predicates import Predicate
from vxdata.schemas.notation.steps import SteppedQuery
from vxdata.schemas.plan import And, FirstPer, InSample, InShard, IsInQuery, OrderBy, Subquery
from vxdata.schemas.plan.predicates import MAX_ROWS, MAX_SHARDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vxdata.schemas.notation.aggregates import Order
    from vxdata.schemas.notation.fields import FieldRef
    from vxdata.schemas.plan import Predicate as PredicateNode

    Ordering = str | FieldRef | Order
    Orderings = Ordering | list[Ordering] | tuple[Ordering, ...]

PATIENT: Final = "patient_id"
"""The lineage that keeps rows together where no other field is named."""


class PartialQuery(SteppedQuery):
    """A query that can be restricted to a part of its rows."""

    __slots__ = ()

    def shard(self, index: int, count: int, *, by: str | FieldRef | None = None) -> Self:
        """Keep one of several parts of about equal size, which together hold each row once.

        Rows with equal values of a field are in one part, whatever their type and their relation: a patient's
        volumes are in the shard of that number in which the patient is. A row without a value goes by its
        identifier. Which part a row is in depends on nothing but that value and the number of parts. A shard
        of a shard by the same field is one of as many parts as both make together.

        Args:
            index: Which part, from 0.
            count: How many parts there are.
            by: What keeps rows together, a text or whole number; by default the patient, and in relations
                without lineage the key.

        Returns:
            The narrower query.

        Raises:
            UnknownField: The resource type does not have the field.
            FieldTypeMismatch: The field holds neither texts nor whole numbers.
            InvalidPlan: There is no such part, or there are too many; the relation has no key; or rows are
                already limited, grouped or distinct.
            TypeError: `by` is no name and no reference.

        Example:
            >>> from vxdata.sdk import Client
            >>> Client("grpc://host:1").volumes.query().shard(0, 4)
            client.volumes.query().filter(F.patient_id.in_shard(0, 4))
        """
        self._require_room_for("shard")
        parts = whole("shard", "count", count, 1, MAX_SHARDS)
        place = whole("shard", "index", index, 0, parts - 1)
        shard = InShard(field=self._kept_together("shard", by), index=place, count=parts)
        BindingScope.of(self._relation, self._catalog).bind(shard)
        return self._with(where=self._where_with_shard(shard))

    def sample(
        self,
        n: int | None = None,
        *,
        fraction: float | None = None,
        seed: int = 0,
        by: str | FieldRef | None = None,
    ) -> Self:
        """Keep a random part of the rows: so many of them, or about a fraction.

        The same seed gives the same rows at the same snapshot, whatever way PostgreSQL takes. By a fraction
        a row is kept for its own value alone, so other rows that come and go change nothing, and a larger
        fraction holds the smaller ones. The rows come in the order of the query.

        Args:
            n: Number of rows, all of them if there are fewer.
            fraction: Instead of a number, the share of the values of `by`, from 0 to 1.
            seed: Which sample.
            by: With a fraction, what keeps rows together, a text or whole number, such as ``F.patient_id``;
                by default the key, so that each row counts by itself.

        Returns:
            The narrower query.

        Raises:
            UnknownField: The resource type does not have the field.
            FieldTypeMismatch: The field holds neither texts nor whole numbers.
            InvalidPlan: Not exactly one of `n` and `fraction` is given, or it is out of range; rows have no
                key of one field; or they are already limited, grouped or distinct, or the first of groups.
            TypeError: `by` is no name and no reference.

        Example:
            >>> from vxdata.sdk import Client
            >>> Client("grpc://host:1").volumes.query().sample(fraction=0.1, seed=7)
            client.volumes.query().filter(F.identifier.in_sample(0.1, 7))
        """
        self._require_room_for("sample")
        if (n is None) is (fraction is None) or (n is not None and by is not None):
            msg = "sample takes a number of rows, or else a fraction=, and with that a by=."
            raise InvalidPlan(msg, n=repr(n)[:80], fraction=repr(fraction)[:80])
        number = whole("sample", "seed", seed, 0, MAX_ROWS)
        if n is not None:
            return self._with(where=self._first_of_shuffled(row_count("sample", n), number))
        name = self._key("sample") if by is None else field_names("sample", (by,))[0]
        drawn = InSample(field=name, fraction=part("sample", fraction), seed=number)
        BindingScope.of(self._relation, self._catalog).bind(drawn)
        return self._with(where=self._where_with([Predicate(drawn)]))

    def first_per(
        self,
        *fields: str | FieldRef | Iterable[str | FieldRef],
        order_by: Orderings | None = None,
        descending: bool = False,
    ) -> Self:
        """Keep one row of each group: the first in an order.

        Rows are filtered before; what follows sees the rows that are left. Ties are broken by identifier, so
        the same snapshot gives the same rows. Nulls are equal in groups, and come last in the order.

        Args:
            *fields: Fields whose equal values make a group, as names or references such as ``F.patient_id``.
            order_by: A field or an order such as ``F.study_date.desc()``, or several of them; by identifier
                without one.
            descending: Whether the largest value of names and references comes first.

        Returns:
            The query for the first rows.

        Raises:
            UnknownField: The resource type does not have one of the fields.
            FieldTypeMismatch: One of them is a list or a mapping.
            InvalidPlan: No field is named, or one twice; or rows are already limited, grouped or distinct, or
                the first of other groups.
            TypeError: An argument is none of these.

        Example:
            >>> from vxdata.sdk import Client, F
            >>> Client("grpc://host:1").volumes.query().first_per("patient_id", order_by=F.created_at.desc())
            client.volumes.query().first_per('patient_id', order_by=F.created_at.desc())
        """
        self._require_room_for("first_per")
        names = field_names("first_per", unpacked(fields))
        if not names:
            msg = "first_per needs at least one field that makes groups; the first row of all is limit(1)."
            raise InvalidPlan(msg)
        given = () if order_by is None else order_by if isinstance(order_by, list | tuple) else (order_by,)
        return self._checked(first_per=FirstPer(fields=names, order_by=orders(given, descending=descending)))

    def _kept_together(self, step: str, by: str | FieldRef | None) -> str:
        """The field whose equal values are not separated."""
        if by is not None:
            return field_names(step, (by,))[0]
        relation = self._relation
        if relation.kind.is_versioned:
            return PATIENT
        return self._key(step)

    def _key(self, step: str) -> str:
        """The field that tells rows apart."""
        relation = self._relation
        if len(relation.key) != 1:
            fields = ", ".join(relation.key) or "no field"
            msg = f"The key of {relation.name} is {fields}; {step} needs one of a single field, or by=."
            raise InvalidPlan(msg, relation=relation.name, key=list(relation.key))
        return relation.key[0]

    def _first_of_shuffled(self, rows: int, seed: int) -> PredicateNode:
        """Membership in the first rows that fulfil the conditions, in the order of their hashes.

        A shard is stated once more, since a further one divides what it finds.
        """
        key, where = self._key("sample"), self._plan.where
        order = OrderBy(field=key, seed=seed)
        first = Subquery(relation=self._plan.relation, where=where, select=key, order_by=(order,), limit=rows)
        member = IsInQuery(field=key, query=first)
        BindingScope.of(self._relation, self._catalog).bind(member)
        terms = where.terms if isinstance(where, And) else (where,)
        shards = [Predicate(term) for term in terms if isinstance(term, InShard)]
        return reduce(operator.and_, [*shards, Predicate.of(member)]).node

    def _where_with_shard(self, shard: InShard) -> PredicateNode:
        """The conditions with one more; a shard of a shard takes the place of that."""
        where = self._plan.where
        terms = where.terms if isinstance(where, And) else (where,)
        for place, term in enumerate(terms):
            if isinstance(term, InShard) and (term.field, term.key, term.part) == (shard.field, None, None):
                both = _shard_of_shard(term, shard)
                changed = (*terms[:place], both, *terms[place + 1 :])
                return And.model_construct(terms=changed) if isinstance(where, And) else both
        return self._where_with([Predicate(shard)])


def _shard_of_shard(outer: InShard, inner: InShard) -> InShard:
    """The part of a part: both are ranges of one hash."""
    parts = whole("shard", "count of all parts", outer.count * inner.count, 1, MAX_SHARDS)
    return outer.model_copy(update={"index": outer.index * inner.count + inner.index, "count": parts})
