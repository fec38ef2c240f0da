"""Matching: which entities fulfil the conditions of a cohort, as one condition on the rows of the endpoint.

A match asks for a tuple of the entity, one other entity of each kind, that fulfils all conditions and one of
some. The parts of a tuple are independent of each other, so each kind of entity becomes one subquery, and
tuples are never built. An entity without others is found where nothing is asked of them, as outer joins
would find it.
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

MAX_JOINED: Final = 6
"""Subqueries of one match that PostgreSQL may turn into joins; it searches all orders of eight."""


def entity_condition(entities: BoundEntities, endpoint: Endpoint) -> exp.Expr:
    """Write the condition that finds the entities of a cohort.

    Args:
        entities: Which entities.
        endpoint: Their table.

    Returns:
        A condition on the rows named `ENTITY`; the constant true if it leaves nothing out.
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
    """Entities that some of the others are connected with, by a mapping table or by their own key."""
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
    """Write the condition that keeps the other entities that stand in a matching tuple.

    Args:
        entities: Which entities are asked for.
        endpoint: Their table.
        path: The way to the other entities.
        links: Name of the rows of the mapping table.

    Returns:
        A condition; true if nothing is asked of those entities.
    """
    if not isinstance(entities, BoundMatch) or path.link is None:
        return exp.true()
    return _Matching(entities, endpoint).narrowing(path.link, links)


@dataclass(frozen=True)
class _Matching:
    match: BoundMatch
    endpoint: Endpoint

    def condition(self) -> exp.Expr:
        """All conditions, and one of some if there are any."""
        links = dict.fromkeys(item.path.link for item in self._of_others(self.match.match_all))
        terms = [
            *(self._of_endpoint([item]) for item in self.match.match_all if _is_of_endpoint(item)),
            *(self._of_link(link, with_some=False) for link in links if link is not None),
        ]
        if self.match.match_some:
            terms.append(exp.paren(some(self._some_terms()), copy=False))
        return every(_apart(terms))

    def narrowing(self, link: Link, links: str) -> exp.Expr:
        """What is asked of the entities behind one mapping table."""
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
        """The ways to fulfil one of some: by the entity itself, or by another one behind a mapping table."""
        own = [item for item in self.match.match_some if _is_of_endpoint(item)]
        links = dict.fromkeys(item.path.link for item in self._of_others(self.match.match_some))
        terms = [self._of_endpoint(group) for group in _by_rows(own)]
        terms += [self._of_link(link, with_some=True) for link in links if link is not None and link != but]
        return terms

    def _of_endpoint(self, group: Sequence[BoundCondition]) -> exp.Expr:
        """Conditions of which one has to be fulfilled by the entity, or by one row that hangs on it."""
        first = group[0]
        if first.quantifier == "none":
            return self._none_of(first)
        if first.path.table == self.endpoint.table:
            return _either(group, ENTITY)
        return among(column(self.endpoint.key, ENTITY), self._rows(group))

    def _of_link(self, link: Link, *, with_some: bool) -> exp.Expr:
        """Entities that have another one behind a mapping table which fulfils what is asked of it."""
        terms = [self._all_of(link, "m")]
        if with_some:
            terms.append(exp.paren(self._some_of(link, "m"), copy=False))
        found = exp.select(column(link.endpoint_column, "m")).from_(
            table(self.endpoint.schema, link.table, "m")
        )
        return among(column(self.endpoint.key, ENTITY), found.where(every(terms), copy=False))

    def _all_of(self, link: Link, links: str) -> exp.Expr:
        """All conditions on the entities behind a mapping table; those on their own rows are asked of one."""
        asked = [item for item in self._of_others(self.match.match_all) if item.path.link == link]
        own = [item for item in asked if item.path.table == item.path.entity]
        terms = [self._linked([item], link, links) for item in asked if item.path.table != item.path.entity]
        if own:
            terms.append(self._linked(own, link, links, together=every))
        return every(terms)

    def _some_of(self, link: Link, links: str) -> exp.Expr:
        asked = [item for item in self._of_others(self.match.match_some) if item.path.link == link]
        return some(self._linked(group, link, links) for group in _by_rows(asked))

    def _linked(
        self,
        group: Sequence[BoundCondition],
        link: Link,
        links: str,
        together: Callable[[Iterable[exp.Expr]], exp.Expr] = some,
    ) -> exp.Expr:
        return among(column(link.entity_column, links), self._rows(group, together))

    def _rows(
        self,
        group: Sequence[BoundCondition],
        together: Callable[[Iterable[exp.Expr]], exp.Expr] = some,
    ) -> exp.Select:
        """The entities on which those rows of a table hang that fulfil conditions."""
        path = group[0].path
        test = _either(group, "t") if together is some else every(row_condition(item, "t") for item in group)
        found = exp.select(column(path.column, "t")).from_(table(self.endpoint.schema, path.table, "t"))
        return found.where(every([only_of(path, "t"), test]), copy=False)

    def _none_of(self, condition: BoundCondition) -> exp.Expr:
        """Entities of which no row fulfils a condition, those without rows among them."""
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
    """The condition that rows hang on entities of the endpoint, where they may hang on others."""
    if path.only_of is None:
        return exp.true()
    return exp.EQ(this=column(path.only_of, rows), expression=exp.Literal.string(path.entity))


def _is_of_endpoint(condition: BoundCondition) -> bool:
    """Whether a condition is asked of the entity alone, whatever other entities stand beside it."""
    return condition.path.link is None or condition.quantifier == "none"


def _by_rows(conditions: Iterable[BoundCondition]) -> list[list[BoundCondition]]:
    """Conditions by the table whose rows fulfil them: some row of it fulfils one, or another one."""
    groups: dict[object, list[BoundCondition]] = {}
    for number, item in enumerate(conditions):
        alone = number if item.quantifier == "none" else None
        groups.setdefault((item.path, alone), []).append(item)
    return list(groups.values())


def _either(group: Sequence[BoundCondition], rows: str) -> exp.Expr:
    """One of several conditions on a row; equalities of one column become one membership test."""
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
    """All values that some equality or membership test of a column is about."""
    return tuple(
        value
        for item in conditions
        for value in (item.value if isinstance(item.value, tuple) else (item.value,))
    )


def _apart(terms: Sequence[exp.Expr]) -> list[exp.Expr]:
    """Keep the planner from joining more subqueries than it can put in order; the others are hashed."""
    subqueries = [term for term in terms if isinstance(term, exp.In)]
    too_many = {id(term) for term in subqueries[MAX_JOINED:]}
    return [
        exp.Coalesce(this=term, expressions=[exp.false()]) if id(term) in too_many else term for term in terms
    ]


def _not_true(term: exp.Expr) -> exp.Expr:
    """The negation of a term, which is true where the term is unknown."""
    if is_true(term):
        return exp.false()
    return exp.Not(this=exp.Coalesce(this=exp.paren(term, copy=False), expressions=[exp.false()]))
