"""The first parts of every statement: which entities are found, and which of them are on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from sqlglot import exp

from vxdata.sql.cohorts.matching import entity_condition
from vxdata.sql.cohorts.parts import (
    ENTITY,
    KEY,
    alias,
    array,
    call,
    common,
    is_true,
    keys_of,
    listed,
    named,
    table,
)
from vxdata.sql.names import column, render

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from vxdata.schemas.cohorts.bound import BoundCohort, BoundEntities, Endpoint
    from vxdata.sql.cohorts.parts import Keys

PRESELECT: Final = "filtered_preselect"
"""The entities that fulfil the conditions."""

PAGE: Final = "page"
"""Those of them that are shown."""

FEW: Final = 1_000
"""Rows of a page up to which one statement returns them, and counts all entities too."""

FIRST_PORTION: Final = 500
LARGEST_PORTION: Final = 50_000
"""Entities of the first and of the largest portion of a page."""

Key = TypeVar("Key")


def preselect(entities: BoundEntities, endpoint: Endpoint, columns: Iterable[exp.Expr] = ()) -> exp.Select:
    """Select the keys of the entities that are found, and further columns of them."""
    key = alias(column(endpoint.key, ENTITY), KEY)
    found = exp.select(key, *columns).from_(table(endpoint.schema, endpoint.table, ENTITY))
    condition = entity_condition(entities, endpoint)
    return found if is_true(condition) else found.where(condition, copy=False)


def page_of(cohort: BoundCohort, *, is_counted: bool) -> list[exp.CTE]:
    """The common table expressions of a page.

    Args:
        cohort: The cohort.
        is_counted: Whether the same statement counts all entities that are found. They are kept then, so that
            the conditions are evaluated once; but for all entities two walks along an index are cheaper.

    Returns:
        `PRESELECT` and `PAGE`; the page is in the order of the keys, which is total.
    """
    found = preselect(cohort.entities, cohort.endpoint)
    is_filtered = found.args.get("where") is not None
    page = _window(keys_of(PRESELECT), column(KEY, PRESELECT), cohort)
    return [common(PRESELECT, found, kept=is_counted and is_filtered), common(PAGE, page)]


def portion_of(cohort: BoundCohort, keys: Sequence[int | str]) -> tuple[list[exp.CTE], Keys]:
    """The common table expression of a part of a page, whose keys are known, and these keys."""
    given = array(keys, cohort.endpoint.key_type)
    rows = exp.Table(
        this=call("unnest", given.copy()),
        alias=exp.TableAlias(
            this=exp.to_identifier("given", quoted=True), columns=[exp.to_identifier(KEY, quoted=True)]
        ),
    )
    return [common(PAGE, exp.select(column(KEY, "given")).from_(rows))], listed(given)


def keys_of_page(cohort: BoundCohort) -> str | None:
    """Write the statement that returns the keys of a page, in order, if it is to be read in portions.

    What hangs on other entities comes out of a sort. So a large page that shows it is read portion by
    portion in one snapshot, the first of them small: rows begin to come before all of it has been sorted.

    Args:
        cohort: A bound cohort.

    Returns:
        The statement; None if one statement returns the page better.
    """
    if not cohort.shows_linked or (cohort.limit is not None and cohort.limit <= FEW):
        return None
    found = preselect(cohort.entities, cohort.endpoint)
    return render(_window(found, column(cohort.endpoint.key, ENTITY), cohort))


def portions(keys: Sequence[Key]) -> Iterator[Sequence[Key]]:
    """Divide the keys of a page into portions, each ten times as large as the one before, up to a limit.

    Example:
        >>> [len(portion) for portion in portions(range(120_000))]
        [500, 5000, 50000, 50000, 14500]
    """
    begin, size = 0, FIRST_PORTION
    while begin < len(keys):
        yield keys[begin : begin + size]
        begin, size = begin + size, min(size * 10, LARGEST_PORTION)


def _window(query: exp.Select, key: exp.Expr, cohort: BoundCohort) -> exp.Select:
    """Restrict a query to the page, in the order of the keys."""
    query = query.order_by(key, copy=False)
    if cohort.offset:
        query = query.offset(cohort.offset, copy=False)
    return query if cohort.limit is None else query.limit(cohort.limit, copy=False)


def total() -> exp.Expr:
    """The number of all entities that are found."""
    counted = exp.select(exp.Count(this=exp.Star())).from_(named(PRESELECT))
    return exp.Subquery(this=counted)


def count(cohort: BoundCohort) -> str:
    """Write the statement that counts all entities that are found, whatever the page.

    Args:
        cohort: The cohort.

    Returns:
        A statement that returns one number.
    """
    found = preselect(cohort.entities, cohort.endpoint).select(
        alias(exp.Count(this=exp.Star()), "total"), append=False, copy=False
    )
    return render(found)
