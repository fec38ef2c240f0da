"""Matching: the entities that a cohort finds, as one condition on the rows of the endpoint's table.

An entity, such as a subject, is linked to other entities, such as files and projects, by mapping tables. A
match finds an entity if there is a tuple of it and one linked entity of each kind that meets all conditions
of `match_all`, and at least one of `match_some`. The parts of a tuple are independent of each other, so each
kind of linked entity becomes one subquery, and no tuple is ever built. An entity without linked entities is
found if no condition is about those, as outer joins would find it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from vxdata.schemas.cohorts.bound import BoundLinked, BoundMatch
from vxdata.schemas.cohorts.size import is_equality
from vxdata.sql.cohorts.conditions import row_condition
from vxdata.sql.cohorts.parts import ENTITY, among, every, is_true, some, table
from vxdata.sql.names import column

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from vxdata.schemas.cohorts.bound import BoundCondition, BoundEntities, Endpoint
    from vxdata.schemas.cohorts.paths import Link, Path
    from vxdata.schemas.cohorts.plan import ConditionValue

    RowTest = Callable[[Sequence[BoundCondition], str], exp.Expr]
    """Writes a test of several conditions on the rows of an alias."""

MAX_JOINED: Final = 6
"""Subqueries of one match that PostgreSQL may turn into joins; it searches all orders of eight."""


def entity_condition(entities: BoundEntities, endpoint: Endpoint) -> exp.Expr:
    """Write the condition that finds the entities of a cohort.

    Args:
        entities: The bound cohort.
        endpoint: The table of its entities.

    Returns:
        A condition on the rows named `ENTITY`; the constant true if the cohort holds all entities.
    """
    if isinstance(entities, BoundMatch):
        return _Matching(entities, endpoint).condition()
    if isinstance(entities, BoundLinked):
        return _linked_to(entities, endpoint)
    first, *others = (entity_condition(part, endpoint) for part in entities.of)
    if entities.op == "union":
        return some(exp.paren(part, copy=False) for part in (first, *others))
    if entities.op == "intersection":
        return every(exp.paren(part, copy=False) for part in (first, *others))
    return every([exp.paren(first, copy=False), *(_not_true(part) for part in others)])


def _linked_to(entities: BoundLinked, endpoint: Endpoint) -> exp.Expr:
    """Write the test whether an entity is linked to one of a cohort, by a mapping table or by its key."""
    link, others = entities.path.link, entities.endpoint
    named = entities.path.column if link is None else others.key
    found = exp.select(column(named, ENTITY)).from_(table(others.schema, others.table, ENTITY))
    condition = entity_condition(entities.of, others)
    if not is_true(condition):
        found = found.where(condition, copy=False)
    if link is not None:
        links = exp.select(column(link.endpoint_column, "m")).from_(table(endpoint.schema, link.table, "m"))
        found = links.where(among(column(link.entity_column, "m"), found), copy=False)
    return among(column(endpoint.key, ENTITY), found)


def narrowing(entities: BoundEntities, endpoint: Endpoint, path: Path, links: str) -> exp.Expr:
    """Write the condition that keeps the linked entities that are part of a matching tuple.

    Args:
        entities: The bound cohort.
        endpoint: The table of its entities.
        path: The way to the linked entities.
        links: Alias of the rows of the mapping table.

    Returns:
        A condition on the rows of the mapping table; true if the cohort asks nothing of those entities.
    """
    if not isinstance(entities, BoundMatch) or path.link is None:
        return exp.true()
    return _Matching(entities, endpoint).narrowing(path.link, links)


@dataclass(frozen=True)
class _Matching:
    match: BoundMatch
    endpoint: Endpoint

    def condition(self) -> exp.Expr:
        """All conditions of `match_all`, and at least one of `match_some` if there are any."""
        links = dict.fromkeys(item.path.link for item in self._of_others(self.match.match_all))
        terms = [
            *(self._of_endpoint([item]) for item in self.match.match_all if _is_of_endpoint(item)),
            *(self._of_link(link, with_some=False) for link in links if link is not None),
        ]
        if self.match.match_some:
            terms.append(exp.paren(some(self._some_terms()), copy=False))
        return every(_apart(terms))

    def narrowing(self, link: Link, links: str) -> exp.Expr:
        """The conditions on the entities that one mapping table links to."""
        asked = [item for item in self._of_others(self.match.match_some) if item.path.link == link]
        term = self._all_of(link, links)
        if not asked:
            return term
        others = list(self._some_terms(but=link))
        either = [self._some_of(link, links)]
        if others:
            keys = exp.select(column(self.endpoint.key, ENTITY)).from_(self._table()).where(some(others))
            either.append(among(column(link.endpoint_column, links), keys))
        return every([term, exp.paren(some(either), copy=False)])

    def _some_terms(self, but: Link | None = None) -> list[exp.Expr]:
        """The ways to meet one condition of `match_some`: by the entity itself, or by a linked one."""
        own = [item for item in self.match.match_some if _is_of_endpoint(item)]
        links = dict.fromkeys(item.path.link for item in self._of_others(self.match.match_some))
        terms = [self._of_endpoint(group) for group in _by_rows(own)]
        terms += [self._of_link(link, with_some=True) for link in links if link is not None and link != but]
        return terms

    def _of_endpoint(self, group: Sequence[BoundCondition]) -> exp.Expr:
        """Write the test whether the entity, or a row that belongs to it, meets one of some conditions."""
        first = group[0]
        if first.quantifier == "none":
            return self._none_of(first)
        if first.path.table == self.endpoint.table:
            return _either(group, ENTITY)
        return among(column(self.endpoint.key, ENTITY), self._rows(group, _either))

    def _of_link(self, link: Link, *, with_some: bool) -> exp.Expr:
        """Write the test whether a mapping table links the entity to one that meets the conditions."""
        terms = [self._all_of(link, "m")]
        if with_some:
            terms.append(exp.paren(self._some_of(link, "m"), copy=False))
        found = exp.select(column(link.endpoint_column, "m")).from_(
            table(self.endpoint.schema, link.table, "m")
        )
        return among(column(self.endpoint.key, ENTITY), found.where(every(terms), copy=False))

    def _all_of(self, link: Link, links: str) -> exp.Expr:
        """The conditions of `match_all` on linked entities; a single one must meet those on its own table."""
        asked = [item for item in self._of_others(self.match.match_all) if item.path.link == link]
        own = [item for item in asked if item.path.table == item.path.entity]
        others = [item for item in asked if item.path.table != item.path.entity]
        terms = [self._linked([item], link, links, _either) for item in others]
        if own:
            terms.append(self._linked(own, link, links, _each))
        return every(terms)

    def _some_of(self, link: Link, links: str) -> exp.Expr:
        """At least one condition of `match_some` on linked entities."""
        asked = [item for item in self._of_others(self.match.match_some) if item.path.link == link]
        return some(self._linked(group, link, links, _either) for group in _by_rows(asked))

    def _linked(
        self,
        group: Sequence[BoundCondition],
        link: Link,
        links: str,
        row_test: RowTest,
    ) -> exp.Expr:
        """Write the test whether a row of the mapping table leads to an entity with a row that passes."""
        return among(column(link.entity_column, links), self._rows(group, row_test))

    def _rows(self, group: Sequence[BoundCondition], row_test: RowTest) -> exp.Select:
        """Select the keys of the entities that have a row which passes a test of conditions on one table."""
        path = group[0].path
        found = exp.select(column(path.column, "t")).from_(table(self.endpoint.schema, path.table, "t"))
        return found.where(every([only_of(path, "t"), row_test(group, "t")]), copy=False)

    def _none_of(self, condition: BoundCondition) -> exp.Expr:
        """Write the test whether no row of the entity meets a condition; an entity without rows passes."""
        some_row = replace(condition, quantifier="some")
        if condition.path.link is not None:
            alone = _Matching(BoundMatch((some_row,)), self.endpoint)
            return _not_true(alone._of_link(condition.path.link, with_some=False))
        return _not_true(self._of_endpoint([some_row]))

    def _of_others(self, conditions: Iterable[BoundCondition]) -> list[BoundCondition]:
        return [item for item in conditions if not _is_of_endpoint(item)]

    def _table(self) -> exp.Table:
        return table(self.endpoint.schema, self.endpoint.table, ENTITY)


def only_of(path: Path, rows: str) -> exp.Expr:
    """Write the test whether rows belong to the endpoint's entities, where they may belong to others."""
    if path.only_of is None:
        return exp.true()
    return exp.EQ(this=column(path.only_of, rows), expression=exp.Literal.string(path.entity))


