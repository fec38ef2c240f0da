"""Membership: a value that is one of several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from vxdata.schemas.fields import Text
from vxdata.sql.literals import to_sql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.binding.values import Scalar
    from vxdata.schemas.fields import FieldType
    from vxdata.sql.dialect.base import Dialect

MAX_LISTED: Final = 100
"""Values that are written one by one."""


def is_one_of(value: exp.Expr, values: Sequence[Scalar], item_type: FieldType, dialect: Dialect) -> exp.Expr:
    """Write the test whether a value is one of some others: a few as a list, many as one array.

    Args:
        value: The value.
        values: The others.
        item_type: Their type.
        dialect: The dialect of the engine.

    Returns:
        A condition; false if there are no others.
    """
    if not values:
        return exp.false()
    if len(values) <= MAX_LISTED:
        return exp.In(this=value, expressions=[to_sql(each) for each in values])
    return dialect.is_any_of(value, dialect.array_of(values, item_type))


def is_one_of_low_cardinality(value: exp.Expr, texts: Sequence[Scalar], dialect: Dialect) -> exp.Expr:
    """Write the test whether a text is one of some others, for a column with few distinct values.

    The column of data sources is one.

    Args:
        value: The text.
        texts: The others.
        dialect: The dialect of the engine.

    Returns:
        A condition; false if there are no others.
    """
    if 1 < len(texts) <= MAX_LISTED:  # one alone lets DuckDB pass over parts of the table that do not have it
        return dialect.is_one_of_low_cardinality(value, texts)
    return is_one_of(value, texts, Text(), dialect)
