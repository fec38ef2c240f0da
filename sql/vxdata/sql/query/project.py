"""Project: select the columns, each in the form in which it must arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.schemas.binding.bound_predicates import Operand
from vxdata.schemas.fields import NumberMap, TextMap
from vxdata.sql.names import column

if TYPE_CHECKING:
    from vxdata.schemas.fields import Field
    from vxdata.schemas.plan import BoundPlan
    from vxdata.sql.dialect.base import Dialect
    from vxdata.sql.query.target import Target


def project(query: exp.Select, plan: BoundPlan, target: Target) -> exp.Select:
    """Select the plan's columns; of a grouped plan, its keys."""
    table = plan.relation.name
    fields = [output.field for output in plan.outputs if isinstance(output.source, Operand)]
    return query.select(*(_output(field, table, target.dialect) for field in fields), copy=False)


def _output(field: Field, table: str, dialect: Dialect) -> exp.Expr:
    source = column(field.name, table)
    if isinstance(field.type, TextMap | NumberMap):
        return exp.alias_(dialect.entries(source, field.type), field.name, quoted=True)
    return source
