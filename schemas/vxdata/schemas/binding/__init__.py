"""Binding: every name of a plan becomes a field, every value gets its field's type.

One function for each kind of predicate, in the table below; what does not fit is refused there, with
the field, its type and the operator in the details.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vxdata.schemas.binding.ancestry import has_ancestor, has_descendant
from vxdata.schemas.binding.comparison import comparison, is_in, is_null
from vxdata.schemas.binding.items import items_test
from vxdata.schemas.binding.junction import all_of, any_of, not_
from vxdata.schemas.binding.subqueries import is_in_query, quantified
from vxdata.schemas.binding.text import text_test
from vxdata.schemas.errors import FieldTypeMismatch
from vxdata.schemas.fields import NumberMap, TextMap
from vxdata.schemas.plan.bound import Operand
from vxdata.schemas.plan.predicates import (
    And,
    Comparison,
    HasAncestor,
    HasDescendant,
    IsIn,
    IsInQuery,
    IsNull,
    ItemsTest,
    Not,
    Or,
    Quantified,
    TextTest,
)
from vxdata.schemas.plan.values import type_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from vxdata.schemas.catalog import Catalog, Relation
    from vxdata.schemas.plan.bound import BoundPredicate
    from vxdata.schemas.plan.predicates import Predicate

BINDERS: dict[type, Callable[[Any, Scope], BoundPredicate]] = {
    Comparison: comparison,
    IsNull: is_null,
    IsIn: is_in,
    IsInQuery: is_in_query,
    Quantified: quantified,
    TextTest: text_test,
    ItemsTest: items_test,
    HasAncestor: has_ancestor,
    HasDescendant: has_descendant,
    Not: not_,
    And: all_of,
    Or: any_of,
}
"""Kind of predicate -> how it is bound."""


@dataclass(frozen=True)
class Scope:
    """What a predicate may name, and what it was seen to read.

    Args:
        relation: The rows that it is asked of.
        catalog: What subqueries may read.
        reads: Relations read so far, here and in subqueries.
    """

    relation: Relation
    catalog: Catalog
    reads: set[Relation] = field(compare=False)

    @classmethod
    def of(cls, relation: Relation, catalog: Catalog) -> Scope:
        """The scope of a plan."""
        return cls(relation, catalog, {relation})

    def within(self, relation: Relation) -> Scope:
        """The scope of a subquery."""
        self.reads.add(relation)
        return Scope(relation, self.catalog, self.reads)

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
