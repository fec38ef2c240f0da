"""Words of the domain in conditions: those with one meaning become words of the field's vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.fields import Enum
from vxdata.schemas.plan import And, Comparison, IsIn, Not, Or, TextTest

if TYPE_CHECKING:
    from vxdata.schemas.catalog import Relation
    from vxdata.schemas.plan import Predicate


def in_vocabulary(node: Predicate, relation: Relation) -> Predicate:
    """Write the conditions of a predicate in the words of the vocabularies.

    Subqueries stay as they are: their own `filter` has done the same.

    Args:
        node: A condition; names of fields need not be right.
        relation: The rows that it is asked of.

    Returns:
        The same condition, itself where nothing changes.
    """
    match node:
        case Not(term=term):
            return _changed(node, "term", term, in_vocabulary(term, relation))
        case And(terms=terms) | Or(terms=terms):
            return _changed(node, "terms", terms, tuple(in_vocabulary(term, relation) for term in terms))
        case Comparison(op="==" | "!=", value=str(value)) if vocabulary := _vocabulary(node, relation):
            return _changed(node, "value", value, vocabulary.understood(value))
        case IsIn(values=values) if vocabulary := _vocabulary(node, relation):
            words = (vocabulary.understood(each) if isinstance(each, str) else each for each in values)
            return _changed(node, "values", values, tuple(words))
        case TextTest(op="equals", text=text) if vocabulary := _vocabulary(node, relation):
            return _changed(node, "text", text, vocabulary.understood(text))
        case _:
            return node


def _vocabulary(node: Comparison | IsIn | TextTest, relation: Relation) -> Enum | None:
    """The vocabulary of the field that a condition is on, if it has synonyms."""
    column = relation.column_by_name.get(node.field)
    is_closed = column is not None and isinstance(column.type, Enum) and bool(column.type.synonyms)
    return column.type if is_closed else None  # type: ignore[union-attr,return-value]


def _changed(node: Predicate, part: str, before: object, after: object) -> Predicate:
    # A model is copied only if it must be: a condition may have thousands of terms.
    return node if after == before else node.model_copy(update={part: after})
