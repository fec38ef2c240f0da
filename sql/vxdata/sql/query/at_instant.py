"""At instant: put the rows that could be seen at the instant in the place of each relation.

This is the one place where `as_of` is applied, and where rows are left out that are not granted. Rules before
it name relations in a schema that does not exist, so whatever they build (filters, subqueries, lineage,
aggregates) reads through here or not at all.
"""

from __future__ import annotations

from collections import defaultdict
from functools import reduce
from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.schemas.catalog import RelationKind
from vxdata.schemas.catalog.builtin import DELETED
from vxdata.schemas.fields import Float
from vxdata.sql.literals import timestamp
from vxdata.sql.names import (
    COMMIT_LOG,
    DIALECT,
    TOMBSTONE,
    UNRESOLVED,
    UNRESOLVED_COUNT,
    column,
    history,
    latest,
)
from vxdata.sql.query.seen_commits import counts_of_seen, wrote_any_seen
from vxdata.sql.visible import is_visible

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from vxdata.schemas.binding import BoundPlan
    from vxdata.schemas.catalog import Relation
    from vxdata.schemas.fields import Field
    from vxdata.sql.dialect.base import Dialect
    from vxdata.sql.query.target import Target


def at_instant(query: exp.Select, plan: BoundPlan, target: Target) -> exp.Select:
    """Resolve every relation of the query to what could be seen at the instant."""
    relations = {relation.label: relation for relation in plan.reads}
    tables: list[exp.Table] = []
    counts: list[exp.Anonymous] = []
    used: defaultdict[str, set[str]] = defaultdict(set)
    for node in query.walk():
        if isinstance(node, exp.Table) and node.db == UNRESOLVED:
            tables.append(node)
        elif isinstance(node, exp.Column):
            used[node.table].add(node.name)
        elif isinstance(node, exp.Anonymous) and node.this == UNRESOLVED_COUNT:
            counts.append(node)
    for count in counts:
        count.replace(_kept_count(relations[count.expressions[0].name], target))
    for table in tables:
        relation = relations[table.name]
        alias = exp.to_identifier(table.alias_or_name, quoted=True)
        rows = ROWS[relation.kind](relation, used[alias.name], target)
        table.replace(rows.subquery(alias, copy=False))
    return query


def _kept_count(relation: Relation, target: Target) -> exp.Expr:
    """The number of live resources at an instant, as it was kept with the commit; null where it was not."""
    as_of = exp.null() if target.instant.is_current else timestamp(target.instant.as_of)
    return target.dialect.live_count(relation.members, as_of)


def _state(relation: Relation, used: Collection[str], target: Target) -> exp.Query:
    """The live version of each resource at an instant; a deleted one has none."""
    return _resources(relation, used, target, [column(TOMBSTONE).not_()])


def _present(relation: Relation, used: Collection[str], target: Target) -> exp.Query:
    """The version of each resource at an instant, live or deleted."""
    return _resources(relation, used, target, [])


def _deleted(relation: Relation, used: Collection[str], target: Target) -> exp.Query:
    """The tombstone of each resource that is deleted at an instant."""
    return _resources(relation, used, target, [column(TOMBSTONE)])


def _resources(
    relation: Relation, used: Collection[str], target: Target, conditions: list[exp.Expr]
) -> exp.Query:
    """The version of each resource that is current at an instant; it is open there, however it ended."""
    conditions = [*conditions, *is_visible(relation.visible, target.dialect)]
    open_end = {"valid_to": exp.cast(exp.null(), exp.DType.TIMESTAMPTZ)}
    if target.instant.is_current:
        tables = [latest(member) for member in relation.members]
        return _select(relation, used, target.dialect, open_end, tables, conditions)
    as_of = timestamp(target.instant.as_of)
    lasts = exp.or_(column("valid_to").is_(exp.null()), column("valid_to") > as_of.copy())
    conditions = [*conditions, column("valid_from") <= as_of, lasts]
    return _select(relation, used, target.dialect, open_end, _both_tables(relation), conditions)


