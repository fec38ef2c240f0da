"""Project: select the columns, each in the form in which it must arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.schemas.fields import NumberMap, TextMap
from vxdata.schemas.plan.bound import Operand
from vxdata.sql.names import SCHEMA, column

if TYPE_CHECKING:
    from vxdata.schemas.fields import Field
    from vxdata.schemas.plan import BoundPlan
    from vxdata.sql.instant import Instant

ENTRY_TYPES = {TextMap: "text_entry", NumberMap: "number_entry"}
"""Composite types in which the entries of a mapping leave the database.

The driver reads jsonb as text, but an array of composites as a list of structs, which is an Arrow
map but for the name; so no row is parsed on the way.
"""

VALUE_TYPES = {TextMap: exp.DType.TEXT, NumberMap: exp.DType.DOUBLE}


def project(query: exp.Select, plan: BoundPlan, instant: Instant) -> exp.Select:  # noqa: ARG001 - one shape for all rules
    """Select the plan's columns; of a grouped plan, its keys."""
    table = plan.relation.name
    fields = [output.field for output in plan.outputs if isinstance(output.source, Operand)]
    return query.select(*(_output(field, table) for field in fields), copy=False)


def _output(field: Field, table: str) -> exp.Expr:
    source = column(field.name, table)
    if isinstance(field.type, TextMap | NumberMap):
        return exp.alias_(_entries(source, type(field.type)), field.name, quoted=True)
    return source


def _entries(source: exp.Column, map_type: type[TextMap | NumberMap]) -> exp.Expr:
    """An array of (key, value) composites, null where the mapping is null."""
    entry = exp.cast(
        exp.Tuple(
            expressions=[column("key", "entry"), exp.cast(column("value", "entry"), VALUE_TYPES[map_type])]
        ),
        exp.DataType.build(f"{SCHEMA}.{ENTRY_TYPES[map_type]}", udt=True, dialect="postgres"),
    )
    source_of_entries = exp.Table(
        this=exp.func("jsonb_each_text", source.copy()),
        alias=exp.TableAlias(this=exp.to_identifier("entry", quoted=True)),
    )
    entries = exp.select(entry).from_(source_of_entries)
    return exp.Case().when(
        source.copy().is_(exp.null()).not_(), exp.Anonymous(this="ARRAY", expressions=[entries])
    )
