"""The accessors of fields: `F`, and the fields of one relation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.notation import fields as notation
from vxdata.schemas.notation.show_names import show_namespace
from vxdata.schemas.payloads import BUILTIN_PAYLOAD_TYPES
from vxdata.sdk._expressions.tabular import TakesTables

if TYPE_CHECKING:
    from vxdata.schemas.catalog import Relation

__all__ = ["F", "FieldRef", "Fields", "FieldsOf", "KnownFields"]


class FieldRef(TakesTables, notation.FieldRef):
    """A field of whatever resource type the query reads; made by `F`.

    With brackets it refers to an entry of a mapping. Comparisons follow SQL and Polars: one with a null
    field is unknown, so neither it nor its negation finds the resource. ``== None`` asks for null.

    Args:
        name: Name of the field.
        key: Key of an entry, where the field is a mapping.

    Example:
        >>> (F.b_value > 10) & (F.summary_metrics["auc"] >= 0.9)
        (F.b_value > 10) & (F.summary_metrics['auc'] >= 0.9)
    """

    __slots__ = ()


class KnownFields:
    """Fields by name: ``F.b_value`` or ``F["b_value"]``."""

    def __getitem__(self, name: str) -> FieldRef:
        """Refer to a field by name.

        Raises:
            TypeError: The name is no text.
        """
        if not isinstance(name, str):
            msg = f'F takes the name of a field, as in F["b_value"], not {name!r:.80}.'
            raise TypeError(msg)
        return FieldRef(str.__str__(name))


if TYPE_CHECKING:
    from vxdata.sdk._expressions.fields_generated import AnyFields
else:
    AnyFields = KnownFields  # the names that the other one lists are for editors


class Fields(AnyFields):
    """Makes references to the fields of whatever resource type the query reads."""

    def __getattr__(self, name: str) -> FieldRef:
        """Refer to a field by attribute."""
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __dir__(self) -> list[str]:
        """List the fields of the built-in types, for completion."""
        declared = (field.name for each in BUILTIN_PAYLOAD_TYPES for field in each.response_fields)
        return sorted({*object.__dir__(self), *declared})

    def _ipython_key_completions_(self) -> list[str]:
        """List what completes ``F["``."""
        return [name for name in dir(self) if not name.startswith("_")]

    def __repr__(self) -> str:
        """Show the accessor as it is written."""
        return "F"


class FieldsOf(Fields):
    """Makes references to the fields of one relation, and refuses other names.

    Args:
        relation: The relation.
    """

    def __init__(self, relation: Relation) -> None:
        """Keep the names."""
        self._relation = relation

    def __getitem__(self, name: str) -> FieldRef:
        """Refer to a field by name.

        Raises:
            TypeError: The name is no text.
            UnknownField: There is no such field; the nearest are named.
        """
        reference = super().__getitem__(name)
        self._relation.resolve([reference.name])
        return reference

    def __dir__(self) -> list[str]:
        """List the fields, for completion."""
        return sorted({*object.__dir__(self), *self._relation.column_by_name})

    def __repr__(self) -> str:
        """Show where the fields come from."""
        return f"{show_namespace(self._relation.name)}.F"


F = Fields()
"""The field accessor, as in ``F.b_value > 10``."""
