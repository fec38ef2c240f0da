"""Operands: a column, or one entry of a mapping column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.fields import Float
from vxdata.sql.names import column

if TYPE_CHECKING:
    from sqlglot import exp

    from vxdata.schemas.binding.bound_predicates import Operand
    from vxdata.sql.dialect.base import Dialect


def operand(source: Operand, table: str, dialect: Dialect) -> exp.Expr:
    """Write an operand.

    Args:
        source: What is meant.
        table: Name of the rows that it belongs to.
        dialect: How the engine writes.

    Returns:
        A column, or the entry of a mapping in the type of its values; null where there is none.
    """
    whole = column(source.column.name, table)
    if source.key is None:
        return whole
    return dialect.entry(whole, source.key, is_number=isinstance(source.type, Float))
