"""Queries inside of queries: ANY and ALL over what they find, and MIN, MAX, MEAN and COUNT of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from pydantic import Field

from vxdata.schemas.errors import InvalidPlan
from vxdata.schemas.notation.show import show
from vxdata.schemas.plan import Subquery
from vxdata.schemas.plan.traverse import levels

if TYPE_CHECKING:
    from vxdata.schemas.plan import Predicate


class ClientSubquery(Subquery):
    """A subquery that remembers at which instant its own client reads, and which catalog; neither is sent.

    Args:
        client_as_of: Instant of every read of its client that names no other.
        client_catalog: Name of the catalog that it reads; None for VxData's own data.
    """

    client_as_of: datetime | None = Field(default=None, exclude=True)
    client_catalog: str | None = Field(default=None, exclude=True)


def require_instant(node: Predicate, as_of: datetime | None, catalog: str | None = None) -> None:
    """Refuse subqueries of a client that reads at another instant, or elsewhere, than the query around them.

    Args:
        node: A condition of that query.
        as_of: Instant that its client reads at.
        catalog: Name of the catalog that it reads; None for VxData's own data.

    Raises:
        InvalidPlan: A subquery would not find here what it finds by itself.
    """
    for level in levels(node):
        for each in level:
            query = getattr(each, "query", None)
            if isinstance(query, ClientSubquery) and query.client_as_of != as_of:
                here, there = (_told(instant) for instant in (as_of, query.client_as_of))
                msg = f"The query's client reads at {here}, that of its subquery at {there}; use one client."
                raise InvalidPlan(msg, as_of=here, subquery_as_of=there)
            if isinstance(query, ClientSubquery) and query.client_catalog != catalog:
                here, there = (name or "VxData's own data" for name in (catalog, query.client_catalog))
                msg = f"The query reads {here}, its subquery {there}. Collect the values for is_in."
                raise InvalidPlan(msg, catalog=catalog, subquery_catalog=query.client_catalog)


def _told(instant: datetime | None) -> str:
    return "the last commit" if instant is None else instant.isoformat()


@runtime_checkable
class SelectsOne(Protocol):
    """A query that selects one field, so that it can stand for the values of that field."""

    def as_subquery(self) -> Subquery:
        """The query as a part of another one."""


@dataclass(frozen=True)
class Quantified:
    """Any or all of the values that a query finds, to be compared with a field.

    Args:
        quantifier: Which of the two.
        query: The query.
    """

    quantifier: Literal["any", "all"]
    query: Subquery

    def __repr__(self) -> str:
        """Show the values as they are written."""
        return f"{self.quantifier.upper()}({show(self.query)})"


def ANY(query: SelectsOne) -> Quantified:  # noqa: N802 - the published name
    """Stand for some value that a query finds.

    ``F.b_value > ANY(query)`` holds where one of them is smaller. Values that are null do not count;
    without any value the comparison is false.

    Args:
        query: A query that selects one field, as in ``client.volumes.query().select("b_value")``.

    Returns:
        What a field can be compared with by ``<``, ``<=``, ``>`` and ``>=``.

    Raises:
        TypeError: It is no query.
        InvalidPlan: The query does not select one field.
    """
    return Quantified("any", _subquery("ANY", query))


def ALL(query: SelectsOne) -> Quantified:  # noqa: N802 - the published name
    """Stand for every value that a query finds.

    ``F.b_value > ALL(query)`` holds where all of them are smaller. Values that are null do not count;
    without any value the comparison is true.

    Args:
        query: A query that selects one field, as in ``client.volumes.query().select("b_value")``.

    Returns:
        What a field can be compared with by ``<``, ``<=``, ``>`` and ``>=``.

    Raises:
        TypeError: It is no query.
        InvalidPlan: The query does not select one field.
    """
    return Quantified("all", _subquery("ALL", query))


@dataclass(frozen=True)
class AggregateOfQuery:
    """One value that is computed of all values that a query finds, to be compared with a field.

    Args:
        function: How it is computed.
        query: The query.
    """

    function: Literal["min", "max", "mean", "count"]
    query: Subquery

    def __repr__(self) -> str:
        """Show the value as it is written."""
        return f"{self.function.upper()}({show(self.query)})"


def MIN(query: SelectsOne) -> AggregateOfQuery:  # noqa: N802 - as ANY and ALL
    """Stand for the smallest value that a query finds.

    It is written as in ``F.b_value == MIN(query)``. Nulls do not count. Without any value the comparison is
    unknown, so it keeps nothing.

    Args:
        query: A query that selects one field, as in ``client.volumes.query().select("b_value")``.

    Returns:
        What a field can be compared with.

    Raises:
        TypeError: It is no query.
        InvalidPlan: The query does not select one field.
    """
    return AggregateOfQuery("min", _subquery("MIN", query))


def MAX(query: SelectsOne) -> AggregateOfQuery:  # noqa: N802 - as ANY and ALL
    """Stand for the largest value that a query finds.

    It is written as in ``F.version == MAX(query)``. Nulls do not count. Without any value the comparison is
    unknown, so it keeps nothing.

    Args:
        query: A query that selects one field, as in ``client.volumes.query().select("version")``.

    Returns:
        What a field can be compared with.

    Raises:
        TypeError: It is no query.
        InvalidPlan: The query does not select one field.
    """
    return AggregateOfQuery("max", _subquery("MAX", query))


def MEAN(query: SelectsOne) -> AggregateOfQuery:  # noqa: N802 - as ANY and ALL
    """Stand for the mean of the numbers that a query finds.

    It is written as in ``F.slice_thickness < MEAN(query)``. Nulls do not count. Without any value the
    comparison is unknown, so it keeps nothing.

    Args:
        query: A query that selects one field, as in ``client.volumes.query().select("slice_thickness")``.

    Returns:
        What a field can be compared with.

    Raises:
        TypeError: It is no query.
        InvalidPlan: The query does not select one field.
    """
    return AggregateOfQuery("mean", _subquery("MEAN", query))


def COUNT(query: SelectsOne) -> AggregateOfQuery:  # noqa: N802 - as ANY and ALL
    """Stand for the number of values that a query finds.

    It is written as in ``F.planned_patient_count > COUNT(query)``. Nulls do not count, repeated values do.

    Args:
        query: A query that selects one field, as in ``client.patients.query().select("identifier")``.

    Returns:
        What a number can be compared with.

    Raises:
        TypeError: It is no query.
        InvalidPlan: The query does not select one field.
    """
    return AggregateOfQuery("count", _subquery("COUNT", query))


def _subquery(name: str, query: object) -> Subquery:
    if not isinstance(query, SelectsOne):
        msg = (
            f'{name} takes a query such as client.volumes.query().select("b_value"), not {query!r:.80}. '
            "For values at hand, compare with their min or max."
        )
        raise TypeError(msg)
    return query.as_subquery()
