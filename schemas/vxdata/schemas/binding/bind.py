"""Bind: resolve the names and types of a plan against a catalog.

Both sides bind: the client to refuse what is wrong before any call, the server because it trusts no client.
What does not fit is refused with the field, its type and the operator in the details of the error.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

from vxdata.schemas.binding import hashes, scalar, sets
from vxdata.schemas.binding.bound import BoundPlan
from vxdata.schemas.binding.bound_predicates import Operand
from vxdata.schemas.binding.kinds import part_of
from vxdata.schemas.binding.ordering import bind_first, bind_order, bind_order_of_outputs
from vxdata.schemas.binding.result import bind_outputs
from vxdata.schemas.binding.values import type_name
from vxdata.schemas.catalog.relation import Relation, RelationKind
from vxdata.schemas.errors import FieldTypeMismatch, InvalidPlan
from vxdata.schemas.fields import NumberMap, TextMap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from vxdata.schemas.binding.bound import Output
    from vxdata.schemas.binding.bound_predicates import BoundPredicate
    from vxdata.schemas.catalog import Catalog
    from vxdata.schemas.plan.nodes import Plan
    from vxdata.schemas.plan.predicates import Condition, OnField, Predicate

    Binders = Mapping[type[Condition], Callable[[Any, "BindingScope"], BoundPredicate]]

BINDERS: Final[Binders] = {**scalar.BINDERS, **sets.BINDERS, **hashes.BINDERS}
"""Kind of condition -> how it is bound."""


def bind(plan: Plan, catalog: Catalog) -> BoundPlan:
    """Resolve a plan.

    Args:
        plan: A well-formed plan.
        catalog: What may be named.

    Returns:
        The bound plan.

    Raises:
        UnknownResourceType: The plan reads a type that the catalog does not have.
        UnknownField: The plan names fields that the type does not have.
        FieldTypeMismatch: A literal does not fit its field, or an operator does not apply to it.
        InvalidIdentifier: An ancestor or descendant is malformed.
        InvalidPlan: Parts contradict each other, a field is selected twice, or `as_of` has no time zone or
            lies outside the calendar.
    """
    relation = catalog.relation(plan.relation)
    if plan.history:
        relation = relation.with_history()
    scope = BindingScope.of(relation, catalog)
    where = None if plan.where is None else scope.bind(plan.where)
    first = None if plan.first_per is None else bind_first(plan.first_per, scope)
    outputs = bind_outputs(plan, scope)
    having = None if plan.having is None else scope.of_groups(outputs).bind(_having(plan))
    keys = None if plan.group_by is None else tuple(_sources(outputs[: len(plan.group_by)]))
    is_derived = plan.distinct or keys is not None
    as_of = None if plan.as_of is None else _bind_as_of(plan.as_of, scope)
    return BoundPlan(
        relation=relation,
        outputs=outputs,
        where=where,
        keys=keys,
        distinct=plan.distinct,
        having=having,
        order=bind_order_of_outputs(plan, outputs) if is_derived else bind_order(plan, scope),
        limit=plan.limit,
        offset=plan.offset,
        as_of=as_of,
        reads=frozenset(scope.reads),
        first=first,
    )


def _sources(keys: Sequence[Output]) -> Iterator[Operand]:
    """What the keys of groups hold, which come before the aggregates."""
    return (key.source for key in keys if isinstance(key.source, Operand))


def _having(plan: Plan) -> Predicate:
    if plan.group_by is None or plan.having is None:
        msg = "having is a condition on groups, and the plan makes none; a condition on rows stands in where."
        raise InvalidPlan(msg)
    return plan.having


def _bind_as_of(as_of: datetime, scope: BindingScope) -> datetime:
    timeless = sorted(relation.name for relation in scope.reads if relation.kind is RelationKind.PLAIN)
    if timeless:
        msg = f"{', '.join(timeless)}: a table without versions has no past; leave as_of out."
        raise InvalidPlan(msg, relations=timeless, as_of=as_of.isoformat())
    if as_of.tzinfo is None:
        msg = f"as_of {as_of.isoformat()} has no time zone; plans carry instants in UTC."
        raise InvalidPlan(msg, as_of=as_of.isoformat())
    try:
        return as_of.astimezone(UTC)
    except OverflowError as error:
        msg = f"as_of {as_of.isoformat()} lies outside the years 1 to 9999 in UTC."
        raise InvalidPlan(msg, as_of=as_of.isoformat()) from error


@dataclass(frozen=True)
class BindingScope:
    """The fields and relations that a predicate may name, and a record of the relations that it reads.

    Args:
        relation: The rows that it is asked of.
        catalog: What subqueries may read.
        reads: Relations read so far, here and in subqueries.
    """

    relation: Relation
    catalog: Catalog
    reads: set[Relation] = field(compare=False)

    @classmethod
    def of(cls, relation: Relation, catalog: Catalog) -> BindingScope:
        """The scope of a plan."""
        return cls(relation, catalog, {relation})

    def within(self, relation: Relation) -> BindingScope:
        """The scope of a subquery."""
        self.reads.add(relation)
        return BindingScope(relation, self.catalog, self.reads)

    def of_groups(self, outputs: Sequence[Output]) -> BindingScope:
        """The scope of a condition on groups.

        Args:
            outputs: The columns of the grouped result.

        Returns:
            A scope whose rows are the groups; they have no lineage.
        """
        columns = tuple(output.field for output in outputs)
        name = f"grouped {self.relation.name}"
        return BindingScope(Relation(name, columns, (), RelationKind.GROUP, ()), self.catalog, self.reads)

    def operand_of(self, node: OnField) -> Operand:
        """Look up what a part of a plan is about.

        Raises:
            UnknownField: The relation does not have the field.
            FieldTypeMismatch: The field has no entries or no such part, or the key cannot be one; or the
                items of a list are meant one by one, by which only groups can be made.
        """
        operand = self.operand(node.field, node.key)
        if node.part is None:
            return operand
        if node.part == "item":
            msg = (
                f"The items of {operand} make groups, in group_by; "
                "for a condition, use has, contains_any or is_in."
            )
            raise FieldTypeMismatch(msg, field=str(operand), field_type=type_name(operand.type))
        return part_of(operand, node.part)

    def operand(self, name: str, key: str | None = None) -> Operand:
        """Look a field up, and an entry of it.

        Raises:
            UnknownField: The relation does not have the field.
            FieldTypeMismatch: The field has no entries, or the key cannot be one.
        """
        (column,) = self.relation.resolve([name])
        if key is not None and not isinstance(column.type, TextMap | NumberMap):
            msg = f"{self.relation.name}.{name} is of type {type_name(column.type)} and has no entries."
            raise FieldTypeMismatch(msg, field=name, field_type=type_name(column.type), key=key)
        if key is not None and "\x00" in key:
            msg = f"The key of {name} holds a NUL character."
            raise FieldTypeMismatch(msg, field=name, field_type=type_name(column.type))
        return Operand(column, key)

    def bind(self, predicate: Predicate) -> BoundPredicate:
        """Resolve a condition.

        Args:
            predicate: A well-formed predicate.

        Returns:
            The bound predicate.

        Raises:
            UnknownField: A field does not exist.
            FieldTypeMismatch: A value or an operator does not fit its field.
            UnknownResourceType: A subquery or an identifier names a type that does not exist.
            InvalidIdentifier: An ancestor or descendant is malformed.
            InvalidPlan: The rows have no lineage, or a regular expression is too long.
        """
        try:
            return BINDERS[type(predicate)](predicate, self)
        except FieldTypeMismatch as error:
            # The innermost condition has been here first, so it is its operator that stays.
            error.details.setdefault("operator", predicate.op)
            raise
