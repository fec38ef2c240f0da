"""Indexes that make cohorts fast: VxData has no right to make them, and tells the statements to who has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.schemas.cohorts.model import TableKind, ValueKind, kind_of
from vxdata.schemas.cohorts.paths import UPSTREAM, UPSTREAM_KEY
from vxdata.sql.cohorts.conditions import folded
from vxdata.sql.cohorts.parts import column_of
from vxdata.sql.names import column, render

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.schemas.catalog.reflected import ReflectedTable
    from vxdata.schemas.cohorts.model import CohortColumn, CohortModel

MAX_NAME_BYTES = 63
"""Longest name of an index; PostgreSQL cuts longer ones off."""


def index_statements(model: CohortModel) -> list[str]:
    """Write the statements that make the indexes which cohorts use.

    Rows of other tables are found by what they refer to, and texts by the expression that conditions compare.

    Args:
        model: The tables and columns of a catalog.

    Returns:
        One statement for each index, in the order of the tables; indexes of those names that are there stay.
    """
    statements: list[str] = []
    for table in model.schema.tables:
        if kind_of(table) is TableKind.METADATA:
            continue
        statements += [_index(model, table.name, name, column(name)) for name in _references(table)]
        statements += [
            _index(model, table.name, f"{found.own_name}_folded", folded(column_of(found, None)))
            for found in _texts(model, table)
        ]
    return statements


def _references(table: ReflectedTable) -> Iterator[str]:
    """Columns that rows are found by, save the one that the primary key begins with."""
    if table.name == UPSTREAM:
        yield UPSTREAM_KEY
    for key in table.foreign_keys:
        if key.columns[0] not in table.primary_key[:1]:
            yield key.columns[0]


def _texts(model: CohortModel, table: ReflectedTable) -> list[CohortColumn]:
    shown = [item for item in model.columns.values() if item.table == table.name and item.is_in_data]
    return [item for item in shown if item.kind is ValueKind.TEXT]


def _index(model: CohortModel, table: str, name: str, indexed: exp.Expr) -> str:
    key = indexed if isinstance(indexed, exp.Column) else exp.paren(indexed)
    made = exp.Create(
        kind="INDEX",
        exists=True,
        this=exp.Index(
            this=exp.to_identifier(f"{table}_{name}_vx"[:MAX_NAME_BYTES], quoted=True),
            table=exp.table_(table, db=model.schema.name, quoted=True),
            params=exp.IndexParameters(columns=[exp.Ordered(this=key)]),
        ),
    )
    return render(made)
