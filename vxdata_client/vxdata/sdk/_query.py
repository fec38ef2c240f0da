"""Queries: immutable builders of plans."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa

from vxdata.schemas.errors import InvalidPlan, UnknownField
from vxdata.schemas.plan import And, Plan
from vxdata.schemas.plan.nodes import MAX_ROWS
from vxdata.schemas.relations import namespace_of, relation_fields
from vxdata.sdk._expr import FieldRef, Predicate, fields_of
from vxdata.sdk._time import instant_of

if TYPE_CHECKING:
    from datetime import datetime

    from vxdata.sdk._time import AsOf
    from vxdata.sdk._transport.base import Transport


@dataclass(frozen=True)
class Result:
    """An answer and the instant that it was read at.

    Args:
        frame: The rows; columns and types are those of the registry, also when there are none.
        as_of: The instant, UTC; the same query as of it gives the same rows for ever.
        version: Sequence number of the last commit that the rows show.
    """

    frame: pl.DataFrame
    as_of: datetime
    version: int


class Query:
    """A question about the resources of one type; nothing is sent until `collect`.

    Every method returns a new query. Made by the `query()` of a namespace.

    Args:
        transport: The way to the server.
        plan: What is asked so far.
    """

    __slots__ = ("_plan", "_transport")

    def __init__(self, transport: Transport, plan: Plan) -> None:
        """Wrap a plan."""
        self._transport = transport
        self._plan = plan

    @property
    def plan(self) -> Plan:
        """The plan that `collect` would send."""
        return self._plan

    def filter(self, *predicates: Predicate) -> Query:
        """Keep the resources for which every predicate holds.

        Args:
            *predicates: Conditions made with `F`; several are combined with and.

        Returns:
            The narrower query.

        Raises:
            UnknownField: A predicate names fields that the resource type does not have.
            TypeError: An argument is no predicate.
        """
        for predicate in predicates:
            if not isinstance(predicate, Predicate):
                msg = f"filter takes predicates such as F.identifier == 'x', not {predicate!r:.80}."
                raise TypeError(msg)
        nodes = tuple(predicate.node for predicate in predicates)
        self._require_fields([name for node in nodes for name in fields_of(node)])
        if self._plan.where is not None:
            earlier = self._plan.where
            nodes = (*(earlier.terms if isinstance(earlier, And) else (earlier,)), *nodes)
        if not nodes:
            return self
        return self._with(where=nodes[0] if len(nodes) == 1 else And(terms=nodes))

    def select(self, *fields: str | FieldRef) -> Query:
        """Fetch these fields only, in this order.

        Args:
            *fields: Names, or references such as ``F.b_value``.

        Returns:
            The narrower query.

        Raises:
            UnknownField: The resource type does not have one of them.
            InvalidPlan: None is named, or one twice.
            TypeError: An argument is no name and no reference.
        """
        names = tuple(field.name if isinstance(field, FieldRef) else field for field in fields)
        for name in names:
            if not isinstance(name, str):
                msg = f"select takes names such as 'b_value' or F.b_value, not {name!r:.80}."
                raise TypeError(msg)
        self._require_fields(names)
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            msg = f"Fields selected more than once: {', '.join(repeated)}."
            raise InvalidPlan(msg, fields=repeated)
        if not names:
            msg = "select needs at least one field; a query without select fetches all of them."
            raise InvalidPlan(msg)
        return self._with(select=names)

    def limit(self, rows: int) -> Query:
        """Fetch so many rows at most: the first in identifier order.

        Args:
            rows: Number of rows, at least 0.

        Returns:
            The narrower query.

        Raises:
            InvalidPlan: It is no whole number, or out of range.
        """
        if not _is_row_count(rows):
            msg = f"limit takes a whole number of rows, 0 or more, not {rows!r:.80}."
            raise InvalidPlan(msg, limit=repr(rows)[:80])
        return self._with(limit=rows)

    def as_of(self, instant: AsOf) -> Query:
        """Read at an instant, instead of that of the client or the last commit.

        Args:
            instant: A date or instant as text or object, or the token of an earlier read.

        Returns:
            The query at that instant.
        """
        return self._with(as_of=instant_of(instant))

    def collect(self) -> pl.DataFrame:
        """Run the query.

        Returns:
            A frame with exactly the columns and types that the registry declares.

        Raises:
            InvalidRequest: The server refuses the plan.
            ServiceProblem: The server cannot be reached or cannot answer.
        """
        return self.run().frame

    def run(self) -> Result:
        """Run the query, and keep the instant that it was read at.

        Returns:
            The frame with its instant.

        Raises:
            InvalidRequest: The server refuses the plan.
            ServiceProblem: The server cannot be reached or cannot answer.
        """
        stream = self._transport.read(self._plan)
        table = pa.Table.from_batches(stream.batches, schema=stream.arrow_schema)
        frame = pl.from_arrow(table, rechunk=False)
        assert isinstance(frame, pl.DataFrame)  # noqa: S101 - a table never becomes a series
        return Result(frame, stream.as_of, stream.version)

    def to_arrow(self) -> pa.Table:
        """Run the query and return an Arrow table.

        Returns:
            A table of the registry's Arrow schema.
        """
        stream = self._transport.read(self._plan)
        return pa.Table.from_batches(stream.batches, schema=stream.arrow_schema)

    def __repr__(self) -> str:
        """Show the query as it is written."""
        parts = [f"{namespace_of(self._plan.resource_type)}.query()"]
        if self._plan.where is not None:
            parts.append(f"filter({Predicate(self._plan.where)!r})")
        if self._plan.select is not None:
            parts.append(f"select({', '.join(map(repr, self._plan.select))})")
        if self._plan.limit is not None:
            parts.append(f"limit({self._plan.limit})")
        if self._plan.as_of is not None:
            parts.append(f"as_of({self._plan.as_of.isoformat()!r})")
        return ".".join(parts)

    def _with(self, **changes: object) -> Query:
        """Rebuild the plan, so that changes are validated as the server would."""
        content = {name: getattr(self._plan, name) for name in type(self._plan).model_fields}
        return Query(self._transport, Plan(**(content | changes)))

    def _require_fields(self, names: list[str] | tuple[str, ...]) -> None:
        known = {
            field.name for field in relation_fields(self._plan.resource_type, history=self._plan.history)
        }
        unknown = sorted({name for name in names if name not in known})
        if unknown:
            raise UnknownField.from_names(self._plan.resource_type, unknown, known)


def _is_row_count(rows: object) -> bool:
    return isinstance(rows, int) and not isinstance(rows, bool) and 0 <= rows <= MAX_ROWS
