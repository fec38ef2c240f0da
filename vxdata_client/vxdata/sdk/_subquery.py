"""Queries inside of queries, and the quantifiers ANY and ALL over what they find."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from vxdata.sdk._show import show

if TYPE_CHECKING:
    from vxdata.schemas.plan import Subquery


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


def _subquery(name: str, query: object) -> Subquery:
    if not isinstance(query, SelectsOne):
        msg = (
            f'{name} takes a query such as client.volumes.query().select("b_value"), not {query!r:.80}. '
            "For values at hand, compare with their min or max."
        )
        raise TypeError(msg)
    return query.as_subquery()
