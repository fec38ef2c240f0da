"""Operands: a column, or one entry of a mapping column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.schemas.fields import Float
from vxdata.sql.names import column

if TYPE_CHECKING:
    from vxdata.schemas.plan.bound import Operand


def operand(source: Operand, table: str) -> exp.Expr:
    """Write an operand.

    Args:
        source: What is meant.
        table: Name of the rows that it belongs to.

    Returns:
        A column, or the entry of a mapping in the type of its values; null where there is none.
    """
    whole = column(source.column.name, table)
    if source.key is None:
        return whole
    entry = exp.Anonymous(this="jsonb_extract_path_text", expressions=[whole, exp.Literal.string(source.key)])
    if isinstance(source.type, Float):
        return exp.cast(entry, exp.DType.DOUBLE)
    return exp.Collate(this=entry, expression=exp.to_identifier("C", quoted=True))