def _is_of_endpoint(condition: BoundCondition) -> bool:
    """Whether a condition is about the entity itself, whatever other entities are in the tuple."""
    return condition.path.link is None or condition.quantifier == "none"


def _by_rows(conditions: Iterable[BoundCondition]) -> list[list[BoundCondition]]:
    """Group conditions by the table that they are about, so that one subquery tests each group."""
    groups: dict[object, list[BoundCondition]] = {}
    for number, item in enumerate(conditions):
        alone = number if item.quantifier == "none" else None
        groups.setdefault((item.path, alone), []).append(item)
    return list(groups.values())


def _each(group: Sequence[BoundCondition], rows: str) -> exp.Expr:
    """Write a conjunction of conditions on a row."""
    return every(row_condition(item, rows) for item in group)


def _either(group: Sequence[BoundCondition], rows: str) -> exp.Expr:
    """Write a disjunction of conditions on a row; equalities of one column become one membership test."""
    return some(row_condition(item, rows) for item in _fold_equalities(group))


def _fold_equalities(group: Sequence[BoundCondition]) -> list[BoundCondition]:
    """Fold equalities of a column into one `in`, which costs the same for one value and for thousands."""
    if len(group) == 1:
        return list(group)
    equal: dict[str, list[BoundCondition]] = {}
    others: list[BoundCondition] = []
    for item in group:
        if is_equality(item.op, item.value):
            equal.setdefault(item.column.name, []).append(item)
        else:
            others.append(item)
    return [*(replace(items[-1], op="in", value=_values(items)) for items in equal.values()), *others]


def _values(conditions: Iterable[BoundCondition]) -> tuple[ConditionValue, ...]:
    """All values that equality and membership tests of one column compare with."""
    return tuple(
        value
        for item in conditions
        for value in (item.value if isinstance(item.value, tuple) else (item.value,))
    )


def _apart(terms: Sequence[exp.Expr]) -> list[exp.Expr]:
    """Keep the planner from joining more subqueries than it can order; it hashes the others."""
    subqueries = [term for term in terms if isinstance(term, exp.In)]
    too_many = {id(term) for term in subqueries[MAX_JOINED:]}
    return [
        exp.Coalesce(this=term, expressions=[exp.false()]) if id(term) in too_many else term for term in terms
    ]


def _not_true(term: exp.Expr) -> exp.Expr:
    """The negation of a term; it is true where the term is null."""
    if is_true(term):
        return exp.false()
    return exp.Not(this=exp.Coalesce(this=exp.paren(term, copy=False), expressions=[exp.false()]))
