"""References to fields, with all that can be done with them, and conditions on lineage."""

from __future__ import annotations

from typing import Self

from vxdata.schemas.errors import FieldTypeMismatch
from vxdata.schemas.notation.aggregates import Orderable, Summable
from vxdata.schemas.notation.comparisons import Comparable
from vxdata.schemas.notation.draws import Drawable
from vxdata.schemas.notation.parts import Divisible
from vxdata.schemas.notation.predicates import Predicate
from vxdata.schemas.notation.searches import Searchable
from vxdata.schemas.plan import HasAncestor, HasDescendant


class FieldRef(Comparable, Searchable, Drawable, Orderable, Summable, Divisible):
    """A field of whatever relation a query reads.

    With brackets it refers to an entry of a mapping. Comparisons follow SQL and Polars: one with a null
    field is unknown, so neither it nor its negation finds the resource. ``== None`` asks for null.

    Args:
        name: Name of the field.
        key: Key of an entry, where the field is a mapping.

    Example:
        >>> from vxdata.sdk import F
        >>> (F.b_value > 10) & (F.summary_metrics["auc"] >= 0.9)
        (F.b_value > 10) & (F.summary_metrics['auc'] >= 0.9)
    """

    __slots__ = ()

    def __getitem__(self, key: str) -> Self:
        """Refer to an entry of the mapping.

        Raises:
            FieldTypeMismatch: The key is no text, or this is an entry already.
        """
        if not isinstance(key, str):
            msg = f'{self!r} takes the key of an entry, as in F.summary_metrics["auc"], not {key!r:.80}.'
            raise FieldTypeMismatch(msg, field=self.name, value_type=type(key).__name__)
        if self.key is not None or self.part is not None:
            msg = f"{self!r} is an entry or a part, and has no entries itself."
            raise FieldTypeMismatch(msg, field=self.label)
        return type(self)(self.name, str.__str__(key))


def has_ancestor(identifier: str) -> Predicate:
    """Keep the resources that hang below another one, at any depth.

    Deleted resources in between count.

    Args:
        identifier: The other resource, of any type.

    Returns:
        The predicate.

    Raises:
        TypeError: The identifier is no text.

    Example:
        >>> from vxdata.sdk import F
        >>> has_ancestor("datasource/dasa") & (F.volume_type == "T2")
        has_ancestor('datasource/dasa') & (F.volume_type == 'T2')
    """
    return Predicate(HasAncestor(identifier=_identifier("has_ancestor", identifier)))


def has_descendant(identifier: str) -> Predicate:
    """Keep the resources that another one hangs below, at any depth: its ancestors.

    Deleted resources in between count.

    Args:
        identifier: The other resource, of any type.

    Returns:
        The predicate.

    Raises:
        TypeError: The identifier is no text.

    Example:
        >>> has_descendant("volume/DA00001-T2")
        has_descendant('volume/DA00001-T2')
    """
    return Predicate(HasDescendant(identifier=_identifier("has_descendant", identifier)))


def _identifier(function: str, identifier: object) -> str:
    if not isinstance(identifier, str):
        msg = f"{function} takes an identifier such as 'datasource/dasa', not {identifier!r:.80}."
        raise TypeError(msg)
    return str.__str__(identifier)
