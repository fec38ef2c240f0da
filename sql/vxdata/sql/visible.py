"""Visible: the condition that a version is granted, by its own data source and licence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.binding.values import Literal
from vxdata.sql.dialect.membership import is_one_of_low_cardinality
from vxdata.sql.names import column

if TYPE_CHECKING:
    from sqlglot import exp

    from vxdata.schemas.catalog import VisibleRows
    from vxdata.sql.dialect.base import Dialect

SOURCE = "datasource_id"
LICENSE = "license"


def is_visible(rows: VisibleRows | None, dialect: Dialect, table: str | None = None) -> list[exp.Expr]:
    """Write the conditions under which a version is visible.

    Args:
        rows: What is visible; None for everything.
        dialect: The dialect of the engine.
        table: Name of the versions, where several tables have such columns.

    Returns:
        Conditions that all have to hold; none where everything is visible. They are unknown, and so do not
        hold, for a version without a data source where data sources are granted.
    """
    if rows is None:
        return []
    granted = {SOURCE: rows.sources, LICENSE: rows.licenses}
    return [
        is_one_of_low_cardinality(column(name, table), tuple(map(Literal, values)), dialect)
        for name, values in granted.items()
        if values is not None
    ]