def _versions(relation: Relation, used: Collection[str], target: Target) -> exp.Query:
    """Every version written up to an instant, as it stood at that instant."""
    as_of = timestamp(target.instant.as_of)
    ended = exp.Case().when(column("valid_to") <= as_of, column("valid_to"))
    instead = {"valid_to": ended, DELETED.name: column(TOMBSTONE)}
    return _select(
        relation,
        used,
        target.dialect,
        instead,
        _both_tables(relation),
        [column("valid_from") <= as_of.copy(), *is_visible(relation.visible, target.dialect)],
    )


def _commits(relation: Relation, used: Collection[str], target: Target) -> exp.Query:
    """The commits up to an instant; where resources are hidden, those that wrote any that is not."""
    instead: dict[str, exp.Expr] = {"as_of": column("stamp")}
    conditions: list[exp.Expr] = [column("stamp") <= timestamp(target.instant.as_of)]
    if relation.visible is not None:
        seen = (relation.members, relation.visible, target.dialect)
        instead["counts"] = counts_of_seen(*seen)
        conditions.append(wrote_any_seen(*seen))
    return _select(relation, used, target.dialect, instead, [COMMIT_LOG.copy()], conditions)


def _plain(relation: Relation, used: Collection[str], target: Target) -> exp.Query:
    """The rows of a table that VxData did not design, as they are."""
    assert relation.table is not None  # noqa: S101 - every plain relation has one
    table = exp.table_(relation.table.name, db=relation.table.schema, quoted=True)
    casts = {name: exp.cast(column(name), to, dialect=DIALECT) for name, to in relation.table.casts}
    return _select(relation, used, target.dialect, casts, [table], [])


ROWS = {
    RelationKind.RESOURCE: _state,
    RelationKind.PRESENT: _present,
    RelationKind.DELETED: _deleted,
    RelationKind.VERSION: _versions,
    RelationKind.COMMIT: _commits,
    RelationKind.PLAIN: _plain,
}
"""Kind of relation -> the query for its rows."""


def names_instant(relations: Iterable[Relation]) -> bool:
    """Whether the query for some relation names the instant even where it is current."""
    return any(relation.kind in {RelationKind.VERSION, RelationKind.COMMIT} for relation in relations)


def _both_tables(relation: Relation) -> list[exp.Table]:
    return [table for member in relation.members for table in (latest(member), history(member))]


def _select(
    relation: Relation,
    used: Collection[str],
    dialect: Dialect,
    instead: Mapping[str, exp.Expr],
    tables: Sequence[exp.Table],
    conditions: Sequence[exp.Expr],
) -> exp.Select:
    """The columns that the query uses, some of them computed, of the rows that fulfil the conditions.

    Several tables are united before the conditions: only so can PostgreSQL merge them in the order of
    an index, and stop at a limit.
    """
    fields = [field for field in relation.columns if field.name in used]
    if not tables:
        nulls = [_nothing(field, dialect) for field in fields] or dialect.no_columns()
        return exp.select(*nulls).where(exp.false(), copy=False)
    outputs = [_output(field, instead, dialect) for field in fields] or dialect.no_columns()
    query = exp.select(*outputs).where(*conditions, copy=False)
    if len(tables) == 1:
        return query.from_(tables[0], copy=False)
    needed = {node.name: node for part in (*outputs, *conditions) for node in part.find_all(exp.Column)}
    parts: list[exp.Query] = [
        exp.select(*(list(map(column, needed)) or dialect.no_columns())).from_(table, copy=False)
        for table in tables
    ]
    united = reduce(lambda first, second: exp.union(first, second, distinct=False, copy=False), parts)
    return query.from_(united.subquery(exp.to_identifier("versions", quoted=True), copy=False), copy=False)


def _nothing(field: Field, dialect: Dialect) -> exp.Expr:
    """A column of a relation that reads no table: the other types of a registry that has only one."""
    return exp.alias_(dialect.null_of(field.type), field.name, quoted=True)


def _output(field: Field, instead: Mapping[str, exp.Expr], dialect: Dialect) -> exp.Expr:
    value = instead[field.name].copy() if field.name in instead else column(field.name)
    if isinstance(field.type, Float):
        value = dialect.stored_number(value)
    is_named = isinstance(value, exp.Column) and value.name == field.name
    return value if is_named else exp.alias_(value, field.name, quoted=True)
