"""Public names: names of columns that are unique in a catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from vxdata.schemas.catalog.reflected import ReflectedSchema

BARE: Final = frozenset({("file_anatomic_site", "anatomic_site")})
"""Columns that keep their own names, even if other tables have columns of these names."""


def is_named_alone(schema: ReflectedSchema, column: str) -> bool:
    """Return whether only one table of a schema has a column of a name."""
    return sum(column in table.column_by_name for table in schema.tables) == 1


def public_name(table: str, column: str, *, is_alone: bool) -> str:
    """Return the public name of a column.

    Args:
        table: Its table.
        column: Its own name.
        is_alone: Whether no other table has a column of that name.

    Returns:
        Its own name if that is unique, else the name prefixed with that of its table.

    Example:
        >>> public_name("subject", "id", is_alone=False), public_name("subject", "species", is_alone=True)
        ('subject_id', 'species')
    """
    return column if is_alone or (table, column) in BARE else f"{table}_{column}"
